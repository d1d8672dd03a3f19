// What a scrape tells of the node besides counters: taken once a scrape, before the gauges are read.
using HotStandby.Actors.Node;
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
    private const string JournalDirectory = "logs";
    private const string CheckpointDirectory = "checkpoints";

    /// <summary>Nothing is known.</summary>
    public static readonly NodeSample Unknown = new(false, null, [], 0, 0, 0);

    /// <summary>Since the newest checkpoint of that partition whose newest is oldest was saved; null without any.</summary>
    public TimeSpan? CheckpointAge { get; init; }

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
        var (serves, report) = (node.Serves, await node.TryProbeAsync(stop));
        var segments = report is not null && serves ? await SegmentsAsync(node, stop) : [];
        if (node.Options.DataDirectory is not { } directory || !Directory.Exists(directory))
            return new NodeSample(serves, report, segments, 0, 0, 0);
        return new NodeSample(
            serves, report, segments, BytesIn(Path.Combine(directory, JournalDirectory)), BytesIn(directory), new DriveInfo(directory).AvailableFreeSpace)
        {
            CheckpointAge = CheckpointAgeIn(Path.Combine(directory, CheckpointDirectory)),
        };
    }

    private static async Task<IReadOnlyList<SegmentUse>> SegmentsAsync(AdminNode node, CancellationToken stop)
    {
        var (call, refusal) = await node.RunAsync(sink => new ListSegmentsCall(sink), node.Options.ProbeTimeout, stop);
        return refusal is null && call.Error == ErrorCode.Ok ? call.Segments : [];
    }

    // Files are named for their partition, then @ and the seq. One that was deleted meanwhile has a date of 1601, and a newer sibling.
    private static TimeSpan? CheckpointAgeIn(string directory)
    {
        if (!Directory.Exists(directory))
            return null;
        var newest = new Dictionary<string, DateTime>();
        foreach (var file in new DirectoryInfo(directory).EnumerateFiles("checkpoint-*@*"))
        {
            var partition = file.Name[..file.Name.LastIndexOf('@')];
            if (!newest.TryGetValue(partition, out var known) || file.LastWriteTimeUtc > known)
                newest[partition] = file.LastWriteTimeUtc;
        }

        return newest.Count == 0 ? null : TimeSpan.FromTicks(Math.Max(0, (DateTime.UtcNow - newest.Values.Min()).Ticks));
    }

    private static long BytesIn(string directory)
    {
        var bytes = 0L;
        if (!Directory.Exists(directory))
            return bytes;
        foreach (var file in new DirectoryInfo(directory).EnumerateFiles("*", SearchOption.AllDirectories))
        {
            try
            {
                bytes += file.Length;
            }
            catch (FileNotFoundException)
            {
                // Truncated away between its listing and this: its bytes are free.
            }
        }

        return bytes;
    }
}
