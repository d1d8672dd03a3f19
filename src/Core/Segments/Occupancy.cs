// Which bytes of every segment the shards' objects and parked puts cover, kept by a Standby from its shards' reports. A reign takes the
// allocators over, so that its beginning costs nothing that grows with the number of objects.
using System.Runtime.InteropServices;
using HotStandby.Messages.Model;

namespace HotStandby.Core.Segments;

/// <summary>An allocator for every segment that is covered anywhere, whether or not the segment table knows the segment yet.</summary>
public sealed class Occupancy
{
    // What a shard covers when another one has not freed it yet: their images may stand for different seqs.
    private readonly List<Extent> _late = [];
    private readonly Dictionary<uint, ExtentAllocator> _byHandle = [];

    /// <summary>Everything that was reported fits together: no buffer is covered twice, none was freed that was not covered.</summary>
    public bool IsSound { get; private set; } = true;

    /// <summary>It is sound, and no buffer waits for another shard to free it.</summary>
    public bool Fits => IsSound && _late.Count == 0;

    /// <summary>Forgets everything and takes exactly these buffers, in parts and in any order.</summary>
    public void Rebuild(IReadOnlyList<Extent[]> parts)
    {
        Clear();
        var bySegment = new Dictionary<uint, List<Extent>>();
        foreach (var part in parts)
        {
            foreach (var extent in part)
            {
                ref var list = ref CollectionsMarshal.GetValueRefOrAddDefault(bySegment, extent.SegmentHandle, out _);
                (list ??= []).Add(extent);
            }
        }

        foreach (var (handle, extents) in bySegment)
        {
            var ordered = CollectionsMarshal.AsSpan(extents);
            SortByOffset(ordered);
            _byHandle.Add(handle, Build(ordered));
        }
    }

    /// <summary>Changes of all shards between the same two places of the log: what is freed may be taken by another shard.</summary>
    public void Change(IReadOnlyList<Extent[]> freed, IReadOnlyList<Extent[]> taken)
    {
        foreach (var part in freed)
        {
            foreach (var extent in part)
                Free(extent);
        }

        Extent[] late = [.. _late];
        _late.Clear();
        foreach (var extent in late)
            Take(extent);
        foreach (var part in taken)
        {
            foreach (var extent in part)
                Take(extent);
        }
    }

    /// <summary>Forgets the segments that were erased: those of lower handles than the next one, that are not in the directory.</summary>
    public void Forget(SegmentDirectory directory, uint nextHandle)
    {
        foreach (var handle in _byHandle.Keys)
        {
            if (handle < nextHandle && directory.ByHandle(handle) is null)
                _byHandle.Remove(handle);
        }

        _late.RemoveAll(extent => extent.SegmentHandle < nextHandle && directory.ByHandle(extent.SegmentHandle) is null);
    }

    /// <summary>Hands over the allocator of a segment, as long as the segment is. It is known here no more.</summary>
    /// <exception cref="Messages.InvariantViolation">5: a buffer lies beyond the segment's end, or the reports do not fit.</exception>
    public ExtentAllocator HandOver(uint handle, ulong sizeBytes)
    {
        if (!Fits)
            throw new Messages.InvariantViolation(5, $"the shards cover buffers twice, or free what they do not cover: {Problem()}");
        if (!_byHandle.Remove(handle, out var allocator))
            return new ExtentAllocator(sizeBytes);
        allocator.EndAt(sizeBytes);
        return allocator;
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        _byHandle.Clear();
        _late.Clear();
        IsSound = true;
    }

    private string Problem() => _late.Count > 0 ? $"{_late[0]} is covered twice" : "a free buffer was freed";

    private void Take(Extent extent)
    {
        ref var allocator = ref CollectionsMarshal.GetValueRefOrAddDefault(_byHandle, extent.SegmentHandle, out _);
        allocator ??= new ExtentAllocator(ulong.MaxValue);
        if (!allocator.TryAllocateAt(extent.Offset, extent.LengthBytes))
            _late.Add(extent);
    }

    private void Free(Extent extent)
    {
        if (_late.Remove(extent) || !_byHandle.TryGetValue(extent.SegmentHandle, out var allocator))
            return; // of a segment that was erased
        IsSound &= allocator.TryFree(extent.Offset, extent.LengthBytes);
    }

    // Buffers that overlap wait: another shard has freed one of them at a later seq.
    private ExtentAllocator Build(Span<Extent> ordered)
    {
        var (count, end) = (0, 0UL);
        foreach (var extent in ordered)
        {
            if (extent.Offset < end)
            {
                _late.Add(extent);
                continue;
            }

            ordered[count++] = extent;
            end = extent.End;
        }

        var allocator = new ExtentAllocator(ulong.MaxValue);
        allocator.Rebuild(ordered[..count]);
        return allocator;
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
