namespace HotStandby.Actors.Gateway;

/// <summary>The monotonic clock in the unit of the core: ticks of 100 ns since an arbitrary moment of this process's life.</summary>
public static class MonotonicClock
{
    /// <summary>Now. Never goes back; has nothing to do with the wall clock.</summary>
    public static long NowTicks(this TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        var frequency = time.TimestampFrequency;
        return frequency % TimeSpan.TicksPerSecond == 0
            ? time.GetTimestamp() / (frequency / TimeSpan.TicksPerSecond)
            : time.GetElapsedTime(0).Ticks;
    }
}
