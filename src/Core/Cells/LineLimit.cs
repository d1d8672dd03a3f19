namespace HotStandby.Core.Cells;

/// <summary>
/// Lets one line of a kind into the log each minute: what a peer or a stranger causes, it can cause many times a second. Not thread-safe.
/// </summary>
public sealed class LineLimit
{
    /// <summary>The least time between two lines.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private long _lastTicks = long.MinValue / 2;

    /// <summary>True when a line is due; it is taken as written.</summary>
    /// <param name="nowTicks">Monotonic ticks of 100 ns.</param>
    public bool IsDue(long nowTicks)
    {
        if (nowTicks - _lastTicks < Interval.Ticks)
            return false;
        _lastTicks = nowTicks;
        return true;
    }
}
