// The order of the objects with a soft pin, or of those without. Used by ColdOrder only.
namespace HotStandby.Core.Shards;

/// <summary>Objects by the end of their last lease: those that were written last, those that were read last, and the late.</summary>
internal sealed class ColdKind
{
    private readonly ColdList _written = new();
    private readonly ColdList _read = new();

    // Objects that come late, with a deadline that others have passed already: an old soft pin that ended, an upsert over a leased
    // object, a copy that ended. They are few, and stay here until they are touched.
    private readonly SortedSet<ObjectRecord> _late = new(ByDeadline.Instance);

    public int Count => _written.Count + _read.Count + _late.Count;

    /// <summary>All of them, in no order. None may change meanwhile.</summary>
    public IEnumerable<ObjectRecord> All => _written.All.Concat(_read.All).Concat(_late);

    /// <summary>What comes from now on can be told from what is here.</summary>
    public void BeginReign() => _written.BeginReign();

    /// <summary>Adds an object by its deadline.</summary>
    public void Add(ObjectRecord record, bool isPinned, long nowTicks)
    {
        var (list, place) = record.LeaseUntilTicks > nowTicks ? (_read, ColdPlace.Read) : (_written, ColdPlace.Written);
        record.Cold.IsAmongPinned = isPinned;
        if (list.WarmestDeadline <= record.LeaseUntilTicks)
        {
            list.Append(record, place);
            return;
        }

        _late.Add(record);
        record.Cold.Place = ColdPlace.Late;
    }

    /// <summary>Adds an object that was written after all others, when no clock says when.</summary>
    public void AddWritten(ObjectRecord record, bool isPinned)
    {
        record.Cold.IsAmongPinned = isPinned;
        record.LeaseUntilTicks = Math.Max(0, _written.WarmestDeadline); // an old lease of its own means nothing here
        _written.Append(record, ColdPlace.Written);
    }

    public void Remove(ObjectRecord record)
    {
        if (record.Cold.Place == ColdPlace.Late)
            _late.Remove(record);
        else
            (record.Cold.Place == ColdPlace.Read ? _read : _written).Remove(record);
        record.Cold.Place = ColdPlace.None;
    }

    /// <summary>The coldest objects without a lease, from cold to warm.</summary>
    /// <param name="limit">At most so many.</param>
    /// <param name="nowTicks">Leases that end later still hold.</param>
    /// <param name="onlyOf">Only objects that were written in this reign: all others are leased.</param>
    public List<Victim> Coldest(int limit, long nowTicks, ushort? onlyOf)
    {
        var victims = new List<Victim>(Math.Min(limit, Count));
        var (written, read) = onlyOf is null ? (_written.Coldest, _read.Coldest) : (_written.ColdestOfReign, null);
        using var lates = _late.GetEnumerator();
        var late = Next(lates, onlyOf);
        while (victims.Count < limit && Colder(Colder(written, read), late) is { } record && record.LeaseUntilTicks <= nowTicks)
        {
            victims.Add(ColdOrder.VictimOf(record));
            if (record == written)
                written = record.Cold.Warmer;
            else if (record == read)
                read = record.Cold.Warmer;
            else
                late = Next(lates, onlyOf);
        }

        return victims;
    }

    private static ObjectRecord? Next(SortedSet<ObjectRecord>.Enumerator lates, ushort? onlyOf)
    {
        while (lates.MoveNext())
        {
            if (onlyOf is null || lates.Current.Cold.Reign == onlyOf)
                return lates.Current;
        }

        return null;
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
