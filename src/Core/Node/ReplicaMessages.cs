// What the replica is made with, and what its node, the oracle and operators say to it.
using HotStandby.Core.Cells;
using HotStandby.Core.Replication;
using HotStandby.Messages.Identity;

namespace HotStandby.Core.Node;

/// <summary>What the replica needs besides the protocol's settings.</summary>
/// <param name="Protocol">Settings of the protocol.</param>
/// <param name="Shards">Of the cluster.</param>
/// <param name="TickInterval">How often the protocol sees that time passes.</param>
/// <param name="MaximumReplicationLagTicks">Async commit: replies are held once the oldest unreplicated entry is older than this.</param>
/// <param name="CheckpointBytes">A round of checkpoints is due after so many bytes of log,</param>
/// <param name="CheckpointIntervalTicks">and after so much time, if anything has come.</param>
/// <param name="RetainBytes">Of the log, beyond what the own checkpoints need: for Standbys that are behind.</param>
public sealed record ReplicaCellSettings(
    ReplicaSettings Protocol, int Shards, TimeSpan TickInterval, long MaximumReplicationLagTicks, long CheckpointBytes,
    long CheckpointIntervalTicks, long RetainBytes)
{
    /// <summary>See <see cref="PartitionFeed"/>; at least 1.</summary>
    public int EntriesPerExtentReport { get; init; } = 16_384;
}

/// <summary>To the replica: these of the other nodes are in the cluster.</summary>
public sealed record PeersAre(IReadOnlyCollection<NodeId> Nodes) : ICellMessage;

/// <summary>The oracle to its local replica: try to lead.</summary>
public sealed record Crown : ICellMessage
{
    /// <summary>The only one.</summary>
    public static readonly Crown Instance = new();
}

/// <summary>The oracle to its local replica: stop leading. Answered with <see cref="HandOverComplete"/>.</summary>
public sealed record Uncrown : ICellMessage
{
    /// <summary>The only one.</summary>
    public static readonly Uncrown Instance = new();
}

/// <summary>
/// A node that ends to its replica: hand over if you lead without the oracle, which would see to it otherwise. Answered as
/// <see cref="Uncrown"/>.
/// </summary>
public sealed record Abdicate : ICellMessage
{
    /// <summary>The only one.</summary>
    public static readonly Abdicate Instance = new();
}

/// <summary>
/// An operator to the replica: let another node lead, and stay. Answered with <see cref="NodeCommandAnswer"/> when the hand-over has begun.
/// </summary>
/// <param name="To">Who shall lead; none: the Standby that is furthest.</param>
public sealed record SwitchOver(NodeId To) : ICellMessage;

/// <summary>Replica to the oracle: done.</summary>
public sealed record HandOverComplete : ICellMessage
{
    /// <summary>The only one.</summary>
    public static readonly HandOverComplete Instance = new();
}

/// <summary>Replica to itself: time has passed.</summary>
public sealed record ReplicaTick : ICellMessage
{
    /// <summary>The only one.</summary>
    public static readonly ReplicaTick Instance = new();
}

/// <summary>Replica to itself: everything that was in the mailbox has been taken.</summary>
public sealed record TurnEnds : ICellMessage
{
    /// <summary>The only one.</summary>
    public static readonly TurnEnds Instance = new();
}

/// <summary>To the door: a reign begins to serve.</summary>
public sealed record DoorOpens(ulong Reign) : ICellMessage;

/// <summary>To the door: no new calls; those that were taken are still answered.</summary>
public sealed record DoorStops : ICellMessage
{
    /// <summary>The only one.</summary>
    public static readonly DoorStops Instance = new();
}

/// <summary>To the door: the node serves no more.</summary>
public sealed record DoorCloses : ICellMessage
{
    /// <summary>The only one.</summary>
    public static readonly DoorCloses Instance = new();
}
