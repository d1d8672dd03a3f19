// What the cells of one node say to each other about entries, calls and segments.
//
//   gateway ──KeyedItems──► shard ──Propose──► replica ──EntriesCommitted──► shard
//   gateway ──PutStart──► segments (allocates) ──KeyedItems──► shard
using HotStandby.Core.Cells;
using HotStandby.Core.Segments;
using HotStandby.Core.Tasks;
using HotStandby.Messages;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Messages.OpLog;

namespace HotStandby.Core.Partitions;

/// <summary>The part of a call that goes to one shard: which of its items.</summary>
/// <param name="Call">The call; the shard fills its results at the given places.</param>
/// <param name="Items">Indexes into the call's keys, ascending. Null means the only item, 0.</param>
public sealed record KeyedItems(KeyedCall Call, int[]? Items) : ICellMessage
{
    /// <summary>How many items.</summary>
    public int Count => Items?.Length ?? 1;

    /// <summary>The i-th item's index in the call.</summary>
    public int this[int index] => Items is null ? 0 : Items[index];

    /// <summary>Settles all of them: the shard does not lead.</summary>
    public void Refuse()
    {
        for (var i = 0; i < Count; i++)
            Call.Results[this[i]].Error = ErrorCode.UnavailableInCurrentMode;
        Call.Settle(Count);
    }
}

/// <summary>When a held reply may leave.</summary>
public enum ReplyAfter : byte
{
    /// <summary>When everything proposed up to it is committed.</summary>
    Commit,
    /// <summary>
    /// When everything proposed up to it is in the local journal and replication is not too far behind (async commit only).
    /// </summary>
    Durable,
}

/// <summary>
/// A partition of a Primary to its replica: append these entries, in this order, and settle these items of the call when
/// they may be seen. Without drafts: settle them when everything proposed before is committed (a read of a key whose last
/// change is not committed yet).
/// </summary>
/// <param name="Partition">Who proposes.</param>
/// <param name="Reign">From <see cref="BeginLeading"/>; a proposal of an earlier reign is abandoned.</param>
/// <param name="Drafts">The entries, applied by the partition already; now owned by the replica. Null: none.</param>
/// <param name="Call">Whose items; null when the partition acts on its own account.</param>
/// <param name="Items">How many items of the call to settle.</param>
/// <param name="After">When.</param>
public sealed record Propose(Partition Partition, ulong Reign, DraftBuffer? Drafts, MasterCall? Call, int Items, ReplyAfter After)
    : ICellMessage;

/// <summary>Replica to a partition of the Primary: your next <paramref name="Count"/> proposed entries are committed.</summary>
/// <param name="Count">How many, in the order in which they were proposed.</param>
/// <param name="LastSequence">Seq of the last of them.</param>
public sealed record EntriesCommitted(int Count, ulong LastSequence) : ICellMessage;

/// <summary>Replica to a partition of a Standby, or while recovering: apply these committed entries of yours.</summary>
/// <param name="StateNumber">From <see cref="ResetPartition"/>; comes back in the answer.</param>
/// <param name="Batch">The batch that holds them.</param>
/// <param name="Offsets">Where each of the partition's entries starts in the batch's encoded bytes, ascending; the first
/// <paramref name="Count"/> places.</param>
/// <param name="Count">How many.</param>
public sealed record ApplyEntries(ulong StateNumber, OpLogBatch Batch, int[] Offsets, int Count) : ICellMessage;

/// <summary>Partition to replica: the entries of one <see cref="ApplyEntries"/> are applied.</summary>
/// <param name="StateNumber">As given.</param>
/// <param name="LastSequence">Last seq of that batch.</param>
public sealed record EntriesApplied(ulong StateNumber, ulong LastSequence) : ICellMessage;

/// <summary>
/// Checkpoints to partition: forget everything, unless your state has a higher number; the log will be replayed from its start. Answered
/// with <see cref="PartitionRestored"/>.
/// </summary>
/// <param name="StateNumber">The number of the state that begins with it; it only grows.</param>
public sealed record ResetPartition(ulong StateNumber) : ICellMessage;

/// <summary>
/// Replica to partition: this node leads from now on, and everything committed has been applied. When the segment table knows which
/// buffers are in use (<see cref="LiveExtents"/>), it sends <see cref="ReadyToServe"/> to the replica.
/// </summary>
/// <param name="Reign">The epoch.</param>
/// <param name="ExtentRound">The shards were asked for this round of reports before; it is the last one that the reign needs.</param>
public sealed record BeginLeading(ulong Reign, ulong ExtentRound) : ICellMessage;

/// <summary>
/// Replica to partition: this node leads no more. Calls that still arrive are answered with UnavailableInCurrentMode. Answered
/// with <see cref="LeadingStopped"/>, and nothing is fed to any partition before all have answered.
/// </summary>
public sealed record StopLeading : ICellMessage
{
    /// <summary>The only one.</summary>
    public static readonly StopLeading Instance = new();
}

/// <summary>Partition to replica: it proposes nothing more.</summary>
/// <param name="IsDirty">It has applied what is not committed, and must be reset.</param>
public sealed record LeadingStopped(bool IsDirty) : ICellMessage;

/// <summary>
/// Replica to every shard of a node that follows, at the same place in the log: tell the segment table which buffers your objects and
/// parked puts cover.
/// </summary>
/// <param name="Round">Counts these requests; answered with <see cref="LiveExtents"/>.</param>
/// <param name="IsWhole">All of them; else what has changed since the round before.</param>
public sealed record ReportExtents(ulong Round, bool IsWhole) : ICellMessage;

/// <summary>Shard to segment table: the buffers that its objects and parked puts cover, or what has changed.</summary>
/// <param name="Partition">The shard.</param>
/// <param name="Round">From <see cref="ReportExtents"/>.</param>
/// <param name="IsWhole">From there.</param>
/// <param name="Taken">Buffers that are covered, or are covered since the round before.</param>
/// <param name="Freed">Buffers that were covered in the round before and are not any more.</param>
public sealed record LiveExtents(Partition Partition, ulong Round, bool IsWhole, Extent[] Taken, Extent[] Freed) : ICellMessage;

/// <summary>
/// A partition of a Standby to the replica: the shards' reports do not fit together, or a shard's content was wrong; let all shards report
/// everything.
/// </summary>
public sealed record ExtentsDoNotFit : ICellMessage
{
    /// <summary>The only one.</summary>
    public static readonly ExtentsDoNotFit Instance = new();
}

/// <summary>Segment table to replica: the allocators are there, the door may open.</summary>
public sealed record ReadyToServe(ulong Reign) : ICellMessage;

/// <summary>Shard to segment table: these buffers are free again (their removal is committed, or they were never used).</summary>
public sealed record ReleaseExtents(ulong Reign, Extent[] Extents) : ICellMessage;

/// <summary>
/// Segment table to shards: what is mounted now, as far as it is committed. A shard answers nothing in a reign before the first
/// of these: with the directory of an earlier one it might show a reader a buffer that is no longer there.
/// </summary>
/// <param name="Reign">The epoch.</param>
/// <param name="Directory">What is mounted.</param>
/// <param name="Unmounted">
/// Handles of segments for which the shard reports what may still be written to them (<see cref="UnfinishedOnSegment"/>): from here on
/// nothing is added.
/// </param>
public sealed record SegmentsChanged(ulong Reign, SegmentDirectory Directory, IReadOnlyList<uint> Unmounted)
    : ICellMessage;

/// <summary>
/// Shard to segment table: the buffers on an unmounted segment that puts or transfers, also those that were given up, may write into.
/// </summary>
public sealed record UnfinishedOnSegment(ulong Reign, uint SegmentHandle, Partition Partition, IReadOnlyList<Extent> Buffers)
    : ICellMessage;

/// <summary>Segment table to shards: propose that every replica on this segment is dropped, and say so when it is committed.</summary>
public sealed record DropSegment(ulong Reign, uint SegmentHandle) : ICellMessage;

/// <summary>Shard to segment table: committed.</summary>
public sealed record SegmentDroppedByShard(ulong Reign, uint SegmentHandle, Partition Partition) : ICellMessage;

/// <summary>Segment table to shards: this client is dead and will not finish its puts and transfers.</summary>
public sealed record ClientGone(ulong Reign, Uuid Client) : ICellMessage;

/// <summary>Gateway to the shard of its key: say where the object is, then send the call on to the segment table.</summary>
public sealed record LocateObject(CreateTaskCall Call) : ICellMessage;

/// <summary>Segment table to shards: what lies on these segments? A shard that does not lead in this reign is silent.</summary>
public sealed record ListObjectsOn(ulong Reign, ulong Round, IReadOnlyList<uint> Handles, int Limit) : ICellMessage;

/// <summary>Shard to segment table: at most so many objects of each segment.</summary>
public sealed record ObjectsListed(ulong Reign, ulong Round, IReadOnlyList<MoveCandidate> Candidates) : ICellMessage;

/// <summary>Anyone to a partition: report. Answered with <see cref="PartitionReport"/>.</summary>
public sealed record ReportPartition : ICellMessage
{
    /// <summary>The only one.</summary>
    public static readonly ReportPartition Instance = new();
}

/// <summary>What a partition holds.</summary>
/// <param name="Partition">Which.</param>
/// <param name="AppliedSequence">Seq of its last entry that is applied and committed.</param>
/// <param name="Digest">Of its content (on a Primary this includes what is not committed yet).</param>
/// <param name="Uncommitted">Entries of a Primary's partition that are applied but not committed yet.</param>
public sealed record PartitionReport(Partition Partition, ulong AppliedSequence, PartitionDigest Digest, int Uncommitted)
    : ICellMessage;
