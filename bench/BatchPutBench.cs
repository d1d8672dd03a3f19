// batch-put: BatchPutStart, then BatchPutEnd of 128 objects with one replica each.
using System.Runtime.CompilerServices;
using HotStandby.Bench.Load;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Mooncake.Client;
using HotStandby.Mooncake.Types;

namespace HotStandby.Bench;

internal static class BatchPutBench
{
    public static readonly Benchmark Benchmark = new(
        "batch-put", "BatchPutStart and BatchPutEnd of 128 objects: objects a second", RunAsync);

    private static async IAsyncEnumerable<Figure> RunAsync(LoadSettings settings, [EnumeratorCancellation] CancellationToken stop)
    {
        foreach (var inFlight in settings.InFlightOr(1, 4, 16))
        {
            await using var cluster = await LoadCluster.StartAsync(settings, inFlight, stop);
            yield return await ClosedLoop.MeasureAsync(
                "batch-put", "objects/s", cluster, Callers(cluster, inFlight), LoadSettings.BatchObjects, settings, stop);
        }
    }

    /// <summary>Callers that put new objects a batch at a time.</summary>
    public static ICaller[] Callers(LoadCluster cluster, int count) =>
        [.. Enumerable.Range(0, count).Select(i => new Caller(cluster.Connections[i % cluster.Connections.Count], cluster.Client, i))];

    /// <summary>Puts new objects, a batch at a time.</summary>
    internal sealed class Caller : ICaller
    {
        private static readonly ByteString Tenant = "default";
        private static readonly ulong[] Sizes = [.. Enumerable.Repeat(LoadSettings.ObjectBytes, LoadSettings.BatchObjects)];

        private readonly MasterClient _master;
        private readonly Uuid _client;
        private readonly KeyBlock _block;
        private readonly ObjectMeta[] _objects;

        public Caller(MasterClient master, Uuid client, int number)
        {
            (_master, _client, _block) = (master, client, new KeyBlock(number, LoadSettings.BatchObjects));
            _objects = [.. _block.Keys.Select(key => new ObjectMeta(key, null))]; // they share the block's bytes
        }

        /// <summary>The keys that were put last.</summary>
        public IReadOnlyList<ByteString> Keys => _block.Keys;

        public async ValueTask OperateAsync()
        {
            _block.Renew();
            Results.MustBeOk(
                await _master.BatchPutStartAsync(new(_client, _block.Keys, Sizes, new WireReplicateConfig(), Tenant)), "BatchPutStart");
            Results.MustBeOk(await _master.BatchPutEndAsync(new(_client, _objects, ReplicaType.All, Tenant)), "BatchPutEnd");
        }
    }
}
