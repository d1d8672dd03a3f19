// The calls on objects. All of them are lists of keys; a single call is a list of one. Each item goes to the shard of its key.
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;

namespace HotStandby.Messages.Calls;

/// <summary>What a <see cref="KeyedCall"/> does with each key.</summary>
public enum KeyedOperation : byte
{
    /// <summary>ExistKey, BatchExistKey.</summary>
    Exist,
    /// <summary>GetReplicaList, BatchGetReplicaList.</summary>
    GetReplicaList,
    /// <summary>PutStart, BatchPutStart.</summary>
    PutStart,
    /// <summary>PutEnd, BatchPutEnd.</summary>
    PutEnd,
    /// <summary>PutRevoke, BatchPutRevoke.</summary>
    PutRevoke,
    /// <summary>Remove, BatchRemove.</summary>
    Remove,
    /// <summary>UpsertStart, BatchUpsertStart. (UpsertEnd and UpsertRevoke are <see cref="PutEnd"/> and <see cref="PutRevoke"/>.)</summary>
    UpsertStart,
    /// <summary>BatchReplicaClear: drops the caller's own replicas on one segment, or whole objects.</summary>
    ReplicaClear,
    /// <summary>CopyStart: one item.</summary>
    CopyStart,
    /// <summary>CopyEnd: one item.</summary>
    CopyEnd,
    /// <summary>CopyRevoke: one item.</summary>
    CopyRevoke,
    /// <summary>MoveStart: one item.</summary>
    MoveStart,
    /// <summary>MoveEnd: one item.</summary>
    MoveEnd,
    /// <summary>MoveRevoke: one item.</summary>
    MoveRevoke,
    /// <summary>Like <see cref="GetReplicaList"/>, without a lease: for operators.</summary>
    Peek,
    /// <summary>
    /// EvictDiskReplica, BatchEvictDiskReplica, NotifyPromotionFailure: no object has a replica on a disk, so nothing is done; only the
    /// object that is named is looked for.
    /// </summary>
    ForgetOnDisk,
}

/// <summary>A call on one or more objects.</summary>
public sealed class KeyedCall(IReplySink sink, KeyedOperation operation, ObjectKey[] keys) : MasterCall(sink, keys.Length)
{
    /// <summary>What to do.</summary>
    public KeyedOperation Operation { get; } = operation;

    /// <summary>The keys, in the caller's order; the same key may occur twice.</summary>
    public ObjectKey[] Keys { get; } = keys;

    /// <summary>The caller (all but Exist, GetReplicaList, Peek and Remove).</summary>
    public Uuid Client { get; init; }

    /// <summary>
    /// PutStart, UpsertStart: the object's size in bytes, per item. CopyStart, MoveStart: empty until the shard, which alone
    /// knows the size, has filled it in and sent the call on to the segment table for its buffers.
    /// </summary>
    public ulong[] Sizes { get; set; } = [];

    /// <summary>PutStart, UpsertStart: placement and pins, for all items.</summary>
    public ReplicateConfig Config { get; init; } = ReplicateConfig.Default;

    /// <summary>PutEnd, PutRevoke, ForgetOnDisk: which replicas.</summary>
    public ReplicaType Selector { get; init; } = ReplicaType.All;

    /// <summary>PutEnd: the object's checksum per item; empty when the caller sends none.</summary>
    public ulong?[] Checksums { get; init; } = [];

    /// <summary>Remove: ignore leases.</summary>
    public bool Force { get; init; }

    /// <summary>ReplicaClear: the segment's name, empty for whole objects. CopyStart, MoveStart: the source segment's name.</summary>
    public string SegmentName { get; init; } = "";

    /// <summary>CopyStart, MoveStart: names of the target segments, one place of <see cref="Placements"/> for each.</summary>
    public IReadOnlyList<string> TargetSegments { get; init; } = [];

    /// <summary>
    /// PutStart, between the segment table and the shards: the buffers, <see cref="PlacementStride"/> places per item.
    /// A place with a length of 0 is empty; an item whose first place is empty could not be allocated.
    /// </summary>
    public Extent[] Placements { get; set; } = [];

    /// <summary>Places per item in <see cref="Placements"/>.</summary>
    public int PlacementStride { get; set; }

    /// <summary>
    /// The reign whose allocators gave <see cref="Placements"/>. A shard of another reign must neither use nor release them: the
    /// call may have overtaken a step-down and a new promotion, and the bytes may belong to someone else by now.
    /// </summary>
    public ulong PlacementReign { get; set; }

    /// <summary>The results, filled in by the shards.</summary>
    public ItemResult[] Results { get; } = new ItemResult[keys.Length];

    /// <inheritdoc/>
    public override void Refuse(ErrorCode error)
    {
        foreach (ref var result in Results.AsSpan())
            result.Error = error;
        Settle(Results.Length);
    }
}

/// <summary>What became of one item.</summary>
public struct ItemResult
{
    /// <summary>Ok, or why not.</summary>
    public ErrorCode Error;

    /// <summary>Exist: true when a replica is readable. ReplicaClear: true when something was dropped.</summary>
    public bool Exists;

    /// <summary>
    /// GetReplicaList, Peek, PutStart, UpsertStart: where the bytes are. CopyStart, MoveStart: the source, then the targets.
    /// </summary>
    public ReplicaList Replicas;

    /// <summary>
    /// GetReplicaList: how long the reader may read. Remove, when refused with ObjectHasLease: how long the lease has left. Milliseconds.
    /// </summary>
    public ulong LeaseTtlMilliseconds;

    /// <summary>GetReplicaList, Peek: the checksum given at PutEnd.</summary>
    public ulong? ObjectChecksum;
}

/// <summary>Replicas of an object. One needs no array, because one is what nearly every object has.</summary>
public readonly struct ReplicaList
{
    private readonly ReplicaDescriptor _first;
    private readonly ReplicaDescriptor[]? _all;

    /// <summary>A list of one.</summary>
    public ReplicaList(in ReplicaDescriptor only) => (_first, Count) = (only, 1);

    /// <summary>A list of any length.</summary>
    public ReplicaList(ReplicaDescriptor[] all) => (_all, Count) = (all, all.Length);

    /// <summary>How many.</summary>
    public int Count { get; }

    /// <summary>The i-th.</summary>
    public ReplicaDescriptor this[int index] => _all is null ? _first : _all[index];
}
