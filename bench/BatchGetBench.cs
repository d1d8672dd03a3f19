// batch-get: BatchGetReplicaList of 128 objects out of some fifty thousand.
using System.Runtime.CompilerServices;
using HotStandby.Bench.Load;
using HotStandby.Mooncake.Client;
using HotStandby.Mooncake.Types;

namespace HotStandby.Bench;

internal static class BatchGetBench
{
    public static readonly Benchmark Benchmark = new("batch-get", "BatchGetReplicaList of 128 objects: objects a second", RunAsync);

    private static async IAsyncEnumerable<Figure> RunAsync(LoadSettings settings, [EnumeratorCancellation] CancellationToken stop)
    {
        foreach (var inFlight in settings.InFlightOr(1, 4, 16))
        {
            await using var cluster = await LoadCluster.StartAsync(settings, inFlight, stop);
            var keys = await StoredObjects.PutAsync(cluster, stop);
            var callers = Enumerable.Range(0, inFlight)
                .Select(i => new Caller(cluster.Connections[i % cluster.Connections.Count], new KeyWalk(keys, i))).ToArray();
            yield return await ClosedLoop.MeasureAsync(
                "batch-get", "objects/s", cluster, callers, LoadSettings.BatchObjects, settings, stop);
        }
    }

    private sealed class Caller(MasterClient master, KeyWalk keys) : ICaller
    {
        private static readonly ByteString Tenant = "default";
        private readonly ByteString[] _batch = new ByteString[LoadSettings.BatchObjects];

        public async ValueTask OperateAsync()
        {
            keys.Next(_batch);
            Results.MustBeOk(await master.BatchGetReplicaListAsync(new(_batch, Tenant)), "BatchGetReplicaList");
        }
    }
}
