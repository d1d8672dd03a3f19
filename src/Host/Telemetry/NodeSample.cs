// What a scrape tells of the node besides counters: taken once a scrape, before the gauges are read.
using HotStandby.Actors.Node;
using HotStandby.CommandLine.Status;
using HotStandby.Core.Membership;
using HotStandby.Host.Http;
using HotStandby.Messages;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;

namespace HotStandby.Host.Telemetry;

/// <summary>The node at one moment.</summary>
/// <param name="Serves">It leads, and its lease holds.</param>
/// <param name="Report">What it says of itself; null when it is silent, since it reads its journal for example.</param>
/// <param name="Segments">Mounted segments; empty where the node does not serve.</param>
/// <param name="JournalBytes">Size of the journal's files.</param>
/// <param name="DataBytes">Size of everything in the data directory.</param>
/// <param name="FreeBytes">Room on its disk.</param>
internal sealed record NodeSample(
    bool Serves, NodeReport? Report, IReadOnlyList<SegmentUse> Segments, long JournalBytes, long DataBytes, long FreeBytes)
{
    /// <summary>Nothing is known.</summary>
    public static readonly NodeSample Unknown = new(false, null, [], 0, 0, 0);

    /// <summary>Since the newest checkpoint of that partition whose newest is oldest was saved; null without any.</summary>
    public TimeSpan? CheckpointAge { get; init; }

    /// <summary>The configured voters as the node sees them; null when that is not known.</summary>
    public ClusterView? Cluster { get; init; }

    /// <summary>How far the wall clocks of the other nodes differ.</summary>
    public IReadOnlyList<ClockDifference> Clocks { get; init; } = [];

    /// <summary>Since the process was started; null when that is not known.</summary>
    public TimeSpan? Uptime { get; init; }

    /// <summary>File descriptors that the process has open; 0: not known.</summary>
    public int OpenDescriptors { get; init; }

    /// <summary>File descriptors that it may open; 0: not known.</summary>
    public long MostDescriptors { get; init; }

    /// <summary>Objects in the index; 0 while that is not known.</summary>
    public long Keys =>
        Report?.Partitions.Where(partition => partition.Partition != Partition.SegmentTable).Sum(partition => partition.Digest.Count) ?? 0;

    /// <summary>Clients with a mounted segment.</summary>
    public int Clients => Segments.Select(use => use.Client).Distinct().Count();

    /// <summary>Bytes handed out on all segments.</summary>
    public ulong UsedBytes => Segments.Aggregate(0UL, (sum, use) => Saturating.Add(sum, use.UsedBytes));

    /// <summary>Capacity of all segments, bytes.</summary>
    public ulong CapacityBytes => Segments.Aggregate(0UL, (sum, use) => Saturating.Add(sum, use.Segment.SizeBytes));

    /// <summary>Asks the node, with a probe's patience.</summary>
    public static async Task<NodeSample> TakeAsync(AdminNode node, CancellationToken stop)
    {
        var (serves, disk, report) = (node.Serves, node.Disk.Latest, await node.TryReportSoonAsync(stop));
        var segments = report is not null && serves ? await SegmentsAsync(node, stop) : [];
        return new NodeSample(serves, report, segments, disk.JournalBytes, disk.DataBytes, disk.FreeBytes)
        {
            Cluster = ClusterViews.Of(node, report), Clocks = node.Clocks(), Uptime = BuildInfo.Uptime,
            OpenDescriptors = disk.OpenDescriptors, MostDescriptors = node.Options.MostDescriptors,
            CheckpointAge = disk.OldestCheckpoint is { } saved
                ? TimeSpan.FromTicks(Math.Max(0, (DateTimeOffset.UtcNow - saved).Ticks))
                : null,
        };
    }

    private static async Task<IReadOnlyList<SegmentUse>> SegmentsAsync(AdminNode node, CancellationToken stop)
    {
        var (call, refusal) = await node.ReadAsync(sink => new ListSegmentsCall(sink), node.Options.ProbeTimeout, stop);
        return refusal is null && call.Error == ErrorCode.Ok ? call.Segments : [];
    }
}
