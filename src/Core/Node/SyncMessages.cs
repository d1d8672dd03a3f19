// What the replica and the two ends of a full sync say to each other on one node.
using Akka.Actor;
using HotStandby.Core.Checkpoints;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;
using HotStandby.Messages.Replication;

namespace HotStandby.Actors.Checkpoints;

/// <summary>Replica to its source of images: they are of a state that is wrong; give no more of them.</summary>
public sealed record ForgetImages : INoSerializationVerificationNeeded
{
    /// <summary>The only one.</summary>
    public static readonly ForgetImages Instance = new();
}

/// <summary>To the replica: send this to that node. The replica fills in this node's life.</summary>
public sealed record SendToNode(NodeId To, ReplicationMessage Message) : INoSerializationVerificationNeeded;

/// <summary>Replica to its sync: images come from this node now; <see cref="NodeId.None"/>: nobody is known.</summary>
public sealed record SourceIs(NodeId Source) : INoSerializationVerificationNeeded;

/// <summary>Sync to replica: this source gives nothing; name another.</summary>
public sealed record SourceIsSilent(NodeId Source) : INoSerializationVerificationNeeded;

/// <summary>Sync to replica: every image is here and durable.</summary>
/// <param name="Below">The source's epochs up to the oldest image.</param>
/// <param name="Roll">The voters that its log names there.</param>
/// <param name="Images">By partition.</param>
public sealed record SyncComplete(EpochEnd[] Below, VoterRoll Roll, IReadOnlyList<ImageStamp> Images) : INoSerializationVerificationNeeded;

/// <summary>Sync to replica: the images that came are of different histories; begin again, with another node.</summary>
public sealed record SyncFailed : INoSerializationVerificationNeeded
{
    /// <summary>The only one.</summary>
    public static readonly SyncFailed Instance = new();
}

/// <summary>Sync to replica, now and then.</summary>
/// <param name="Source">From whom.</param>
/// <param name="PartitionsDone">Images that are durable.</param>
/// <param name="Partitions">Of so many.</param>
/// <param name="Bytes">Received.</param>
/// <param name="BytesPerSecond">Since it began.</param>
/// <param name="RemainingSeconds">Estimated; null while nothing is known.</param>
public sealed record SyncProgress(
    NodeId Source, int PartitionsDone, int Partitions, long Bytes, double BytesPerSecond, double? RemainingSeconds) : INoSerializationVerificationNeeded;
