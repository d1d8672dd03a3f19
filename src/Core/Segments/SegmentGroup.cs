// Segments that share a name. The name is the unit of placement: replicas of one object lie on different names.

namespace HotStandby.Core.Segments;

/// <summary>The allocatable segments of one name, at least one.</summary>
public sealed class SegmentGroup(string name)
{
    private readonly List<SpaceSegment> _segments = [];

    /// <summary>The shared name.</summary>
    public string Name { get; } = name;

    /// <summary>Number of allocatable segments, at least 1.</summary>
    public int Count => _segments.Count;

    /// <summary>Where it stands among all groups; moves when groups come and go.</summary>
    public int Index { get; internal set; }

    /// <summary>Bytes of its segments.</summary>
    public UInt128 CapacityBytes { get; private set; }

    /// <summary>Bytes of them that are handed out.</summary>
    public UInt128 UsedBytes { get; internal set; }

    /// <summary>Share of its bytes that is free, 0 to 1.</summary>
    public double FreeRatio => (double)(CapacityBytes - UsedBytes) / (double)CapacityBytes;

    // The request that used this name last, so that a request asks in O(1) whether it has used it.
    internal ulong UsedBy { get; set; }

    internal void Add(SpaceSegment segment)
    {
        _segments.Add(segment);
        CapacityBytes += segment.Allocator.SizeBytes;
        UsedBytes += segment.Allocator.UsedBytes;
    }

    internal void Remove(SpaceSegment segment)
    {
        _segments.Remove(segment);
        CapacityBytes -= segment.Allocator.SizeBytes;
        UsedBytes -= segment.Allocator.UsedBytes;
    }

    /// <summary>Takes a buffer from one of its segments: from a random one, or else from the others in turn.</summary>
    /// <returns>Where it was taken, or null.</returns>
    internal SpaceSegment? TryAllocate(ulong length, RandomSource random, out ulong offset)
    {
        offset = 0;
        if (length > CapacityBytes - UsedBytes)
            return null;
        var at = _segments.Count == 1 ? 0 : random.Below(_segments.Count);
        for (var rest = _segments.Count; rest > 0; rest--)
        {
            if (_segments[at].Allocator.TryAllocate(length, out offset))
                return _segments[at];
            at = at + 1 == _segments.Count ? 0 : at + 1;
        }

        return null;
    }
}

/// <summary>One segment in <see cref="SegmentSpace"/>.</summary>
internal sealed class SpaceSegment(uint handle, string name, ExtentAllocator allocator)
{
    public uint Handle { get; } = handle;

    public string Name { get; } = name;

    public ExtentAllocator Allocator { get; } = allocator;

    /// <summary>Its name's group while buffers may be placed on it.</summary>
    public SegmentGroup? Group { get; set; }

    /// <summary>Its bytes are part of the sums over all segments.</summary>
    public bool IsCounted { get; set; }
}
