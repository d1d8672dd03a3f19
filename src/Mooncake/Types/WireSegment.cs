using HotStandby.Mooncake.StructPack;

namespace HotStandby.Mooncake.Types;

/// <summary>A memory region that a client offers (Mooncake's Segment).</summary>
/// <param name="Id">Its identity.</param>
/// <param name="Name">A label, usually host:port.</param>
/// <param name="BaseAddress">First byte in the client's address space.</param>
/// <param name="SizeBytes">Its length.</param>
/// <param name="TransportEndpoint">What other clients dial.</param>
/// <param name="Protocol">tcp, rdma, …</param>
/// <param name="HostId">The client's host.</param>
public readonly record struct WireSegment(
    Uuid Id, ByteString Name, ulong BaseAddress, ulong SizeBytes, ByteString TransportEndpoint, ByteString Protocol, ByteString HostId)
    : IWireValue<WireSegment>
{
    /// <inheritdoc/>
    public static int MinimumBytes => 36;

    /// <inheritdoc/>
    public static WireSegment Read(ref StructPackReader reader) => new(
        reader.ReadUuid(), reader.Read<ByteString>(), reader.ReadUInt64(), reader.ReadUInt64(),
        reader.Read<ByteString>(), reader.Read<ByteString>(), reader.Read<ByteString>());

    /// <inheritdoc/>
    public void Write<TSink>(ref TSink sink) where TSink : struct, IStructPackSink, allows ref struct
    {
        sink.WriteUuid(Id);
        sink.WriteBytes(Name.Span);
        sink.WriteUInt64(BaseAddress);
        sink.WriteUInt64(SizeBytes);
        sink.WriteBytes(TransportEndpoint.Span);
        sink.WriteBytes(Protocol.Span);
        sink.WriteBytes(HostId.Span);
    }
}
