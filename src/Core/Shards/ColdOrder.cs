// In which order a Primary would evict the objects of one shard: by the end of their last lease. A lease's time never changes, so
// leases end in the order in which they were granted, and doubly linked lists stay sorted by appending: one list for objects that
// were written last, one for those that were read last, and both again for soft-pinned objects. Nothing is walked or sorted.
//
// Every node keeps the order as it applies entries, so that a reign begins with it, however many objects there are. A Standby grants no
// leases: an object goes behind those that were written before it. What was granted in an earlier reign, on whatever node, is over at
// the latest one lease time after the reign began: until then, every object of before it counts as leased.
using HotStandby.Messages.Model;

namespace HotStandby.Core.Shards;

/// <summary>
/// The objects of one shard that may be evicted once their lease is over. Used by <see cref="ShardState"/> and its leader.
/// </summary>
internal sealed class ColdOrder
{
    private readonly ColdKind _plain = new();
    private readonly ColdKind _softPinned = new();
    private readonly ColdList _writing = new();
    private readonly ColdList _pinnedTwice = new();
    private ushort _reigns;
    private ushort _reign; // 0: this node follows
    private long _inheritedUntilTicks;

    /// <summary>Objects in the order.</summary>
    public int Count => _plain.Count + _softPinned.Count;

    /// <summary>How many of them are soft-pinned.</summary>
    public int SoftPinnedCount => _softPinned.Count;

    /// <summary>Objects that are being written. None may change meanwhile.</summary>
    public IEnumerable<ObjectRecord> Writing => _writing.All;

    /// <summary>Objects with a soft pin that are neither being written nor copied. None may change meanwhile.</summary>
    public IEnumerable<ObjectRecord> SoftPinned => _softPinned.All.Concat(_pinnedTwice.All);

    /// <summary>Time as the Primary knows it, monotonic, in units of 100 ns. Not looked at while the node follows.</summary>
    public long NowTicks { get; set; }

    /// <summary>A reign begins: what is here counts as leased for one full time, but for what is being written.</summary>
    public void BeginReign(long nowTicks, long leaseTicks)
    {
        _reign = _reigns = _reigns == ushort.MaxValue ? (ushort)1 : (ushort)(_reigns + 1);
        (NowTicks, _inheritedUntilTicks) = (nowTicks, nowTicks + leaseTicks);
        _plain.BeginReign();
        _softPinned.BeginReign();
        foreach (var record in _writing.All)
            Born(record);
    }

    /// <summary>The node follows from now on.</summary>
    public void EndReign() => _reign = 0;

    /// <summary>A new object: it has no lease, but an age.</summary>
    public void Born(ObjectRecord record)
    {
        if (_reign != 0)
            (record.LeaseUntilTicks, record.Cold.Reign) = (NowTicks, _reign);
    }

    /// <summary>Until when readers hold a lease on an object, as far as this reign knows.</summary>
    public long LeaseOf(ObjectRecord record) => record.Cold.Reign == _reign ? record.LeaseUntilTicks : _inheritedUntilTicks;

    /// <summary>An object's lease ends at another time from now on. The only way to change it.</summary>
    public void SetLease(ObjectRecord record, long untilTicks)
    {
        if (record.Cold.Place is not (ColdPlace.Written or ColdPlace.Read or ColdPlace.Late))
        {
            (record.LeaseUntilTicks, record.Cold.Reign) = (untilTicks, _reign);
            return;
        }

        var kind = KindOf(record.Cold.IsAmongPinned);
        kind.Remove(record);
        (record.LeaseUntilTicks, record.Cold.Reign) = (untilTicks, _reign);
        kind.Add(record, record.Cold.IsAmongPinned, NowTicks);
    }

    /// <summary>Puts an object where its state demands, or takes it out.</summary>
    public void Changed(ObjectRecord record)
    {
        var isWanted = MayBeEvicted(record);
        if (isWanted && record.Cold.Place is ColdPlace.Written or ColdPlace.Read or ColdPlace.Late
            && record.Cold.IsAmongPinned == record.IsSoftPinned)
            return;
        TakeOut(record);
        if (isWanted)
            Add(record);
        else if (record.IsBeingWritten)
            _writing.Append(record, ColdPlace.Writing);
        else if (record is { IsGone: false, IsHardPinned: true, IsSoftPinned: true, HasTransfer: false })
            _pinnedTwice.Append(record, ColdPlace.PinnedTwice);
    }

    /// <summary>The coldest objects without a lease, from cold to warm.</summary>
    public List<Victim> Coldest(bool softPinned, int limit) =>
        KindOf(softPinned).Coldest(limit, NowTicks, NowTicks < _inheritedUntilTicks ? _reign : null);

    /// <summary>True for an object that eviction may take, leases aside.</summary>
    public static bool MayBeEvicted(ObjectRecord record) =>
        record is { IsGone: false, IsHardPinned: false, IsBeingWritten: false, HasTransfer: false } && record.ReplicaCount > 0;

    /// <summary>An object as the evictor sees it.</summary>
    public static Victim VictimOf(ObjectRecord record) => new(
        record.Key, record.LeaseUntilTicks, Saturating.Multiply(record.SizeBytes, (ulong)record.ReplicaCount), GroupIndex.HashOf(record));

    private void Add(ObjectRecord record)
    {
        if (_reign == 0)
        {
            KindOf(record.IsSoftPinned).AddWritten(record, record.IsSoftPinned);
            return;
        }

        (record.LeaseUntilTicks, record.Cold.Reign) = (LeaseOf(record), _reign);
        KindOf(record.IsSoftPinned).Add(record, record.IsSoftPinned, NowTicks);
    }

    private void TakeOut(ObjectRecord record)
    {
        switch (record.Cold.Place)
        {
            case ColdPlace.None:
                break;
            case ColdPlace.Writing:
                _writing.Remove(record);
                break;
            case ColdPlace.PinnedTwice:
                _pinnedTwice.Remove(record);
                break;
            default:
                KindOf(record.Cold.IsAmongPinned).Remove(record);
                break;
        }
    }

    private ColdKind KindOf(bool softPinned) => softPinned ? _softPinned : _plain;
}
