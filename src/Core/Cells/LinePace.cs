// What happens many times a second is worth one line a second, which says how often it happened.
namespace HotStandby.Core.Cells;

/// <summary>Counts between the lines of one kind of event.</summary>
internal sealed class LinePace
{
    private long _notBeforeTicks = long.MinValue;
    private long _sinceLastLine;

    /// <summary>It happened: how often since the last line, this time included; 0: it is too soon for another line.</summary>
    /// <param name="nowTicks">Monotonic, in ticks of 100 ns.</param>
    public long Count(long nowTicks)
    {
        _sinceLastLine++;
        if (nowTicks < _notBeforeTicks)
            return 0;
        var count = _sinceLastLine;
        (_notBeforeTicks, _sinceLastLine) = (nowTicks + TimeSpan.TicksPerSecond, 0);
        return count;
    }
}
