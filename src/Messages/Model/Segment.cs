using HotStandby.Messages.Identity;

namespace HotStandby.Messages.Model;

/// <summary>A memory region that a client offers, as it travels in MountSegment.</summary>
/// <param name="Id">Its identity.</param>
/// <param name="Name">A label (usually host:port), not unique; the unit of replica placement.</param>
/// <param name="BaseAddress">First byte in the client's address space; not 0.</param>
/// <param name="SizeBytes">Length; not 0.</param>
/// <param name="TransportEndpoint">What other clients dial.</param>
/// <param name="Protocol">tcp, rdma, …</param>
/// <param name="HostId">The client's host.</param>
public sealed record Segment(
    Uuid Id, string Name, ulong BaseAddress, ulong SizeBytes, string TransportEndpoint, string Protocol, string HostId);

/// <summary>A contiguous buffer inside one mounted segment.</summary>
/// <param name="SegmentHandle">The mount it belongs to: assigned by the segment table, never reused.</param>
/// <param name="Offset">From the segment's base, in bytes.</param>
/// <param name="LengthBytes">Its length.</param>
public readonly record struct Extent(uint SegmentHandle, ulong Offset, ulong LengthBytes)
{
    /// <summary>First offset after it.</summary>
    public ulong End => Offset + LengthBytes;
}
