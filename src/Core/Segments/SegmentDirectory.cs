// What shards need to know of segments: an immutable snapshot that the segment table replaces whenever something visible
// changes. A shard turns (handle, offset) into the address and endpoint that a client dials, and learns what is dead.
using System.Collections.Frozen;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;

namespace HotStandby.Core.Segments;

/// <summary>A segment under the handle that its mount gave it. Handles are never reused.</summary>
public sealed record MountedSegment(uint Handle, Uuid Client, Segment Segment, SegmentStatus Status)
{
    /// <summary>New buffers may be placed on it.</summary>
    public bool IsAllocatable => Status == SegmentStatus.Ok;

    /// <summary>Its replicas may be read.</summary>
    public bool IsReadable => Status is not (SegmentStatus.Unmounting or SegmentStatus.Undefined);
}

/// <summary>All mounted segments by handle.</summary>
public sealed class SegmentDirectory
{
    /// <summary>No segment at all.</summary>
    public static readonly SegmentDirectory Empty = new([]);

    private readonly FrozenDictionary<uint, MountedSegment> _byHandle;

    /// <summary>A snapshot of the given segments.</summary>
    public SegmentDirectory(IEnumerable<MountedSegment> segments) => _byHandle = segments.ToFrozenDictionary(segment => segment.Handle);

    /// <summary>All of them, in no order.</summary>
    public IReadOnlyList<MountedSegment> All => _byHandle.Values;

    /// <summary>The segment if it is known and readable, else null: its replicas are dead.</summary>
    public MountedSegment? Readable(uint handle) =>
        _byHandle.TryGetValue(handle, out var segment) && segment.IsReadable ? segment : null;
}
