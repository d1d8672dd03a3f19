// The memory that a Primary can hand out: an allocator for every segment, and the allocatable ones grouped by name. Used by SegmentLeader
// only. No time, no proposals.
using HotStandby.Messages;
using HotStandby.Messages.Model;

namespace HotStandby.Core.Segments;

/// <summary>Allocators by handle, and names that can be allocated from.</summary>
public sealed class SegmentSpace(RandomSource random)
{
    private readonly Dictionary<uint, SpaceSegment> _segments = [];
    private readonly Dictionary<string, SegmentGroup> _byName = new(StringComparer.Ordinal);
    private readonly List<SegmentGroup> _groups = [];
    private readonly FreeSpaceSummary _summary = new();
    private SegmentGroup[] _sample = new SegmentGroup[16];
    private double[] _sampleOrder = new double[16];

    // A log of before mounts were checked may hold segments that no 64 bits can count together.
    private UInt128 _capacityBytes;
    private UInt128 _usedBytes;
    private ulong _request;

    /// <summary>The source of random choices.</summary>
    public RandomSource Random { get; } = random;

    /// <summary>The names that can be allocated from.</summary>
    public IReadOnlyList<SegmentGroup> Groups => _groups;

    /// <summary>Bytes of all readable segments, whether or not they can be allocated from.</summary>
    public ulong CapacityBytes => Saturating.ToUInt64(_capacityBytes);

    /// <summary>Bytes of them that are handed out.</summary>
    public ulong UsedBytes => Saturating.ToUInt64(_usedBytes);

    /// <summary>Share of their bytes that is handed out, 0 to 1; 0 without segments. What eviction goes by.</summary>
    public double UsedRatio => _capacityBytes == 0 ? 0 : (double)_usedBytes / (double)_capacityBytes;

    /// <summary>The group with that name, or null.</summary>
    public SegmentGroup? Group(string name) => _byName.GetValueOrDefault(name);

    /// <summary>The allocator of a segment, or null when it has none (any more).</summary>
    public ExtentAllocator? Allocator(uint handle) => _segments.TryGetValue(handle, out var segment) ? segment.Allocator : null;

    /// <summary>Gives a segment its allocator. See <see cref="Set"/> for what may be done with it.</summary>
    public void Add(MountedSegment segment, ExtentAllocator allocator) =>
        _segments.Add(segment.Handle, new SpaceSegment(segment.Handle, segment.Segment.Name, allocator));

    /// <summary>Forgets a segment's allocator.</summary>
    public void Remove(uint handle)
    {
        Set(handle, isReadable: false, isAllocatable: false);
        _segments.Remove(handle);
    }

    /// <summary>Says whether a segment's bytes count, and whether buffers may be placed on it. Unknown ones are passed over.</summary>
    public void Set(uint handle, bool isReadable, bool isAllocatable)
    {
        if (!_segments.TryGetValue(handle, out var segment))
            return;
        if (isReadable != segment.IsCounted)
        {
            segment.IsCounted = isReadable;
            _capacityBytes = isReadable ? _capacityBytes + segment.Allocator.SizeBytes : _capacityBytes - segment.Allocator.SizeBytes;
            _usedBytes = isReadable ? _usedBytes + segment.Allocator.UsedBytes : _usedBytes - segment.Allocator.UsedBytes;
        }

        if (isAllocatable && segment.Group is null)
            Open(segment);
        else if (!isAllocatable && segment.Group is not null)
            Close(segment, segment.Group);
    }

    /// <summary>A new request begins: every name is unused again.</summary>
    public void BeginRequest() => _request++;

    /// <summary>Takes a buffer from a name that this request has not used yet.</summary>
    public bool TryPlace(SegmentGroup group, ulong length, out Extent extent)
    {
        extent = default;
        if (group.UsedBy == _request || group.TryAllocate(length, Random, out var offset) is not { } segment)
            return false;
        extent = new(segment.Handle, offset, length);
        group.UsedBy = _request;
        group.UsedBytes += length;
        _usedBytes += segment.IsCounted ? length : 0;
        _summary.Forget();
        return true;
    }

    /// <summary>Takes exactly this buffer of a segment that was added, before it is <see cref="Set"/>.</summary>
    /// <exception cref="InvariantViolation">5: it is taken already.</exception>
    public void Take(Extent extent)
    {
        if (!_segments[extent.SegmentHandle].Allocator.TryAllocateAt(extent.Offset, extent.LengthBytes))
            throw new InvariantViolation(5, $"{extent} is taken already");
    }

    /// <summary>Takes a buffer back. One of a segment without allocator is gone with its segment.</summary>
    /// <exception cref="InvariantViolation">5: it is free already.</exception>
    public void Release(Extent extent)
    {
        if (!_segments.TryGetValue(extent.SegmentHandle, out var segment))
            return;
        segment.Allocator.Free(extent.Offset, extent.LengthBytes);
        _usedBytes -= segment.IsCounted ? extent.LengthBytes : 0;
        if (segment.Group is not { } group)
            return;
        group.UsedBytes -= extent.LengthBytes;
        _summary.Forget();
    }

    /// <summary>Why a buffer was not found. O(segments) once after a change, then O(1) until the next.</summary>
    /// <param name="length">Length of the buffer.</param>
    /// <param name="names">How many names were wanted.</param>
    public AllocationFailure Explain(ulong length, int names)
    {
        _summary.Renew(_segments.Values);
        var cause = _groups.Count == 0 ? AllocationFailureCause.NoSegments
            : length > _summary.LargestSegmentBytes ? AllocationFailureCause.TooLarge
            : length > _summary.FreeBytes ? AllocationFailureCause.Full
            : length > _summary.LargestFreeBytes ? AllocationFailureCause.Fragmented
            : AllocationFailureCause.None;
        return new(cause, length, _summary.FreeBytes, _summary.LargestFreeBytes, Math.Max(0, names - _groups.Count));
    }

    /// <summary>Names one after another from a random one on, the freest first (by share).</summary>
    /// <param name="count">How many; at most as many as there are.</param>
    /// <returns>A span that the next call reuses.</returns>
    internal ReadOnlySpan<SegmentGroup> FreestOfSample(int count)
    {
        if (_sample.Length < count)
            (_sample, _sampleOrder) = (new SegmentGroup[count], new double[count]);
        var at = Random.Below(_groups.Count);
        for (var i = 0; i < count; i++)
        {
            (_sample[i], _sampleOrder[i]) = (_groups[at], -_groups[at].FreeRatio);
            at = at + 1 == _groups.Count ? 0 : at + 1;
        }

        _sampleOrder.AsSpan(0, count).Sort(_sample.AsSpan(0, count));
        return _sample.AsSpan(0, count);
    }

    private void Open(SpaceSegment segment)
    {
        if (!_byName.TryGetValue(segment.Name, out var group))
        {
            _byName.Add(segment.Name, group = new SegmentGroup(segment.Name) { Index = _groups.Count });
            _groups.Add(group);
        }

        group.Add(segment);
        segment.Group = group;
        _summary.Forget();
    }

    private void Close(SpaceSegment segment, SegmentGroup group)
    {
        group.Remove(segment);
        segment.Group = null;
        _summary.Forget();
        if (group.Count > 0)
            return;
        _byName.Remove(group.Name);
        var last = _groups[^1];
        (_groups[group.Index], last.Index) = (last, group.Index);
        _groups.RemoveAt(_groups.Count - 1);
    }
}
