using HotStandby.Core.Node;

namespace HotStandby.Actors.Replication;

/// <summary>What the actor of a replica needs.</summary>
/// <param name="Cell">Of the replica itself.</param>
/// <param name="JournalPluginId">HOCON path of the journal plugin.</param>
/// <param name="SnapshotPluginId">HOCON path of the snapshot-store plugin, for checkpoints.</param>
internal sealed record ReplicaOptions(ReplicaCellSettings Cell, string JournalPluginId, string SnapshotPluginId);
