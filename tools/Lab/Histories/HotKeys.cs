// The few keys that all clients of a workload meet on. A key is replaced after a while, so that the history of each stays short enough to
// be checked; what was replaced is read once more later, since what a failover lost must not go unnoticed. Thread-safe.
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace HotStandby.Lab.Histories;

internal sealed class HotKeys(string prefix, int count, int callsPerKey, TimeSpan longest)
{
    private sealed record Slot(string Key, long Since)
    {
        public int Calls;
    }

    private readonly Slot?[] _slots = new Slot?[count];
    private readonly Lock _lock = new();
    private readonly ConcurrentQueue<(string Key, long At)> _replaced = [];
    private int _made;

    /// <summary>
    /// The key in a place, for one more call. A call that is known to have met no service is not counted: see <see cref="GiveBack"/>.
    /// </summary>
    public string Take(int place)
    {
        lock (_lock)
        {
            var slot = _slots[place];
            if (slot is not null && (slot.Calls >= callsPerKey || Stopwatch.GetElapsedTime(slot.Since) > longest))
            {
                _replaced.Enqueue((slot.Key, Stopwatch.GetTimestamp()));
                slot = null;
            }

            slot ??= _slots[place] = new Slot(string.Create(CultureInfo.InvariantCulture, $"{prefix}-{_made++}"), Stopwatch.GetTimestamp());
            slot.Calls++;
            return slot.Key;
        }
    }

    /// <summary>The call to this place's key met no service.</summary>
    public void GiveBack(int place, string key)
    {
        lock (_lock)
        {
            if (_slots[place] is { } slot && slot.Key == key)
                slot.Calls--;
        }
    }

    /// <summary>A key that was replaced so long ago, to be read once more; each is given out once.</summary>
    public bool TryTakeReplaced(TimeSpan age, out string key)
    {
        lock (_lock)
        {
            key = "";
            if (!_replaced.TryPeek(out var oldest) || Stopwatch.GetElapsedTime(oldest.At) < age || !_replaced.TryDequeue(out oldest))
                return false;
            key = oldest.Key;
            return true;
        }
    }

    /// <summary>The workload is over: every key counts as replaced.</summary>
    public void ReplaceAll()
    {
        lock (_lock)
        {
            for (var i = 0; i < _slots.Length; i++)
            {
                if (_slots[i] is { } slot)
                    _replaced.Enqueue((slot.Key, Stopwatch.GetTimestamp()));
                _slots[i] = null;
            }
        }
    }
}
