// What the replica and the two ends of a full sync say to each other on one node. Each full sync of a node has a number, which grows: what
// is left of an earlier one is told by it.
using HotStandby.Core.Cells;
using HotStandby.Core.Checkpoints;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;
using HotStandby.Messages.Replication;

namespace HotStandby.Core.Node;

/// <summary>Replica to its source of images: they are of a state that is wrong; give no more of them.</summary>
public sealed record ForgetImages : ICellMessage
{
    /// <summary>The only one.</summary>
    public static readonly ForgetImages Instance = new();
}

/// <summary>To the replica: send this to that node. The replica fills in this node's life.</summary>
public sealed record SendToNode(NodeId To, ReplicationMessage Message) : ICellMessage;

/// <summary>Replica to its sync: begin. An earlier sync that has not ended is given up.</summary>
/// <param name="Number">Of this sync; positive.</param>
/// <param name="Source">Where images come from; <see cref="NodeId.None"/>: no node is known yet.</param>
public sealed record BeginSync(ulong Number, NodeId Source) : ICellMessage;

/// <summary>Replica to its sync: images come from this node now; <see cref="NodeId.None"/>: no node is known.</summary>
public sealed record SourceIs(NodeId Source) : ICellMessage;

/// <summary>Replica to its sync: it is over. What has arrived is forgotten.</summary>
public sealed record EndSync : ICellMessage
{
    /// <summary>The only one.</summary>
    public static readonly EndSync Instance = new();
}

/// <summary>Sync to replica: this source gives nothing; name another.</summary>
public sealed record SourceIsSilent(ulong Number, NodeId Source) : ICellMessage;

/// <summary>Sync to replica: every image is here and durable.</summary>
/// <param name="Number">Of the sync.</param>
/// <param name="Below">The source's epochs up to the oldest image.</param>
/// <param name="Roll">The voters that its log names there.</param>
/// <param name="Images">By partition.</param>
public sealed record SyncComplete(ulong Number, EpochEnd[] Below, VoterRoll Roll, IReadOnlyList<ImageStamp> Images) : ICellMessage;

/// <summary>Sync to replica: the images that came are of different histories; begin again, with another node.</summary>
public sealed record SyncFailed(ulong Number) : ICellMessage;

/// <summary>Sync to replica, now and then.</summary>
/// <param name="Number">Of the sync.</param>
/// <param name="Source">From which node.</param>
/// <param name="PartitionsDone">Images that are durable.</param>
/// <param name="Partitions">Of so many.</param>
/// <param name="Bytes">Received.</param>
/// <param name="BytesPerSecond">Since it began.</param>
/// <param name="RemainingSeconds">Estimated; null while nothing is known.</param>
public sealed record SyncProgress(
    ulong Number, NodeId Source, int PartitionsDone, int Partitions, long Bytes, double BytesPerSecond, double? RemainingSeconds)
    : ICellMessage;
