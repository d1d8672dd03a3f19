// Everything a node can be told, typed and checked. Made by SettingsParser from HOCON, read by whoever builds the node;
// immutable, and without defaults of its own: those live in hocon/reference.conf, with ranges and reasons.
using HotStandby.Messages.Identity;

namespace HotStandby.Actors.Settings;

/// <summary>The settings of one node: the block <c>hotstandby { }</c>. See hocon/reference.conf for ranges and reasons.</summary>
public sealed record HotStandbySettings
{
    /// <summary>The cluster's name; 1 to 128 characters.</summary>
    public required string ClusterId { get; init; }

    /// <summary>This node; one of <see cref="Voters"/>.</summary>
    public required NodeId NodeId { get; init; }

    /// <summary>Every voter of the cluster, without duplicates.</summary>
    public required IReadOnlyList<NodeId> Voters { get; init; }

    /// <summary>Absolute path of the node's data directory.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>Metadata shards; 1 to 4096.</summary>
    public required int Shards { get; init; }

    /// <summary>When a write is acknowledged.</summary>
    public required CommitPolicy Commit { get; init; }

    /// <summary>Under <see cref="CommitPolicy.Async"/>, the age of the oldest unreplicated entry at which replies are held.</summary>
    public required TimeSpan MaximumReplicationLag { get; init; }

    /// <summary>The clients' door.</summary>
    public required ClientSettings Client { get; init; }

    /// <summary>Where clients ask who serves.</summary>
    public required DiscoverySettings Discovery { get; init; }

    /// <summary>The operators' door.</summary>
    public required HttpSettings Http { get; init; }

    /// <summary>The other nodes' door.</summary>
    public required RemotingSettings Remoting { get; init; }

    /// <summary>The Primary's right to serve.</summary>
    public required LeaseSettings Lease { get; init; }

    /// <summary>Who stays in the cluster.</summary>
    public required MembershipSettings Membership { get; init; }

    /// <summary>The replicated log.</summary>
    public required OpLogSettings OpLog { get; init; }

    /// <summary>The stream to one Standby.</summary>
    public required LinkSettings Link { get; init; }

    /// <summary>Where the log is kept.</summary>
    public required JournalSettings Journal { get; init; }

    /// <summary>What the log begins with.</summary>
    public required CheckpointSettings Checkpoints { get; init; }

    /// <summary>Objects and the clients that own their memory.</summary>
    public required ObjectSettings Objects { get; init; }

    /// <summary>Where new objects go.</summary>
    public required AllocationSettings Allocation { get; init; }

    /// <summary>What goes when memory is short.</summary>
    public required EvictionOptions Eviction { get; init; }

    /// <summary>How a Standby is compared with its Primary.</summary>
    public required VerificationSettings Verification { get; init; }

    /// <summary>What tests may do.</summary>
    public required TestingSettings Testing { get; init; }

    /// <summary>The log: <c>hotstandby.log</c>.</summary>
    public required LogSettings Log { get; init; }
}

/// <summary>When a write is acknowledged.</summary>
public enum CommitPolicy
{
    /// <summary>A majority of the voters has it.</summary>
    Quorum,
    /// <summary>The local journal has it; bounded by <see cref="HotStandbySettings.MaximumReplicationLag"/>.</summary>
    Async,
}
