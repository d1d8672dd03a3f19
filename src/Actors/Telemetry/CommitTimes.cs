// When which seq was committed, for the lag of a Standby in seconds: a ring of time slots with the last seq of each. Written once a
// commit by the Primary's replica, read once a report. Nothing decides on it.
namespace HotStandby.Actors.Telemetry;

/// <summary>Remembers about seven minutes; an older lag is told as that. Times are of one monotonic clock, in units of 100 ns.</summary>
internal sealed class CommitTimes
{
    private const int Slots = 4096;
    private const long SlotTicks = TimeSpan.TicksPerSecond / 10;

    private readonly (long BeganAtTicks, ulong LastSequence)[] _slots = new (long, ulong)[Slots];
    private int _oldest;
    private int _count;

    /// <summary>Everything up to here is committed.</summary>
    public void Committed(ulong sequence, long nowTicks)
    {
        if (_count > 0)
        {
            ref var newest = ref _slots[(_oldest + _count - 1) % Slots];
            if (nowTicks - newest.BeganAtTicks < SlotTicks)
            {
                newest.LastSequence = sequence;
                return;
            }
        }

        if (_count == Slots)
        {
            _oldest = (_oldest + 1) % Slots;
            _count--;
        }

        _slots[(_oldest + _count) % Slots] = (nowTicks, sequence);
        _count++;
    }

    /// <summary>Forgets: what follows is of another reign.</summary>
    public void Restart() => (_oldest, _count) = (0, 0);

    /// <summary>
    /// For how many seconds a node that has stored up to this seq has been behind; too long by one slot at most. 0: it is not behind.
    /// </summary>
    public double SecondsBehind(ulong storedSequence, long nowTicks)
    {
        var (low, high) = (0, _count); // the first slot that goes beyond
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_slots[(_oldest + middle) % Slots].LastSequence > storedSequence)
                high = middle;
            else
                low = middle + 1;
        }

        return low == _count ? 0 : (double)(nowTicks - _slots[(_oldest + low) % Slots].BeganAtTicks) / TimeSpan.TicksPerSecond;
    }
}
