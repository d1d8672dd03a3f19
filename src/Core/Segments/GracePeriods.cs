// When the segments that are gracefully unmounting are due. The Primary's own: a new reign begins every grace period again.
// Used by SegmentLeader only.

namespace HotStandby.Core.Segments;

/// <summary>Deadlines by segment handle, in monotonic ticks of 100 ns.</summary>
internal sealed class GracePeriods
{
    private readonly Dictionary<uint, long> _deadlines = [];

    /// <summary>A grace period begins. False, and nothing changes, when one ends no later: the shorter one fires first.</summary>
    public bool Begin(uint handle, ulong graceMilliseconds, long nowTicks)
    {
        var deadline = graceMilliseconds >= (ulong)(long.MaxValue - Math.Max(nowTicks, 0)) / TimeSpan.TicksPerMillisecond
            ? long.MaxValue
            : nowTicks + ((long)graceMilliseconds * TimeSpan.TicksPerMillisecond);
        if (_deadlines.TryGetValue(handle, out var earlier) && earlier <= deadline)
            return false;
        _deadlines[handle] = deadline;
        return true;
    }

    /// <summary>The segment is being unmounted.</summary>
    public void End(uint handle) => _deadlines.Remove(handle);

    /// <summary>Handles whose grace period is over, the earliest first.</summary>
    public IReadOnlyList<uint> Due(long nowTicks) => _deadlines.Count == 0
        ? []
        : [.. _deadlines.Where(pair => pair.Value <= nowTicks).OrderBy(pair => (pair.Value, pair.Key)).Select(pair => pair.Key)];
}
