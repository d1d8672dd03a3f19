// The oracle: it crowns, uncrowns, waits, stops.
using HotStandby.Core.Node;
using Akka.Actor;
using HotStandby.Actors.Leadership;
using HotStandby.Actors.Replication;

namespace HotStandby.Tests.Actors.Leadership;

public sealed class PrimaryActorTests : ActorTest
{
    public PrimaryActorTests()
        : base(Serializes)
    {
    }

    [Fact]
    public void Oracle_crowns_uncrowns_and_stops_only_when_the_hand_over_is_complete()
    {
        var replica = CreateTestProbe("replica");
        var oracle = Sys.ActorOf(PrimaryActor.Props(replica));
        Watch(oracle);
        replica.ExpectMsg<Crown>();
        Assert.Equal(oracle, replica.LastSender);
        oracle.Tell(HandOver.Instance);
        replica.ExpectMsg<Uncrown>();
        Assert.Equal(oracle, replica.LastSender);
        oracle.AwaitHandled();
        TestActor.AwaitHandled();
        ExpectNoMsg(TimeSpan.Zero); // it has not stopped
        oracle.Tell(HandOverComplete.Instance);
        ExpectTerminated(oracle);
        replica.ExpectNoMsg(TimeSpan.Zero);
    }
}
