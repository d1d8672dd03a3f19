// Which buffers of one shard the segment table does not know of yet. A Standby's shards report them in rounds (ReportExtents), so that the
// allocators of a node that is promoted are there already, however many objects there are.
using HotStandby.Messages.Model;

namespace HotStandby.Core.Shards;

/// <summary>What has changed since the last report, net: a buffer that was taken and freed in between is not reported.</summary>
public sealed class ExtentChanges : IExtentObserver
{
    private readonly HashSet<Extent> _taken = [];
    private readonly HashSet<Extent> _freed = [];

    /// <summary>The buffers that were taken since the last report, in no order.</summary>
    public Extent[] TakeTaken() => Empty(_taken);

    /// <summary>The buffers that were freed since the last report, in no order.</summary>
    public Extent[] TakeFreed() => Empty(_freed);

    /// <inheritdoc/>
    public void Taken(Extent extent)
    {
        if (!_freed.Remove(extent))
            _taken.Add(extent);
    }

    /// <inheritdoc/>
    public void Freed(Extent extent)
    {
        if (!_taken.Remove(extent))
            _freed.Add(extent);
    }

    private static Extent[] Empty(HashSet<Extent> extents)
    {
        Extent[] all = [.. extents];
        extents.Clear();
        return all;
    }
}
