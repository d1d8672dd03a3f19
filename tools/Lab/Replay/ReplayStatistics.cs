// Counts and times of a running replay. Written by every request in progress, read for progress and for the report.
using System.Collections.Concurrent;
using HdrHistogram;
using HotStandby.Messages;

namespace HotStandby.Lab.Replay;

/// <summary>What a replay counts. Safe for use by many callers at once.</summary>
internal sealed class ReplayStatistics(TimeProvider time)
{
    private const long HighestMicroseconds = 3_600_000_000;
    private const int Digits = 3;

    private readonly LongConcurrentHistogram[] _latencies =
        [.. Enum.GetValues<CallKind>().Select(_ => new LongConcurrentHistogram(1, HighestMicroseconds, Digits))];

    private readonly ConcurrentDictionary<ErrorCode, long> _errors = new();
    private readonly Lock _gapLock = new();
    private readonly long _start = time.GetTimestamp();
    private int _inProgress;
    private long _silentSince;
    private TimeSpan _longestGap;
    private long _longestGapAt;
    private long _requests, _hits, _misses, _stored, _writtenByAnother, _notStored, _operations, _retries;

    public ReplayProgress Progress => new(
        Volatile.Read(ref _requests), Volatile.Read(ref _operations), Volatile.Read(ref _stored), Volatile.Read(ref _retries),
        time.GetElapsedTime(_start));

    /// <summary>A request begins: from now on silence counts.</summary>
    public void BeginRequest()
    {
        lock (_gapLock)
        {
            if (_inProgress++ == 0)
                _silentSince = time.GetTimestamp();
        }
    }

    /// <summary>A request ends, replayed or not.</summary>
    public void EndRequest(bool replayed)
    {
        lock (_gapLock)
        {
            NoteGap(time.GetTimestamp());
            _inProgress--;
        }
        if (replayed)
            Interlocked.Increment(ref _requests);
    }

    /// <summary>A call was answered with results.</summary>
    public void Answered(CallKind kind, int keys, long startedAt)
    {
        var now = time.GetTimestamp();
        RecordLatency(kind, startedAt, now);
        Interlocked.Add(ref _operations, keys);
        lock (_gapLock)
        {
            NoteGap(now);
            _silentSince = now;
        }
    }

    /// <summary>A call found no service; its time counts among the latencies all the same.</summary>
    public void Unanswered(CallKind kind, long startedAt) => RecordLatency(kind, startedAt, time.GetTimestamp());

    public void Error(ErrorCode error) => _errors.AddOrUpdate(error, 1, static (_, count) => count + 1);

    public void Hits(int count) => Interlocked.Add(ref _hits, count);

    public void Misses(int count) => Interlocked.Add(ref _misses, count);

    public void Retry() => Interlocked.Increment(ref _retries);

    /// <summary>A miss came to its end.</summary>
    public void Settle(MissOutcome outcome)
    {
        ref var counter = ref _notStored;
        if (outcome == MissOutcome.Stored)
            counter = ref _stored;
        else if (outcome == MissOutcome.WrittenByAnother)
            counter = ref _writtenByAnother;
        Interlocked.Increment(ref counter);
    }

    public ReplayReport Report(bool gaveUp) => new()
    {
        Requests = _requests,
        Blocks = _hits + _misses,
        Hits = _hits,
        Misses = _misses,
        Stored = _stored,
        WrittenByAnother = _writtenByAnother,
        NotStored = _notStored,
        Operations = _operations,
        Retries = _retries,
        Duration = time.GetElapsedTime(_start),
        LongestGap = _longestGap,
        LongestGapAt = _longestGap > TimeSpan.Zero ? time.GetElapsedTime(_start, _longestGapAt) : TimeSpan.Zero,
        Latencies = Enum.GetValues<CallKind>()
            .Where(kind => _latencies[(int)kind].TotalCount > 0).ToDictionary(kind => kind, kind => Summarize(_latencies[(int)kind])),
        Errors = new SortedDictionary<ErrorCode, long>(_errors),
        GaveUp = gaveUp,
    };

    private void RecordLatency(CallKind kind, long startedAt, long now) =>
        _latencies[(int)kind].RecordValue(Math.Clamp((long)time.GetElapsedTime(startedAt, now).TotalMicroseconds, 1, HighestMicroseconds));

    private void NoteGap(long now)
    {
        var gap = time.GetElapsedTime(_silentSince, now);
        if (gap > _longestGap)
            (_longestGap, _longestGapAt) = (gap, _silentSince);
    }

    private static LatencySummary Summarize(LongConcurrentHistogram histogram) => new(
        histogram.TotalCount, histogram.GetValueAtPercentile(50), histogram.GetValueAtPercentile(99),
        histogram.GetValueAtPercentile(99.9), histogram.GetValueAtPercentile(100));
}

/// <summary>What became of a block that was not there.</summary>
internal enum MissOutcome
{
    /// <summary>Written and acknowledged.</summary>
    Stored,
    /// <summary>Another request writes it, or has written it in between.</summary>
    WrittenByAnother,
    /// <summary>Could not be written.</summary>
    NotStored,
}
