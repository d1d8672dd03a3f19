// The hash by which two nodes compare an object or a parked put: over everything that is replicated and nothing that is
// the Primary's own (leases, pin deadlines, start times). Its layout may change between versions; nodes compare only
// what the same version computed.
using System.Buffers.Binary;
using System.IO.Hashing;

namespace HotStandby.Core.Shards;

internal static class ContentHash
{
    private const long ParkedSeed = 0x6465_6b72_6170;

    /// <summary>The hash of an object.</summary>
    public static ulong Of(ulong keyHash, ObjectRecord record)
    {
        Span<byte> bytes = stackalloc byte[54];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, keyHash);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[8..], record.Client.First);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[16..], record.Client.Second);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[24..], record.SizeBytes);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[32..], record.SoftPinTtlMilliseconds ?? 0);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[40..], record.ObjectChecksum ?? 0);
        bytes[48] = Flags(record);
        bytes[49] = (byte)record.SoftPinAction;
        bytes[50] = record.DataType;
        bytes[51] = (byte)record.ReplicaCount;
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[52..], (ushort)record.Group.Length);
        var hash = XxHash3.HashToUInt64(bytes);
        for (var i = 0; i < record.ReplicaCount; i++)
            hash = With(hash, record.Replica(i));
        return record.Group.IsEmpty ? hash : XxHash3.HashToUInt64(record.Group, (long)hash);
    }

    /// <summary>The hash of a parked put.</summary>
    public static ulong Of(in ParkedPut parked)
    {
        Span<byte> bytes = stackalloc byte[20];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, parked.Number);
        var hash = XxHash3.HashToUInt64(bytes[..8], ParkedSeed);
        foreach (var extent in parked.Extents)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(bytes, extent.SegmentHandle);
            BinaryPrimitives.WriteUInt64LittleEndian(bytes[4..], extent.Offset);
            BinaryPrimitives.WriteUInt64LittleEndian(bytes[12..], extent.LengthBytes);
            hash = XxHash3.HashToUInt64(bytes, (long)hash);
        }

        return hash;
    }

    private static ulong With(ulong hash, StoredReplica replica)
    {
        Span<byte> bytes = stackalloc byte[21];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, replica.Id);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[8..], replica.Offset);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[16..], replica.SegmentHandle);
        bytes[20] = (byte)replica.Status;
        return XxHash3.HashToUInt64(bytes, (long)hash);
    }

    private static byte Flags(ObjectRecord record) => (byte)(
        (record.IsBeingWritten ? 1 : 0) | (record.IsHardPinned ? 2 : 0) | (record.IsSoftPinned ? 4 : 0)
        | (record.SoftPinTtlMilliseconds.HasValue ? 8 : 0) | (record.ObjectChecksum.HasValue ? 16 : 0));
}
