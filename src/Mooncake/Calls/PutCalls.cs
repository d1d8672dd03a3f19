// Writing one object: start (buffers are allocated), transfer between clients, then end or revoke.
// Each request is its function's parameters in wire order; byte strings point into the message they were read from.
using HotStandby.Mooncake.Generations;
using HotStandby.Mooncake.StructPack;
using HotStandby.Mooncake.Types;

namespace HotStandby.Mooncake.Calls;

/// <summary>Allocates buffers for an object.</summary>
/// <param name="Client">The caller.</param>
/// <param name="Key">The object's key.</param>
/// <param name="SizeBytes">The object's length.</param>
/// <param name="Config">Placement and pins.</param>
/// <param name="Tenant">Its tenant; <c>default</c> when the client has none.</param>
public readonly record struct PutStartRequest(Uuid Client, ByteString Key, ulong SizeBytes, WireReplicateConfig Config, ByteString Tenant)
    : IRpcRequest<PutStartRequest, Expected<WireList<WireReplica>>>
{
    /// <inheritdoc/>
    public static Rpc Function => Rpc.PutStart;

    /// <inheritdoc/>
    public static int MinimumBytes => 51;

    /// <inheritdoc/>
    public static PutStartRequest Read(ref StructPackReader reader) => new(
        reader.ReadUuid(), reader.Read<ByteString>(), reader.ReadUInt64(), reader.Read<WireReplicateConfig>(),
        reader.Read<ByteString>());

    /// <inheritdoc/>
    public void Write<TSink>(ref TSink sink) where TSink : struct, IStructPackSink, allows ref struct
    {
        sink.WriteUuid(Client);
        sink.WriteBytes(Key.Span);
        sink.WriteUInt64(SizeBytes);
        Config.Write(ref sink);
        sink.WriteBytes(Tenant.Span);
    }
}

/// <summary>The bytes are written.</summary>
/// <param name="Client">The caller.</param>
/// <param name="Object">Key and checksum.</param>
/// <param name="Selector">Which replicas. Any number can arrive.</param>
/// <param name="Tenant">Its tenant; <c>default</c> when the client has none.</param>
public readonly record struct PutEndRequest(Uuid Client, ObjectMeta Object, ReplicaType Selector, ByteString Tenant)
    : IRpcRequest<PutEndRequest, Expected<Nothing>>
{
    /// <inheritdoc/>
    public static Rpc Function => Rpc.PutEnd;

    /// <inheritdoc/>
    public static int MinimumBytes => 22;

    /// <inheritdoc/>
    public static PutEndRequest Read(ref StructPackReader reader) => new(
        reader.ReadUuid(), reader.Read<ObjectMeta>(), (ReplicaType)reader.ReadInt32(), reader.Read<ByteString>());

    /// <inheritdoc/>
    public void Write<TSink>(ref TSink sink) where TSink : struct, IStructPackSink, allows ref struct
    {
        sink.WriteUuid(Client);
        Object.Write(ref sink);
        sink.WriteInt32((int)Selector);
        sink.WriteBytes(Tenant.Span);
    }
}

/// <summary>The write is given up.</summary>
/// <param name="Client">The caller.</param>
/// <param name="Key">The object's key.</param>
/// <param name="Selector">Which replicas. Any number can arrive.</param>
/// <param name="Tenant">Its tenant; <c>default</c> when the client has none.</param>
public readonly record struct PutRevokeRequest(Uuid Client, ByteString Key, ReplicaType Selector, ByteString Tenant)
    : IRpcRequest<PutRevokeRequest, Expected<Nothing>>
{
    /// <inheritdoc/>
    public static Rpc Function => Rpc.PutRevoke;

    /// <inheritdoc/>
    public static int MinimumBytes => 22;

    /// <inheritdoc/>
    public static PutRevokeRequest Read(ref StructPackReader reader) => new(
        reader.ReadUuid(), reader.Read<ByteString>(), (ReplicaType)reader.ReadInt32(), reader.Read<ByteString>());

    /// <inheritdoc/>
    public void Write<TSink>(ref TSink sink) where TSink : struct, IStructPackSink, allows ref struct
    {
        sink.WriteUuid(Client);
        sink.WriteBytes(Key.Span);
        sink.WriteInt32((int)Selector);
        sink.WriteBytes(Tenant.Span);
    }
}
