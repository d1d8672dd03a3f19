// One object as bytes: everything that is replicated of it, nothing that is the Primary's own. Used by checkpoints and repairs.
using HotStandby.Core.Checkpoints;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;

namespace HotStandby.Core.Shards;

/// <summary>
/// Little-endian: hash 8, client 16, size 8, flags 1, soft-pin action 1, data type 1, replicas 1, soft-pin time 8 and object checksum 8
/// (each only when its flag says so), key length 2, group length 2, key, group, then each replica: id 8, offset 8, handle 4, status 1.
/// </summary>
internal static class ObjectRecordCodec
{
    /// <summary>The least bytes that a record takes.</summary>
    public const int LeastBytes = 40;

    private const byte BeingWritten = 1;
    private const byte HardPinned = 2;
    private const byte SoftPinned = 4;
    private const byte HasSoftPinTtl = 8;
    private const byte HasObjectChecksum = 16;

    public static void Write(ImageWriter to, ObjectRecord record)
    {
        to.UInt64(record.Key.Hash);
        to.Id(record.Client);
        to.UInt64(record.SizeBytes);
        to.Byte((byte)((record.IsBeingWritten
            ? BeingWritten : 0) | (record.IsHardPinned ? HardPinned : 0) | (record.IsSoftPinned ? SoftPinned : 0)
            | (record.SoftPinTtlMilliseconds.HasValue ? HasSoftPinTtl : 0) | (record.ObjectChecksum.HasValue ? HasObjectChecksum : 0)));
        to.Byte((byte)record.SoftPinAction);
        to.Byte(record.DataType);
        to.Byte((byte)record.ReplicaCount);
        if (record.SoftPinTtlMilliseconds is { } softPinTtl)
            to.UInt64(softPinTtl);
        if (record.ObjectChecksum is { } checksum)
            to.UInt64(checksum);
        to.UInt16((ushort)record.Key.Bytes.Length);
        to.UInt16((ushort)record.Group.Length);
        to.Raw(record.Key.Bytes);
        to.Raw(record.Group);
        for (var i = 0; i < record.ReplicaCount; i++)
        {
            var replica = record.Replica(i);
            to.UInt64(replica.Id);
            to.UInt64(replica.Offset);
            to.UInt32(replica.SegmentHandle);
            to.Byte((byte)replica.Status);
        }
    }

    /// <exception cref="ImageDamagedException">Other bytes than were written.</exception>
    public static ObjectRecord Read(ref ImageReader from)
    {
        var hash = from.UInt64();
        var client = from.Id();
        var size = from.UInt64();
        var flags = from.Byte();
        var (action, dataType, replicaCount) = ((SoftPinAction)from.Byte(), from.Byte(), from.Byte());
        ulong? softPinTtl = (flags & HasSoftPinTtl) != 0 ? from.UInt64() : null;
        ulong? checksum = (flags & HasObjectChecksum) != 0 ? from.UInt64() : null;
        var (keyBytes, groupBytes) = (from.UInt16(), from.UInt16());
        var key = ObjectKey.FromScoped(from.Raw(keyBytes), hash);
        var group = from.Raw(groupBytes).ToArray();
        if (replicaCount == 0)
            throw new ImageDamagedException("an object without a replica");
        var replicas = new StoredReplica[replicaCount];
        for (var i = 0; i < replicas.Length; i++)
            replicas[i] = new StoredReplica(from.UInt64(), from.UInt64(), from.UInt32(), (ReplicaStatus)from.Byte());
        return new ObjectRecord(
            key, client, size, (flags & BeingWritten) != 0, (flags & HardPinned) != 0, (flags & SoftPinned) != 0, action,
            softPinTtl, dataType, checksum, group, replicas);
    }
}
