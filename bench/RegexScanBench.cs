// regex-scan: how long calls by pattern take at a million keys, and how long single puts wait meanwhile.
using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using HotStandby.Bench.Load;
using HotStandby.Lab.Load;
using HotStandby.Messages.Model;
using HotStandby.Mooncake.Client;
using HotStandby.Mooncake.Types;

namespace HotStandby.Bench;

internal static class RegexScanBench
{
    public static readonly Benchmark Benchmark = new(
        "regex-scan", "GetReplicaListByRegex and RemoveByRegex of 1 000 among 1 M keys; puts meanwhile", RunAsync);

    private const int Objects = 1_000_000;
    private const int Matching = 1000;
    private static readonly ByteString Tenant = "default";

    private static async IAsyncEnumerable<Figure> RunAsync(LoadSettings settings, [EnumeratorCancellation] CancellationToken stop)
    {
        await using var cluster = await LoadCluster.StartAsync(settings, LoadSettings.MaximumConnections, stop);
        await NumberedWriter.FillAsync(cluster, Objects, stop);
        var putter = new Putter(cluster);
        await putter.MeasureAsync(_ => Task.Delay(LoadSettings.WarmUp, stop), stop);
        var collector = await CollectorClock.ReadAsync(cluster, stop);
        yield return (await putter.MeasureAsync(_ => Task.Delay(settings.Measured, stop), stop)).ToFigure("regex-scan, no scan: puts");
        foreach (var figure in collector.Until(await CollectorClock.ReadAsync(cluster, stop), "regex-scan, no scan"))
            yield return figure;

        var scans = new Latencies();
        var master = cluster.Connections[1];
        collector = await CollectorClock.ReadAsync(cluster, stop);
        var start = ProcessorClock.Read(cluster);
        var puts = await putter.MeasureAsync(until => ScanAsync(scans, settings.Measured, async _ =>
        {
            var found = await master.GetReplicaListByRegexAsync(new(Pattern(0), Tenant));
            if (!found.IsOk || found.Value.Count != Matching)
                throw new LoadFailedException(
                    $"GetReplicaListByRegex answered {found.Error}, {(found.IsOk ? found.Value.Count : 0)} objects");
        }, until), stop);
        var end = ProcessorClock.Read(cluster);
        yield return scans.ToFigure("regex-scan, get: scans", Conditions(settings, start, end), end.Since(start, scans.Count));
        yield return puts.ToFigure("regex-scan, get: puts");
        foreach (var figure in collector.Until(await CollectorClock.ReadAsync(cluster, stop), "regex-scan, get"))
            yield return figure;

        var removals = new Latencies();
        collector = await CollectorClock.ReadAsync(cluster, stop);
        start = ProcessorClock.Read(cluster);
        puts = await putter.MeasureAsync(until => ScanAsync(removals, settings.Measured, async i =>
        {
            // Other keys each time, and never those that the reads before have leased.
            var removed = await master.RemoveByRegexAsync(new(Pattern(1 + (i % 999)), false, Tenant));
            if (!removed.IsOk || (i < 999 && removed.Value.Value != Matching))
                throw new LoadFailedException($"RemoveByRegex answered {removed}");
        }, until), stop);
        end = ProcessorClock.Read(cluster);
        yield return removals.ToFigure("regex-scan, remove: scans", Conditions(settings, start, end), end.Since(start, removals.Count));
        yield return puts.ToFigure("regex-scan, remove: puts");
        foreach (var figure in collector.Until(await CollectorClock.ReadAsync(cluster, stop), "regex-scan, remove"))
            yield return figure;
    }

    private static ByteString Pattern(int ending) =>
        string.Create(CultureInfo.InvariantCulture, $"^bench/{NumberedKey.Stored}/[0-9]*{ending:d3}$");

    private static FigureSettings Conditions(LoadSettings settings, ProcessorClock start, ProcessorClock end) => new(
        settings.Nodes, 1, 2, 1, LoadSettings.WarmUp.TotalSeconds,
        Math.Round(Stopwatch.GetElapsedTime(start.Timestamp, end.Timestamp).TotalSeconds, 2), settings.ExtraHocon);

    private static async Task ScanAsync(Latencies latencies, TimeSpan time, Func<int, Task> scan, CancellationToken stop)
    {
        var began = Stopwatch.GetTimestamp();
        for (var i = 0; Stopwatch.GetElapsedTime(began) < time; i++)
        {
            stop.ThrowIfCancellationRequested();
            var called = Stopwatch.GetTimestamp();
            await scan(i);
            latencies.Since(called);
        }
    }

    // Puts one object after the other on a connection of its own.
    private sealed class Putter(LoadCluster cluster)
    {
        private readonly MasterClient _master = cluster.Connections[0];
        private long _next;

        public async Task<Latencies> MeasureAsync(Func<CancellationToken, Task> meanwhile, CancellationToken stop)
        {
            var latencies = new Latencies();
            using var ended = CancellationTokenSource.CreateLinkedTokenSource(stop);
            var putting = Task.Run(async () =>
            {
                while (!ended.IsCancellationRequested)
                {
                    var key = new ByteString(NumberedKey.Of(NumberedKey.Added, _next++));
                    var began = Stopwatch.GetTimestamp();
                    Results.MustBeOk(await _master.PutStartAsync(new(
                        cluster.Client, key, LoadSettings.ObjectBytes, new WireReplicateConfig(), Tenant)), "PutStart");
                    Results.MustBeOk(
                        await _master.PutEndAsync(new(cluster.Client, new ObjectMeta(key, null), ReplicaType.All, Tenant)), "PutEnd");
                    latencies.Since(began);
                }
            }, stop);
            try
            {
                await meanwhile(stop);
            }
            finally
            {
                await ended.CancelAsync();
                await putting;
            }

            return latencies;
        }
    }
}
