// What the replica persists, through whatever journal plugin is configured. Encoded by ReplicationSerializer. Replayed in
// order after a restart; none of them is ever sent to an actor of another node.
using System.Runtime.Serialization;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;
using HotStandby.Messages.Replication;

namespace HotStandby.Core.Journal;

/// <summary>Any event in the replica's journal.</summary>
public interface IJournalEvent;

/// <summary>These entries follow in the log. In the journal it is exactly the batch's encoded bytes.</summary>
public sealed record BatchAppended(OpLogBatch Batch) : IJournalEvent;

/// <summary>This node helps nobody older than the epoch any more.</summary>
/// <param name="Epoch">The promise.</param>
/// <param name="Candidate">To whom; the same candidate may ask again.</param>
public sealed record EpochPromised(ulong Epoch, NodeId Candidate) : IJournalEvent;

/// <summary>Everything behind this seq conflicted with the Primary's log and is gone from this node's.</summary>
/// <param name="LastKeptSequence">Last seq of the log now; 0 when nothing is left.</param>
public sealed record SuffixCut(ulong LastKeptSequence) : IJournalEvent;

/// <summary>This memory holds everything that was committed when it joined: it may vote from now on.</summary>
/// <param name="Memory">The memory that has the right; 0 in a journal of an earlier version: the memory that the directory has.</param>
public sealed record VotingGranted(ulong Memory) : IJournalEvent;

/// <summary>The entries up to the last of these ends are in checkpoints; they are deleted next.</summary>
/// <param name="Below">Where the log's epochs up to there end, oldest first.</param>
/// <param name="Roll">The voters that the log names there; null in a journal of an earlier version, which does not say.</param>
public sealed record LogTruncated(EpochEnd[] Below, VoterRoll? Roll) : IJournalEvent;

/// <summary>A full sync replaced the log by an empty one that goes on behind the last of these ends.</summary>
/// <param name="Below">Where the epochs up to there end, oldest first.</param>
/// <param name="Roll">The voters that the log names there; null in a journal of an earlier version, which does not say.</param>
/// <param name="ImagesUpTo">The newest image that came with it.</param>
public sealed record LogReset(EpochEnd[] Below, VoterRoll? Roll, ulong ImagesUpTo) : IJournalEvent;

/// <summary>A partition's image, as a snapshot store keeps it. Not in the journal.</summary>
/// <param name="Sequence">What the image stands for; also the snapshot's sequence number, which a file that was renamed has lost.</param>
/// <param name="Epoch">Epoch of the entry at that seq.</param>
/// <param name="Image">The bytes; they are given back to a pool when the store has said that it has saved them.</param>
public sealed record PartitionCheckpoint(ulong Sequence, ulong Epoch, ReadOnlyMemory<byte> Image) : IJournalEvent;

/// <summary>
/// The journal gave back bytes that nobody wrote. The node must not lead, nor vote, before its peers have repaired it.
/// </summary>
/// <param name="facts">Which event, and what is wrong with its bytes.</param>
public sealed class JournalDamagedException(string facts) : SerializationException($"the journal is damaged: {facts}");
