// Segments that share a name. The name is the unit of placement: replicas of one object lie on different names.
using HotStandby.Messages.Model;

namespace HotStandby.Core.Segments;

/// <summary>The allocatable segments of one name.</summary>
public sealed class SegmentGroup(string name)
{
    private readonly List<(uint Handle, ExtentAllocator Allocator)> _segments = [];

    /// <summary>The shared name.</summary>
    public string Name { get; } = name;

    /// <summary>Number of allocatable segments, at least 1.</summary>
    public int Count => _segments.Count;

    /// <summary>Where it stands among all groups; moves when groups come and go.</summary>
    public int Index { get; internal set; }

    // The request that used this name last, so that a request asks in O(1) whether it has used it.
    internal ulong UsedBy { get; set; }

    internal void Add(uint handle, ExtentAllocator allocator) => _segments.Add((handle, allocator));

    internal void Remove(uint handle) => _segments.RemoveAll(segment => segment.Handle == handle);

    /// <summary>Takes a buffer from one of its segments: from a random one, or else from the others in turn.</summary>
    public bool TryAllocate(ulong length, RandomSource random, out Extent extent)
    {
        var start = _segments.Count == 1 ? 0 : random.Below(_segments.Count);
        for (var i = 0; i < _segments.Count; i++)
        {
            var (handle, allocator) = _segments[(start + i) % _segments.Count];
            if (allocator.TryAllocate(length, out var offset))
            {
                extent = new(handle, offset, length);
                return true;
            }
        }

        extent = default;
        return false;
    }
}
