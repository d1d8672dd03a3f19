// Payloads of the entries that change a metadata shard. Little-endian, hand-laid; bounds are checked before reads, so a
// payload that does not fit is a value (false), not an exception. Written into the span that DraftBuffer.Add returns.
using System.Buffers.Binary;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;

namespace HotStandby.Messages.OpLog;

/// <summary>One replica of a PUT_START: its id and its buffer (the length is the object's size).</summary>
public readonly record struct PlacedReplica(ulong Id, uint SegmentHandle, ulong Offset)
{
    /// <summary>Bytes of its encoded form.</summary>
    public const int EncodedBytes = 20;

    internal void Write(Span<byte> to)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(to, Id);
        BinaryPrimitives.WriteUInt32LittleEndian(to[8..], SegmentHandle);
        BinaryPrimitives.WriteUInt64LittleEndian(to[12..], Offset);
    }

    internal static PlacedReplica Read(ReadOnlySpan<byte> from) => new(
        BinaryPrimitives.ReadUInt64LittleEndian(from),
        BinaryPrimitives.ReadUInt32LittleEndian(from[8..]),
        BinaryPrimitives.ReadUInt64LittleEndian(from[12..]));
}

/// <summary>
/// PUT_START: client 16, size 8, soft-pin ttl 8 (all ones: none), flags 1 (bit 0 hard pin, bit 1 soft-pinned already), soft-pin action 1,
/// data type 1, replicas 1, group length 2, group, replicas of 20 bytes each.
/// </summary>
public readonly ref struct PutStartPayload
{
    private const int FixedBytes = 38;
    private readonly ReadOnlySpan<byte> _replicas;

    private PutStartPayload(ReadOnlySpan<byte> bytes)
    {
        Client = new Uuid(BinaryPrimitives.ReadUInt64LittleEndian(bytes), BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]));
        SizeBytes = BinaryPrimitives.ReadUInt64LittleEndian(bytes[16..]);
        var ttl = BinaryPrimitives.ReadUInt64LittleEndian(bytes[24..]);
        SoftPinTtlMilliseconds = ttl == ulong.MaxValue ? null : ttl;
        HardPin = (bytes[32] & 1) != 0;
        IsSoftPinned = (bytes[32] & 2) != 0;
        SoftPinAction = (SoftPinAction)bytes[33];
        DataType = bytes[34];
        Group = bytes.Slice(FixedBytes, BinaryPrimitives.ReadUInt16LittleEndian(bytes[36..]));
        _replicas = bytes[(FixedBytes + Group.Length)..];
    }

    /// <summary>The writer.</summary>
    public Uuid Client { get; }
    /// <summary>Size of the object and of each buffer.</summary>
    public ulong SizeBytes { get; }
    /// <summary>Custom soft-pin time.</summary>
    public ulong? SoftPinTtlMilliseconds { get; }
    /// <summary>Never evict.</summary>
    public bool HardPin { get; }
    /// <summary>It takes the place of an object whose soft pin lasts.</summary>
    public bool IsSoftPinned { get; }
    /// <summary>Applied when the put ends.</summary>
    public SoftPinAction SoftPinAction { get; }
    /// <summary>A label.</summary>
    public byte DataType { get; }
    /// <summary>The group's name (UTF-8); empty: none.</summary>
    public ReadOnlySpan<byte> Group { get; }
    /// <summary>Number of replicas, 1 to 255.</summary>
    public int ReplicaCount => _replicas.Length / PlacedReplica.EncodedBytes;

    /// <summary>The i-th replica.</summary>
    public PlacedReplica Replica(int index) => PlacedReplica.Read(_replicas[(index * PlacedReplica.EncodedBytes)..]);

    /// <summary>Bytes that <see cref="Write"/> needs.</summary>
    public static int SizeOf(int groupBytes, int replicas) => FixedBytes + groupBytes + (replicas * PlacedReplica.EncodedBytes);

    /// <summary>Writes the payload; <paramref name="to"/> has exactly <see cref="SizeOf"/> bytes.</summary>
    public static void Write(
        Span<byte> to, Uuid client, ulong sizeBytes, ulong? softPinTtlMilliseconds, bool hardPin, SoftPinAction action,
        byte dataType, ReadOnlySpan<byte> group, ReadOnlySpan<PlacedReplica> replicas, bool isSoftPinned = false)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(to, client.First);
        BinaryPrimitives.WriteUInt64LittleEndian(to[8..], client.Second);
        BinaryPrimitives.WriteUInt64LittleEndian(to[16..], sizeBytes);
        BinaryPrimitives.WriteUInt64LittleEndian(to[24..], softPinTtlMilliseconds ?? ulong.MaxValue);
        to[32] = (byte)((hardPin ? 1 : 0) | (isSoftPinned ? 2 : 0));
        to[33] = (byte)action;
        to[34] = dataType;
        to[35] = checked((byte)replicas.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(to[36..], checked((ushort)group.Length));
        group.CopyTo(to[FixedBytes..]);
        var at = to[(FixedBytes + group.Length)..];
        foreach (var replica in replicas)
        {
            replica.Write(at);
            at = at[PlacedReplica.EncodedBytes..];
        }
    }

    /// <summary>Reads a payload; false when its bounds are impossible.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out PutStartPayload payload)
    {
        payload = default;
        if (bytes.Length < FixedBytes
            || bytes.Length != SizeOf(BinaryPrimitives.ReadUInt16LittleEndian(bytes[36..]), bytes[35]))
            return false;
        payload = new PutStartPayload(bytes);
        return true;
    }
}

/// <summary>PUT_END: selector 1, has-checksum 1, checksum 8.</summary>
public readonly record struct PutEndPayload(ReplicaType Selector, ulong? ObjectChecksum)
{
    /// <summary>Bytes of its encoded form.</summary>
    public const int EncodedBytes = 10;

    /// <summary>Writes it.</summary>
    public void Write(Span<byte> to)
    {
        to[0] = (byte)Selector;
        to[1] = ObjectChecksum.HasValue ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteUInt64LittleEndian(to[2..], ObjectChecksum ?? 0);
    }

    /// <summary>Reads it; false when the length is wrong.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out PutEndPayload payload)
    {
        payload = default;
        if (bytes.Length != EncodedBytes)
            return false;
        payload = new((ReplicaType)bytes[0], bytes[1] != 0 ? BinaryPrimitives.ReadUInt64LittleEndian(bytes[2..]) : null);
        return true;
    }
}

/// <summary>PUT_REVOKE: selector 1.</summary>
public readonly record struct PutRevokePayload(ReplicaType Selector)
{
    /// <summary>Bytes of its encoded form.</summary>
    public const int EncodedBytes = 1;

    /// <summary>Writes it.</summary>
    public void Write(Span<byte> to) => to[0] = (byte)Selector;

    /// <summary>Reads it; false when the length is wrong.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out PutRevokePayload payload)
    {
        payload = bytes.Length == EncodedBytes ? new((ReplicaType)bytes[0]) : default;
        return bytes.Length == EncodedBytes;
    }
}

/// <summary>RELEASE_PARKED: the shard's number of the parked put, 8.</summary>
public readonly record struct ReleaseParkedPayload(ulong ParkedPut)
{
    /// <summary>Bytes of its encoded form.</summary>
    public const int EncodedBytes = 8;

    /// <summary>Writes it.</summary>
    public void Write(Span<byte> to) => BinaryPrimitives.WriteUInt64LittleEndian(to, ParkedPut);

    /// <summary>Reads it; false when the length is wrong.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out ReleaseParkedPayload payload)
    {
        payload = bytes.Length == EncodedBytes ? new(BinaryPrimitives.ReadUInt64LittleEndian(bytes)) : default;
        return bytes.Length == EncodedBytes;
    }
}

/// <summary>SEGMENT_DROPPED, UNMOUNT_SEGMENT and SEGMENT_ERASED: the segment's handle, 4.</summary>
public readonly record struct SegmentHandlePayload(uint SegmentHandle)
{
    /// <summary>Bytes of its encoded form.</summary>
    public const int EncodedBytes = 4;

    /// <summary>Writes it.</summary>
    public void Write(Span<byte> to) => BinaryPrimitives.WriteUInt32LittleEndian(to, SegmentHandle);

    /// <summary>Reads it; false when the length is wrong.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out SegmentHandlePayload payload)
    {
        payload = bytes.Length == EncodedBytes ? new(BinaryPrimitives.ReadUInt32LittleEndian(bytes)) : default;
        return bytes.Length == EncodedBytes;
    }
}
