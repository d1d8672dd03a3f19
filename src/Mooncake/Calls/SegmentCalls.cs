// Mounting and unmounting memory.
// Each request is its function's parameters in wire order; byte strings point into the message they were read from.
using HotStandby.Mooncake.Generations;
using HotStandby.Mooncake.StructPack;
using HotStandby.Mooncake.Types;

namespace HotStandby.Mooncake.Calls;

/// <summary>A client offers memory.</summary>
/// <param name="Segment">What it offers.</param>
/// <param name="Client">The caller.</param>
public readonly record struct MountSegmentRequest(WireSegment Segment, Uuid Client)
    : IRpcRequest<MountSegmentRequest, Expected<Nothing>>
{
    /// <inheritdoc/>
    public static Rpc Function => Rpc.MountSegment;

    /// <inheritdoc/>
    public static int MinimumBytes => 52;

    /// <inheritdoc/>
    public static MountSegmentRequest Read(ref StructPackReader reader) => new(reader.Read<WireSegment>(), reader.ReadUuid());

    /// <inheritdoc/>
    public void Write<TSink>(ref TSink sink) where TSink : struct, IStructPackSink, allows ref struct
    {
        Segment.Write(ref sink);
        sink.WriteUuid(Client);
    }
}

/// <summary>A client that was told so repeats everything it offers.</summary>
/// <param name="Segments">All of it.</param>
/// <param name="Client">The caller.</param>
public readonly record struct ReMountSegmentRequest(WireList<WireSegment> Segments, Uuid Client)
    : IRpcRequest<ReMountSegmentRequest, Expected<Nothing>>
{
    /// <inheritdoc/>
    public static Rpc Function => Rpc.ReMountSegment;

    /// <inheritdoc/>
    public static int MinimumBytes => 17;

    /// <inheritdoc/>
    public static ReMountSegmentRequest Read(ref StructPackReader reader) => new(reader.Read<WireList<WireSegment>>(), reader.ReadUuid());

    /// <inheritdoc/>
    public void Write<TSink>(ref TSink sink) where TSink : struct, IStructPackSink, allows ref struct
    {
        Segments.Write(ref sink);
        sink.WriteUuid(Client);
    }
}

/// <summary>A client takes memory back.</summary>
/// <param name="SegmentId">Which.</param>
/// <param name="Client">The caller.</param>
public readonly record struct UnmountSegmentRequest(Uuid SegmentId, Uuid Client)
    : IRpcRequest<UnmountSegmentRequest, Expected<Nothing>>
{
    /// <inheritdoc/>
    public static Rpc Function => Rpc.UnmountSegment;

    /// <inheritdoc/>
    public static int MinimumBytes => 32;

    /// <inheritdoc/>
    public static UnmountSegmentRequest Read(ref StructPackReader reader) => new(reader.ReadUuid(), reader.ReadUuid());

    /// <inheritdoc/>
    public void Write<TSink>(ref TSink sink) where TSink : struct, IStructPackSink, allows ref struct
    {
        sink.WriteUuid(SegmentId);
        sink.WriteUuid(Client);
    }
}

/// <summary>A client takes memory back, but not at once.</summary>
/// <param name="SegmentId">Which.</param>
/// <param name="Client">The caller.</param>
/// <param name="GracePeriodMilliseconds">For how long its replicas stay readable.</param>
public readonly record struct GracefulUnmountSegmentRequest(Uuid SegmentId, Uuid Client, ulong GracePeriodMilliseconds)
    : IRpcRequest<GracefulUnmountSegmentRequest, Expected<Nothing>>
{
    /// <inheritdoc/>
    public static Rpc Function => Rpc.GracefulUnmountSegment;

    /// <inheritdoc/>
    public static int MinimumBytes => 40;

    /// <inheritdoc/>
    public static GracefulUnmountSegmentRequest Read(ref StructPackReader reader) => new(
        reader.ReadUuid(), reader.ReadUuid(), reader.ReadUInt64());

    /// <inheritdoc/>
    public void Write<TSink>(ref TSink sink) where TSink : struct, IStructPackSink, allows ref struct
    {
        sink.WriteUuid(SegmentId);
        sink.WriteUuid(Client);
        sink.WriteUInt64(GracePeriodMilliseconds);
    }
}

/// <summary>On which hosts are the segments of these clients? (BatchQueryIp)</summary>
/// <param name="Clients">Who is asked about.</param>
public readonly record struct QueryIpRequest(WireList<WireUuid> Clients)
    : IRpcRequest<QueryIpRequest, Expected<WireList<WirePair<WireUuid, WireList<ByteString>>>>>
{
    /// <inheritdoc/>
    public static Rpc Function => Rpc.BatchQueryIp;

    /// <inheritdoc/>
    public static int MinimumBytes => 1;

    /// <inheritdoc/>
    public static QueryIpRequest Read(ref StructPackReader reader) => new(reader.Read<WireList<WireUuid>>());

    /// <inheritdoc/>
    public void Write<TSink>(ref TSink sink) where TSink : struct, IStructPackSink, allows ref struct
    {
        Clients.Write(ref sink);
    }
}
