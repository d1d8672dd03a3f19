// The newest batches of the log, in memory: what Standbys and partitions usually need next. Whoever needs older entries
// reads the journal. Entries that are not in the journal yet are never dropped.
using HotStandby.Messages.OpLog;

namespace HotStandby.Core.Replication;

/// <summary>A run of consecutive batches, bounded by entries and bytes.</summary>
public sealed class OpLogWindow(int maximumEntries, long maximumBytes)
{
    private readonly List<OpLogBatch> _batches = [];
    private int _start;
    private long _entries;

    /// <summary>Bytes held.</summary>
    public long Bytes { get; private set; }

    /// <summary>Entries held.</summary>
    public long Entries => _entries;

    /// <summary>First seq held; 0 when empty.</summary>
    public ulong FirstSequence => _start < _batches.Count ? _batches[_start].FirstSequence : 0;

    /// <summary>Adds the next batch, then drops the oldest ones that are above the bounds and in the journal.</summary>
    public void Add(OpLogBatch batch, ulong durableSequence)
    {
        _batches.Add(batch);
        Count(batch, 1);
        while (_start < _batches.Count && (_entries > maximumEntries || Bytes > maximumBytes)
            && _batches[_start].LastSequence <= durableSequence)
        {
            Count(_batches[_start], -1);
            _batches[_start++] = null!;
        }

        if (_start > 1024 && _start * 2 > _batches.Count)
        {
            _batches.RemoveRange(0, _start);
            _start = 0;
        }
    }

    /// <summary>The entries from <paramref name="sequence"/> to the end of its batch; null when they are not here.</summary>
    public OpLogBatch? From(ulong sequence)
    {
        var (low, high) = (_start, _batches.Count - 1);
        while (low <= high)
        {
            var middle = (low + high) / 2;
            var batch = _batches[middle];
            if (sequence < batch.FirstSequence)
                high = middle - 1;
            else if (sequence > batch.LastSequence)
                low = middle + 1;
            else
                return batch.From(sequence);
        }

        return null;
    }

    /// <summary>Drops everything behind <paramref name="lastKept"/>.</summary>
    public void CutAfter(ulong lastKept)
    {
        while (_batches.Count > _start && _batches[^1].LastSequence > lastKept)
        {
            var batch = _batches[^1];
            _batches.RemoveAt(_batches.Count - 1);
            Count(batch, -1);
            if (batch.FirstSequence <= lastKept)
            {
                _batches.Add(batch.Until(lastKept));
                Count(_batches[^1], 1);
            }
        }
    }

    /// <summary>Drops everything.</summary>
    public void Clear()
    {
        _batches.Clear();
        (_start, _entries, Bytes) = (0, 0, 0);
    }

    private void Count(OpLogBatch batch, int sign)
    {
        _entries += sign * batch.Count;
        Bytes += sign * (long)batch.Encoded.Length;
    }
}
