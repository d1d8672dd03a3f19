// What operators learn of the replica.
using HotStandby.Core.Cells;
using HotStandby.Core.Checkpoints;
using HotStandby.Core.Replication;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Replication;

namespace HotStandby.Core.Node;

/// <summary>The journal is read.</summary>
public sealed record JournalRecovered(
    NodeId Node, ulong LastEpoch, ulong LastSequence, ulong Committed, ulong Promise, bool Votes) : Fact;

/// <summary>The node has taken another role.</summary>
public sealed record RoleTaken(
    NodeId Node, ReplicaRole Role, ulong Epoch, string Reason, ulong LastSequence, ulong Committed) : Fact;

/// <summary>The node answers clients.</summary>
public sealed record NodeServes(NodeId Node, ulong Epoch) : Fact;

/// <summary>A batch arrived with other bytes than were sent.</summary>
public sealed record BatchCorrupt(NodeId From, string Problem) : Fact;

/// <summary>The partitions have applied what was never committed, and are restored.</summary>
public sealed record PartitionsDirty(NodeId Node) : Fact;

/// <summary>Another memory has the vote of this node's name.</summary>
public sealed record VoteVoid(NodeId Node, ulong By, Life Before, Life Now) : Fact;

/// <summary>A process spoke as a voter whose vote another one has.</summary>
public sealed record VoterSuperseded(NodeId Node, CellAddress From, Life Life, Life By) : Fact;

/// <summary>The identity of this node's cluster is committed.</summary>
public sealed record BelongsTo(NodeId Node, ulong Birth) : Fact;

/// <summary>A node of another cluster is ignored.</summary>
public sealed record ForeignIgnored(NodeId Node, CellAddress From, Origin Origin, long Messages) : Fact;

/// <summary>A full sync that was asked for before this start has not ended.</summary>
public sealed record FullSyncStillNeeded(NodeId Node) : Fact;

/// <summary>A full sync begins.</summary>
public sealed record FullSyncBegins(NodeId Node, ulong LastSequence, bool IsWhole) : Fact;

/// <summary>Another node asks for an image that it cannot have.</summary>
public sealed record ImageNotGiven(NodeId To, Partition Partition, string Why) : Fact;

/// <summary>The checkpoints do not reach to where the log begins.</summary>
public sealed record CheckpointsMissing(NodeId Node, ulong Oldest, ulong LogBegins) : Fact;

/// <summary>What a full sync has brought is of another history.</summary>
public sealed record FullSyncConflicts(NodeId With, ImageStamp Image, ulong Committed) : Fact;

/// <summary>What a full sync has brought is in place.</summary>
public sealed record FullSyncInstalled(NodeId Node, ulong Behind, ulong ImagesUpTo) : Fact;
