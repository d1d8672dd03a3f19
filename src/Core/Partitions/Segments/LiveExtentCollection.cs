// What the shards report at the start of a reign. A shard may report before the segment table itself has heard of the reign,
// so reports are kept from whenever they come.
using HotStandby.Messages.Model;

namespace HotStandby.Core.Partitions.Segments;

/// <summary>The reports of all shards for the latest reign that anyone spoke of.</summary>
internal sealed class LiveExtentCollection(int shardCount)
{
    private readonly Extent[]?[] _parts = new Extent[]?[shardCount];
    private ulong _reign;
    private int _missing = shardCount;

    /// <summary>True when every shard has reported for this reign.</summary>
    public bool IsComplete(ulong reign) => reign == _reign && _missing == 0;

    /// <summary>Keeps a report; one of an earlier reign is dropped, one of a later reign begins a new collection.</summary>
    public void Add(LiveExtents report)
    {
        if (report.Reign < _reign)
            return;
        if (report.Reign > _reign)
            Clear(report.Reign);
        ref var part = ref _parts[report.Partition.ShardIndex];
        _missing -= part is null ? 1 : 0;
        part = report.Extents;
    }

    /// <summary>Hands the reports over and keeps none.</summary>
    public IReadOnlyList<Extent[]> Take()
    {
        var all = _parts.Select(part => part ?? []).ToArray();
        Clear(_reign);
        return all;
    }

    /// <summary>Forgets everything, also which reign it was.</summary>
    public void Clear() => Clear(0);

    private void Clear(ulong reign)
    {
        Array.Clear(_parts);
        (_reign, _missing) = (reign, _parts.Length);
    }
}
