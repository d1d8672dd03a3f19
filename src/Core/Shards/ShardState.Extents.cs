// Which buffers a shard covers: those of its objects and of its parked puts.
using HotStandby.Messages.Model;

namespace HotStandby.Core.Shards;

public sealed partial class ShardState
{
    /// <summary>Hears of buffers that are taken and freed. Buffers on a dropped segment are not freed: they go with it.</summary>
    public IExtentObserver? Extents { get; set; }

    /// <summary>Every buffer that an object or a parked put covers, in no order.</summary>
    public IEnumerable<Extent> EnumerateLiveExtents()
    {
        foreach (var record in _objects.Values)
        {
            for (var i = 0; i < record.ReplicaCount; i++)
                yield return record.ExtentOf(i);
        }

        foreach (var parked in Parked.All)
        {
            foreach (var extent in parked.Extents)
                yield return extent;
        }
    }

    /// <summary>The buffers of its replicas from this one on are taken.</summary>
    internal void Take(ObjectRecord record, int from)
    {
        for (var i = from; Extents is { } extents && i < record.ReplicaCount; i++)
            extents.Taken(record.ExtentOf(i));
    }

    private void Free(ObjectRecord record)
    {
        for (var i = 0; Extents is { } extents && i < record.ReplicaCount; i++)
            extents.Freed(record.ExtentOf(i));
    }
}
