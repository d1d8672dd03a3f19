// A fixed number of callers, each making its next call when it has the answer to the last one. A caller is one async loop that
// resumes wherever its answer arrives: no thread, no task of its own a call.
using System.Diagnostics;
using System.Globalization;
using HdrHistogram;

namespace HotStandby.Bench.Load;

/// <summary>What one caller does again and again.</summary>
internal interface ICaller
{
    /// <summary>One operation, from its first call to its last answer.</summary>
    /// <exception cref="LoadFailedException">An answer was an error.</exception>
    ValueTask OperateAsync();
}

/// <summary>Runs callers and measures them.</summary>
internal sealed class ClosedLoop
{
    private const long HighestMicroseconds = 60_000_000;

    private readonly LongConcurrentHistogram _latencies = new(1, HighestMicroseconds, 3);
    private volatile bool _measuring;
    private volatile bool _ended;
    private long _operations;

    private ClosedLoop()
    {
    }

    /// <summary>Warms up, then measures.</summary>
    /// <param name="name">Of the figure.</param>
    /// <param name="unit">Of its value, which is objects a second.</param>
    /// <param name="cluster">Where the callers call.</param>
    /// <param name="callers">As many as operations shall be in flight.</param>
    /// <param name="objects">Objects of one operation.</param>
    /// <param name="settings">How long.</param>
    /// <param name="stop">Gives up.</param>
    public static async Task<Figure> MeasureAsync(
        string name, string unit, LoadCluster cluster, IReadOnlyList<ICaller> callers, int objects, LoadSettings settings,
        CancellationToken stop)
    {
        var loop = new ClosedLoop();
        var running = new List<Task>(callers.Count);
        foreach (var caller in callers)
            running.Add(loop.RunAsync(caller));
        try
        {
            var warm = await loop.WarmUpAsync(name, settings.WarmUpFor, running, stop);
            GC.Collect();
            var start = ProcessorClock.Read(cluster);
            var before = Volatile.Read(ref loop._operations);
            loop._measuring = true;
            await PassAsync(settings.Measured, running, stop);
            loop._measuring = false;
            var end = ProcessorClock.Read(cluster);
            var seconds = Stopwatch.GetElapsedTime(start.Timestamp, end.Timestamp).TotalSeconds;
            var operations = Volatile.Read(ref loop._operations) - before;
            var conditions = new FigureSettings(
                settings.Nodes, callers.Count, cluster.Connections.Count, objects, warm.TotalSeconds, Math.Round(seconds, 2),
                settings.ExtraHocon);
            return new Figure(
                name, Math.Round(operations * objects / seconds), unit, loop._latencies.GetValueAtPercentile(50),
                loop._latencies.GetValueAtPercentile(99), loop._latencies.GetValueAtPercentile(99.9), conditions,
                end.Since(start, operations));
        }
        finally
        {
            loop._ended = true;
            if (!stop.IsCancellationRequested)
                await Task.WhenAll(running);
        }
    }

    // How long it took.
    private async Task<TimeSpan> WarmUpAsync(string name, TimeSpan? fixedTime, List<Task> running, CancellationToken stop)
    {
        if (fixedTime is { } time)
        {
            await PassAsync(time, running, stop);
            return time;
        }

        var rate = new SteadyRate();
        while (!rate.IsSteady && !rate.IsGivenUp)
        {
            var (start, before) = (Stopwatch.GetTimestamp(), Volatile.Read(ref _operations));
            await PassAsync(SteadyRate.Window, running, stop);
            rate.Add((Volatile.Read(ref _operations) - before) / Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        var warm = rate.Rates.Count * SteadyRate.Window;
        await Console.Error.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
            $"{name}: {(rate.IsSteady ? "steady" : "NOT steady")} after {warm.TotalSeconds} s, operations a second before: ")
            + string.Join(' ', rate.Rates.Select(static each => each.ToString("0", CultureInfo.InvariantCulture))));
        return warm;
    }

    private async Task RunAsync(ICaller caller)
    {
        while (!_ended)
        {
            var start = Stopwatch.GetTimestamp();
            await caller.OperateAsync();
            Interlocked.Increment(ref _operations);
            if (_measuring)
                _latencies.RecordValue(Math.Clamp((long)Stopwatch.GetElapsedTime(start).TotalMicroseconds, 1, HighestMicroseconds));
        }
    }

    // A caller ends early only by failing.
    private static async Task PassAsync(TimeSpan time, List<Task> running, CancellationToken stop)
    {
        var passed = Task.Delay(time, stop);
        var failed = Task.WhenAny(running);
        if (await Task.WhenAny(passed, failed) == failed)
            await await failed;
        await passed;
    }
}
