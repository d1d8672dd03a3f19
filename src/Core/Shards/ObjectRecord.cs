// One object of a shard. Millions of them live at once, so it is laid out tightly: about 160 bytes beside its key.
// Changed by ShardState.Apply only, except for what is the Primary's own: times, and its place in the cold order.
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Messages.OpLog;

namespace HotStandby.Core.Shards;

/// <summary>One memory replica; its length is the object's size.</summary>
public readonly record struct StoredReplica(ulong Id, ulong Offset, uint SegmentHandle, ReplicaStatus Status);

/// <summary>What a shard knows about an object. Every replica is in memory: no other kind is offered.</summary>
public sealed class ObjectRecord
{
    private StoredReplica _first;
    private StoredReplica[] _others;
    private ulong _softPinTtlMilliseconds;
    private bool _hasSoftPinTtl;
    private ulong _objectChecksum;
    private bool _hasObjectChecksum;

    internal ObjectRecord(in ObjectKey key, in PutStartPayload payload)
    {
        Key = key;
        SizeBytes = payload.SizeBytes;
        IsHardPinned = payload.HardPin;
        IsSoftPinned = payload.IsSoftPinned;
        GroupBytes = payload.Group.IsEmpty ? [] : payload.Group.ToArray();
        ReplicaCount = payload.ReplicaCount;
        BeginWrite(payload.Client, payload.SoftPinAction, payload.SoftPinTtlMilliseconds, payload.DataType);
        _first = Started(payload.Replica(0));
        _others = ReplicaCount == 1 ? [] : new StoredReplica[ReplicaCount - 1];
        for (var i = 0; i < _others.Length; i++)
            _others[i] = Started(payload.Replica(i + 1));
    }

    /// <summary>As it was, from its bytes; see <see cref="ObjectRecordCodec"/>.</summary>
    internal ObjectRecord(
        in ObjectKey key, Uuid client, ulong sizeBytes, bool isBeingWritten, bool isHardPinned, bool isSoftPinned,
        SoftPinAction softPinAction,
        ulong? softPinTtlMilliseconds, byte dataType, ulong? objectChecksum, byte[] group, ReadOnlySpan<StoredReplica> replicas)
    {
        (Key, SizeBytes, IsHardPinned, IsSoftPinned, GroupBytes) = (key, sizeBytes, isHardPinned, isSoftPinned, group);
        BeginWrite(client, softPinAction, softPinTtlMilliseconds, dataType);
        IsBeingWritten = isBeingWritten;
        (_hasObjectChecksum, _objectChecksum) = (objectChecksum.HasValue, objectChecksum ?? 0);
        (ReplicaCount, _first, _others) = (replicas.Length, replicas[0], replicas[1..].ToArray());
    }

    /// <summary>Its key.</summary>
    public ObjectKey Key { get; }

    /// <summary>The writer.</summary>
    public Uuid Client { get; private set; }

    /// <summary>Size of the object and of each of its buffers.</summary>
    public ulong SizeBytes { get; }

    /// <summary>Number of replicas, at least 1 while the object exists.</summary>
    public int ReplicaCount { get; private set; }

    /// <summary>From PUT_START or UPSERT_REUSE until every replica is complete; also false once the object is gone.</summary>
    public bool IsBeingWritten { get; private set; }

    /// <summary>A replica of it is being written: by a put, an upsert, a copy or a move.</summary>
    public bool HasIncompleteReplica => Count(ReplicaStatus.Processing) > 0;

    /// <summary>It is in the shard no more.</summary>
    public bool IsGone { get; private set; }

    /// <summary>A copy or move of it is running (see <see cref="Transfer"/>).</summary>
    public bool HasTransfer { get; internal set; }

    /// <summary>Never evict.</summary>
    public bool IsHardPinned { get; }

    /// <summary>Evict last. Replicated as a fact; until when is the Primary's own business.</summary>
    public bool IsSoftPinned { get; private set; }

    /// <summary>What becomes of the soft pin when the put ends.</summary>
    public SoftPinAction SoftPinAction { get; private set; }

    /// <summary>A label.</summary>
    public byte DataType { get; private set; }

    /// <summary>Custom soft-pin time.</summary>
    public ulong? SoftPinTtlMilliseconds => _hasSoftPinTtl ? _softPinTtlMilliseconds : null;

    /// <summary>The checksum given at PutEnd.</summary>
    public ulong? ObjectChecksum => _hasObjectChecksum ? _objectChecksum : null;

    /// <summary>The group's name (UTF-8); empty: none.</summary>
    public ReadOnlySpan<byte> Group => GroupBytes;

    private byte[] GroupBytes { get; }

    /// <summary>
    /// Seq of the entry that changed it last; 0 when not known: it came with a checkpoint, or is not committed. On the Primary that wrote
    /// it, the seq of the last entry of the shard that was committed with it. For reports only: not part of what is compared.
    /// </summary>
    public ulong LastSequence { get; internal set; }

    /// <summary>
    /// Not replicated: the end of the last lease that this node granted, or of the object before it in the order. What holds is
    /// <see cref="ColdOrder.LeaseOf"/>.
    /// </summary>
    internal long LeaseUntilTicks { get; set; }

    /// <summary>Primary only, not replicated: when the put started, for this reign (monotonic, 100 ns).</summary>
    internal long PutStartTicks { get; set; }

    /// <summary>Primary only: when its soft pin is over (monotonic, 100 ns).</summary>
    internal long SoftPinUntilTicks { get; set; }

    /// <summary>Primary only: its put began in an earlier reign, so that its writer may not know the buffers yet.</summary>
    internal bool IsFromEarlierReign { get; set; }

    /// <summary>Its place in the <see cref="ColdOrder"/>.</summary>
    internal ColdLink Cold;

    /// <summary>The i-th replica.</summary>
    public StoredReplica Replica(int index) => index == 0 ? _first : _others[index - 1];

    /// <summary>The buffer of the i-th replica.</summary>
    public Extent ExtentOf(int index)
    {
        var replica = Replica(index);
        return new Extent(replica.SegmentHandle, replica.Offset, SizeBytes);
    }

    /// <summary>Where the replica with this id is, or -1.</summary>
    public int IndexOf(ulong replicaId)
    {
        for (var i = 0; i < ReplicaCount; i++)
        {
            if (Replica(i).Id == replicaId)
                return i;
        }

        return -1;
    }

    /// <summary>True when PutEnd's and PutRevoke's selector means memory replicas, which is all there are.</summary>
    public static bool Selects(ReplicaType selector) => selector is ReplicaType.Memory or ReplicaType.All;

    /// <summary>How many replicas have this status.</summary>
    public int Count(ReplicaStatus status)
    {
        var count = 0;
        for (var i = 0; i < ReplicaCount; i++)
            count += Replica(i).Status == status ? 1 : 0;
        return count;
    }

    /// <summary>The complete replicas are written again, by somebody else.</summary>
    internal void Rewrite(in UpsertReusePayload payload)
    {
        BeginWrite(payload.Client, payload.SoftPinAction, payload.SoftPinTtlMilliseconds, payload.DataType);
        (_hasObjectChecksum, _objectChecksum) = (false, 0);
        SetStatus(ReplicaStatus.Processing);
    }

    internal void Complete(ulong? objectChecksum)
    {
        SetStatus(ReplicaStatus.Complete);
        (_hasObjectChecksum, _objectChecksum) = (objectChecksum.HasValue, objectChecksum ?? 0);
        IsSoftPinned = SoftPinAction switch
        {
            SoftPinAction.Enable => true,
            SoftPinAction.Disable => false,
            _ => IsSoftPinned,
        };
        IsBeingWritten = false;
    }

    internal void EndSoftPin() => IsSoftPinned = false;

    internal void Leave() => (IsGone, IsBeingWritten) = (true, false);

    /// <summary>The targets of a copy or move appear, being written.</summary>
    internal void AddTargets(in TransferStartPayload payload)
    {
        var before = ReplicaCount;
        ReplicaCount += payload.TargetCount;
        Array.Resize(ref _others, ReplicaCount - 1);
        for (var i = 0; i < payload.TargetCount; i++)
            _others[before - 1 + i] = Started(payload.Target(i));
    }

    internal void CompleteTarget(int index) => Set(index, Replica(index) with { Status = ReplicaStatus.Complete });

    /// <summary>Takes one replica out; the others keep their order. The array is cut: losing one of several is rare.</summary>
    internal void RemoveReplica(int index)
    {
        for (var i = index; i < ReplicaCount - 1; i++)
            Set(i, Replica(i + 1));
        ReplicaCount--;
        _others = ReplicaCount <= 1 ? [] : _others[..(ReplicaCount - 1)];
        if (Count(ReplicaStatus.Processing) == 0)
            IsBeingWritten = false;
    }

    private void BeginWrite(Uuid client, SoftPinAction action, ulong? softPinTtlMilliseconds, byte dataType)
    {
        (Client, SoftPinAction, DataType, IsBeingWritten, IsFromEarlierReign) = (client, action, dataType, true, false);
        (_hasSoftPinTtl, _softPinTtlMilliseconds) = (softPinTtlMilliseconds.HasValue, softPinTtlMilliseconds ?? 0);
    }

    private void SetStatus(ReplicaStatus status)
    {
        for (var i = 0; i < ReplicaCount; i++)
            Set(i, Replica(i) with { Status = status });
    }

    private void Set(int index, StoredReplica replica)
    {
        if (index == 0)
            _first = replica;
        else
            _others[index - 1] = replica;
    }

    private static StoredReplica Started(PlacedReplica placed) =>
        new(placed.Id, placed.Offset, placed.SegmentHandle, ReplicaStatus.Processing);
}
