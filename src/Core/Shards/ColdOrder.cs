// In which order a Primary would evict the objects of one shard: by the end of their last lease. A lease's time never changes, so
// leases end in the order in which they were granted, and doubly linked lists stay sorted by appending: one list for objects that
// were written last, one for those that were read last, and both again for soft-pinned objects. Nothing is walked or sorted anew.
using HotStandby.Messages.Model;

namespace HotStandby.Core.Shards;

/// <summary>The objects of one shard that may be evicted once their lease is over. Used by <see cref="ShardBook"/> only.</summary>
internal sealed class ColdOrder
{
    private readonly ColdKind _plain = new();
    private readonly ColdKind _softPinned = new();

    /// <summary>Objects in the order.</summary>
    public int Count => _plain.Count + _softPinned.Count;

    /// <summary>How many of them are soft-pinned.</summary>
    public int SoftPinnedCount => _softPinned.Count;

    /// <summary>An object's lease ends at another time from now on. The only way to change it.</summary>
    public void SetLease(ObjectRecord record, long untilTicks, long nowTicks)
    {
        if (record.Cold.Place == ColdPlace.None)
        {
            record.LeaseUntilTicks = untilTicks;
            return;
        }

        var kind = KindOf(record.Cold.IsAmongPinned);
        kind.Remove(record);
        record.LeaseUntilTicks = untilTicks;
        kind.Add(record, record.Cold.IsAmongPinned, nowTicks);
    }

    /// <summary>Puts an object where its state demands, or takes it out.</summary>
    public void Changed(ObjectRecord record, long nowTicks)
    {
        var isWanted = MayBeEvicted(record);
        if (record.Cold.Place != ColdPlace.None)
        {
            if (isWanted && record.Cold.IsAmongPinned == record.IsSoftPinned)
                return;
            KindOf(record.Cold.IsAmongPinned).Remove(record);
        }

        if (isWanted)
            KindOf(record.IsSoftPinned).Add(record, record.IsSoftPinned, nowTicks);
    }

    /// <summary>The coldest objects without a lease, from cold to warm.</summary>
    public List<Victim> Coldest(bool softPinned, int limit, long nowTicks) => KindOf(softPinned).Coldest(limit, nowTicks);

    /// <summary>True for an object that eviction may take, leases aside.</summary>
    public static bool MayBeEvicted(ObjectRecord record) =>
        record is { IsGone: false, IsHardPinned: false, IsBeingWritten: false, HasTransfer: false } && record.ReplicaCount > 0;

    /// <summary>An object as the evictor sees it.</summary>
    public static Victim VictimOf(ObjectRecord record) => new(
        record.Key, record.LeaseUntilTicks, Saturating.Multiply(record.SizeBytes, (ulong)record.ReplicaCount), GroupIndex.HashOf(record));

    private ColdKind KindOf(bool softPinned) => softPinned ? _softPinned : _plain;
}

/// <summary>The order of the objects with a soft pin, or of those without.</summary>
internal sealed class ColdKind
{
    private readonly ColdList _written = new();
    private readonly ColdList _read = new();

    // Objects that come late, with a deadline that others have passed already: an old soft pin that ended, an upsert over a leased
    // object. Few, and until they are touched.
    private readonly SortedSet<ObjectRecord> _late = new(ByDeadline.Instance);

    public int Count => _written.Count + _read.Count + _late.Count;

    public void Add(ObjectRecord record, bool isPinned, long nowTicks)
    {
        var (list, place) = record.LeaseUntilTicks > nowTicks ? (_read, ColdPlace.Read) : (_written, ColdPlace.Written);
        record.Cold.IsAmongPinned = isPinned;
        if (list.TryAppend(record))
        {
            record.Cold.Place = place;
            return;
        }

        _late.Add(record);
        record.Cold.Place = ColdPlace.Late;
    }

    public void Remove(ObjectRecord record)
    {
        if (record.Cold.Place == ColdPlace.Late)
            _late.Remove(record);
        else
            (record.Cold.Place == ColdPlace.Read ? _read : _written).Remove(record);
        record.Cold.Place = ColdPlace.None;
    }

    public List<Victim> Coldest(int limit, long nowTicks)
    {
        var victims = new List<Victim>(Math.Min(limit, Count));
        var (written, read) = (_written.Coldest, _read.Coldest);
        using var lates = _late.GetEnumerator();
        var late = lates.MoveNext() ? lates.Current : null;
        while (victims.Count < limit && Colder(Colder(written, read), late) is { } record && record.LeaseUntilTicks <= nowTicks)
        {
            victims.Add(ColdOrder.VictimOf(record));
            if (record == written)
                written = record.Cold.Warmer;
            else if (record == read)
                read = record.Cold.Warmer;
            else
                late = lates.MoveNext() ? lates.Current : null;
        }

        return victims;
    }

    private static ObjectRecord? Colder(ObjectRecord? one, ObjectRecord? other) =>
        one is null ? other : other is null || one.LeaseUntilTicks <= other.LeaseUntilTicks ? one : other;

    private sealed class ByDeadline : IComparer<ObjectRecord>
    {
        public static readonly ByDeadline Instance = new();

        public int Compare(ObjectRecord? x, ObjectRecord? y)
        {
            var byDeadline = x!.LeaseUntilTicks.CompareTo(y!.LeaseUntilTicks);
            if (byDeadline != 0)
                return byDeadline;
            var byHash = x.Key.Hash.CompareTo(y.Key.Hash);
            return byHash != 0 ? byHash : x.Key.Bytes.SequenceCompareTo(y.Key.Bytes);
        }
    }
}
