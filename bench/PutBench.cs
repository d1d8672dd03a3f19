// put: PutStart, then PutEnd of one object with one replica. Both are replicated before they are answered.
using System.Runtime.CompilerServices;
using HotStandby.Bench.Load;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Mooncake.Calls;
using HotStandby.Mooncake.Client;
using HotStandby.Mooncake.Types;

namespace HotStandby.Bench;

internal static class PutBench
{
    public static readonly Benchmark Benchmark = new("put", "PutStart and PutEnd of one object: objects a second", RunAsync);

    /// <summary>Callers that put new objects one at a time.</summary>
    public static ICaller[] Callers(LoadCluster cluster, int count) =>
        [.. Enumerable.Range(0, count).Select(i => new Caller(cluster.Connections[i % cluster.Connections.Count], cluster.Client, i))];

    private static async IAsyncEnumerable<Figure> RunAsync(LoadSettings settings, [EnumeratorCancellation] CancellationToken stop)
    {
        foreach (var inFlight in settings.InFlightOr(1, 16, 64, 256))
        {
            await using var cluster = await LoadCluster.StartAsync(settings, inFlight, stop);
            yield return await ClosedLoop.MeasureAsync("put", "objects/s", cluster, Callers(cluster, inFlight), 1, settings, stop);
        }
    }

    private sealed class Caller(MasterClient master, Uuid client, int number) : ICaller
    {
        private static readonly ByteString Tenant = "default";
        private readonly KeyBlock _block = new(number, 1);

        public async ValueTask OperateAsync()
        {
            _block.Renew();
            var key = _block.Keys[0];
            Results.MustBeOk(
                await master.PutStartAsync(new(client, key, LoadSettings.ObjectBytes, new WireReplicateConfig(), Tenant)), "PutStart");
            Results.MustBeOk(await master.PutEndAsync(new(client, new ObjectMeta(key, null), ReplicaType.All, Tenant)), "PutEnd");
        }
    }
}
