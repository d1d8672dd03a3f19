// Writing many objects with one call each for start and end.
// Each request is its function's parameters in wire order; byte strings point into the message they were read from.
using HotStandby.Mooncake.Generations;
using HotStandby.Mooncake.StructPack;
using HotStandby.Mooncake.Types;

namespace HotStandby.Mooncake.Calls;

/// <summary>PutStart of many.</summary>
/// <param name="Client">The caller.</param>
/// <param name="Keys">The objects' keys; the answer has one result for each, in this order.</param>
/// <param name="SizesBytes">Length of each object; as many as keys, if the client is right.</param>
/// <param name="Config">Placement and pins, for all.</param>
/// <param name="Tenant">Their tenant; <c>default</c> when the client has none.</param>
public readonly record struct BatchPutStartRequest(
    Uuid Client, WireList<ByteString> Keys, ReadOnlyMemory<ulong> SizesBytes, WireReplicateConfig Config, ByteString Tenant)
    : IRpcRequest<BatchPutStartRequest, WireList<Expected<WireList<WireReplica>>>>
{
    /// <inheritdoc/>
    public static Rpc Function => Rpc.BatchPutStart;

    /// <inheritdoc/>
    public static int MinimumBytes => 44;

    /// <inheritdoc/>
    public static BatchPutStartRequest Read(ref StructPackReader reader) => new(
        reader.ReadUuid(), reader.Read<WireList<ByteString>>(), reader.ReadUInt64s(), reader.Read<WireReplicateConfig>(),
        reader.Read<ByteString>());

    /// <inheritdoc/>
    public void Write<TSink>(ref TSink sink) where TSink : struct, IStructPackSink, allows ref struct
    {
        sink.WriteUuid(Client);
        Keys.Write(ref sink);
        sink.WriteUInt64s(SizesBytes.Span);
        Config.Write(ref sink);
        sink.WriteBytes(Tenant.Span);
    }
}

/// <summary>PutEnd of many.</summary>
/// <param name="Client">The caller.</param>
/// <param name="Objects">Keys and checksums; the answer has one result for each, in this order.</param>
/// <param name="Selector">Which replicas. Any number can arrive.</param>
/// <param name="Tenant">Their tenant; <c>default</c> when the client has none.</param>
public readonly record struct BatchPutEndRequest(Uuid Client, WireList<ObjectMeta> Objects, ReplicaType Selector, ByteString Tenant)
    : IRpcRequest<BatchPutEndRequest, WireList<Expected<Nothing>>>
{
    /// <inheritdoc/>
    public static Rpc Function => Rpc.BatchPutEnd;

    /// <inheritdoc/>
    public static int MinimumBytes => 22;

    /// <inheritdoc/>
    public static BatchPutEndRequest Read(ref StructPackReader reader) => new(
        reader.ReadUuid(), reader.Read<WireList<ObjectMeta>>(), (ReplicaType)reader.ReadInt32(), reader.Read<ByteString>());

    /// <inheritdoc/>
    public void Write<TSink>(ref TSink sink) where TSink : struct, IStructPackSink, allows ref struct
    {
        sink.WriteUuid(Client);
        Objects.Write(ref sink);
        sink.WriteInt32((int)Selector);
        sink.WriteBytes(Tenant.Span);
    }
}

/// <summary>PutRevoke of many.</summary>
/// <param name="Client">The caller.</param>
/// <param name="Keys">The objects' keys; the answer has one result for each, in this order.</param>
/// <param name="Selector">Which replicas. Any number can arrive.</param>
/// <param name="Tenant">Their tenant; <c>default</c> when the client has none.</param>
public readonly record struct BatchPutRevokeRequest(Uuid Client, WireList<ByteString> Keys, ReplicaType Selector, ByteString Tenant)
    : IRpcRequest<BatchPutRevokeRequest, WireList<Expected<Nothing>>>
{
    /// <inheritdoc/>
    public static Rpc Function => Rpc.BatchPutRevoke;

    /// <inheritdoc/>
    public static int MinimumBytes => 22;

    /// <inheritdoc/>
    public static BatchPutRevokeRequest Read(ref StructPackReader reader) => new(
        reader.ReadUuid(), reader.Read<WireList<ByteString>>(), (ReplicaType)reader.ReadInt32(), reader.Read<ByteString>());

    /// <inheritdoc/>
    public void Write<TSink>(ref TSink sink) where TSink : struct, IStructPackSink, allows ref struct
    {
        sink.WriteUuid(Client);
        Keys.Write(ref sink);
        sink.WriteInt32((int)Selector);
        sink.WriteBytes(Tenant.Span);
    }
}
