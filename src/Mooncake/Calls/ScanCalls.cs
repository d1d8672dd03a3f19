// The calls on many objects. Both by pattern take the arguments of a call on one: GetReplicaListByRegex of ExistKeyRequest, RemoveByRegex
// of RemoveRequest, with the pattern as the key.
// Each request is its function's parameters in wire order; byte strings point into the message they were read from.
using HotStandby.Mooncake.Generations;
using HotStandby.Mooncake.StructPack;
using HotStandby.Mooncake.Types;

namespace HotStandby.Mooncake.Calls;

/// <summary>Removes every object of a tenant that Remove would not refuse.</summary>
/// <param name="Force">Ignore readers' leases.</param>
/// <param name="Tenant">Whose objects; empty for all tenants.</param>
public readonly record struct RemoveAllRequest(bool Force, ByteString Tenant)
    : IRpcRequest<RemoveAllRequest, WireInt64>
{
    /// <inheritdoc/>
    public static Rpc Function => Rpc.RemoveAll;

    /// <inheritdoc/>
    public static int MinimumBytes => 2;

    /// <inheritdoc/>
    public static RemoveAllRequest Read(ref StructPackReader reader) => new(reader.ReadBool(), reader.Read<ByteString>());

    /// <inheritdoc/>
    public void Write<TSink>(ref TSink sink) where TSink : struct, IStructPackSink, allows ref struct
    {
        sink.WriteBool(Force);
        sink.WriteBytes(Tenant.Span);
    }
}

/// <summary>Drops the caller's replicas on one segment, or its whole objects.</summary>
/// <param name="Keys">The objects' keys.</param>
/// <param name="Client">The caller.</param>
/// <param name="SegmentName">The segment; empty for whole objects.</param>
public readonly record struct ReplicaClearRequest(WireList<ByteString> Keys, Uuid Client, ByteString SegmentName)
    : IRpcRequest<ReplicaClearRequest, Expected<WireList<ByteString>>>
{
    /// <inheritdoc/>
    public static Rpc Function => Rpc.BatchReplicaClear;

    /// <inheritdoc/>
    public static int MinimumBytes => 18;

    /// <inheritdoc/>
    public static ReplicaClearRequest Read(ref StructPackReader reader) => new(
        reader.Read<WireList<ByteString>>(), reader.ReadUuid(), reader.Read<ByteString>());

    /// <inheritdoc/>
    public void Write<TSink>(ref TSink sink) where TSink : struct, IStructPackSink, allows ref struct
    {
        Keys.Write(ref sink);
        sink.WriteUuid(Client);
        sink.WriteBytes(SegmentName.Span);
    }
}
