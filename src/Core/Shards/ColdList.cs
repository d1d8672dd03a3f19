// Objects in the order in which their leases end, threaded through their records, so that a place costs no object of its own and a
// touch costs no search. Used by ColdOrder only.
namespace HotStandby.Core.Shards;

/// <summary>Where an object stands: in the order, or in one of the lists beside it.</summary>
internal enum ColdPlace : byte
{
    None,
    Written,
    Read,
    Late,
    Writing,
    PinnedTwice,
}

/// <summary>An object's place in the order; part of its record.</summary>
internal struct ColdLink
{
    public ObjectRecord? Colder;
    public ObjectRecord? Warmer;
    public ColdPlace Place;
    public bool IsAmongPinned;

    /// <summary>The reign of this node in which its lease was set; 0: in none, or in one of before the process began.</summary>
    public ushort Reign;
}

/// <summary>Objects from cold to warm.</summary>
internal sealed class ColdList
{
    private ObjectRecord? _warmest;

    public ObjectRecord? Coldest { get; private set; }

    /// <summary>The coldest of those that were appended in this reign.</summary>
    public ObjectRecord? ColdestOfReign { get; private set; }

    public int Count { get; private set; }

    /// <summary>The end of the last object's lease: an object that ends earlier does not belong behind it.</summary>
    public long WarmestDeadline => _warmest?.LeaseUntilTicks ?? long.MinValue;

    /// <summary>From cold to warm. None may change meanwhile.</summary>
    public IEnumerable<ObjectRecord> All
    {
        get
        {
            for (var record = Coldest; record is not null; record = record.Cold.Warmer)
                yield return record;
        }
    }

    /// <summary>What is appended from now on is of this reign.</summary>
    public void BeginReign() => ColdestOfReign = null;

    /// <summary>Adds an object behind the others.</summary>
    public void Append(ObjectRecord record, ColdPlace place)
    {
        record.Cold.Place = place;
        (record.Cold.Colder, record.Cold.Warmer) = (_warmest, null);
        if (_warmest is null)
            Coldest = record;
        else
            _warmest.Cold.Warmer = record;
        _warmest = record;
        Count++;
        ColdestOfReign ??= record;
    }

    public void Remove(ObjectRecord record)
    {
        ref var link = ref record.Cold;
        if (ColdestOfReign == record)
            ColdestOfReign = link.Warmer;
        if (link.Colder is { } colder)
            colder.Cold.Warmer = link.Warmer;
        else
            Coldest = link.Warmer;
        if (link.Warmer is { } warmer)
            warmer.Cold.Colder = link.Colder;
        else
            _warmest = link.Colder;
        (link.Colder, link.Warmer, link.Place) = (null, null, ColdPlace.None);
        Count--;
    }
}
