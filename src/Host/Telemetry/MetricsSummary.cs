// /metrics/summary: the node in a few lines, for people. Mooncake has one line of fields with bars between them; so has this, and one
// more for replication.
using System.Globalization;
using System.Text;
using HotStandby.Core.Replication;
using HotStandby.Host.Http;

namespace HotStandby.Host.Telemetry;

/// <summary>Text of a sample.</summary>
internal static class MetricsSummary
{
    /// <summary>The lines.</summary>
    public static string Of(AdminNode node, NodeSample sample)
    {
        var text = new StringBuilder();
        var culture = CultureInfo.InvariantCulture;
        if (sample.Serves)
        {
            var (used, capacity) = (sample.UsedBytes, sample.CapacityBytes);
            text.Append(
                culture,
                $"Mem Storage: {SegmentEndpoints.SizeForPeople(used)} / {SegmentEndpoints.SizeForPeople(capacity)}{Share(used, capacity)} "
                    + $"| Keys: {sample.Keys} | Segments: {sample.Segments.Count} | Clients: {sample.Clients}\n");
        }

        if (sample.Report is not { Replica: var replica })
            return text.Append("Replication: the node does not report; it may still be reading its journal\n").ToString();
        text.Append(
            culture,
            $"Replication: {node.HaStateOf(sample.Report)} | Epoch: {replica.Epoch} | Leader: {replica.Leader.Name ?? "none"} | "
                + $"Voting: {(replica.Voting ? "yes" : "no")} | Seq appended/durable/committed/applied: "
                + $"{replica.AppendedSequence}/{replica.DurableSequence}/{replica.CommittedSequence}/{replica.AppliedSequence} | Lease: "
                + $"{replica.LeaseRemainingMilliseconds} ms\n");
        if (replica.Role == ReplicaRole.Primary)
            foreach (var standby in replica.Standbys)
                text.Append(
                    culture,
                    $"Standby {standby.Node.Name}: {standby.State} | Lag: {standby.LagEntries} entries | Voting: "
                        + $"{(standby.Voting ? "yes" : "no")} | Silent: {standby.SilentMilliseconds} ms\n");
        return text.Append(culture, $"Disk: journal {SegmentEndpoints.SizeForPeople((ulong)sample.JournalBytes)} | "
            + $"all {SegmentEndpoints.SizeForPeople((ulong)sample.DataBytes)} | free "
            + $"{SegmentEndpoints.SizeForPeople((ulong)sample.FreeBytes)}\n").ToString();
    }

    private static string Share(ulong used, ulong capacity) =>
        capacity == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $" ({100.0 * used / capacity:0.0}%)");
}
