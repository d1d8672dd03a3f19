// Payloads of the entries that change the segment table. Rare, so a BinaryWriter-like cursor is enough.
using System.Buffers.Binary;
using System.Text;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;

namespace HotStandby.Messages.OpLog;

/// <summary>
/// MOUNT_SEGMENT: handle 4, client 16, id 16, base 8, size 8, then name, endpoint, protocol, host id, each as u16 length and UTF-8.
/// </summary>
public sealed record MountSegmentPayload(uint SegmentHandle, Uuid Client, Segment Segment)
{
    private const int FixedBytes = 52;

    /// <summary>Bytes that <see cref="Write"/> needs.</summary>
    public int EncodedBytes =>
        FixedBytes + 8 + Utf8(Segment.Name) + Utf8(Segment.TransportEndpoint) + Utf8(Segment.Protocol) + Utf8(Segment.HostId);

    /// <summary>Writes it; <paramref name="to"/> has <see cref="EncodedBytes"/> bytes. Each text is at most 65,535 bytes.</summary>
    public void Write(Span<byte> to)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(to, SegmentHandle);
        UuidBytes.Write(to[4..], Client);
        UuidBytes.Write(to[20..], Segment.Id);
        BinaryPrimitives.WriteUInt64LittleEndian(to[36..], Segment.BaseAddress);
        BinaryPrimitives.WriteUInt64LittleEndian(to[44..], Segment.SizeBytes);
        var rest = to[FixedBytes..];
        rest = WriteText(rest, Segment.Name);
        rest = WriteText(rest, Segment.TransportEndpoint);
        rest = WriteText(rest, Segment.Protocol);
        WriteText(rest, Segment.HostId);
    }

    /// <summary>Reads it; false when its bounds are impossible.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out MountSegmentPayload payload)
    {
        payload = null!;
        if (bytes.Length < FixedBytes)
            return false;
        var rest = bytes[FixedBytes..];
        if (!TryReadText(ref rest, out var name) || !TryReadText(ref rest, out var endpoint)
            || !TryReadText(ref rest, out var protocol) || !TryReadText(ref rest, out var host) || !rest.IsEmpty)
            return false;
        payload = new(
            BinaryPrimitives.ReadUInt32LittleEndian(bytes),
            UuidBytes.Read(bytes[4..]),
            new Segment(
                UuidBytes.Read(bytes[20..]), name, BinaryPrimitives.ReadUInt64LittleEndian(bytes[36..]),
                BinaryPrimitives.ReadUInt64LittleEndian(bytes[44..]), endpoint, protocol, host));
        return true;
    }

    private static int Utf8(string text) => Encoding.UTF8.GetByteCount(text);

    private static Span<byte> WriteText(Span<byte> to, string text)
    {
        var length = Encoding.UTF8.GetBytes(text, to[2..]);
        BinaryPrimitives.WriteUInt16LittleEndian(to, checked((ushort)length));
        return to[(2 + length)..];
    }

    private static bool TryReadText(ref ReadOnlySpan<byte> rest, out string text)
    {
        text = "";
        if (rest.Length < 2)
            return false;
        var length = BinaryPrimitives.ReadUInt16LittleEndian(rest);
        if (rest.Length < 2 + length)
            return false;
        text = Encoding.UTF8.GetString(rest.Slice(2, length));
        rest = rest[(2 + length)..];
        return true;
    }
}

/// <summary>
/// SEGMENT_STATUS: handle 4, status 1, grace period in milliseconds 8 (0 unless it is gracefully unmounting). The grace period is
/// there so that a new Primary can begin it again; when it ends is the Primary's own.
/// </summary>
public readonly record struct SegmentStatusPayload(uint SegmentHandle, SegmentStatus Status, ulong GraceMilliseconds)
{
    /// <summary>Bytes of its encoded form.</summary>
    public const int EncodedBytes = 13;

    /// <summary>Writes it.</summary>
    public void Write(Span<byte> to)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(to, SegmentHandle);
        to[4] = (byte)Status;
        BinaryPrimitives.WriteUInt64LittleEndian(to[5..], GraceMilliseconds);
    }

    /// <summary>Reads it; false when the length is wrong or a segment cannot be brought into that status by this entry.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out SegmentStatusPayload payload)
    {
        payload = default;
        if (bytes.Length != EncodedBytes)
            return false;
        payload = new(
            BinaryPrimitives.ReadUInt32LittleEndian(bytes), (SegmentStatus)bytes[4], BinaryPrimitives.ReadUInt64LittleEndian(bytes[5..]));
        return payload.Status is SegmentStatus.Ok or SegmentStatus.Draining or SegmentStatus.Drained or SegmentStatus.GracefullyUnmounting;
    }
}

/// <summary>CLIENT_EXPIRED, CLIENT_SUSPECTED and CLIENT_RESTORED: client 16.</summary>
public readonly record struct ClientPayload(Uuid Client)
{
    /// <summary>Bytes of its encoded form.</summary>
    public const int EncodedBytes = Uuid.EncodedBytes;

    /// <summary>Writes it.</summary>
    public void Write(Span<byte> to) => UuidBytes.Write(to, Client);

    /// <summary>Reads it; false when the length is wrong.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out ClientPayload payload)
    {
        payload = bytes.Length == EncodedBytes ? new(UuidBytes.Read(bytes)) : default;
        return bytes.Length == EncodedBytes;
    }
}

internal static class UuidBytes
{
    public static void Write(Span<byte> to, Uuid value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(to, value.First);
        BinaryPrimitives.WriteUInt64LittleEndian(to[8..], value.Second);
    }

    public static Uuid Read(ReadOnlySpan<byte> from) =>
        new(BinaryPrimitives.ReadUInt64LittleEndian(from), BinaryPrimitives.ReadUInt64LittleEndian(from[8..]));
}
