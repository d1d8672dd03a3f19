// How a node is at one moment, for the page: what /status says, without the digests, with segments and members. Made once a second for all
// listeners together, and only while there are any.
using HotStandby.CommandLine.Status;
using HotStandby.Host.Http;
using HotStandby.Host.Telemetry;
using HotStandby.Messages;
using HotStandby.Messages.Model;

namespace HotStandby.Host.Events;

/// <summary>A segment and its fill.</summary>
internal sealed record SegmentSnapshot(string Name, ulong UsedBytes, ulong CapacityBytes);

/// <summary>A client with mounted segments.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Endpoint">Where its memory is; of several segments the first one's.</param>
/// <param name="Segments">How many it has mounted.</param>
/// <param name="UsedBytes">Handed out of them.</param>
/// <param name="CapacityBytes">Their size.</param>
/// <param name="SilentMilliseconds">Since it was last heard; null: the node does not watch it.</param>
internal sealed record ClientSnapshot(
    string Id, string Endpoint, int Segments, ulong UsedBytes, ulong CapacityBytes, long? SilentMilliseconds);

/// <summary>A call that took long.</summary>
internal sealed record SlowCallSnapshot(DateTimeOffset Time, string Call, double Milliseconds, int Items, string FirstKey);

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

    /// <summary>Clients with segments, on the node that serves; those that are silent for longest first, at most as many as segments.
    /// </summary>
    public IReadOnlyList<ClientSnapshot> Clients { get; init; } = [];

    /// <summary>How many clients there are.</summary>
    public int ClientCount { get; init; }

    /// <summary>Handed out on all segments.</summary>
    public ulong UsedBytes { get; init; }

    /// <summary>Size of all segments.</summary>
    public ulong CapacityBytes { get; init; }

    /// <summary>The node's last slow calls, the newest first.</summary>
    public IReadOnlyList<SlowCallSnapshot> SlowCalls { get; init; } = [];

    /// <summary>The second before.</summary>
    public PastPoint? Point { get; init; }

    /// <summary>What does not change.</summary>
    public NodeFacts About { get; init; } = NodeFacts.Unknown;

    /// <summary>Since the process was started.</summary>
    public double UptimeSeconds { get; init; }

    /// <summary>Memory of the process that is resident.</summary>
    public long ResidentBytes { get; init; }

    /// <summary>Size of the data directory; 0: not known.</summary>
    public long DataBytes { get; init; }

    /// <summary>Room on its disk; 0: not known.</summary>
    public long FreeBytes { get; init; }

    /// <summary>How many segments are told, and how many clients.</summary>
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
            Clients = ClientsOf(node, sample.Segments),
            ClientCount = sample.Clients,
            UsedBytes = sample.UsedBytes,
            CapacityBytes = sample.CapacityBytes,
            SlowCalls =
            [
                .. node.Options.Slow.Latest.Select(static call => new SlowCallSnapshot(
                    call.At, call.Function.ToString(), Math.Round(call.Took.TotalMilliseconds, 1), call.Items, call.FirstKey)),
            ],
            Point = node.Past.Newest,
            About = node.Options.About,
            UptimeSeconds = Math.Round(BuildInfo.Uptime.TotalSeconds),
            ResidentBytes = Environment.WorkingSet,
            DataBytes = sample.DataBytes,
            FreeBytes = sample.FreeBytes,
        };
    }

    private static IReadOnlyList<ClientSnapshot> ClientsOf(AdminNode node, IReadOnlyList<SegmentUse> segments) =>
    [
        .. segments.GroupBy(static use => use.Client)
            .Select(uses => new ClientSnapshot(
                uses.Key.ToString(), uses.First().Segment.TransportEndpoint, uses.Count(),
                uses.Aggregate(0UL, static (sum, use) => Saturating.Add(sum, use.UsedBytes)),
                uses.Aggregate(0UL, static (sum, use) => Saturating.Add(sum, use.Segment.SizeBytes)),
                (long?)node.SilenceOf(uses.Key)?.TotalMilliseconds))
            .OrderByDescending(static client => client.SilentMilliseconds ?? long.MaxValue).ThenBy(static client => client.Id)
            .Take(MostSegments),
    ];
}
