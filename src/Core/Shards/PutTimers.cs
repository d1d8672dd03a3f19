// Which unfinished puts are old: those whose object is still being written, by start time, and those that were discarded,
// by when their buffers are free. Not replicated: a new reign starts all of them anew. No scan: a queue and a heap.
using System.Diagnostics.CodeAnalysis;
using HotStandby.Messages.Identity;

namespace HotStandby.Core.Shards;

/// <summary>Used by ShardLeader only.</summary>
internal sealed class PutTimers
{
    private readonly record struct Started(ObjectKey Key, ObjectRecord Record);

    private const int SmallestCompaction = 1024;

    private readonly Queue<Started> _started = new();
    private readonly PriorityQueue<ulong, long> _parked = new();
    private int _compactAt = SmallestCompaction;

    /// <summary>
    /// A put starts now; starts never go back in time. Finished puts stay in the queue until they are its head, or until
    /// it has doubled since it was last cleaned: so its length follows the number of puts in progress.
    /// </summary>
    public void Start(in ObjectKey key, ObjectRecord record, long nowTicks)
    {
        record.PutStartTicks = nowTicks;
        if (_started.Count >= _compactAt)
            Compact();
        _started.Enqueue(new Started(key, record));
    }

    /// <summary>The put whose parked number this is started at this time.</summary>
    public void Park(ulong parkedPut, long startTicks) => _parked.Enqueue(parkedPut, startTicks);

    /// <summary>Takes the oldest put that is still being written, if it started before <paramref name="beforeTicks"/>.</summary>
    public bool TryTakeStarted(long beforeTicks, out ObjectKey key, [NotNullWhen(true)] out ObjectRecord? record)
    {
        while (_started.TryPeek(out var oldest))
        {
            if (oldest.Record.IsBeingWritten && oldest.Record.PutStartTicks >= beforeTicks)
                break;
            _started.Dequeue();
            if (!oldest.Record.IsBeingWritten)
                continue;
            (key, record) = oldest;
            return true;
        }

        (key, record) = (default, null);
        return false;
    }

    /// <summary>Takes the parked put that started first, if that was before <paramref name="beforeTicks"/>.</summary>
    public bool TryTakeParked(long beforeTicks, out ulong parkedPut)
    {
        if (_parked.TryPeek(out parkedPut, out var startTicks) && startTicks < beforeTicks)
        {
            _parked.Dequeue();
            return true;
        }

        return false;
    }

    private void Compact()
    {
        for (var left = _started.Count; left > 0; left--)
        {
            var started = _started.Dequeue();
            if (started.Record.IsBeingWritten)
                _started.Enqueue(started);
        }

        _compactAt = Math.Max(SmallestCompaction, _started.Count * 2);
        _started.TrimExcess(_compactAt);
    }
}
