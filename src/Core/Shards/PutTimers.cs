// Which unfinished work is old: puts and transfers in progress by start time, discarded puts by when their buffers are free, soft
// pins by when they are over. Not replicated: a new reign starts all of them anew. No scan: queues and heaps.
using System.Diagnostics.CodeAnalysis;
using HotStandby.Messages.Identity;

namespace HotStandby.Core.Shards;

/// <summary>Used by the shard's leader only.</summary>
internal sealed class PutTimers
{
    private readonly record struct Started(ObjectKey Key, ObjectRecord Record, long StartTicks)
    {
        // An upsert starts the same record anew: then only the last of its starts counts.
        public bool Lasts => Record.IsBeingWritten && Record.PutStartTicks == StartTicks;
    }

    private readonly record struct Transferring(ObjectKey Key, Transfer Transfer, long StartTicks);

    private const int SmallestCompaction = 1024;

    private readonly Queue<Started> _started = new();
    private readonly Queue<Transferring> _transfers = new();
    private readonly PriorityQueue<ulong, long> _parked = new();
    private readonly PriorityQueue<ObjectRecord, long> _pins = new();
    private int _compactAt = SmallestCompaction;
    private int _compactPinsAt = SmallestCompaction;

    /// <summary>
    /// A put starts now; starts never go back in time. Finished puts stay in the queue until they are its head, or until
    /// it has doubled since it was last cleaned: so its length follows the number of puts in progress.
    /// </summary>
    public void Start(in ObjectKey key, ObjectRecord record, long nowTicks)
    {
        record.PutStartTicks = nowTicks;
        if (_started.Count >= _compactAt)
            Compact();
        _started.Enqueue(new Started(key, record, nowTicks));
    }

    /// <summary>A copy or move starts now.</summary>
    public void Transfer(in ObjectKey key, Transfer transfer, long nowTicks)
    {
        while (_transfers.TryPeek(out var oldest) && oldest.Transfer.IsOver)
            _transfers.Dequeue();
        _transfers.Enqueue(new Transferring(key, transfer, nowTicks));
    }

    /// <summary>The put whose parked number this is started at this time.</summary>
    public void Park(ulong parkedPut, long startTicks) => _parked.Enqueue(parkedPut, startTicks);

    /// <summary>The record is soft-pinned until its <see cref="ObjectRecord.SoftPinUntilTicks"/>.</summary>
    public void Pin(ObjectRecord record)
    {
        if (_pins.Count >= _compactPinsAt)
            CompactPins();
        _pins.Enqueue(record, record.SoftPinUntilTicks);
    }

    /// <summary>Records that a client is writing, at most so many. One may occur twice.</summary>
    public List<ObjectRecord> StartedBy(Uuid client, int limit)
    {
        var found = new List<ObjectRecord>();
        foreach (var started in _started)
        {
            if (found.Count == limit)
                break;
            if (started.Lasts && started.Record.Client == client)
                found.Add(started.Record);
        }

        return found;
    }

    /// <summary>All records that are being written, in no order. One may occur twice.</summary>
    public IEnumerable<ObjectRecord> Writing => _started.Where(started => started.Lasts).Select(started => started.Record);

    /// <summary>Takes the oldest put that is still being written, if it started before <paramref name="beforeTicks"/>.</summary>
    public bool TryTakeStarted(long beforeTicks, out ObjectKey key, [NotNullWhen(true)] out ObjectRecord? record)
    {
        while (_started.TryPeek(out var oldest))
        {
            if (oldest.Lasts && oldest.StartTicks >= beforeTicks)
                break;
            _started.Dequeue();
            if (!oldest.Lasts)
                continue;
            (key, record) = (oldest.Key, oldest.Record);
            return true;
        }

        (key, record) = (default, null);
        return false;
    }

    /// <summary>Takes the key of the oldest transfer that is running, if it started before <paramref name="beforeTicks"/>.</summary>
    public bool TryTakeTransfer(long beforeTicks, out ObjectKey key)
    {
        while (_transfers.TryPeek(out var oldest) && (oldest.Transfer.IsOver || oldest.StartTicks < beforeTicks))
        {
            _transfers.Dequeue();
            key = oldest.Key;
            if (!oldest.Transfer.IsOver)
                return true;
        }

        key = default;
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

    /// <summary>Takes a record whose soft pin is over now, however often it was set again.</summary>
    public bool TryTakePin(long nowTicks, [NotNullWhen(true)] out ObjectRecord? record)
    {
        while (_pins.TryPeek(out record, out var untilTicks) && untilTicks <= nowTicks)
        {
            _pins.Dequeue();
            if (record is { IsGone: false, IsSoftPinned: true } && record.SoftPinUntilTicks == untilTicks)
                return true;
        }

        record = null;
        return false;
    }

    // A pin outlives its object by far: without this, objects that come and go would be kept for half an hour.
    private void CompactPins()
    {
        var pinned = _pins.UnorderedItems.Where(
            pin => pin.Element is { IsGone: false, IsSoftPinned: true } && pin.Element.SoftPinUntilTicks == pin.Priority).ToArray();
        _pins.Clear();
        _pins.EnqueueRange(pinned);
        _compactPinsAt = Math.Max(SmallestCompaction, pinned.Length * 2);
    }

    private void Compact()
    {
        for (var left = _started.Count; left > 0; left--)
        {
            var started = _started.Dequeue();
            if (started.Lasts)
                _started.Enqueue(started);
        }

        _compactAt = Math.Max(SmallestCompaction, _started.Count * 2);
        _started.TrimExcess(_compactAt);
    }
}
