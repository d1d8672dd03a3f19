// The calls on segments and clients: rare (a few a second per client), all of them answered by the segment table.
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;

namespace HotStandby.Messages.Calls;

/// <summary>A call that the segment table answers.</summary>
public abstract class SegmentCall(IReplySink sink, Uuid client) : MasterCall(sink, 1)
{
    /// <summary>The caller.</summary>
    public Uuid Client { get; } = client;

    /// <summary>Ok, or why not.</summary>
    public ErrorCode Error { get; private set; }

    /// <summary>Sets the result and settles the call's only item.</summary>
    public void Finish(ErrorCode error)
    {
        Error = error;
        Settle(1);
    }

    /// <inheritdoc/>
    public override void Refuse(ErrorCode error) => Finish(error);

    /// <summary>Sets the result; whoever holds the call until commit settles it.</summary>
    public void Decide(ErrorCode error) => Error = error;
}

/// <summary>MountSegment.</summary>
public sealed class MountSegmentCall(IReplySink sink, Uuid client, Segment segment) : SegmentCall(sink, client)
{
    /// <summary>What to mount.</summary>
    public Segment Segment { get; } = segment;
}

/// <summary>ReMountSegment: everything that the client has mounted.</summary>
public sealed class ReMountSegmentCall(IReplySink sink, Uuid client, Segment[] segments) : SegmentCall(sink, client)
{
    /// <summary>All segments of the client; may be empty.</summary>
    public Segment[] Segments { get; } = segments;
}

/// <summary>UnmountSegment.</summary>
public sealed class UnmountSegmentCall(IReplySink sink, Uuid client, Uuid segmentId) : SegmentCall(sink, client)
{
    /// <summary>What to unmount.</summary>
    public Uuid SegmentId { get; } = segmentId;
}

/// <summary>GracefulUnmountSegment: no new buffers from now on, unmounted after the grace period.</summary>
public sealed class GracefulUnmountSegmentCall(
    IReplySink sink, Uuid client, Uuid segmentId, TimeSpan gracePeriod) : SegmentCall(sink, client)
{
    /// <summary>What to unmount.</summary>
    public Uuid SegmentId { get; } = segmentId;

    /// <summary>For how long its replicas stay readable.</summary>
    public TimeSpan GracePeriod { get; } = gracePeriod;
}

/// <summary>QuerySegmentStatus (the last mounted segment of a name) and QuerySegmentStatusById.</summary>
public sealed class QuerySegmentStatusCall(IReplySink sink, Uuid segmentId, string? name) : SegmentCall(sink, Uuid.None)
{
    /// <summary>Which one, when it is not asked by name.</summary>
    public Uuid SegmentId { get; } = segmentId;

    /// <summary>Its name, or null when it is asked by id.</summary>
    public string? Name { get; } = name;

    /// <summary>The answer.</summary>
    public SegmentStatus Status { get; set; }
}

/// <summary>Every mounted segment with its use: for QuerySegment, GetAllSegments and the segments' details.</summary>
public sealed class ListSegmentsCall(IReplySink sink) : SegmentCall(sink, Uuid.None)
{
    /// <summary>In the order of their mounts.</summary>
    public IReadOnlyList<SegmentUse> Segments { get; set; } = [];
}

/// <summary>BatchQueryIp: where the segments of these clients are.</summary>
public sealed class QueryIpCall(IReplySink sink, Uuid[] clients) : SegmentCall(sink, Uuid.None)
{
    /// <summary>Who is asked about.</summary>
    public Uuid[] Clients { get; } = clients;

    /// <summary>The distinct hosts of each client that has segments; others are left out.</summary>
    public IReadOnlyDictionary<Uuid, IReadOnlyList<string>> Hosts { get; set; } = new Dictionary<Uuid, IReadOnlyList<string>>();
}
