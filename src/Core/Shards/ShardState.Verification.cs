// What verification needs of a shard: checksums of single objects, digests computed anew, and the two changes that come from no entry:
// a key repaired to what the Primary holds, and a fault that a test has asked for.
using HotStandby.Core.Checkpoints;
using HotStandby.Messages.Identity;

namespace HotStandby.Core.Shards;

public sealed partial class ShardState
{
    /// <summary>The parts of <see cref="Digest"/>.</summary>
    public BucketDigests Digests => _digests;

    /// <summary>How many ids of replicas this shard has given away.</summary>
    public ulong ReplicasNumbered => _nextReplica;

    /// <summary>The object's part of its bucket's digest, with that of its transfer: of everything that is replicated of it.</summary>
    public ulong ChecksumOf(ObjectRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        var checksum = ContentHash.Of(record.Key.Hash, record);
        return TransferOf(record) is { } transfer ? unchecked(checksum + transfer.Hash(record.Key.Hash)) : checksum;
    }

    /// <summary>The digests of some buckets as they follow from the content. One walk over the shard.</summary>
    /// <param name="buckets">A bit for each that is wanted.</param>
    internal PartitionDigest[] ComputeDigests(ulong buckets)
    {
        var digests = new PartitionDigest[BucketDigests.Count];
        foreach (var record in _objects.Values)
        {
            if ((buckets >> BucketDigests.BucketOf(record.Key.Hash) & 1) == 0)
                continue;
            ref var digest = ref digests[BucketDigests.BucketOf(record.Key.Hash)];
            digest = digest.Plus(ContentHash.Of(record.Key.Hash, record));
            if (TransferOf(record) is { } transfer)
                digest = digest.Plus(transfer.Hash(record.Key.Hash));
        }

        return digests;
    }

    /// <summary>One object, with its transfer, as bytes.</summary>
    internal void WriteObject(ImageWriter to, ObjectRecord record)
    {
        ObjectRecordCodec.Write(to, record);
        var transfer = TransferOf(record);
        to.Byte(transfer is null ? (byte)0 : (byte)1);
        if (transfer is not null)
            Write(to, record.Key, transfer);
    }

    /// <summary>Puts the object that these bytes hold in the place of whatever has its key.</summary>
    /// <exception cref="ImageDamagedException">Other bytes than were written, or those of another key.</exception>
    internal void Replace(in ObjectKey key, ReadOnlySpan<byte> content, ulong lastSequence)
    {
        var from = new ImageReader(content);
        var record = ObjectRecordCodec.Read(ref from);
        if (record.Key != key)
            throw new ImageDamagedException($"an object whose key has the hash {record.Key.Hash:x16}, not {key.Hash:x16}");
        EraseUnlogged(key);
        Restore(record);
        if (from.Byte() != 0)
            ReadTransfer(ref from);
        from.End();
        record.LastSequence = lastSequence;
    }

    /// <summary>Erases a key without an entry; false when it is not there.</summary>
    internal bool EraseUnlogged(in ObjectKey key)
    {
        if (Find(key) is not { } record)
            return false;
        Free(record);
        Erase(record);
        return true;
    }
}
