// checkpoint-pause: how long single puts wait at a million objects, with no checkpoints and with rounds that follow each other without
// a break. Beside it, without processes or scheduling: how long a shard writes its image at a stretch.
using System.Diagnostics;
using System.Runtime.CompilerServices;
using HotStandby.Bench.Load;

namespace HotStandby.Bench;

internal static class CheckpointPauseBench
{
    public static readonly Benchmark Benchmark = new(
        "checkpoint-pause", "latency of puts at 1 M objects with and without checkpoints", RunAsync);

    private const int Objects = 1_000_000;

    private static async IAsyncEnumerable<Figure> RunAsync(LoadSettings settings, [EnumeratorCancellation] CancellationToken stop)
    {
        foreach (var figure in await MeasureAsync("checkpoint-pause, none taken", settings, "every-bytes = 64GiB", stop))
            yield return figure;
        foreach (var figure in await MeasureAsync(
            "checkpoint-pause, one after the other", settings, "every-bytes = 64KiB, every = 1s", stop))
            yield return figure;
        foreach (var figure in ShardMessages.MeasureImage(
            "checkpoint-pause, 1 of 64 shards", Objects / MicroSamples.ShardCount, MicroSamples.ShardCount))
            yield return figure;
    }

    private static async Task<IReadOnlyList<Figure>> MeasureAsync(
        string name, LoadSettings settings, string checkpoints, CancellationToken stop)
    {
        var hocon = $"hotstandby.checkpoints {{ {checkpoints} }}\n{settings.ExtraHocon}";
        await using var cluster = await LoadCluster.StartAsync(settings with { ExtraHocon = hocon }, LoadSettings.MaximumConnections, stop);
        await NumberedWriter.FillAsync(cluster, Objects, stop);
        var writers = cluster.Connections.Take(2)
            .Select((master, i) => new NumberedWriter(cluster, master, NumberedKey.Added, i * (long)int.MaxValue)).ToArray();
        await RunAsync(writers, LoadSettings.WarmUp, new Latencies(), stop);
        var latencies = new Latencies();
        var (collector, start) = (await CollectorClock.ReadAsync(cluster, stop), ProcessorClock.Read(cluster));
        await RunAsync(writers, settings.Measured, latencies, stop);
        var end = ProcessorClock.Read(cluster);
        var collectorEnd = await CollectorClock.ReadAsync(cluster, stop);
        var seconds = Stopwatch.GetElapsedTime(start.Timestamp, end.Timestamp).TotalSeconds;
        var conditions = new FigureSettings(settings.Nodes, writers.Length, writers.Length, 1,
            LoadSettings.WarmUp.TotalSeconds, Math.Round(seconds, 2), hocon);
        return [latencies.ToFigure(name + ": puts", conditions, end.Since(start, latencies.Count)), .. collector.Until(collectorEnd, name)];
    }

    // Each a put at a time: PutStart and PutEnd, both of which wait for their commit.
    private static Task RunAsync(NumberedWriter[] writers, TimeSpan time, Latencies latencies, CancellationToken stop) =>
        Task.WhenAll(writers.Select(writer => Task.Run(async () =>
        {
            var began = Stopwatch.GetTimestamp();
            while (Stopwatch.GetElapsedTime(began) < time)
            {
                stop.ThrowIfCancellationRequested();
                var called = Stopwatch.GetTimestamp();
                await writer.PutBatchAsync(1);
                lock (latencies)
                    latencies.Since(called);
            }
        }, stop)));
}
