// get: GetReplicaList of one object out of some fifty thousand. Reads are answered by the Primary from memory, under its lease.
using System.Runtime.CompilerServices;
using HotStandby.Bench.Load;
using HotStandby.Lab.Load;

namespace HotStandby.Bench;

internal static class GetBench
{
    public static readonly Benchmark Benchmark = new("get", "GetReplicaList of one object: objects a second", RunAsync);

    private static async IAsyncEnumerable<Figure> RunAsync(LoadSettings settings, [EnumeratorCancellation] CancellationToken stop)
    {
        foreach (var inFlight in settings.InFlightOr(1, 16, 64, 256))
        {
            await using var cluster = await LoadCluster.StartAsync(settings, inFlight, stop);
            var keys = await StoredObjects.PutAsync(BatchPutBench.Caller(cluster, 0), stop);
            var callers = Enumerable.Range(0, inFlight)
                .Select(i => new GetCaller(MeasuredLoad.SourceOf(cluster, i), new KeyWalk(keys, i))).ToArray();
            yield return await MeasuredLoad.MeasureAsync("get", cluster, callers, 1, settings, stop);
        }
    }
}
