// When the segment table asks the evictor for a cycle. Pure; owned by the segment table for one reign, told of time by its timer.
// Upstream looks every 10 ms and walks everything each time, in vain too; this one backs off while nothing can be evicted.
using HotStandby.Messages.Model;

namespace HotStandby.Core.Eviction;

/// <summary>The pace of eviction, and what came of it. Times are of one monotonic clock, in units of 100 ns.</summary>
public sealed class EvictionPacer(EvictionPolicy policy)
{
    /// <summary>How soon after a cycle that evicted something the next may begin: how often <see cref="TryAsk"/> is to be called.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromMilliseconds(10);

    /// <summary>The longest pause after cycles in vain.</summary>
    public static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    private long _pauseTicks = Period.Ticks;
    private long _notBeforeTicks = long.MinValue;
    private bool _wasNeeded;
    private bool _isRunning;

    private double _forcedAtUsedRatio;

    /// <summary>
    /// True from a PutStart that found no room until a cycle has evicted something, or until as much room has come otherwise (objects
    /// removed, a segment mounted).
    /// </summary>
    public bool IsForced { get; private set; }

    /// <summary>Cycles that were asked for (upstream's master_attempted_evictions_total).</summary>
    public long Attempted { get; private set; }

    /// <summary>Cycles that evicted something (master_successful_evictions_total).</summary>
    public long Successful { get; private set; }

    /// <summary>Objects evicted (master_evicted_key_count).</summary>
    public long EvictedKeys { get; private set; }

    /// <summary>Bytes freed by it (master_evicted_size_bytes).</summary>
    public ulong EvictedBytes { get; private set; }

    /// <summary>
    /// A PutStart found no room, and evicting could help. Does not shorten a pause: who cannot be served asks again and again.
    /// </summary>
    /// <param name="usedRatio">Used bytes of all segments by their capacity at that moment, 0 to 1.</param>
    public void Force(double usedRatio) => (IsForced, _forcedAtUsedRatio) = (true, usedRatio);

    /// <summary>
    /// Called every <see cref="Period"/>: true when a cycle is to be asked for now. The next answer waits for <see cref="Done"/>.
    /// </summary>
    /// <param name="nowTicks">Now.</param>
    /// <param name="usedRatio">Used bytes of all segments by their capacity, 0 to 1.</param>
    public bool TryAsk(long nowTicks, double usedRatio)
    {
        if (_isRunning)
            return false;
        IsForced &= usedRatio > _forcedAtUsedRatio - policy.Settings.Ratio;
        var isNeeded = policy.IsNeeded(usedRatio, IsForced);
        if (isNeeded && !_wasNeeded)
            ResetPause(); // new pressure: what was in vain before may not be now
        _wasNeeded = isNeeded;
        if (!isNeeded || nowTicks < _notBeforeTicks)
            return false;
        _isRunning = true;
        Attempted++;
        return true;
    }

    /// <summary>The cycle that was asked for has ended.</summary>
    /// <param name="nowTicks">Now.</param>
    /// <param name="keys">Objects that it evicted, at least 0.</param>
    /// <param name="bytes">Bytes that became free.</param>
    public void Done(long nowTicks, int keys, ulong bytes)
    {
        _isRunning = false;
        EvictedKeys += keys;
        EvictedBytes = Saturating.Add(EvictedBytes, bytes);
        if (keys > 0)
        {
            Successful++;
            IsForced = false;
            ResetPause();
            return;
        }

        _notBeforeTicks = nowTicks + _pauseTicks;
        _pauseTicks = Math.Min(2 * _pauseTicks, LongestPause.Ticks);
    }

    private void ResetPause() => (_pauseTicks, _notBeforeTicks) = (Period.Ticks, long.MinValue);
}
