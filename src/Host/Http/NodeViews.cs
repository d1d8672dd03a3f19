// Makes what /status answers from what the node reports of itself.
using System.Text.Json;
using HotStandby.Actors.Node;
using HotStandby.CommandLine.Status;
using HotStandby.Core.Node;
using HotStandby.Core.Partitions;
using HotStandby.Core.Replication;

namespace HotStandby.Host.Http;

/// <summary>Views of this node.</summary>
internal static class NodeViews
{
    /// <summary>The view of a node's report.</summary>
    public static NodeView Of(AdminNode node, NodeReport report)
    {
        var replica = report.Replica;
        return new NodeView(
            replica.Node.Name,
            replica.Role switch { ReplicaRole.Primary => "primary", ReplicaRole.Candidate => "candidate", _ => "standby" },
            replica.Serving, replica.Epoch, replica.Leader.Name ?? "", replica.Voting, replica.AppendedSequence, replica.DurableSequence,
            replica.CommittedSequence, replica.AppliedSequence, replica.LeaseRemainingMilliseconds, replica.HeldReplies,
            [.. replica.Standbys.Select(standby => new StandbyView(
                standby.Node.Name, standby.State.ToString(), standby.StoredSequence, standby.AppliedSequence, standby.LagEntries,
                standby.Voting, standby.SilentMilliseconds))],
            new ApplyLagView(
                replica.ApplyLag.Count, replica.ApplyLag.P50Microseconds, replica.ApplyLag.P99Microseconds,
                replica.ApplyLag.P999Microseconds, replica.ApplyLag.MaximumMicroseconds),
            [.. report.Partitions.Select(partition => new PartitionView(
                partition.Partition.ToString(), partition.AppliedSequence, partition.Digest.Count, partition.Digest.ToString(),
                partition.Uncommitted))])
        {
            Phase = JsonNamingPolicy.SnakeCaseLower.ConvertName(replica.Phase.ToString()),
            Collector = CollectorNow(),
            Cluster = ClusterViews.Of(node, report),
            Clocks =
            [
                .. node.Clocks().Select(static each => new ClockView(
                    each.Node.Name, (double)each.OffsetTicks / TimeSpan.TicksPerMillisecond,
                    (double)each.ErrorTicks / TimeSpan.TicksPerMillisecond)),
            ],
            Verification = report.Verification is { } verification ? ViewOf(verification) : null,
            State = new StateView(
                replica.State.IsWhole, replica.State.BaseSequence, replica.State.CheckpointSequence,
                replica.State.Sync is { } sync
                    ? new SyncView(sync.Source.Name ?? "", sync.PartitionsDone, sync.Partitions, sync.Bytes, sync.BytesPerSecond,
                        sync.RemainingSeconds)
                    : null),
        };
    }

    private static VerificationView ViewOf(VerificationReport report) => new(
        report.IsEnabled, report.IsClean, report.Counts.Compared, report.Counts.KeysCompared, report.Counts.Failed,
        report.Counts.Mismatched, report.Counts.Repaired, report.Counts.FullSyncsNeeded, report.Counts.Cycles,
        report.LastCycleAgeMilliseconds,
        [.. report.Unclean.Select(partition => partition.ToString())]);

    private static CollectorView CollectorNow()
    {
        var longest = TimeSpan.Zero;
        foreach (var kind in (ReadOnlySpan<GCKind>)[GCKind.Ephemeral, GCKind.FullBlocking, GCKind.Background])
            foreach (var pause in GC.GetGCMemoryInfo(kind).PauseDurations)
                longest = pause > longest ? pause : longest;
        return new CollectorView(
            GC.CollectionCount(0), GC.CollectionCount(1), GC.CollectionCount(2), GC.GetTotalPauseDuration().TotalMilliseconds,
            longest.TotalMilliseconds);
    }
}
