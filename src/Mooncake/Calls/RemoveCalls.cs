// Removing objects.
// Each request is its function's parameters in wire order; byte strings point into the message they were read from.
using HotStandby.Mooncake.Generations;
using HotStandby.Mooncake.StructPack;
using HotStandby.Mooncake.Types;

namespace HotStandby.Mooncake.Calls;

/// <summary>Removes an object.</summary>
/// <param name="Key">The object's key.</param>
/// <param name="Force">Ignore readers' leases.</param>
/// <param name="Tenant">Its tenant; <c>default</c> when the client has none.</param>
public readonly record struct RemoveRequest(ByteString Key, bool Force, ByteString Tenant)
    : IRpcRequest<RemoveRequest, Expected<Nothing>>
{
    /// <inheritdoc/>
    public static Rpc Function => Rpc.Remove;

    /// <inheritdoc/>
    public static int MinimumBytes => 3;

    /// <inheritdoc/>
    public static RemoveRequest Read(ref StructPackReader reader) => new(
        reader.Read<ByteString>(), reader.ReadBool(), reader.Read<ByteString>());

    /// <inheritdoc/>
    public void Write<TSink>(ref TSink sink) where TSink : struct, IStructPackSink, allows ref struct
    {
        sink.WriteBytes(Key.Span);
        sink.WriteBool(Force);
        sink.WriteBytes(Tenant.Span);
    }
}

/// <summary>Remove of many.</summary>
/// <param name="Keys">The objects' keys; the answer has one result for each, in this order.</param>
/// <param name="Force">Ignore readers' leases.</param>
/// <param name="Tenant">Their tenant; <c>default</c> when the client has none.</param>
public readonly record struct BatchRemoveRequest(WireList<ByteString> Keys, bool Force, ByteString Tenant)
    : IRpcRequest<BatchRemoveRequest, WireList<Expected<Nothing>>>
{
    /// <inheritdoc/>
    public static Rpc Function => Rpc.BatchRemove;

    /// <inheritdoc/>
    public static int MinimumBytes => 3;

    /// <inheritdoc/>
    public static BatchRemoveRequest Read(ref StructPackReader reader) => new(
        reader.Read<WireList<ByteString>>(), reader.ReadBool(), reader.Read<ByteString>());

    /// <inheritdoc/>
    public void Write<TSink>(ref TSink sink) where TSink : struct, IStructPackSink, allows ref struct
    {
        Keys.Write(ref sink);
        sink.WriteBool(Force);
        sink.WriteBytes(Tenant.Span);
    }
}
