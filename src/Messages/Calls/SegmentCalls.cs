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

/// <summary>Ping.</summary>
public sealed class PingCall(IReplySink sink, Uuid client) : SegmentCall(sink, client)
{
    /// <summary>Ok, or NeedRemount for a client that has not remounted since this node leads.</summary>
    public ClientStatus Status { get; set; }
}
