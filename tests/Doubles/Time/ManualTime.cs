// A clock that stands still until a test moves it; its timers fire on the thread that moves it. Ticks of 100 ns.
namespace HotStandby.Tests.Doubles;

internal sealed class ManualTime : TimeProvider
{
    private readonly Lock _gate = new();
    private readonly List<ManualTimer> _timers = [];
    private long _ticks = TimeSpan.FromHours(1).Ticks;

    /// <summary>The present time.</summary>
    public long Ticks => Volatile.Read(ref _ticks);

    /// <summary>Timers that wait to fire.</summary>
    public int Armed
    {
        get
        {
            lock (_gate)
                return _timers.Count(static timer => timer.DueAt is not null);
        }
    }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Ticks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, () => callback(state));
        timer.Change(dueTime, period);
        lock (_gate)
            _timers.Add(timer);
        return timer;
    }

    /// <summary>Moves it on. However far that is, a timer that is due fires once.</summary>
    public void Advance(TimeSpan by)
    {
        List<ManualTimer> due;
        lock (_gate)
        {
            Volatile.Write(ref _ticks, _ticks + by.Ticks);
            due = [.. _timers.Where(timer => timer.DueAt <= _ticks)];
            foreach (var timer in due)
                timer.DueAt = timer.Period > TimeSpan.Zero ? _ticks + timer.Period.Ticks : null;
        }

        foreach (var timer in due)
            timer.Fire();
    }

    private sealed class ManualTimer(ManualTime time, Action fire) : ITimer
    {
        public long? DueAt { get; set; }

        public TimeSpan Period { get; private set; }

        public void Fire() => fire();

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (time._gate)
                (DueAt, Period) = (dueTime == Timeout.InfiniteTimeSpan ? null : time._ticks + dueTime.Ticks, period);
            return true;
        }

        public void Dispose()
        {
            lock (time._gate)
                time._timers.Remove(this);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
