// What a replica answers a cell that asks which node leads.
using Akka.Actor;
using HotStandby.Core.Node;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Replication;

namespace HotStandby.Tests.Actors.Replication;

public sealed class LeaderTests : ReplicaHarness
{
    private static readonly NodeId Other = new("n2");

    [Fact]
    public void A_Standby_names_the_Primary_that_it_hears()
    {
        Start(peers: [Other, new NodeId("n3")]);
        Assert.Equal(NodeId.None, Primary());
        Clock.Advance(TimeSpan.FromMinutes(1)); // a node that may have granted in an earlier life is silent at first
        Replica.Tell(new AppendBatch(new Origin(Other, new Life(1, 1), 0, true), 1, 0, 0, null, 0, 0, 0));
        Assert.Equal(Other, Primary());
        Assert.Equal(Other, Report().Leader);
    }

    [Fact]
    public void A_node_that_leads_has_no_Primary()
    {
        Start();
        Reign();
        Assert.Equal(NodeId.None, Primary());
        Assert.NotEqual(NodeId.None, Report().Leader);
    }

    private NodeId Primary()
    {
        Replica.Tell(AskLeader.Instance, TestActor);
        return ExpectMsg<LeaderIs>().Primary;
    }
}
