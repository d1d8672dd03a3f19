// A clock that moves when a test says so; its timers fire on the thread that moves it.
namespace HotStandby.Tests.Compatibility.Server;

internal sealed class ManualTime : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly List<ManualTimer> _timers = [];
    private long _ticks = 1;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Interlocked.Read(ref _ticks);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, () => callback(state), GetTimestamp() + dueTime.Ticks, period);
        lock (_lock)
            _timers.Add(timer);
        return timer;
    }

    public void Advance(TimeSpan by)
    {
        Interlocked.Add(ref _ticks, by.Ticks);
        ManualTimer[] timers;
        lock (_lock)
            timers = [.. _timers];
        foreach (var timer in timers)
            timer.Fire();
    }

    // However far the clock is moved, a timer that is due fires once.
    private sealed class ManualTimer(ManualTime time, Action fire, long dueTicks, TimeSpan period) : ITimer
    {
        private long _dueTicks = dueTicks;

        public void Fire()
        {
            if (time.GetTimestamp() < _dueTicks)
                return;
            _dueTicks = period > TimeSpan.Zero ? time.GetTimestamp() + period.Ticks : long.MaxValue;
            fire();
        }

        public bool Change(TimeSpan dueTime, TimeSpan period) => throw new NotSupportedException();

        public void Dispose()
        {
            lock (time._lock)
                time._timers.Remove(this);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
