// Ends of upserts of many. All other upserts have the arguments of their puts: the client sends PutStartRequest and so on by another name.
// Each request is its function's parameters in wire order; byte strings point into the message they were read from.
using HotStandby.Mooncake.Generations;
using HotStandby.Mooncake.StructPack;
using HotStandby.Mooncake.Types;

namespace HotStandby.Mooncake.Calls;

/// <summary>UpsertEnd of many, for all kinds of replicas.</summary>
/// <param name="Client">The caller.</param>
/// <param name="Objects">Keys and checksums; the answer has one result for each, in this order.</param>
/// <param name="Tenant">Their tenant; <c>default</c> when the client has none.</param>
public readonly record struct BatchUpsertEndRequest(Uuid Client, WireList<ObjectMeta> Objects, ByteString Tenant)
    : IRpcRequest<BatchUpsertEndRequest, WireList<Expected<Nothing>>>
{
    /// <inheritdoc/>
    public static Rpc Function => Rpc.BatchUpsertEnd;

    /// <inheritdoc/>
    public static int MinimumBytes => 18;

    /// <inheritdoc/>
    public static BatchUpsertEndRequest Read(ref StructPackReader reader) => new(
        reader.ReadUuid(), reader.Read<WireList<ObjectMeta>>(), reader.Read<ByteString>());

    /// <inheritdoc/>
    public void Write<TSink>(ref TSink sink) where TSink : struct, IStructPackSink, allows ref struct
    {
        sink.WriteUuid(Client);
        Objects.Write(ref sink);
        sink.WriteBytes(Tenant.Span);
    }
}

/// <summary>UpsertRevoke of many, for all kinds of replicas.</summary>
/// <param name="Client">The caller.</param>
/// <param name="Keys">The objects' keys; the answer has one result for each, in this order.</param>
/// <param name="Tenant">Their tenant; <c>default</c> when the client has none.</param>
public readonly record struct BatchUpsertRevokeRequest(Uuid Client, WireList<ByteString> Keys, ByteString Tenant)
    : IRpcRequest<BatchUpsertRevokeRequest, WireList<Expected<Nothing>>>
{
    /// <inheritdoc/>
    public static Rpc Function => Rpc.BatchUpsertRevoke;

    /// <inheritdoc/>
    public static int MinimumBytes => 18;

    /// <inheritdoc/>
    public static BatchUpsertRevokeRequest Read(ref StructPackReader reader) => new(
        reader.ReadUuid(), reader.Read<WireList<ByteString>>(), reader.Read<ByteString>());

    /// <inheritdoc/>
    public void Write<TSink>(ref TSink sink) where TSink : struct, IStructPackSink, allows ref struct
    {
        sink.WriteUuid(Client);
        Keys.Write(ref sink);
        sink.WriteBytes(Tenant.Span);
    }
}
