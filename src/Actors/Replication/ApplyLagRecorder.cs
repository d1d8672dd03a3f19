// Measures how long a committed entry takes from the Primary's commit to this Standby's partitions.
using HdrHistogram;

namespace HotStandby.Actors.Replication;

/// <summary>Pairs "committed up to n, said at t" with "applied up to n".</summary>
internal sealed class ApplyLagRecorder
{
    private const long MaximumMicroseconds = 60_000_000;

    private readonly Queue<(ulong Sequence, long SentAtTicks)> _committed = [];
    private readonly LongHistogram _histogram = new(MaximumMicroseconds, 3);
    private ulong _last;

    public void Committed(ulong sequence, long sentAtTicks)
    {
        if (sequence <= _last)
            return;
        _last = sequence;
        _committed.Enqueue((sequence, sentAtTicks));
    }

    public void Applied(ulong sequence, long nowTicks)
    {
        while (_committed.TryPeek(out var oldest) && oldest.Sequence <= sequence)
        {
            _committed.Dequeue();
            _histogram.RecordValue(Math.Clamp((nowTicks - oldest.SentAtTicks) / TimeSpan.TicksPerMicrosecond, 0, MaximumMicroseconds));
        }
    }

    public void Restart()
    {
        _committed.Clear();
        _last = 0;
    }

    public ApplyLag Report() => new(
        _histogram.TotalCount, At(50), At(99), At(99.9), _histogram.TotalCount == 0 ? 0 : _histogram.GetMaxValue());

    private long At(double percentile) => _histogram.TotalCount == 0 ? 0 : _histogram.GetValueAtPercentile(percentile);
}
