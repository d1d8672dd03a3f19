namespace HotStandby.Tests.Actors.Segments;

/// <summary>A monotonic clock that stands still until a test moves it. Ticks of 100 ns.</summary>
internal sealed class ManualClock : TimeProvider
{
    private long _ticks = 1000;

    public long Ticks => Volatile.Read(ref _ticks);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Ticks;

    public void Advance(TimeSpan time) => Interlocked.Add(ref _ticks, time.Ticks);
}
