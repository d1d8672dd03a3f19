// Objects in the order in which their leases end, threaded through their records, so that a place costs no object of its own and a
// touch costs no search. Used by ColdOrder only.
namespace HotStandby.Core.Shards;

/// <summary>Where an object stands in the order.</summary>
internal enum ColdPlace : byte
{
    None,
    Written,
    Read,
    Late,
}

/// <summary>An object's place in the order; part of its record.</summary>
internal struct ColdLink
{
    public ObjectRecord? Colder;
    public ObjectRecord? Warmer;
    public ColdPlace Place;
    public bool IsAmongPinned;
}

/// <summary>Objects from cold to warm, ascending by deadline.</summary>
internal sealed class ColdList
{
    private ObjectRecord? _warmest;

    public ObjectRecord? Coldest { get; private set; }

    public int Count { get; private set; }

    /// <summary>Adds an object behind the others. False when it does not belong there.</summary>
    public bool TryAppend(ObjectRecord record)
    {
        if (_warmest is { } warmest && warmest.LeaseUntilTicks > record.LeaseUntilTicks)
            return false;
        (record.Cold.Colder, record.Cold.Warmer) = (_warmest, null);
        if (_warmest is null)
            Coldest = record;
        else
            _warmest.Cold.Warmer = record;
        _warmest = record;
        Count++;
        return true;
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
        (link.Colder, link.Warmer) = (null, null);
        Count--;
    }
}
