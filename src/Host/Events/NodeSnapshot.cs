// How a node is at one moment, for the page: what /status says, without the digests, with segments and members. Made once a second for all
// listeners together, and only while there are any.
using HotStandby.CommandLine.Status;
using HotStandby.Host.Http;
using HotStandby.Host.Telemetry;

namespace HotStandby.Host.Events;

/// <summary>A segment and its fill.</summary>
internal sealed record SegmentSnapshot(string Name, ulong UsedBytes, ulong CapacityBytes);

/// <summary>A node at one moment.</summary>
/// <param name="Time">By its own clock.</param>
/// <param name="Node">Which.</param>
/// <param name="State">Mooncake's word for how far it is; <c>recovering</c> while it does not report, and then most else is empty.</param>
/// <param name="Serving">It answers clients.</param>
/// <param name="Objects">Objects in its index.</param>
/// <param name="ReadyReason">Why a promotion now could lose something; null: it would not, or it leads.</param>
internal sealed record NodeSnapshot(DateTimeOffset Time, string Node, string State, bool Serving, long Objects, string? ReadyReason)
{
    /// <summary>What the node says of itself; null while it is silent. Without partitions.</summary>
    public NodeView? View { get; init; }

    /// <summary>Segments, on the node that serves; the fullest first, at most <see cref="MostSegments"/>.</summary>
    public IReadOnlyList<SegmentSnapshot> Segments { get; init; } = [];

    /// <summary>How many segments there are.</summary>
    public int SegmentCount { get; init; }

    /// <summary>The cluster's members.</summary>
    public IReadOnlyList<MemberBody> Members { get; init; } = [];

    /// <summary>How many segments are told.</summary>
    public const int MostSegments = 64;

    /// <summary>Asks the node.</summary>
    public static async Task<NodeSnapshot> TakeAsync(AdminNode node, TimeProvider time, CancellationToken stop)
    {
        var sample = await node.Samples.GetAsync(stop);
        var ready = HealthEndpoints.ReadyOf(node, sample.Report);
        return new NodeSnapshot(time.GetUtcNow(), node.Options.NodeName, ready.HaState, sample.Serves, sample.Keys, ready.Reason)
        {
            View = sample.Report is { } report ? NodeViews.Of(node, report) with { Partitions = [] } : null,
            SegmentCount = sample.Segments.Count,
            Segments =
            [
                .. sample.Segments.OrderByDescending(static use => (double)use.UsedBytes / Math.Max(1, use.Segment.SizeBytes))
                    .Take(MostSegments)
                    .Select(static use => new SegmentSnapshot(use.Segment.Name, use.UsedBytes, use.Segment.SizeBytes)),
            ],
            Members = CommandEndpoints.MembersOf(node, sample.Report?.Replica.Leader.Name),
        };
    }
}
