// What nodes say to each other. One record a message, one meaning a record. Encoded by ReplicationCodec; what each one
// means and when it may be sent stands in docs/protocol.md.
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;

namespace HotStandby.Messages.Replication;

/// <summary>Any message between replicas.</summary>
/// <param name="Origin">The life that says it.</param>
/// <param name="Epoch">The epoch that it speaks for; for refusals, the sender's promise.</param>
public abstract record ReplicationMessage(Origin Origin, ulong Epoch)
{
    /// <summary>The name of the sender; several lives may have it.</summary>
    public NodeId From => Origin.Node;
}

/// <summary>Where one epoch ends in a log: its last seq. A log is described by the list of these, oldest first.</summary>
public readonly record struct EpochEnd(ulong Epoch, ulong LastSequence);

/// <summary>Primary to Standby: entries that follow (PreviousEpoch, PreviousSequence). Without a batch it is the heartbeat.</summary>
/// <param name="Origin">The Primary.</param>
/// <param name="Epoch">Its epoch.</param>
/// <param name="PreviousEpoch">Epoch of the entry before the batch; 0 when there is none.</param>
/// <param name="PreviousSequence">Seq of the entry before the batch.</param>
/// <param name="Batch">The entries, or null.</param>
/// <param name="CommitSequence">What is committed now.</param>
/// <param name="LastSequence">The Primary's last appended seq.</param>
/// <param name="SentAtTicks">The Primary's monotonic clock when it sent this; comes back in the acknowledgement.</param>
/// <param name="Serves">It answered clients when it sent this: its partitions led, it had a lease, and it was not handing over.</param>
public sealed record AppendBatch(
    Origin Origin, ulong Epoch, ulong PreviousEpoch, ulong PreviousSequence, OpLogBatch? Batch, ulong CommitSequence,
    ulong LastSequence, long SentAtTicks, bool Serves = false) : ReplicationMessage(Origin, Epoch);

/// <summary>Standby to Primary: stored up to here. Renews the grant.</summary>
/// <param name="Origin">The Standby.</param>
/// <param name="Epoch">The Primary's epoch.</param>
/// <param name="StoredSequence">Last seq in its journal that is known to equal the Primary's.</param>
/// <param name="AppliedSequence">Everything up to here is applied in every partition.</param>
/// <param name="SentAtTicks">Of the message that this answers.</param>
public sealed record AppendAcknowledged(
    Origin Origin, ulong Epoch, ulong StoredSequence, ulong AppliedSequence, long SentAtTicks)
    : ReplicationMessage(Origin, Epoch);

/// <summary>Why a Standby refused a batch.</summary>
public enum RefusalReason : byte
{
    /// <summary>It has promised a later epoch: step down.</summary>
    OlderEpoch = 1,
    /// <summary>The entry before the batch is not in its log: send from where its log ends.</summary>
    Gap = 2,
}

/// <summary>Standby to Primary: not stored.</summary>
/// <param name="Origin">The Standby.</param>
/// <param name="Epoch">Its promise.</param>
/// <param name="Reason">Why.</param>
/// <param name="Log">Where its log ends, epoch by epoch, so that one answer suffices to find the common point.</param>
/// <param name="SentAtTicks">Of the message that this answers.</param>
public sealed record AppendRefused(
    Origin Origin, ulong Epoch, RefusalReason Reason, EpochEnd[] Log, long SentAtTicks)
    : ReplicationMessage(Origin, Epoch);

/// <summary>Candidate to voter: help nobody older than this epoch any more.</summary>
/// <param name="Origin">The candidate.</param>
/// <param name="Epoch">The epoch it wants.</param>
/// <param name="FirstStartOf">
/// Not none when every configured voter said that it has no vote, the first start of the cluster: the life of the addressee
/// that said so. A later life may be empty because it lost what that one stored.
/// </param>
public sealed record SealRequest(Origin Origin, ulong Epoch, Life FirstStartOf) : ReplicationMessage(Origin, Epoch);

/// <summary>What a voter said to a seal request.</summary>
public enum SealOutcome : byte
{
    /// <summary>Promised, persistently.</summary>
    Sealed = 1,
    /// <summary>It has promised this or a later epoch to another candidate.</summary>
    Refused = 2,
    /// <summary>Its grant to another Primary still runs (or it is that Primary).</summary>
    GrantRunning = 3,
    /// <summary>It must not vote: it holds nothing.</summary>
    Empty = 4,
    /// <summary>It must not vote: it lost entries once and is still learning.</summary>
    Learning = 5,
    /// <summary>
    /// Promised, persistently, by a life that has no vote yet because the cluster's first entry is not known to be committed.
    /// It counts together with all the others, or beside a life that has a vote.
    /// </summary>
    Founding = 6,
}

/// <summary>Voter to candidate.</summary>
/// <param name="Origin">The voter.</param>
/// <param name="Epoch">The epoch that was asked for.</param>
/// <param name="Candidate">The candidate's life that asked.</param>
/// <param name="Outcome">The answer.</param>
/// <param name="PromisedEpoch">Its promise now.</param>
/// <param name="LastEpoch">Epoch of its last entry.</param>
/// <param name="LastSequence">Its last seq.</param>
/// <param name="CommitSequence">What it knows to be committed.</param>
/// <param name="RemainingMilliseconds">With GrantRunning: how long.</param>
public sealed record SealReply(
    Origin Origin, ulong Epoch, Life Candidate, SealOutcome Outcome, ulong PromisedEpoch, ulong LastEpoch, ulong LastSequence,
    ulong CommitSequence, long RemainingMilliseconds) : ReplicationMessage(Origin, Epoch);

/// <summary>Candidate to the voter with the best log: send me what I lack.</summary>
/// <param name="Origin">The candidate.</param>
/// <param name="Epoch">Its sealed epoch.</param>
/// <param name="Log">Its own log, epoch by epoch: the voter finds the common point.</param>
public sealed record FetchTail(Origin Origin, ulong Epoch, EpochEnd[] Log) : ReplicationMessage(Origin, Epoch);

/// <summary>Voter to candidate: entries behind the common point. Without a batch: that was all.</summary>
/// <param name="Origin">The voter.</param>
/// <param name="Epoch">The candidate's epoch.</param>
/// <param name="PreviousEpoch">Epoch of the entry before the batch.</param>
/// <param name="PreviousSequence">Seq of the entry before the batch; what the candidate has behind it conflicts and goes.</param>
/// <param name="Batch">The entries.</param>
/// <param name="LastSequence">The voter's last seq: the tail is complete when the candidate holds it.</param>
public sealed record TailBatch(
    Origin Origin, ulong Epoch, ulong PreviousEpoch, ulong PreviousSequence, OpLogBatch? Batch, ulong LastSequence)
    : ReplicationMessage(Origin, Epoch);

/// <summary>
/// A Primary that hands over: my lease is given up, wait for nothing. Or a crowned node that cannot lead: you try, while nobody does.
/// </summary>
/// <param name="Origin">The former Primary, or the crowned node.</param>
/// <param name="Epoch">The epoch of that Primary; 0: the sender led in none.</param>
/// <param name="Successor">Who is invited to lead next; none: whoever the oracle crowns.</param>
public sealed record GrantReleased(Origin Origin, ulong Epoch, NodeId Successor) : ReplicationMessage(Origin, Epoch);

/// <summary>
/// To a Standby or a candidate that lacks entries: they are in checkpoints only, so a full sync must come first.
/// </summary>
/// <param name="Origin">The node whose log begins later.</param>
/// <param name="Epoch">The epoch of what this answers.</param>
/// <param name="BaseEpoch">Epoch of the last entry that is gone.</param>
/// <param name="BaseSequence">Its seq.</param>
/// <param name="SentAtTicks">From a Primary: its monotonic clock; comes back in the answer of a Standby that holds that entry by
/// now.</param>
public sealed record EntriesGone(Origin Origin, ulong Epoch, ulong BaseEpoch, ulong BaseSequence, long SentAtTicks)
    : ReplicationMessage(Origin, Epoch);

/// <summary>Voter to voter: my grant to the Primary of this epoch has lapsed, I have heard nothing of it for so long. And yours?</summary>
/// <param name="Origin">The life that asks.</param>
/// <param name="Epoch">That Primary's.</param>
/// <param name="LastEpoch">Epoch of the sender's last entry.</param>
/// <param name="LastSequence">Its seq: a voter whose log names a life behind it knows better which answers count, and is silent.</param>
/// <param name="SentAtTicks">The sender's monotonic clock; comes back in the answer.</param>
public sealed record GrantInquiry(Origin Origin, ulong Epoch, ulong LastEpoch, ulong LastSequence, long SentAtTicks)
    : ReplicationMessage(Origin, Epoch);

/// <summary>Mine too. There is no other answer.</summary>
/// <param name="Origin">The life that answers.</param>
/// <param name="Epoch">As in the inquiry.</param>
/// <param name="SentAtTicks">As in the inquiry.</param>
/// <param name="LapsedTicks">For how long, in units of 100 ns.</param>
public sealed record GrantLapsed(Origin Origin, ulong Epoch, long SentAtTicks, long LapsedTicks) : ReplicationMessage(Origin, Epoch);

/// <summary>A node in full sync to any other: send me a piece of a partition's image.</summary>
/// <param name="Origin">The life that is synced.</param>
/// <param name="Epoch">Its promise.</param>
/// <param name="Partition">Whose image.</param>
/// <param name="ImageId">From the first chunk; 0: take a new image.</param>
/// <param name="Offset">From this byte on.</param>
public sealed record FetchImage(Origin Origin, ulong Epoch, Partition Partition, ulong ImageId, uint Offset)
    : ReplicationMessage(Origin, Epoch);

/// <summary>The piece. With another image id than was asked for, the old image is gone and this begins a new one.</summary>
/// <param name="Origin">The source.</param>
/// <param name="Epoch">Epoch of the entry at <paramref name="Sequence"/>.</param>
/// <param name="Partition">Whose image.</param>
/// <param name="ImageId">Not 0; 0: this node holds no state to give (it is being synced itself).</param>
/// <param name="Sequence">The image stands for everything up to here, all of it committed.</param>
/// <param name="TotalBytes">Of the image.</param>
/// <param name="Offset">Where the piece begins.</param>
/// <param name="Log">With the last piece: the source's log up to <paramref name="Sequence"/>, epoch by epoch.</param>
/// <param name="Roll">With the last piece: which lives that log names as voters, up to <paramref name="Sequence"/>.</param>
/// <param name="Bytes">The piece.</param>
public sealed record ImageChunk(
    Origin Origin, ulong Epoch, Partition Partition, ulong ImageId, ulong Sequence, uint TotalBytes, uint Offset, EpochEnd[] Log,
    VoterRoll Roll, ReadOnlyMemory<byte> Bytes) : ReplicationMessage(Origin, Epoch);

/// <summary>
/// To a life that speaks as a voter and is not one any more: a committed entry of the log gives its vote to another memory, or a later
/// run of its own memory has been met. It ends.
/// </summary>
/// <param name="Origin">The node whose log says so.</param>
/// <param name="Epoch">Its promise.</param>
/// <param name="Superseded">The life that is told; any other ignores it.</param>
/// <param name="By">The life that has its place. An incarnation of 0: not known.</param>
/// <param name="NamedAt">Seq of the committed entry that says so: a life that a later entry names knows better.</param>
public sealed record LifeSuperseded(Origin Origin, ulong Epoch, Life Superseded, Life By, ulong NamedAt)
    : ReplicationMessage(Origin, Epoch);
