// The replicated state of one metadata shard: a function of the entries that were applied, and of nothing else. The same
// on every node. A Primary applies its own drafts before they have a seq; a Standby applies committed entries. Never
// looks at a clock, at leases or at what is mounted: that is ShardLeader's.
using HotStandby.Messages;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Messages.OpLog;

namespace HotStandby.Core.Shards;

/// <summary>Objects, parked puts and transfers of one shard. Not thread safe: one actor owns it.</summary>
public sealed partial class ShardState
{
    private readonly int _shardCount;
    private readonly Dictionary<ObjectKey, ObjectRecord> _objects = new(KeyComparer.Instance);
    private readonly Dictionary<ObjectKey, ObjectRecord>.AlternateLookup<KeyView> _byView;
    private readonly TransferEntries _transfers;
    private readonly BucketDigests _digests = new();
    private ulong _nextReplica;
    private ulong _applying;

    /// <summary>An empty shard.</summary>
    /// <param name="partition">Which one.</param>
    /// <param name="shardCount">Of the cluster, 1 to <see cref="Partition.MaximumShards"/>.</param>
    public ShardState(Partition partition, int shardCount)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(shardCount, Partition.MaximumShards);
        ArgumentOutOfRangeException.ThrowIfNegative(partition.ShardIndex);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(partition.ShardIndex, shardCount);
        (Partition, _shardCount) = (partition, shardCount);
        _byView = _objects.GetAlternateLookup<KeyView>();
        _transfers = new TransferEntries(this);
    }

    /// <summary>Which shard.</summary>
    public Partition Partition { get; }

    /// <summary>Seq of the last entry that is applied and known to be committed; 0 when none.</summary>
    public ulong AppliedSequence { get; private set; }

    /// <summary>Of all objects, parked puts and transfers, drafts included.</summary>
    public PartitionDigest Digest => _digests.Whole;

    /// <summary>Number of objects, those being written included.</summary>
    public int ObjectCount => _objects.Count;

    /// <summary>Objects with a soft pin.</summary>
    public int SoftPinnedCount { get; private set; }

    /// <summary>Number of discarded puts whose buffers stay allocated.</summary>
    public int ParkedCount => Parked.Count;

    /// <summary>The number that the next discarded put gets.</summary>
    public ulong NextParkedPut => Parked.Next;

    /// <summary>All objects, in no order. No entry may be applied meanwhile.</summary>
    internal Dictionary<ObjectKey, ObjectRecord> Objects => _objects;

    /// <summary>Parked puts and transfers.</summary>
    internal ParkedPuts Parked { get; } = new();

    /// <summary>Transfers that are running, by key, in no order.</summary>
    internal IReadOnlyDictionary<ObjectKey, Transfer> Transfers => _transfers.Running;

    /// <summary>Hears of changed objects; set by the Primary's leader for its reign.</summary>
    internal IShardObserver? Observer { get; set; }

    /// <summary>The order in which eviction takes objects; kept on every node, so that a reign begins with it.</summary>
    internal ColdOrder Cold { get; } = new();

    /// <summary>Objects by group, kept on every node for the same reason.</summary>
    internal GroupIndex Groups { get; } = new();

    /// <summary>The object of a key, or null.</summary>
    public ObjectRecord? Find(in ObjectKey key) => _objects.GetValueOrDefault(key);

    /// <summary>True while this parked put is not released.</summary>
    public bool IsParked(ulong number) => Parked.Contains(number);

    /// <summary>The transfer of an object, or null.</summary>
    public Transfer? TransferOf(ObjectRecord record) => _transfers.Of(record);

    /// <summary>
    /// The id that the <paramref name="ordinal"/>-th replica of the next PUT_START gets: unique in the cluster, because
    /// each shard has its own residue, and the same on every node, because applying the entry moves the counter.
    /// </summary>
    public ulong NextReplicaId(int ordinal) =>
        ((_nextReplica + (ulong)ordinal) * (ulong)_shardCount) + (ulong)Partition.ShardIndex + 1;

    /// <summary>
    /// Applies one entry. A draft (seq 0) is always applied; an entry whose seq is applied already is skipped.
    /// </summary>
    /// <param name="entry">An entry of this partition.</param>
    /// <exception cref="InvariantViolation">7: the entry cannot follow what was applied before.</exception>
    public void Apply(in OpLogEntry entry)
    {
        if (entry.Sequence != 0 && entry.Sequence <= AppliedSequence)
            return;
        if (entry.Partition != Partition)
            throw Impossible(entry, $"belongs to {entry.Partition}");
        _applying = entry.Sequence;
        switch (entry.Type)
        {
            case OpType.PutStart:
                PutStart(entry);
                break;
            case OpType.PutEnd:
                PutEnd(entry);
                break;
            case OpType.PutRevoke:
                PutRevoke(entry);
                break;
            case OpType.Remove:
                Remove(entry);
                break;
            case OpType.Eviction:
                Evict(entry);
                break;
            case OpType.PutDiscard:
                Discard(entry);
                break;
            case OpType.ReleaseParked:
                Release(entry);
                break;
            case OpType.SegmentDropped:
                DropSegment(entry);
                break;
            case OpType.UpsertReuse:
                Reuse(entry);
                break;
            case OpType.SoftPinEnded:
                EndSoftPin(entry);
                break;
            case OpType.TransferStart:
                _transfers.Start(entry);
                break;
            case OpType.TransferEnd:
                _transfers.End(entry);
                break;
            case OpType.TransferRevoke:
                _transfers.Revoke(entry);
                break;
            case OpType.ReplicaCleared:
                ClearReplicas(entry);
                break;
            case OpType.VerificationMarker:
                break;
            default:
                throw Impossible(entry, "is not an operation of a shard");
        }

        if (entry.Sequence != 0)
            AppliedSequence = entry.Sequence;
    }

    /// <summary>A Primary learned that everything it applied up to this seq is committed.</summary>
    /// <exception cref="InvariantViolation">7: the seq does not grow.</exception>
    public void MarkCommitted(ulong sequence)
    {
        if (sequence <= AppliedSequence)
            throw new InvariantViolation(7, $"{Partition}: commit of seq {sequence} after {AppliedSequence}");
        AppliedSequence = sequence;
    }

    private void PutStart(in OpLogEntry entry)
    {
        if (!PutStartPayload.TryRead(entry.Payload, out var payload) || payload.ReplicaCount == 0 || payload.SizeBytes == 0)
            throw Impossible(entry, "has an impossible payload");
        if (Partition.ShardOf(entry.PrefixHash, _shardCount) != Partition.ShardIndex)
            throw Impossible(entry, "has a key of another shard");
        var record = new ObjectRecord(ObjectKey.FromScoped(entry.Key, entry.PrefixHash), payload);
        if (!_objects.TryAdd(record.Key, record))
            throw Impossible(entry, "starts an object that exists");
        for (var i = 0; i < record.ReplicaCount; i++)
            TakeReplicaId(entry, record.Replica(i).Id);
        Take(record, from: 0);
        Cold.Born(record);
        PutBack(record);
    }

    internal void TakeReplicaId(in OpLogEntry entry, ulong id)
    {
        if (id == 0 || (id - 1) % (ulong)_shardCount != (ulong)Partition.ShardIndex || (id - 1) / (ulong)_shardCount < _nextReplica)
            throw Impossible(entry, $"uses the replica id {id}, which is not this shard's or was used before");
        _nextReplica = ((id - 1) / (ulong)_shardCount) + 1;
    }

    private void PutEnd(in OpLogEntry entry)
    {
        var record = Existing(entry);
        if (!PutEndPayload.TryRead(entry.Payload, out var payload) || !ObjectRecord.Selects(payload.Selector))
            throw Impossible(entry, "has an impossible payload");
        if (!record.IsBeingWritten)
            throw Impossible(entry, "ends a put that is not being written");
        TakeOut(record);
        record.Complete(payload.ObjectChecksum);
        PutBack(record);
    }

    private void PutRevoke(in OpLogEntry entry)
    {
        var record = Existing(entry);
        if (!PutRevokePayload.TryRead(entry.Payload, out var payload) || !ObjectRecord.Selects(payload.Selector))
            throw Impossible(entry, "has an impossible payload");
        if (!record.IsBeingWritten)
            throw Impossible(entry, "revokes a put that is not being written");
        DropReplicas(entry, record, ReplicaStatus.Processing);
    }

    private void Evict(in OpLogEntry entry)
    {
        var record = Existing(entry);
        if (record.IsHardPinned || record.HasTransfer)
            throw Impossible(entry, "evicts an object that is hard-pinned or copied");
        DropReplicas(entry, record, ReplicaStatus.Complete);
    }

    private void DropReplicas(in OpLogEntry entry, ObjectRecord record, ReplicaStatus status)
    {
        if (record.Count(status) == 0)
            throw Impossible(entry, $"drops replicas that are {status}, of which there are none");
        TakeOut(record);
        for (var i = record.ReplicaCount - 1; i >= 0; i--)
        {
            if (record.Replica(i).Status != status)
                continue;
            Extents?.Freed(record.ExtentOf(i));
            record.RemoveReplica(i);
        }

        KeepOrLeave(record);
    }

    private void Remove(in OpLogEntry entry)
    {
        var record = Existing(entry);
        Free(record);
        Erase(record);
    }

    private void Discard(in OpLogEntry entry)
    {
        var record = Existing(entry);
        if (record.HasTransfer)
            throw Impossible(entry, "discards an object that is being copied");
        Extent[] extents = [.. Enumerable.Range(0, record.ReplicaCount).Select(record.ExtentOf)];
        Erase(record);
        Park(extents);
    }

    internal void Park(Extent[] extents) => Parked.Park(extents, ref _digests.Parked);

    internal void ParkTransfer(Extent[] extents, Uuid client, ulong keyHash) =>
        Parked.ParkTransfer(extents, client, keyHash, ref _digests.Parked);

    internal void CountTransfer(Transfer transfer, ulong keyHash, bool isOver) => _digests.Change(keyHash, transfer.Hash(keyHash), isOver);

    private void Release(in OpLogEntry entry)
    {
        if (!ReleaseParkedPayload.TryRead(entry.Payload, out var payload)
            || !Parked.TryRelease(payload.ParkedPut, ref _digests.Parked, out var extents))
            throw Impossible(entry, "releases a parked put that is not there");
        foreach (var extent in extents)
            Extents?.Freed(extent);
    }

    private void Reuse(in OpLogEntry entry)
    {
        var record = Existing(entry);
        if (!UpsertReusePayload.TryRead(entry.Payload, out var payload))
            throw Impossible(entry, "has an impossible payload");
        if (record.IsBeingWritten || record.HasTransfer)
            throw Impossible(entry, "rewrites an object that is being written or copied");
        TakeOut(record);
        record.Rewrite(payload);
        PutBack(record);
    }

    private void EndSoftPin(in OpLogEntry entry)
    {
        var record = Existing(entry);
        if (!record.IsSoftPinned)
            throw Impossible(entry, "ends a soft pin that is not there");
        TakeOut(record);
        record.EndSoftPin();
        PutBack(record);
    }

    private void ClearReplicas(in OpLogEntry entry)
    {
        var record = Existing(entry);
        if (!SegmentHandlePayload.TryRead(entry.Payload, out var payload))
            throw Impossible(entry, "has an impossible payload");
        if (record.IsBeingWritten || record.HasTransfer)
            throw Impossible(entry, "clears replicas of an object that is being written or copied");
        var before = record.ReplicaCount;
        TakeOut(record);
        for (var i = record.ReplicaCount - 1; i >= 0; i--)
        {
            if (record.Replica(i).SegmentHandle != payload.SegmentHandle)
                continue;
            Extents?.Freed(record.ExtentOf(i));
            record.RemoveReplica(i);
        }

        if (record.ReplicaCount == before)
            throw Impossible(entry, "clears replicas of which there are none");
        KeepOrLeave(record);
    }

    /// <summary>Walks the whole shard: unmounting is rare, and an index by segment would cost every object memory.</summary>
    private void DropSegment(in OpLogEntry entry)
    {
        if (!SegmentHandlePayload.TryRead(entry.Payload, out var payload))
            throw Impossible(entry, "has an impossible payload");
        foreach (var record in _objects.Values)
            DropFromSegment(record, payload.SegmentHandle);
        Parked.DropSegment(payload.SegmentHandle, ref _digests.Parked);
    }

    private void DropFromSegment(ObjectRecord record, uint handle)
    {
        var before = record.ReplicaCount;
        for (var i = before - 1; i >= 0; i--)
        {
            if (record.Replica(i).SegmentHandle != handle)
                continue;
            if (record.ReplicaCount == before)
                TakeOut(record);
            record.RemoveReplica(i);
        }

        if (record.ReplicaCount < before)
            KeepOrLeave(record);
    }

    internal ObjectRecord Existing(in OpLogEntry entry) =>
        _byView.TryGetValue(new KeyView(entry.Key, entry.PrefixHash), out var record)
            ? record
            : throw Impossible(entry, "is about an object that does not exist");

    private void Erase(ObjectRecord record)
    {
        TakeOut(record);
        Leave(record);
    }

    /// <summary>Before a change: what the shard says of its objects as a whole no longer counts this one.</summary>
    internal void TakeOut(ObjectRecord record)
    {
        _digests.Change(record.Key.Hash, ContentHash.Of(record.Key.Hash, record), isLess: true);
        SoftPinnedCount -= record.IsSoftPinned ? 1 : 0;
    }

    /// <summary>After it: counts the object as it is now.</summary>
    internal void PutBack(ObjectRecord record)
    {
        _digests.Change(record.Key.Hash, ContentHash.Of(record.Key.Hash, record), isLess: false);
        if (_applying != 0)
            record.LastSequence = _applying;
        SoftPinnedCount += record.IsSoftPinned ? 1 : 0;
        Changed(record);
    }

    /// <summary>After a change that took replicas away, and the object's hash out of the digest.</summary>
    internal void KeepOrLeave(ObjectRecord record)
    {
        if (record.ReplicaCount == 0)
        {
            Leave(record);
            return;
        }

        PutBack(record);
    }

    private void Leave(ObjectRecord record)
    {
        _objects.Remove(record.Key);
        if (record.HasTransfer)
            _transfers.Forget(record);
        record.Leave();
        Changed(record);
    }

    private void Changed(ObjectRecord record)
    {
        Cold.Changed(record);
        Groups.Changed(record);
        Observer?.Changed(record);
    }

    internal InvariantViolation Impossible(in OpLogEntry entry, string why) => new(
        7, $"{Partition}, applied {AppliedSequence}: {entry.Type} of seq {entry.Sequence}, prefix hash {entry.PrefixHash:x16}, {why}");
}
