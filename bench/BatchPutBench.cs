// batch-put: BatchPutStart, then BatchPutEnd of 128 objects with one replica each.
using System.Runtime.CompilerServices;
using HotStandby.Bench.Load;
using HotStandby.Lab.Load;
using HotStandby.Mooncake.Types;

namespace HotStandby.Bench;

internal static class BatchPutBench
{
    public static readonly Benchmark Benchmark = new(
        "batch-put", "BatchPutStart and BatchPutEnd of 128 objects: objects a second", RunAsync);

    /// <summary>A caller that puts new objects a batch at a time.</summary>
    public static BatchPutCaller Caller(LoadCluster cluster, int number) => new(
        MeasuredLoad.SourceOf(cluster, number), cluster.Client, (ulong)number, LoadSettings.BatchObjects, LoadSettings.ObjectBytes,
        new WireReplicateConfig());

    /// <summary>So many of them.</summary>
    public static ICaller[] Callers(LoadCluster cluster, int count) =>
        [.. Enumerable.Range(0, count).Select(i => Caller(cluster, i))];

    private static async IAsyncEnumerable<Figure> RunAsync(LoadSettings settings, [EnumeratorCancellation] CancellationToken stop)
    {
        foreach (var inFlight in settings.InFlightOr(1, 4, 16))
        {
            await using var cluster = await LoadCluster.StartAsync(settings, inFlight, stop);
            yield return await MeasuredLoad.MeasureAsync(
                "batch-put", cluster, Callers(cluster, inFlight), LoadSettings.BatchObjects, settings, stop);
        }
    }
}
