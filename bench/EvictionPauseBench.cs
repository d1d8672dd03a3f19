// eviction-pause: how long single reads wait, spread over all shards, while batch puts press and a million objects are there: with
// far too much memory, and with so little that eviction never stops. Beside it, without processes or scheduling: the longest
// single message of a shard in a cycle of eviction, and of one that lists its keys.
using System.Diagnostics;
using System.Runtime.CompilerServices;
using HotStandby.Bench.Load;
using HotStandby.Lab.Load;
using HotStandby.Messages;
using HotStandby.Mooncake.Client;
using HotStandby.Mooncake.Types;

namespace HotStandby.Bench;

internal static class EvictionPauseBench
{
    public static readonly Benchmark Benchmark = new(
        "eviction-pause", "latency of reads at 1 M objects with and without eviction; longest message of a shard", RunAsync);

    private const int Objects = 1_000_000;

    // Where eviction begins: the high watermark less the headroom, both by default.
    private const double UseAtStart = 0.88;
    private static readonly ByteString Tenant = "default";

    private static async IAsyncEnumerable<Figure> RunAsync(LoadSettings settings, [EnumeratorCancellation] CancellationToken stop)
    {
        var hurried = settings with { ExtraHocon = "hotstandby.objects.lease-ttl = 1s\n" + settings.ExtraHocon };
        foreach (var figure in await MeasureAsync("eviction-pause, none evicted", hurried, 0, stop))
            yield return figure;
        foreach (var figure in await MeasureAsync(
            "eviction-pause, evicting", hurried, (ulong)(Objects / UseAtStart) * LoadSettings.ObjectBytes, stop))
            yield return figure;
        foreach (var figure in ShardMessages.Measure(
            "eviction-pause, 1 of 64 shards", Objects / MicroSamples.ShardCount, MicroSamples.ShardCount, stop))
            yield return figure;
        foreach (var figure in ShardMessages.Measure("eviction-pause, 1 shard with all", Objects, 1, stop))
            yield return figure;
    }

    private static async Task<IReadOnlyList<Figure>> MeasureAsync(
        string name, LoadSettings settings, ulong capacityBytes, CancellationToken stop)
    {
        await using var cluster = await LoadCluster.StartAsync(settings, LoadSettings.MaximumConnections, stop, capacityBytes);
        await NumberedWriter.FillAsync(cluster, Objects, stop);
        var writer = new NumberedWriter(cluster, cluster.Connections[0], NumberedKey.Added, 0);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var pressing = Task.Run(async () =>
        {
            while (!ended.IsCancellationRequested)
                await writer.PutBatchAsync();
        }, stop);
        try
        {
            await ProbeAsync(cluster.Connections[1], LoadSettings.WarmUp, new Latencies(), stop);
            var latencies = new Latencies();
            var collector = await CollectorClock.ReadAsync(cluster, stop);
            var start = ProcessorClock.Read(cluster);
            var (putBefore, refusedBefore, thingsBefore) = (writer.Put, writer.Refused, await ThingsAsync(cluster, stop));
            await ProbeAsync(cluster.Connections[1], settings.Measured, latencies, stop);
            var (put, refused, things) = (writer.Put - putBefore, writer.Refused - refusedBefore, await ThingsAsync(cluster, stop));
            var end = ProcessorClock.Read(cluster);
            var seconds = Stopwatch.GetElapsedTime(start.Timestamp, end.Timestamp).TotalSeconds;
            var collectorEnd = await CollectorClock.ReadAsync(cluster, stop);
            // What was put and is not there has been evicted; the puts under way make it inexact by a batch or two.
            var evicted = Math.Max(0, put - (things - thingsBefore));
            if (capacityBytes > 0 && evicted < LoadSettings.BatchObjects * 4)
                throw new LoadFailedException("nothing was evicted");
            var conditions = new FigureSettings(settings.Nodes, 1, 1, 1, LoadSettings.WarmUp.TotalSeconds, Math.Round(seconds, 2),
                settings.ExtraHocon);
            return
            [
                latencies.ToFigure(name + ": reads", conditions, end.Since(start, latencies.Count)),
                new Figure(name + ": puts", Math.Round(put / seconds), "objects/s", null, null, null, null, null),
                new Figure(name + ": puts without memory", Math.Round(refused / seconds), "objects/s", null, null, null, null, null),
                new Figure(name + ": evicted", Math.Round(evicted / seconds), "objects/s", null, null, null, null, null),
                .. collector.Until(collectorEnd, name),
            ];
        }
        finally
        {
            await ended.CancelAsync();
            await pressing;
        }
    }

    private static async Task ProbeAsync(MasterClient master, TimeSpan time, Latencies latencies, CancellationToken stop)
    {
        var random = new Random(1);
        var began = Stopwatch.GetTimestamp();
        for (var i = 0; Stopwatch.GetElapsedTime(began) < time; i++)
        {
            stop.ThrowIfCancellationRequested();
            var key = new ByteString(NumberedKey.Of(NumberedKey.Stored, random.Next(Objects)));
            var called = Stopwatch.GetTimestamp();
            // An object that is gone is an answer as good as any: the shard has looked.
            var error = i % 2 == 0
                ? (await master.ExistKeyAsync(new(key, Tenant), stop)).Error
                : (await master.GetReplicaListAsync(new(key, Tenant), stop)).Error;
            latencies.Since(called);
            if (error is not (ErrorCode.Ok or ErrorCode.ObjectNotFound))
                throw new LoadFailedException($"a read answered {error}");
        }
    }

    private static async Task<long> ThingsAsync(LoadCluster cluster, CancellationToken stop) =>
        (await cluster.StatusAsync(cluster.Primary, stop)).Partitions.Sum(partition => partition.Things);
}
