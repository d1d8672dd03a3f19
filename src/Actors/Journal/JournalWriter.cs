// Appends to one log, for FileJournal. Where an append must be flushed, a thread takes whatever waits, appends it with as few writes as
// possible, flushes, and only then completes the callers (group commit). Where the operating system's memory is enough, the caller's
// own thread appends, as long as no other does and nothing has to be flushed: waking a thread takes longer than such a write.
// It never retries: the first failed write or flush fails everything waiting and everything after, and calls onFatal once.
using System.Diagnostics;
using HotStandby.Actors.Telemetry;
using HotStandby.Actors.Threads;

namespace HotStandby.Actors.Journal;

/// <summary>When an append counts as written.</summary>
internal enum FlushPolicy
{
    /// <summary>After fsync: it survives a power cut.</summary>
    EveryBatch,

    /// <summary>When the operating system has it: it survives the end of the process; fsync follows within the interval.</summary>
    Interval,
}

/// <summary>How a <see cref="JournalWriter"/> works.</summary>
/// <param name="Flush">The flush policy.</param>
/// <param name="FlushInterval">Interval policy: the longest a written record waits for its fsync to start. 1 ms .. 60 s, default 1
/// s.</param>
/// <param name="QueueBytes">Bytes that may wait for the writer before appends are refused, default 64 MiB; what it is
/// writing at the moment is not counted. One batch always fits an empty queue.</param>
internal sealed record WriterOptions(FlushPolicy Flush, TimeSpan FlushInterval, long QueueBytes)
{
    /// <summary>fsync before every completion; 1 s; 64 MiB.</summary>
    public static WriterOptions Default { get; } = new(FlushPolicy.EveryBatch, TimeSpan.FromSeconds(1), 64 << 20);
}

/// <summary>Drives a <see cref="SegmentedLog"/> from its own thread. All members may be called from any thread.</summary>
internal sealed class JournalWriter : IDisposable
{
    // A caller's thread that is in a write for so many looks has met a disk that hangs. No circuit breaker sees a call that does not
    // return. Looks are counted, not time: a process that was frozen has not waited.
    private const int MostLooks = 12;
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(10);

    private readonly SegmentedLog _log;
    private readonly WriterOptions _options;
    private readonly Action<JournalFailure> _onFatal;
    private readonly ITimer? _flushTimer;
    private readonly ITimer? _lookTimer;
    private readonly Thread _thread;
    private readonly object _gate = new();
    private readonly List<RecordBatch> _run = [];
    private readonly List<Request> _runOwners = [];
    private List<Request> _queue = [];
    private List<Request> _taken = [];
    private long _queuedBytes;
    private bool _isWriting; // by the thread, or by a caller's
    private volatile bool _isFlushing;
    private long _appendsHere; // odd while a caller's thread appends
    private long _lookedAt;
    private int _looks;
    private long _nextSequenceNr;
    private int _flushArmed;
    private int _fatal;
    private bool _closing;

    /// <summary>Starts the loop. The log now belongs to this writer, which closes it.</summary>
    /// <param name="log">An open log.</param>
    /// <param name="options">Flush policy and bounds.</param>
    /// <param name="time">Drives the interval policy.</param>
    /// <param name="onFatal">Called once, by the thread that writes or a timer's, when the disk has failed: the process should end.</param>
    public JournalWriter(SegmentedLog log, WriterOptions options, TimeProvider time, Action<JournalFailure> onFatal)
    {
        (_log, _options, _onFatal) = (log, options, onFatal);
        _nextSequenceNr = log.HighestSequenceNr + 1;
        if (options.Flush == FlushPolicy.Interval)
        {
            _flushTimer = time.CreateTimer(_ => FlushInBackground(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            _lookTimer = time.CreateTimer(_ => Look(), null, LookInterval, LookInterval);
        }

        _thread = new Thread(Loop) { IsBackground = true, Name = "journal-writer" };
        _thread.Start();
    }

    /// <summary>The log, for reading.</summary>
    public SegmentedLog Log => _log;

    /// <summary>Appends a batch, or queues it; it now belongs to the writer, whatever the outcome.</summary>
    /// <returns>
    /// Completes when the batch is written as the policy says. Fails with <see cref="JournalOverloaded"/> (nothing written),
    /// <see cref="ArgumentException"/> (not the next sequenceNr, nothing written),
    /// <see cref="JournalFailed"/> (outcome unknown, the journal is dead),
    /// or <see cref="ObjectDisposedException"/>.
    /// </returns>
    public Task AppendAsync(RecordBatch batch)
    {
        Exception? refusal;
        lock (_gate)
        {
            if (_closing)
                refusal = new ObjectDisposedException(nameof(JournalWriter));
            else if (_log.Failed is { } failed)
                refusal = new JournalFailed(failed.Failure, failed);
            else if (!batch.EndsAtomicWrite || batch.FirstSequenceNr != _nextSequenceNr)
                refusal = new ArgumentException(
                    $"a batch of {batch.Count} starts at {batch.FirstSequenceNr}, the log continues at {_nextSequenceNr}", nameof(batch));
            else if (_queuedBytes > 0 && _queuedBytes + batch.Bytes > _options.QueueBytes)
                refusal = new JournalOverloaded(_queuedBytes, _options.QueueBytes);
            else
            {
                _nextSequenceNr = batch.LastSequenceNr + 1;
                if (_options.Flush == FlushPolicy.EveryBatch || _isWriting || _isFlushing || _queue.Count > 0
                    || _log.NeedsSegmentFor(batch))
                {
                    _queuedBytes += batch.Bytes;
                    return Enqueue(new Request(batch, DeleteTo: 0));
                }

                (_isWriting, refusal) = (true, null);
            }
        }

        if (refusal is null)
            return AppendHere(batch);
        batch.Dispose();
        return Task.FromException(refusal);
    }

    /// <summary>Deletes up to a sequenceNr, after everything queued before; durable on completion.</summary>
    public Task DeleteToAsync(long sequenceNr) => EnqueueUnlessClosed(new Request(null, sequenceNr));

    /// <summary>The last sequenceNr once everything queued before has settled. Fails when the journal has failed.</summary>
    public async Task<long> SettledAsync()
    {
        await EnqueueUnlessClosed(new Request(null, DeleteTo: 0)).ConfigureAwait(false);
        return _log.HighestSequenceNr;
    }

    /// <summary>Finishes what is queued, flushes, stops the thread and closes the log. Blocks until done.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _closing = true;
            Monitor.Pulse(_gate);
        }
        _thread.Join();
        _flushTimer?.Dispose();
        _lookTimer?.Dispose();
        FlushInBackground();
        _log.Dispose();
    }

    private Task EnqueueUnlessClosed(Request request)
    {
        lock (_gate)
            return _closing ? Task.FromException(new ObjectDisposedException(nameof(JournalWriter))) : Enqueue(request);
    }

    private Task Enqueue(Request request)
    {
        _queue.Add(request);
        if (!_isWriting) // who writes looks at the queue again
            Monitor.Pulse(_gate);
        return request.Done.Task;
    }

    private Task AppendHere(RecordBatch batch)
    {
        Interlocked.Increment(ref _appendsHere);
        var fault = Append([batch]);
        Interlocked.Increment(ref _appendsHere);
        batch.Dispose();
        lock (_gate)
        {
            _isWriting = false;
            if (_queue.Count > 0 || _closing)
                Monitor.Pulse(_gate);
        }

        return fault is null ? Task.CompletedTask : Task.FromException(fault);
    }

    private void Loop()
    {
        while (Take())
        {
            foreach (var request in _taken)
            {
                if (request.Batch is { } batch)
                {
                    _run.Add(batch);
                    _runOwners.Add(request);
                    continue;
                }
                AppendRun();
                Settle(request);
            }
            AppendRun();
            _taken.Clear();
            lock (_gate)
                _isWriting = false;
        }
    }

    private bool Take()
    {
        lock (_gate)
        {
            while (_isWriting || (_queue.Count == 0 && !_closing))
                Monitor.Wait(_gate);
            (_taken, _queue) = (_queue, _taken);
            _queuedBytes = 0;
            return _isWriting = _taken.Count > 0;
        }
    }

    private void AppendRun()
    {
        if (_run.Count == 0)
            return;
        var fault = Append(_run);
        foreach (var request in _runOwners)
        {
            request.Batch!.Dispose();
            request.Complete(fault);
        }
        _run.Clear();
        _runOwners.Clear();
    }

    private Exception? Append(IReadOnlyList<RecordBatch> run)
    {
        try
        {
            var began = Stopwatch.GetTimestamp();
            _log.Append(run, flush: _options.Flush == FlushPolicy.EveryBatch);
            NodeMetrics.JournalWritten(Stopwatch.GetElapsedTime(began));
        }
        catch (Exception error)
        {
            RaiseFatal(error);
            return error;
        }

        if (_flushTimer is not null && Interlocked.Exchange(ref _flushArmed, 1) == 0)
            _flushTimer.Change(_options.FlushInterval, Timeout.InfiniteTimeSpan);
        return null;
    }

    private void Settle(Request request)
    {
        try
        {
            if (request.DeleteTo > 0)
                _log.DeleteTo(request.DeleteTo);
            var failed = _log.Failed;
            request.Complete(failed is null ? null : new JournalFailed(failed.Failure, failed));
        }
        catch (Exception error)
        {
            RaiseFatal(error);
            request.Complete(error);
        }
    }

    // Interval policy: runs on a timer's thread beside the writer, so that appends do not wait for the disk.
    private void FlushInBackground()
    {
        // Disarmed first: an append that comes during the flush arms the next one.
        Volatile.Write(ref _flushArmed, 0);
        if (_log.Failed is not null)
            return;
        try
        {
            _isFlushing = true;
            _log.FlushNow();
        }
        catch (JournalFailed error)
        {
            RaiseFatal(error);
        }
        finally
        {
            _isFlushing = false;
        }
    }

    // Called by one thread at a time.
    private void Look()
    {
        var appends = Interlocked.Read(ref _appendsHere);
        _looks = appends == _lookedAt && (appends & 1) == 1 ? _looks + 1 : 0;
        _lookedAt = appends;
        if (_looks == MostLooks)
            RaiseFatal(new TimeoutException($"the disk has not taken an append for {MostLooks * LookInterval.TotalSeconds:0} s"));
    }

    private void RaiseFatal(Exception error)
    {
        if (Interlocked.Exchange(ref _fatal, 1) != 0)
            return;
        _onFatal(error is JournalFailed failed
            ? failed.Failure
            : new JournalFailure(JournalOperation.Write, "", $"{error.GetType().Name}: {error.Message}"));
    }

    private sealed record Request(RecordBatch? Batch, long DeleteTo) : IThreadPoolWorkItem
    {
        private Exception? _fault;

        public TaskCompletionSource Done { get; } = new();

        // What follows runs elsewhere, the turns of actors included: the writer's thread belongs to the disk.
        public void Complete(Exception? fault)
        {
            _fault = fault;
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }

        public void Execute() => TurnSeries.Run(static request => request.Tell(), this);

        private void Tell()
        {
            if (_fault is null)
                Done.SetResult();
            else
                Done.SetException(_fault);
        }
    }
}
