// The memory that a Primary can hand out: an allocator for every segment, and the allocatable ones grouped by name. Rebuilt
// at every promotion from what the shards hold; used by SegmentLeader only. No time, no proposals.
using System.Runtime.InteropServices;
using HotStandby.Messages;
using HotStandby.Messages.Model;

namespace HotStandby.Core.Segments;

/// <summary>Allocators by handle, and names that can be allocated from.</summary>
public sealed class SegmentSpace(RandomSource random)
{
    private readonly Dictionary<uint, ExtentAllocator> _allocators = [];
    private readonly Dictionary<string, SegmentGroup> _byName = new(StringComparer.Ordinal);
    private readonly List<SegmentGroup> _groups = [];
    private ulong _request;

    /// <summary>The source of random choices.</summary>
    public RandomSource Random { get; } = random;

    /// <summary>The names that can be allocated from.</summary>
    public IReadOnlyList<SegmentGroup> Groups => _groups;

    /// <summary>Bytes of all segments with an allocator.</summary>
    public ulong CapacityBytes { get; private set; }

    /// <summary>Bytes of them that are handed out.</summary>
    public ulong UsedBytes { get; private set; }

    /// <summary>The group with that name, or null.</summary>
    public SegmentGroup? Group(string name) => _byName.GetValueOrDefault(name);

    /// <summary>The allocator of a segment, or null when it has none (any more).</summary>
    public ExtentAllocator? Allocator(uint handle) => _allocators.GetValueOrDefault(handle);

    /// <summary>Gives a segment its allocator, with nothing used.</summary>
    public void Add(MountedSegment segment)
    {
        _allocators.Add(segment.Handle, new ExtentAllocator(segment.Segment.SizeBytes));
        CapacityBytes += segment.Segment.SizeBytes;
    }

    /// <summary>Forgets a segment's allocator.</summary>
    public void Remove(uint handle)
    {
        if (!_allocators.Remove(handle, out var allocator))
            return;
        CapacityBytes -= allocator.SizeBytes;
        UsedBytes -= allocator.UsedBytes;
    }

    /// <summary>From now on buffers may be placed on this segment.</summary>
    public void Open(MountedSegment segment)
    {
        var name = segment.Segment.Name;
        if (!_byName.TryGetValue(name, out var group))
        {
            _byName.Add(name, group = new SegmentGroup(name) { Index = _groups.Count });
            _groups.Add(group);
        }

        group.Add(segment.Handle, _allocators[segment.Handle]);
    }

    /// <summary>From now on none may. Harmless when none might before.</summary>
    public void Close(MountedSegment segment)
    {
        if (!_byName.TryGetValue(segment.Segment.Name, out var group))
            return;
        group.Remove(segment.Handle);
        if (group.Count > 0)
            return;
        _byName.Remove(group.Name);
        var last = _groups[^1];
        (_groups[group.Index], last.Index) = (last, group.Index);
        _groups.RemoveAt(_groups.Count - 1);
    }

    /// <summary>A new request begins: every name is unused again.</summary>
    public void BeginRequest() => _request++;

    /// <summary>Takes a buffer from a name that this request has not used yet.</summary>
    public bool TryPlace(SegmentGroup group, ulong length, out Extent extent)
    {
        extent = default;
        if (group.UsedBy == _request || !group.TryAllocate(length, Random, out extent))
            return false;
        group.UsedBy = _request;
        UsedBytes += length;
        return true;
    }

    /// <summary>Takes a buffer back. One of a segment without allocator is gone with its segment.</summary>
    /// <exception cref="InvariantViolation">5: it is free already.</exception>
    public void Release(Extent extent)
    {
        if (!_allocators.TryGetValue(extent.SegmentHandle, out var allocator))
            return;
        allocator.Free(extent.Offset, extent.LengthBytes);
        UsedBytes -= extent.LengthBytes;
    }

    /// <summary>Takes exactly these buffers in every segment; those of segments without allocator are passed over.</summary>
    /// <param name="live">Parts in any order, extents in any order.</param>
    /// <exception cref="InvariantViolation">5: two of them overlap or one lies outside of its segment.</exception>
    public void Rebuild(IReadOnlyList<Extent[]> live)
    {
        var bySegment = new Dictionary<uint, List<Extent>>();
        foreach (var part in live)
        {
            foreach (var extent in part)
            {
                ref var list = ref CollectionsMarshal.GetValueRefOrAddDefault(bySegment, extent.SegmentHandle, out _);
                (list ??= []).Add(extent);
            }
        }

        UsedBytes = 0;
        foreach (var (handle, allocator) in _allocators)
        {
            var extents = bySegment.TryGetValue(handle, out var list) ? CollectionsMarshal.AsSpan(list) : default;
            SortByOffset(extents);
            allocator.Rebuild(extents);
            UsedBytes += allocator.UsedBytes;
        }
    }

    private static void SortByOffset(Span<Extent> extents)
    {
        // Sorting the offsets with the extents as passengers compares plain numbers: several times faster than a comparer.
        var offsets = new ulong[extents.Length];
        for (var i = 0; i < offsets.Length; i++)
            offsets[i] = extents[i].Offset;
        offsets.AsSpan().Sort(extents);
    }
}
