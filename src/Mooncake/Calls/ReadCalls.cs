// The calls that look objects up.
// Each request is its function's parameters in wire order; byte strings point into the message they were read from.
using HotStandby.Mooncake.Generations;
using HotStandby.Mooncake.StructPack;
using HotStandby.Mooncake.Types;

namespace HotStandby.Mooncake.Calls;

/// <summary>Is there a readable replica?</summary>
/// <param name="Key">The object's key.</param>
/// <param name="Tenant">Its tenant; <c>default</c> when the client has none.</param>
public readonly record struct ExistKeyRequest(ByteString Key, ByteString Tenant)
    : IRpcRequest<ExistKeyRequest, Expected<WireBool>>
{
    /// <inheritdoc/>
    public static Rpc Function => Rpc.ExistKey;

    /// <inheritdoc/>
    public static int MinimumBytes => 2;

    /// <inheritdoc/>
    public static ExistKeyRequest Read(ref StructPackReader reader) => new(reader.Read<ByteString>(), reader.Read<ByteString>());

    /// <inheritdoc/>
    public void Write<TSink>(ref TSink sink) where TSink : struct, IStructPackSink, allows ref struct
    {
        sink.WriteBytes(Key.Span);
        sink.WriteBytes(Tenant.Span);
    }
}

/// <summary>ExistKey of many.</summary>
/// <param name="Keys">The objects' keys; the answer has one result for each, in this order.</param>
/// <param name="Tenant">Their tenant; <c>default</c> when the client has none.</param>
public readonly record struct BatchExistKeyRequest(WireList<ByteString> Keys, ByteString Tenant)
    : IRpcRequest<BatchExistKeyRequest, WireList<Expected<WireBool>>>
{
    /// <inheritdoc/>
    public static Rpc Function => Rpc.BatchExistKey;

    /// <inheritdoc/>
    public static int MinimumBytes => 2;

    /// <inheritdoc/>
    public static BatchExistKeyRequest Read(ref StructPackReader reader) => new(
        reader.Read<WireList<ByteString>>(), reader.Read<ByteString>());

    /// <inheritdoc/>
    public void Write<TSink>(ref TSink sink) where TSink : struct, IStructPackSink, allows ref struct
    {
        Keys.Write(ref sink);
        sink.WriteBytes(Tenant.Span);
    }
}

/// <summary>Where can it be read, and for how long?</summary>
/// <param name="Key">The object's key.</param>
/// <param name="Tenant">Its tenant; <c>default</c> when the client has none.</param>
public readonly record struct GetReplicaListRequest(ByteString Key, ByteString Tenant)
    : IRpcRequest<GetReplicaListRequest, Expected<ReplicaListResponse>>
{
    /// <inheritdoc/>
    public static Rpc Function => Rpc.GetReplicaList;

    /// <inheritdoc/>
    public static int MinimumBytes => 2;

    /// <inheritdoc/>
    public static GetReplicaListRequest Read(ref StructPackReader reader) => new(reader.Read<ByteString>(), reader.Read<ByteString>());

    /// <inheritdoc/>
    public void Write<TSink>(ref TSink sink) where TSink : struct, IStructPackSink, allows ref struct
    {
        sink.WriteBytes(Key.Span);
        sink.WriteBytes(Tenant.Span);
    }
}

/// <summary>GetReplicaList of many.</summary>
/// <param name="Keys">The objects' keys; the answer has one result for each, in this order.</param>
/// <param name="Tenant">Their tenant; <c>default</c> when the client has none.</param>
public readonly record struct BatchGetReplicaListRequest(WireList<ByteString> Keys, ByteString Tenant)
    : IRpcRequest<BatchGetReplicaListRequest, WireList<Expected<ReplicaListResponse>>>
{
    /// <inheritdoc/>
    public static Rpc Function => Rpc.BatchGetReplicaList;

    /// <inheritdoc/>
    public static int MinimumBytes => 2;

    /// <inheritdoc/>
    public static BatchGetReplicaListRequest Read(ref StructPackReader reader) => new(
        reader.Read<WireList<ByteString>>(), reader.Read<ByteString>());

    /// <inheritdoc/>
    public void Write<TSink>(ref TSink sink) where TSink : struct, IStructPackSink, allows ref struct
    {
        Keys.Write(ref sink);
        sink.WriteBytes(Tenant.Span);
    }
}
