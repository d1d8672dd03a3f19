// One object of a shard. Millions of them live at once, so it is laid out tightly: about 120 bytes beside its key.
// Changed by ShardState.Apply only, except for the two times at the end, which are the Primary's own.
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
    private readonly ulong _softPinTtlMilliseconds;
    private readonly bool _hasSoftPinTtl;
    private ulong _objectChecksum;
    private bool _hasObjectChecksum;

    internal ObjectRecord(in PutStartPayload payload)
    {
        Client = payload.Client;
        SizeBytes = payload.SizeBytes;
        _hasSoftPinTtl = payload.SoftPinTtlMilliseconds.HasValue;
        _softPinTtlMilliseconds = payload.SoftPinTtlMilliseconds ?? 0;
        IsHardPinned = payload.HardPin;
        SoftPinAction = payload.SoftPinAction;
        DataType = payload.DataType;
        GroupBytes = payload.Group.IsEmpty ? [] : payload.Group.ToArray();
        ReplicaCount = payload.ReplicaCount;
        IsBeingWritten = true;
        _first = Started(payload.Replica(0));
        _others = ReplicaCount == 1 ? [] : new StoredReplica[ReplicaCount - 1];
        for (var i = 0; i < _others.Length; i++)
            _others[i] = Started(payload.Replica(i + 1));
    }

    /// <summary>The writer.</summary>
    public Uuid Client { get; }

    /// <summary>Size of the object and of each of its buffers.</summary>
    public ulong SizeBytes { get; }

    /// <summary>Number of replicas, at least 1 while the object exists.</summary>
    public int ReplicaCount { get; private set; }

    /// <summary>From PUT_START until every replica is complete; also false once the object is gone.</summary>
    public bool IsBeingWritten { get; internal set; }

    /// <summary>Never evict.</summary>
    public bool IsHardPinned { get; }

    /// <summary>Evict last. Replicated as a fact; until when is the Primary's own business.</summary>
    public bool IsSoftPinned { get; private set; }

    /// <summary>What becomes of the soft pin when the put ends.</summary>
    public SoftPinAction SoftPinAction { get; }

    /// <summary>A label.</summary>
    public byte DataType { get; }

    /// <summary>Custom soft-pin time.</summary>
    public ulong? SoftPinTtlMilliseconds => _hasSoftPinTtl ? _softPinTtlMilliseconds : null;

    /// <summary>The checksum given at PutEnd.</summary>
    public ulong? ObjectChecksum => _hasObjectChecksum ? _objectChecksum : null;

    /// <summary>The group's name (UTF-8); empty: none.</summary>
    public ReadOnlySpan<byte> Group => GroupBytes;

    private byte[] GroupBytes { get; }

    /// <summary>Primary only, not replicated: until when readers hold a lease (monotonic, 100 ns).</summary>
    internal long LeaseUntilTicks { get; set; }

    /// <summary>Primary only, not replicated: when the put started, for this reign (monotonic, 100 ns).</summary>
    internal long PutStartTicks { get; set; }

    /// <summary>The i-th replica.</summary>
    public StoredReplica Replica(int index) => index == 0 ? _first : _others[index - 1];

    /// <summary>The buffer of the i-th replica.</summary>
    public Extent ExtentOf(int index)
    {
        var replica = Replica(index);
        return new Extent(replica.SegmentHandle, replica.Offset, SizeBytes);
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

    internal void Complete(ulong? objectChecksum)
    {
        for (var i = 0; i < ReplicaCount; i++)
            Set(i, Replica(i) with { Status = ReplicaStatus.Complete });
        (_hasObjectChecksum, _objectChecksum) = (objectChecksum.HasValue, objectChecksum ?? 0);
        IsSoftPinned = SoftPinAction == SoftPinAction.Enable;
        IsBeingWritten = false;
    }

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
