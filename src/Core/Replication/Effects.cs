// What the protocol wants done. The replica never does anything itself: whoever drives it (the actor, or the simulation)
// carries the effects out in order. A journal write is answered with Replica.Persisted, in the same order.
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;
using HotStandby.Messages.Replication;

namespace HotStandby.Core.Replication;

/// <summary>Something to be done.</summary>
public abstract record Effect;

/// <summary>A journal write; writes happen in the order in which they were asked for.</summary>
public abstract record JournalWrite : Effect;

/// <summary>Write a batch.</summary>
public sealed record WriteBatch(OpLogBatch Batch) : JournalWrite;

/// <summary>Write the promise to help nobody older than this epoch.</summary>
public sealed record WritePromise(ulong Epoch, NodeId Candidate) : JournalWrite;

/// <summary>Write that everything behind this seq is cut off.</summary>
public sealed record WriteCut(ulong LastKeptSequence) : JournalWrite;

/// <summary>Write that this memory may vote from now on.</summary>
public sealed record WriteVoting(ulong Memory) : JournalWrite;

/// <summary>Write that the entries up to the last of these ends are in checkpoints, and delete them.</summary>
/// <param name="Below">Where the epochs up to there end, oldest first; not empty.</param>
/// <param name="Roll">The voters that the log names there.</param>
public sealed record WriteTruncation(EpochEnd[] Below, VoterRoll Roll) : JournalWrite;

/// <summary>
/// Write that the log is another one now: it begins behind the last of these ends, where the images of a full sync stand.
/// </summary>
/// <param name="Below">Where the epochs up to there end, oldest first; not empty.</param>
/// <param name="Roll">The voters that the log names there.</param>
/// <param name="ImagesUpTo">The newest of the images: that seq is committed, although the log does not reach it yet.</param>
public sealed record WriteReset(EpochEnd[] Below, VoterRoll Roll, ulong ImagesUpTo) : JournalWrite;

/// <summary>Entries that this node lacks are nowhere in a log any more: it needs a full sync before it can go on.</summary>
/// <param name="Source">Who said so.</param>
public sealed record FullSyncNeeded(NodeId Source) : Effect;

/// <summary>Send a message to a node; it may be lost, doubled, late.</summary>
public sealed record Send(NodeId To, ReplicationMessage Message) : Effect;

/// <summary>Send a message to the very process whose message is being answered: its name may now lead to another one.</summary>
public sealed record Reply(LifeSuperseded Message) : Effect;

/// <summary>
/// Another life has taken this one's place among the voters. The process must end before it says anything more; nothing that it says would
/// be counted. It can come back as a memory without a vote.
/// </summary>
/// <param name="By">The life that has it; an incarnation of 0 is not known, and a memory of 0 neither.</param>
public sealed record Superseded(Life By) : Effect;

/// <summary>The identity of the cluster is known to be committed: the data directory belongs to it.</summary>
public sealed record Born(ulong Birth) : Effect;

/// <summary>A node of another cluster said something, which was ignored.</summary>
public sealed record ForeignMessage(Origin From) : Effect;

/// <summary>Read entries from the journal for a Standby that is behind the window; answered with Replica.JournalRead.</summary>
public sealed record ReadJournal(NodeId Standby, ulong FromSequence) : Effect;

/// <summary>Everything up to here is committed.</summary>
public sealed record CommitAdvanced(ulong CommitSequence) : Effect;

/// <summary>
/// A Primary has appended an entry of its own accord, which no partition proposed: the segment table must hear of its commit to
/// know how far it is.
/// </summary>
public sealed record OwnEntryAppended(ulong Sequence) : Effect;

/// <summary>This node's role is another one now.</summary>
/// <param name="Role">The new role.</param>
/// <param name="Epoch">Its epoch.</param>
/// <param name="Reason">For the log.</param>
public sealed record RoleChanged(ReplicaRole Role, ulong Epoch, string Reason) : Effect;

/// <summary>
/// A Primary stepped down although its partitions had applied more than is committed: throw their state away and replay.
/// </summary>
public sealed record RebuildPartitions : Effect;

/// <summary>The epoch's first entry is committed: open the door when the partitions have applied everything up to it.</summary>
public sealed record BeginReign(ulong Epoch, ulong EpochStartSequence) : Effect;

/// <summary>A candidate has sealed a majority. What is left is its tail.</summary>
/// <param name="Epoch">Of the attempt.</param>
/// <param name="TailFrom">Who has the best log among them: this node itself, or a voter whose tail is fetched now.</param>
public sealed record MajoritySealed(ulong Epoch, NodeId TailFrom) : Effect;

/// <summary>
/// A majority of the voters had no grant to this Primary running at one moment: it had no lease then, and whoever keeps the members of the
/// cluster may put it out, so that the oracle looks for another node.
/// </summary>
/// <param name="Primary">Who.</param>
/// <param name="Epoch">In which it was heard.</param>
/// <param name="AtTicks">That moment.</param>
/// <param name="HeardAtTicks">When it was last heard here: a life of that node that began later is another one.</param>
public sealed record PrimaryLost(NodeId Primary, ulong Epoch, long AtTicks, long HeardAtTicks) : Effect;

/// <summary>The hand-over that Uncrown asked for is complete.</summary>
public sealed record HandedOver : Effect;

/// <summary>What a node is.</summary>
public enum ReplicaRole : byte
{
    /// <summary>Stores and applies what a Primary sends.</summary>
    Standby,
    /// <summary>Seals voters, fetches the tail.</summary>
    Candidate,
    /// <summary>Appends, commits and, with a lease, serves.</summary>
    Primary,
}

/// <summary>Read entries from the journal for a candidate; answered with Replica.TailRead.</summary>
public sealed record ReadTail(NodeId Candidate, ulong Epoch, ulong PreviousEpoch, ulong PreviousSequence) : Effect;
