namespace HotStandby.Core.Node;

/// <summary>What a replica's state rests on.</summary>
/// <param name="IsWhole">The partitions hold what the log begins with, and follow it.</param>
/// <param name="BaseSequence">Entries up to here are in checkpoints only.</param>
/// <param name="CheckpointSequence">Two checkpoints of every partition cover everything up to here; 0: not since the last restore.</param>
/// <param name="Sync">The full sync that is under way, or null.</param>
public sealed record StateStatus(bool IsWhole, ulong BaseSequence, ulong CheckpointSequence, SyncProgress? Sync);
