// The last line of a node that ends by itself.
using Akka.Actor;
using HotStandby.Host.Commands;

namespace HotStandby.Tests.Process.Settings;

public sealed class NodeEndReasonTests
{
    [Fact]
    public void A_quarantined_node_names_who_quarantined_it() =>
        Assert.Contains(
            "quarantined by akka.tcp://hotstandby@h2:1", new NodeEndReason { QuarantinedBy = "akka.tcp://hotstandby@h2:1", Lost = "x" }
                .Describe(CoordinatedShutdown.ClusterDowningReason.Instance), StringComparison.Ordinal);

    [Fact]
    public void A_node_that_was_removed_names_whom_it_had_lost() =>
        Assert.Contains("removed from the cluster, which goes on without this node; lost h2, h3", new NodeEndReason { Lost = "h2, h3" }
            .Describe(CoordinatedShutdown.ClusterDowningReason.Instance), StringComparison.Ordinal);

    [Fact]
    public void A_node_that_heard_no_majority_says_so_and_not_that_others_removed_it()
    {
        var line = new NodeEndReason { OwnReason = "it hears no majority of the voters", Lost = "h2, h3" }.Describe(
            CoordinatedShutdown.ClusterDowningReason.Instance);
        Assert.Equal("ended: this node removed itself from the cluster: it hears no majority of the voters; it cannot reach h2, h3; start "
            + "it again", line);
    }

    [Fact]
    public void An_end_of_unknown_cause_says_so() =>
        Assert.Contains("no reason given", new NodeEndReason().Describe(null), StringComparison.Ordinal);
}
