// batch-get: BatchGetReplicaList of 128 objects out of some fifty thousand.
using System.Runtime.CompilerServices;
using HotStandby.Bench.Load;
using HotStandby.Lab.Load;

namespace HotStandby.Bench;

internal static class BatchGetBench
{
    public static readonly Benchmark Benchmark = new("batch-get", "BatchGetReplicaList of 128 objects: objects a second", RunAsync);

    private static async IAsyncEnumerable<Figure> RunAsync(LoadSettings settings, [EnumeratorCancellation] CancellationToken stop)
    {
        foreach (var inFlight in settings.InFlightOr(1, 4, 16))
        {
            await using var cluster = await LoadCluster.StartAsync(settings, inFlight, stop);
            var keys = await StoredObjects.PutAsync(BatchPutBench.Caller(cluster, 0), stop);
            var callers = Enumerable.Range(0, inFlight).Select(
                i => new BatchGetCaller(MeasuredLoad.SourceOf(cluster, i), new KeyWalk(keys, i), LoadSettings.BatchObjects)).ToArray();
            yield return await MeasuredLoad.MeasureAsync("batch-get", cluster, callers, LoadSettings.BatchObjects, settings, stop);
        }
    }
}
