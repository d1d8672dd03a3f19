// A shard as an image and back: what it holds, in no order, and the counters from which its numbers go on.
using HotStandby.Core.Checkpoints;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;

namespace HotStandby.Core.Shards;

public sealed partial class ShardState
{
    private const int ExtentBytes = 20;

    /// <summary>Writes everything that is replicated, drafts included: what comes of those is the caller's to wait for.</summary>
    public void WriteImage(ImageWriter to)
    {
        ArgumentNullException.ThrowIfNull(to);
        PartitionImage.Begin(to, new ImageHead(Partition, _shardCount, Digest));
        to.UInt64(_nextReplica);
        to.UInt64(Parked.Next);
        to.UInt32((uint)_objects.Count);
        foreach (var record in _objects.Values)
            ObjectRecordCodec.Write(to, record);
        to.UInt32((uint)Parked.Count);
        foreach (var parked in Parked.All)
            Write(to, parked);
        to.UInt32((uint)_transfers.Running.Count);
        foreach (var (key, transfer) in _transfers.Running)
            Write(to, key, transfer);
        // Rare, and not known to earlier versions: where there is none, the image ends here.
        if (Parked.GivenUp.Count > 0)
            Parked.GivenUp.WriteTo(to);
        PartitionImage.End(to);
    }

    /// <summary>The shard that wrote an image.</summary>
    /// <param name="image">All of it.</param>
    /// <param name="partition">Which shard it must be of.</param>
    /// <param name="shardCount">Of the cluster.</param>
    /// <param name="appliedSequence">The seq that the image stands for.</param>
    /// <exception cref="ImageDamagedException">Other bytes than were written, another shard's, or of a cluster with another number of
    /// shards.</exception>
    public static ShardState FromImage(ReadOnlySpan<byte> image, Partition partition, int shardCount, ulong appliedSequence)
    {
        var head = PartitionImage.Open(image, out var content);
        if (head.Partition != partition || head.Shards != shardCount)
            throw new ImageDamagedException($"an image of {head.Partition} of {head.Shards} shards, not of {partition} of {shardCount}");
        var state = new ShardState(partition, shardCount);
        var from = new ImageReader(content);
        state._nextReplica = from.UInt64();
        state.Parked.RestoreNext(from.UInt64());
        var objects = from.Count(ObjectRecordCodec.LeastBytes);
        state._objects.EnsureCapacity(objects);
        for (; objects > 0; objects--)
            state.Restore(ObjectRecordCodec.Read(ref from));
        for (var parked = from.Count(sizeof(ulong)); parked > 0; parked--)
            state.Parked.Restore(ReadParked(ref from), ref state._digests.Parked);
        for (var transfers = from.Count(sizeof(ulong)); transfers > 0; transfers--)
            state.ReadTransfer(ref from);
        if (from.Remaining > 0)
            state.Parked.GivenUp.ReadFrom(ref from, ref state._digests.Parked);
        from.End();
        if (state.Digest != head.Digest)
            throw new ImageDamagedException($"the digest is {state.Digest}, and was {head.Digest} when the image was written");
        state.AppliedSequence = appliedSequence;
        return state;
    }

    internal void Restore(ObjectRecord record)
    {
        if (!_objects.TryAdd(record.Key, record))
            throw new ImageDamagedException("one object twice");
        Take(record, from: 0);
        PutBack(record);
    }

    private static void Write(ImageWriter to, in ParkedPut parked)
    {
        to.UInt64(parked.Number);
        to.UInt32((uint)parked.Extents.Length);
        foreach (var extent in parked.Extents)
        {
            to.UInt32(extent.SegmentHandle);
            to.UInt64(extent.Offset);
            to.UInt64(extent.LengthBytes);
        }
    }

    private static ParkedPut ReadParked(ref ImageReader from)
    {
        var number = from.UInt64();
        var extents = new Extent[from.Count(ExtentBytes)];
        for (var i = 0; i < extents.Length; i++)
            extents[i] = new Extent(from.UInt32(), from.UInt64(), from.UInt64());
        return new ParkedPut(number, extents);
    }

    private static void Write(ImageWriter to, in ObjectKey key, Transfer transfer)
    {
        to.UInt64(key.Hash);
        to.Bytes(key.Bytes);
        to.Id(transfer.Client);
        to.Byte(transfer.IsMove ? (byte)1 : (byte)0);
        to.UInt64(transfer.SourceReplica);
        to.UInt32((uint)transfer.TargetReplicas.Length);
        foreach (var target in transfer.TargetReplicas)
            to.UInt64(target);
    }

    private void ReadTransfer(ref ImageReader from)
    {
        var hash = from.UInt64();
        var record = Find(ObjectKey.FromScoped(from.Bytes(), hash))
            ?? throw new ImageDamagedException("a transfer of an object that is not there");
        var (client, isMove, source) = (from.Id(), from.Byte() != 0, from.UInt64());
        var targets = new ulong[from.Count(sizeof(ulong))];
        for (var i = 0; i < targets.Length; i++)
            targets[i] = from.UInt64();
        _transfers.Restore(record, new Transfer(client, isMove, source, targets));
    }
}
