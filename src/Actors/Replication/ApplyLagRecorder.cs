// Measures how long a committed entry takes from the Primary's commit to this Standby's partitions, lately: what is longer ago, the first
// seconds of a process among it, would hide how it is now.
using HdrHistogram;

namespace HotStandby.Actors.Replication;

/// <summary>Pairs "committed up to n, said at t" with "applied up to n". Reports the last one to two <see cref="Interval"/>.</summary>
internal sealed class ApplyLagRecorder
{
    /// <summary>Figures of this length are kept, and those before them.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    /// <summary>Most commits that await their application. Later ones are not noted then: the oldest have the longest lag.</summary>
    public const int MostAwaited = 4096;

    private const long MaximumMicroseconds = 60_000_000;

    private readonly Queue<(ulong Sequence, long SentAtTicks)> _committed = [];
    private LongHistogram _now = New();
    private LongHistogram _before = New();
    private long _sinceTicks;
    private ulong _last;

    public void Committed(ulong sequence, long sentAtTicks)
    {
        if (sequence <= _last || _committed.Count >= MostAwaited)
            return;
        _last = sequence;
        _committed.Enqueue((sequence, sentAtTicks));
    }

    public void Applied(ulong sequence, long nowTicks)
    {
        Turn(nowTicks);
        while (_committed.TryPeek(out var oldest) && oldest.Sequence <= sequence)
        {
            _committed.Dequeue();
            _now.RecordValue(Math.Clamp((nowTicks - oldest.SentAtTicks) / TimeSpan.TicksPerMicrosecond, 0, MaximumMicroseconds));
        }
    }

    public void Restart()
    {
        _committed.Clear();
        _last = 0;
    }

    public ApplyLag Report(long nowTicks)
    {
        Turn(nowTicks);
        var both = New();
        both.Add(_before);
        both.Add(_now);
        return both.TotalCount == 0
            ? new ApplyLag(0, 0, 0, 0, 0)
            : new ApplyLag(both.TotalCount, both.GetValueAtPercentile(50), both.GetValueAtPercentile(99), both.GetValueAtPercentile(99.9),
                both.GetMaxValue());
    }

    private static LongHistogram New() => new(MaximumMicroseconds, 3);

    // What is over becomes what was before; after a silence of two intervals that is nothing.
    private void Turn(long nowTicks)
    {
        var passed = nowTicks - _sinceTicks;
        if (passed < Interval.Ticks)
            return;
        (_now, _before) = (_before, _now);
        _now.Reset();
        if (passed >= 2 * Interval.Ticks)
            _before.Reset();
        _sinceTicks = nowTicks;
    }
}
