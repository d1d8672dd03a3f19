// What a replica is made with, and what its node and the oracle say to it.
using Akka.Actor;
using HotStandby.Actors.Cells;
using HotStandby.Core.Node;
using HotStandby.Core.Replication;
using HotStandby.Messages.Identity;

namespace HotStandby.Actors.Replication;

/// <summary>What a replica needs besides the protocol's settings.</summary>
/// <param name="Protocol">Settings of the protocol.</param>
/// <param name="JournalPluginId">HOCON path of the journal plugin.</param>
/// <param name="TickInterval">How often the protocol sees that time passes.</param>
/// <param name="MaximumReplicationLagTicks">Async commit: replies are held once the oldest unreplicated entry is older than this.</param>
/// <param name="SnapshotPluginId">HOCON path of the snapshot-store plugin, for checkpoints.</param>
/// <param name="CheckpointBytes">A round of checkpoints is due after so many bytes of log,</param>
/// <param name="CheckpointIntervalTicks">and after so much time, if anything has come.</param>
/// <param name="RetainBytes">Of the log, beyond what the own checkpoints need: for Standbys that are behind.</param>
public sealed record ReplicaOptions(
    ReplicaSettings Protocol, string JournalPluginId, TimeSpan TickInterval, long MaximumReplicationLagTicks, string SnapshotPluginId,
    long CheckpointBytes, long CheckpointIntervalTicks, long RetainBytes);

/// <summary>Node to replica, once: these are the partitions. The replica adds what keeps the node's state.</summary>
public sealed record PartitionsAre(NodeRoutes Routes) : INoSerializationVerificationNeeded;

/// <summary>The oracle to its local replica: try to lead.</summary>
public sealed record Crown : INoSerializationVerificationNeeded
{
    /// <summary>The only one.</summary>
    public static readonly Crown Instance = new();
}

/// <summary>The oracle to its local replica: stop leading. Answered with <see cref="HandOverComplete"/>.</summary>
public sealed record Uncrown : INoSerializationVerificationNeeded
{
    /// <summary>The only one.</summary>
    public static readonly Uncrown Instance = new();
}

/// <summary>A node that ends to its replica: hand over if you lead without the oracle, which would see to it otherwise. Answered as <see cref="Uncrown"/>.</summary>
public sealed record Abdicate : INoSerializationVerificationNeeded
{
    /// <summary>The only one.</summary>
    public static readonly Abdicate Instance = new();
}

/// <summary>An operator to the replica: let another node lead, and stay. Answered with <see cref="NodeCommandAnswer"/> when the hand-over has begun.</summary>
/// <param name="To">Who shall lead; none: the Standby that is furthest.</param>
public sealed record SwitchOver(NodeId To) : INoSerializationVerificationNeeded;

/// <summary>Replica to the oracle: done.</summary>
public sealed record HandOverComplete : INoSerializationVerificationNeeded
{
    /// <summary>The only one.</summary>
    public static readonly HandOverComplete Instance = new();
}

/// <summary>Replica to itself: time has passed.</summary>
internal sealed record ReplicaTick : INoSerializationVerificationNeeded
{
    public static readonly ReplicaTick Instance = new();
}

/// <summary>Replica to itself: everything that was in the mailbox has been taken.</summary>
internal sealed record TurnEnds : INoSerializationVerificationNeeded
{
    public static readonly TurnEnds Instance = new();
}
