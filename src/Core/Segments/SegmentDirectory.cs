// What shards need to know of segments: an immutable snapshot that the segment table replaces whenever something visible
// changes. A shard turns (handle, offset) into the address and endpoint that a client dials, and learns what is dead.
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;

namespace HotStandby.Core.Segments;

/// <summary>A segment under the handle that its mount gave it. Handles are never reused.</summary>
/// <param name="Handle">1-based, in the order of the mounts.</param>
/// <param name="Client">Who mounted it.</param>
/// <param name="Segment">As mounted.</param>
/// <param name="Status">Its state.</param>
/// <param name="IsSuspect">Its client is silent: nothing is placed on it until the client comes back or expires.</param>
/// <param name="GraceMilliseconds">While it is gracefully unmounting: for how long it was to stay readable.</param>
public sealed record MountedSegment(
    uint Handle, Uuid Client, Segment Segment, SegmentStatus Status, bool IsSuspect = false, ulong GraceMilliseconds = 0)
{
    /// <summary>New buffers may be placed on it.</summary>
    public bool IsAllocatable => Status == SegmentStatus.Ok && !IsSuspect;

    /// <summary>Its replicas may be read.</summary>
    public bool IsReadable => Status is not (SegmentStatus.Unmounting or SegmentStatus.Undefined);
}

/// <summary>All mounted segments by handle. A changed snapshot costs about a kilobyte, however many segments there are.</summary>
public sealed class SegmentDirectory
{
    /// <summary>No segment at all.</summary>
    public static readonly SegmentDirectory Empty = new(HandleMap<MountedSegment>.Empty);

    private readonly HandleMap<MountedSegment> _byHandle;
    private MountedSegment[]? _all;

    /// <summary>A snapshot of the given segments.</summary>
    public SegmentDirectory(IEnumerable<MountedSegment> segments)
        : this(HandleMap<MountedSegment>.Of(segments, segment => segment.Handle))
    {
    }

    private SegmentDirectory(HandleMap<MountedSegment> byHandle) => _byHandle = byHandle;

    /// <summary>How many.</summary>
    public int Count => _byHandle.Count;

    /// <summary>All of them in the order of their mounts; O(segments) when it is asked for the first time.</summary>
    public IReadOnlyList<MountedSegment> All => _all ??= _byHandle.ToArray();

    /// <summary>The segment with that handle, or null.</summary>
    public MountedSegment? ByHandle(uint handle) => _byHandle[handle];

    /// <summary>The segment if it is known and readable, else null: its replicas are dead.</summary>
    public MountedSegment? Readable(uint handle) => _byHandle[handle] is { IsReadable: true } segment ? segment : null;

    /// <summary>The snapshot with this segment as it is now.</summary>
    public SegmentDirectory With(MountedSegment segment) => new(_byHandle.With(segment.Handle, segment));

    /// <summary>The snapshot without that segment.</summary>
    public SegmentDirectory Without(uint handle) => new(_byHandle.With(handle, null));
}
