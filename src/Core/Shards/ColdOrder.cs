// In which order a Primary would evict the objects of one shard: by the end of their last lease. A lease's time never changes, so
// leases end in the order in which they were granted, and doubly linked lists stay sorted by appending: one list for objects that
// were written last, one for those that were read last, and both again for soft-pinned objects. Nothing is sorted or walked.
namespace HotStandby.Core.Shards;

/// <summary>An object's place in the order; part of its record, so that a place costs no object of its own.</summary>
internal struct ColdLink
{
    public ObjectRecord? Colder;
    public ObjectRecord? Warmer;
    public ColdList? List;
}

/// <summary>Objects from cold to warm.</summary>
internal sealed class ColdList
{
    // An object whose pin has ended, or whose transfer has, keeps its age: its place is looked for, but not for long.
    private const int MostSteps = 256;

    private ObjectRecord? _warmest;

    public ObjectRecord? Coldest { get; private set; }

    public int Count { get; private set; }

    public void Append(ObjectRecord record) => InsertBehind(_warmest, record);

    /// <summary>Puts an object where its deadline belongs: exactly near either end, about there in between.</summary>
    public void Insert(ObjectRecord record)
    {
        var behind = _warmest;
        for (var steps = 0; steps < MostSteps && behind is not null && behind.LeaseUntilTicks > record.LeaseUntilTicks; steps++)
            behind = behind.Cold.Colder;
        if (behind is not null && behind.LeaseUntilTicks > record.LeaseUntilTicks)
        {
            var before = Coldest;
            for (var steps = 0; steps < MostSteps && before!.LeaseUntilTicks <= record.LeaseUntilTicks; steps++)
                before = before.Cold.Warmer;
            behind = before!.Cold.Colder;
        }

        InsertBehind(behind, record);
    }

    public void Remove(ObjectRecord record)
    {
        ref var link = ref record.Cold;
        if (link.Colder is { } colder)
            colder.Cold.Warmer = link.Warmer;
        else
            Coldest = link.Warmer;
        if (link.Warmer is { } warmer)
            warmer.Cold.Colder = link.Colder;
        else
            _warmest = link.Colder;
        link = default;
        Count--;
    }

    private void InsertBehind(ObjectRecord? colder, ObjectRecord record)
    {
        var warmer = colder is null ? Coldest : colder.Cold.Warmer;
        record.Cold = new ColdLink { Colder = colder, Warmer = warmer, List = this };
        if (colder is null)
            Coldest = record;
        else
            colder.Cold.Warmer = record;
        if (warmer is null)
            _warmest = record;
        else
            warmer.Cold.Colder = record;
        Count++;
    }
}

/// <summary>The objects of one shard that may be evicted once their lease is over. Used by <see cref="ShardLeader"/> only.</summary>
internal sealed class ColdOrder
{
    private readonly ColdList _written = new();
    private readonly ColdList _read = new();
    private readonly ColdList _pinnedWritten = new();
    private readonly ColdList _pinnedRead = new();

    /// <summary>Objects in the order.</summary>
    public int Count => _written.Count + _read.Count + SoftPinnedCount;

    /// <summary>How many of them are soft-pinned.</summary>
    public int SoftPinnedCount => _pinnedWritten.Count + _pinnedRead.Count;

    /// <summary>A reader has been granted a lease that ends later than all before.</summary>
    public void Read(ObjectRecord record)
    {
        if (record.Cold.List is not { } list)
            return;
        list.Remove(record);
        (record.IsSoftPinned ? _pinnedRead : _read).Append(record);
    }

    /// <summary>Puts an object in the place that its state demands, or takes it out.</summary>
    public void Changed(ObjectRecord record, long nowTicks)
    {
        var wanted = MayBeEvicted(record) ? ListOf(record, nowTicks) : null;
        var present = record.Cold.List;
        // Of the same kind: it has not been touched, and keeps its place.
        if (present == wanted || (wanted is not null && present is not null && IsPinned(present) == IsPinned(wanted)))
            return;
        present?.Remove(record);
        wanted?.Insert(record);
    }

    /// <summary>The coldest objects without a lease, from cold to warm.</summary>
    public List<Victim> Coldest(bool softPinned, int limit, long nowTicks)
    {
        var victims = new List<Victim>(Math.Min(limit, softPinned ? SoftPinnedCount : _written.Count + _read.Count));
        var written = (softPinned ? _pinnedWritten : _written).Coldest;
        var read = (softPinned ? _pinnedRead : _read).Coldest;
        while (victims.Count < limit && Colder(written, read) is { } record && record.LeaseUntilTicks <= nowTicks)
        {
            victims.Add(VictimOf(record));
            if (record == written)
                written = record.Cold.Warmer;
            else
                read = record.Cold.Warmer;
        }

        return victims;
    }

    /// <summary>True for an object that eviction may take, leases aside.</summary>
    public static bool MayBeEvicted(ObjectRecord record) =>
        record is { IsGone: false, IsHardPinned: false, IsBeingWritten: false, HasTransfer: false } && record.ReplicaCount > 0;

    /// <summary>An object as the evictor sees it.</summary>
    public static Victim VictimOf(ObjectRecord record) =>
        new(record.Key, record.LeaseUntilTicks, record.SizeBytes * (ulong)record.ReplicaCount, GroupIndex.HashOf(record));

    private bool IsPinned(ColdList list) => list == _pinnedWritten || list == _pinnedRead;

    private ColdList ListOf(ObjectRecord record, long nowTicks) => (record.IsSoftPinned, record.LeaseUntilTicks > nowTicks) switch
    {
        (false, false) => _written,
        (false, true) => _read,
        (true, false) => _pinnedWritten,
        (true, true) => _pinnedRead,
    };

    private static ObjectRecord? Colder(ObjectRecord? one, ObjectRecord? other) =>
        one is null ? other : other is null || one.LeaseUntilTicks <= other.LeaseUntilTicks ? one : other;
}
