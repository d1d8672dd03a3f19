// Three members of one cluster in one process: which is removed when the replicas find that the Primary has lost its lease.
using Akka.Actor;
using Akka.Cluster;
using Akka.Configuration;
using HotStandby.Actors.Gateway;
using HotStandby.Actors.Leadership;
using HotStandby.Actors.Settings;
using HotStandby.Core.Replication;
using HotStandby.Messages.Identity;

namespace HotStandby.Tests.Actors.Leadership;

public sealed class DowningActorTests : ActorTest
{
    private static readonly TimeSpan Patience = Deadline.Step;
    private static readonly NodeId Primary = new("n2");

    private static readonly HotStandbySettings Settings = TestConfiguration.Require(
        TestConfiguration.Parse(TestConfiguration.Valid)).Settings;

    private readonly Cluster _first;
    private readonly Cluster _second;
    private readonly Cluster _third;

    public DowningActorTests()
        : base(ConfigOf("n1"), "downing")
    {
        _first = Cluster.Get(Sys);
        _second = Cluster.Get(ActorSystem.Create("downing", ConfigOf("n2")));
        _third = Cluster.Get(ActorSystem.Create("downing", ConfigOf("n3")));
        foreach (var cluster in (Cluster[])[_first, _second, _third])
            cluster.Join(_first.SelfAddress);
        AwaitAssert(() => Assert.All(new[] { _first, _second, _third }, each => Assert.Equal(3, each.State.Members.Count(IsUp))), Patience);
    }

    [Fact]
    public void Primary_without_a_lease_is_put_out_and_the_others_stay()
    {
        Start(_first);
        AwaitOut(_first, _second, new PrimaryLost(Primary, 7, 0, Later()));
        Assert.Equal(2, _first.State.Members.Count(IsUp));
    }

    [Fact]
    public void Life_of_the_Primarys_node_that_joined_after_the_Primary_was_last_heard_stays()
    {
        var before = TimeProvider.System.NowTicks();
        Start(_first);
        // News is judged in its order: once the last of these is acted on, so are the first.
        AwaitOut(_first, _third, new PrimaryLost(Primary, 7, 0, before), new PrimaryLost(new NodeId("n3"), 7, 0, Later()));
        Assert.Contains(_first.State.Members, member => member.UniqueAddress == _second.SelfUniqueAddress && IsUp(member));
    }

    [Fact]
    public void Any_member_does_it_when_the_one_that_leads_the_membership_does_not()
    {
        var follows = _first.State.Leader == _first.SelfAddress ? _third : _first;
        Start(follows);
        AwaitOut(follows, _second, new PrimaryLost(Primary, 7, 0, Later()));
    }

    protected override void AfterAll()
    {
        _second.System.Terminate().Wait(Patience);
        _third.System.Terminate().Wait(Patience);
        base.AfterAll();
    }

    private static long Later() => TimeProvider.System.NowTicks() + TimeSpan.FromSeconds(60).Ticks;

    private static void Start(Cluster cluster)
    {
        var actor = cluster.System.ActorOf(DowningActor.Props(Settings, TimeProvider.System), DowningActor.Name);
        // It has subscribed once it answers.
        actor.Ask<ActorIdentity>(new Identify(1), Patience).Wait(Patience);
    }

    // As a replica does: it says so again and again.
    private void AwaitOut(Cluster cluster, Cluster other, params PrimaryLost[] news) => AwaitAssert(() =>
    {
        foreach (var lost in news)
            cluster.System.EventStream.Publish(lost);
        Assert.DoesNotContain(cluster.State.Members, member => member.UniqueAddress == other.SelfUniqueAddress && IsUp(member));
    }, Patience, TimeSpan.FromMilliseconds(50));

    private static bool IsUp(Member member) => member.Status == MemberStatus.Up;

    private static Config ConfigOf(string node) => ConfigurationFactory.ParseString($$"""
        akka.actor.provider = cluster
        akka.remote.dot-netty.tcp { hostname = "127.0.0.1", port = 0 }
        akka.cluster {
          roles = ["master", "node.{{node}}"]
          gossip-interval = 50ms
          leader-actions-interval = 50ms
          periodic-tasks-initial-delay = 50ms
          run-coordinated-shutdown-when-down = off
        }
        akka.coordinated-shutdown { exit-clr = off, run-by-clr-shutdown-hook = off }
        """);
}
