// A fixed number of callers, each making its next call when it has the answer to the last one. A caller is one async loop that
// resumes wherever its answer arrives: no thread, no task of its own a call.
using System.Collections.Concurrent;
using System.Diagnostics;
using HdrHistogram;
using HotStandby.Mooncake.Client;

namespace HotStandby.Lab.Load;

/// <summary>How long a load was warmed up.</summary>
/// <param name="Time">How long.</param>
/// <param name="IsSteady">Whether its rate had become steady; true for a time that was fixed.</param>
/// <param name="Rates">Operations a second of each window; empty for a time that was fixed.</param>
public sealed record WarmUp(TimeSpan Time, bool IsSteady, IReadOnlyList<double> Rates);

/// <summary>What was measured.</summary>
/// <param name="Operations">Operations that succeeded.</param>
/// <param name="Time">How long it was measured.</param>
/// <param name="P50Microseconds">Median latency of an operation; 0, as the other two, if none succeeded.</param>
/// <param name="P99Microseconds">99 % were no slower.</param>
/// <param name="P999Microseconds">99.9 % were no slower.</param>
/// <param name="Failures">How often operations failed, by reason; empty unless failures are counted.</param>
public sealed record LoadMeasured(
    long Operations, TimeSpan Time, long P50Microseconds, long P99Microseconds, long P999Microseconds,
    IReadOnlyDictionary<string, long> Failures);

/// <summary>Runs callers, and measures them.</summary>
public sealed class ClosedLoop : IAsyncDisposable
{
    private const long HighestMicroseconds = 60_000_000;

    // A caller whose call has failed: while no node serves, it should not ask a million times a second.
    private static readonly TimeSpan FailurePause = TimeSpan.FromMilliseconds(20);

    private readonly LongConcurrentHistogram _latencies = new(1, HighestMicroseconds, 3);
    private readonly ConcurrentDictionary<string, long> _failures = new();
    private readonly bool _countsFailures;
    private readonly CancellationToken _stop;
    private readonly Task[] _running;
    private volatile bool _measuring;
    private volatile bool _ended;
    private long _operations;

    private ClosedLoop(IReadOnlyList<ICaller> callers, bool countsFailures, CancellationToken stop)
    {
        (_countsFailures, _stop) = (countsFailures, stop);
        _running = [.. callers.Select(RunAsync)];
    }

    /// <summary>Lets callers run until the loop is disposed.</summary>
    /// <param name="callers">As many as operations shall be in flight.</param>
    /// <param name="countsFailures">True: a failed operation is counted, and its caller goes on. False: it ends the measurement with its
    /// exception.</param>
    /// <param name="stop">Ends every wait; calls in flight are not waited for then.</param>
    public static ClosedLoop Start(IReadOnlyList<ICaller> callers, bool countsFailures, CancellationToken stop) =>
        new(callers, countsFailures, stop);

    /// <summary>Waits for a fixed time, or until the rate is steady.</summary>
    /// <param name="fixedTime">Null: until the rate is steady.</param>
    /// <param name="report">Is told the rate of every window, in operations a second.</param>
    /// <exception cref="LoadFailedException">A caller has failed.</exception>
    public async Task<WarmUp> WarmUpAsync(TimeSpan? fixedTime, Action<double>? report = null)
    {
        if (fixedTime is { } time)
        {
            await PassAsync(time).ConfigureAwait(false);
            return new WarmUp(time, IsSteady: true, []);
        }

        var rate = new SteadyRate();
        while (!rate.IsSteady && !rate.IsGivenUp)
        {
            var (start, before) = (Stopwatch.GetTimestamp(), Volatile.Read(ref _operations));
            await PassAsync(SteadyRate.Window).ConfigureAwait(false);
            rate.Add((Volatile.Read(ref _operations) - before) / Stopwatch.GetElapsedTime(start).TotalSeconds);
            report?.Invoke(rate.Rates[^1]);
        }

        return new WarmUp(rate.Rates.Count * SteadyRate.Window, rate.IsSteady, rate.Rates);
    }

    /// <summary>Measures once, for a shorter time when it is stopped.</summary>
    /// <param name="time">How long.</param>
    /// <exception cref="LoadFailedException">A caller has failed.</exception>
    public async Task<LoadMeasured> MeasureAsync(TimeSpan time)
    {
        var (start, before) = (Stopwatch.GetTimestamp(), Volatile.Read(ref _operations));
        _measuring = true;
        try
        {
            await PassAsync(time).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // What was measured until then is worth as much as with a shorter time.
        }

        _measuring = false;
        return new LoadMeasured(
            Volatile.Read(ref _operations) - before, Stopwatch.GetElapsedTime(start), Latency(50), Latency(99), Latency(99.9),
            _failures.ToDictionary());

        // The library refuses to find one in an empty histogram.
        long Latency(double percentile) => _latencies.TotalCount == 0 ? 0 : _latencies.GetValueAtPercentile(percentile);
    }

    /// <summary>Ends the callers, each behind its operation.</summary>
    public async ValueTask DisposeAsync()
    {
        _ended = true;
        if (!_stop.IsCancellationRequested)
            await Task.WhenAll(_running).ConfigureAwait(false);
    }

    private async Task RunAsync(ICaller caller)
    {
        while (!_ended)
        {
            var start = Stopwatch.GetTimestamp();
            try
            {
                await caller.OperateAsync().ConfigureAwait(false);
            }
            catch (Exception failure) when (_countsFailures && failure is LoadFailedException or MasterRpcException)
            {
                if (_measuring)
                    _failures.AddOrUpdate(ReasonOf(failure), 1, static (_, count) => count + 1);
                await Task.Delay(FailurePause, CancellationToken.None).ConfigureAwait(false);
                continue;
            }

            Interlocked.Increment(ref _operations);
            if (_measuring)
                _latencies.RecordValue(Math.Clamp((long)Stopwatch.GetElapsedTime(start).TotalMicroseconds, 1, HighestMicroseconds));
        }
    }

    // The messages of a connection name ports and times: their kind is what can be counted.
    private static string ReasonOf(Exception failure) =>
        failure is MasterRpcException unanswered ? unanswered.Failure.ToString() : failure.Message;

    // A caller ends early only by failing.
    private async Task PassAsync(TimeSpan time)
    {
        var passed = Task.Delay(time, _stop);
        var failed = Task.WhenAny(_running);
        if (await Task.WhenAny(passed, failed).ConfigureAwait(false) == failed)
            await (await failed.ConfigureAwait(false)).ConfigureAwait(false);
        await passed.ConfigureAwait(false);
    }
}
