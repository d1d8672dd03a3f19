namespace HotStandby.Actors.Protocol;

/// <summary>The one clock that anything decides on: monotonic, in ticks of 100 ns. It runs on while a process is stopped.</summary>
public sealed class MonotonicClock(TimeProvider time)
{
    /// <summary>Ticks since some fixed point before the process started.</summary>
    public long NowTicks => time.GetElapsedTime(0, time.GetTimestamp()).Ticks;

    /// <summary>Wall clock, Unix milliseconds: goes into entries for people to read; nothing decides on it.</summary>
    public long WallMilliseconds => time.GetUtcNow().ToUnixTimeMilliseconds();
}
