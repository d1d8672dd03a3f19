// Which node a replica names when a cell of its node asks for the leader.
using HotStandby.Core.Node;
using HotStandby.Core.Replication;
using HotStandby.Messages.Identity;

namespace HotStandby.Tests.Unit.Node;

public sealed class LeaderIsTests
{
    [Theory]
    [InlineData(ReplicaRole.Standby, "other", "other")]
    [InlineData(ReplicaRole.Standby, "self", "")] // it has led a moment ago
    [InlineData(ReplicaRole.Standby, "", "")]
    [InlineData(ReplicaRole.Candidate, "other", "")]
    [InlineData(ReplicaRole.Primary, "self", "")]
    public void Only_a_Standby_has_a_Primary_and_no_node_is_its_own(ReplicaRole role, string leader, string primary) =>
        Assert.Equal(new LeaderIs(new NodeId(primary)), LeaderIs.Of(role, new NodeId(leader), new NodeId("self")));
}
