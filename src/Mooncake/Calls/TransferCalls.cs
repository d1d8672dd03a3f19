// Copying and moving a replica: start (buffers are allocated), transfer between clients, then end or revoke.
// Each request is its function's parameters in wire order; byte strings point into the message they were read from.
using HotStandby.Mooncake.Generations;
using HotStandby.Mooncake.StructPack;
using HotStandby.Mooncake.Types;

namespace HotStandby.Mooncake.Calls;

/// <summary>Allocates buffers for further replicas.</summary>
/// <param name="Client">The caller.</param>
/// <param name="Key">The object's key.</param>
/// <param name="Tenant">Its tenant; <c>default</c> when the client has none.</param>
/// <param name="Source">Name of the segment to read from.</param>
/// <param name="Targets">Names of the segments to write to.</param>
public readonly record struct CopyStartRequest(
    Uuid Client, ByteString Key, ByteString Tenant, ByteString Source, WireList<ByteString> Targets)
    : IRpcRequest<CopyStartRequest, Expected<CopyStartResponse>>
{
    /// <inheritdoc/>
    public static Rpc Function => Rpc.CopyStart;

    /// <inheritdoc/>
    public static int MinimumBytes => 20;

    /// <inheritdoc/>
    public static CopyStartRequest Read(ref StructPackReader reader) => new(
        reader.ReadUuid(), reader.Read<ByteString>(), reader.Read<ByteString>(), reader.Read<ByteString>(),
        reader.Read<WireList<ByteString>>());

    /// <inheritdoc/>
    public void Write<TSink>(ref TSink sink) where TSink : struct, IStructPackSink, allows ref struct
    {
        sink.WriteUuid(Client);
        sink.WriteBytes(Key.Span);
        sink.WriteBytes(Tenant.Span);
        sink.WriteBytes(Source.Span);
        Targets.Write(ref sink);
    }
}

/// <summary>Allocates a buffer for a replica that replaces another.</summary>
/// <param name="Client">The caller.</param>
/// <param name="Key">The object's key.</param>
/// <param name="Tenant">Its tenant; <c>default</c> when the client has none.</param>
/// <param name="Source">Name of the segment to read from.</param>
/// <param name="Target">Name of the segment to write to.</param>
public readonly record struct MoveStartRequest(Uuid Client, ByteString Key, ByteString Tenant, ByteString Source, ByteString Target)
    : IRpcRequest<MoveStartRequest, Expected<MoveStartResponse>>
{
    /// <inheritdoc/>
    public static Rpc Function => Rpc.MoveStart;

    /// <inheritdoc/>
    public static int MinimumBytes => 20;

    /// <inheritdoc/>
    public static MoveStartRequest Read(ref StructPackReader reader) => new(
        reader.ReadUuid(), reader.Read<ByteString>(), reader.Read<ByteString>(), reader.Read<ByteString>(), reader.Read<ByteString>());

    /// <inheritdoc/>
    public void Write<TSink>(ref TSink sink) where TSink : struct, IStructPackSink, allows ref struct
    {
        sink.WriteUuid(Client);
        sink.WriteBytes(Key.Span);
        sink.WriteBytes(Tenant.Span);
        sink.WriteBytes(Source.Span);
        sink.WriteBytes(Target.Span);
    }
}

/// <summary>The arguments of CopyEnd, CopyRevoke, MoveEnd and MoveRevoke.</summary>
/// <param name="Client">The caller.</param>
/// <param name="Key">The object's key.</param>
/// <param name="Tenant">Its tenant; <c>default</c> when the client has none.</param>
public readonly record struct TransferRequest(Uuid Client, ByteString Key, ByteString Tenant) : IWireValue<TransferRequest>
{
    /// <inheritdoc/>
    public static int MinimumBytes => 18;

    /// <inheritdoc/>
    public static TransferRequest Read(ref StructPackReader reader) => new(
        reader.ReadUuid(), reader.Read<ByteString>(), reader.Read<ByteString>());

    /// <inheritdoc/>
    public void Write<TSink>(ref TSink sink) where TSink : struct, IStructPackSink, allows ref struct
    {
        sink.WriteUuid(Client);
        sink.WriteBytes(Key.Span);
        sink.WriteBytes(Tenant.Span);
    }
}

/// <summary>The answer to CopyStart.</summary>
/// <param name="Source">Where to read.</param>
/// <param name="Targets">Where to write.</param>
public readonly record struct CopyStartResponse(WireReplica Source, WireList<WireReplica> Targets) : IWireValue<CopyStartResponse>
{
    /// <inheritdoc/>
    public static int MinimumBytes => 23;

    /// <inheritdoc/>
    public static CopyStartResponse Read(ref StructPackReader reader) => new(
        reader.Read<WireReplica>(), reader.Read<WireList<WireReplica>>());

    /// <inheritdoc/>
    public void Write<TSink>(ref TSink sink) where TSink : struct, IStructPackSink, allows ref struct
    {
        Source.Write(ref sink);
        Targets.Write(ref sink);
    }
}

/// <summary>The answer to MoveStart.</summary>
/// <param name="Source">Where to read.</param>
/// <param name="Target">Where to write; null when the target segment has a replica already.</param>
public readonly record struct MoveStartResponse(WireReplica Source, WireReplica? Target) : IWireValue<MoveStartResponse>
{
    /// <inheritdoc/>
    public static int MinimumBytes => 23;

    /// <inheritdoc/>
    public static MoveStartResponse Read(ref StructPackReader reader) => new(
        reader.Read<WireReplica>(), reader.ReadBool() ? reader.Read<WireReplica>() : (WireReplica?)null);

    /// <inheritdoc/>
    public void Write<TSink>(ref TSink sink) where TSink : struct, IStructPackSink, allows ref struct
    {
        Source.Write(ref sink);
        sink.WriteBool(Target.HasValue);
        if (Target is { } target)
            target.Write(ref sink);
    }
}
