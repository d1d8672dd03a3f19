// Drives a trace against a master: in the trace's own time or as fast as answers come, with a fixed number of requests in
// progress. Used by the replay verb, the demo and the bench; goes on through failovers.
using System.Runtime.ExceptionServices;
using System.Threading.Channels;
using HotStandby.Lab.Trace;

namespace HotStandby.Lab.Replay;

/// <summary>Replays one trace, once.</summary>
/// <param name="client">The master's client; its segments must be mounted.</param>
/// <param name="options">How.</param>
/// <param name="time">The clock; null for the machine's.</param>
internal sealed class ReplayEngine(IMasterClient client, ReplayOptions options, TimeProvider? time = null)
{
    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private ReplayStatistics? _statistics;

    /// <summary>Every write that was acknowledged so far.</summary>
    public AcknowledgedWrites Acknowledged { get; } = new();

    /// <summary>Where the replay stands; may be asked at any time.</summary>
    public ReplayProgress Progress => Volatile.Read(ref _statistics)?.Progress ?? default;

    /// <summary>
    /// Replays all requests and reports. Ends early, with <see cref="ReplayReport.GaveUp"/>, when no node serves for too long.
    /// </summary>
    /// <param name="requests">In the order of their timestamps; read on another thread.</param>
    /// <param name="cancellation">Ends the replay at once.</param>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <exception cref="TraceFormatException">The trace is broken; what came before is replayed.</exception>
    public async Task<ReplayReport> RunAsync(IEnumerable<TraceRequest> requests, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(requests);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Concurrency, 1);
        var statistics = new ReplayStatistics(_time);
        if (Interlocked.CompareExchange(ref _statistics, statistics, null) is not null)
            throw new InvalidOperationException("An engine replays once.");
        var replay = new RequestReplay(new MasterCalls(client, options, statistics, _time), options, statistics, Acknowledged);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var queue = Channel.CreateBounded<TraceRequest>(options.Concurrency);
        var tasks = new Task[options.Concurrency + 1];
        for (var i = 0; i < options.Concurrency; i++)
            tasks[i] = EndingAll(() => WorkAsync(queue.Reader, replay, statistics, ending.Token), ending);
        tasks[^1] = EndingAll(() => DispatchAsync(requests, queue.Writer, ending.Token), ending);
        await Task.WhenAll(tasks)
            .ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default)
            .ConfigureAwait(false);

        cancellation.ThrowIfCancellationRequested();
        var failures = tasks.Where(task => task.IsFaulted).SelectMany(task => task.Exception!.InnerExceptions).ToArray();
        if (failures.FirstOrDefault(failure => failure is not NoServiceException) is { } failure)
            ExceptionDispatchInfo.Throw(failure);
        return statistics.Report(gaveUp: failures.Length > 0);
    }

    // One that fails ends all: the others would wait for ever.
    private static async Task EndingAll(Func<Task> work, CancellationTokenSource ending)
    {
        try
        {
            await Task.Run(work, ending.Token).ConfigureAwait(false);
        }
        catch
        {
            await ending.CancelAsync().ConfigureAwait(false);
            throw;
        }
    }

    private async Task DispatchAsync(IEnumerable<TraceRequest> requests, ChannelWriter<TraceRequest> queue, CancellationToken cancellation)
    {
        var start = _time.GetTimestamp();
        foreach (var request in requests)
        {
            if (options.SpeedUp > 0)
            {
                var wait = TimeSpan.FromMilliseconds(request.TimestampMilliseconds / options.SpeedUp) - _time.GetElapsedTime(start);
                if (wait > TimeSpan.Zero)
                    await Task.Delay(wait, _time, cancellation).ConfigureAwait(false);
            }
            await queue.WriteAsync(request, cancellation).ConfigureAwait(false);
        }
        queue.Complete();
    }

    private static async Task WorkAsync(
        ChannelReader<TraceRequest> queue, RequestReplay replay, ReplayStatistics statistics, CancellationToken cancellation)
    {
        await foreach (var request in queue.ReadAllAsync(cancellation).ConfigureAwait(false))
        {
            statistics.BeginRequest();
            var replayed = false;
            try
            {
                await replay.ReplayAsync(request, cancellation).ConfigureAwait(false);
                replayed = true;
            }
            finally
            {
                statistics.EndRequest(replayed);
            }
        }
    }
}
