namespace HotStandby.Messages.Identity;

/// <summary>
/// What an OpLog entry changes: the segment table (0) or exactly one metadata shard (1 + shard index). No entry touches two.
/// </summary>
public readonly record struct Partition(ushort Value)
{
    /// <summary>Most metadata shards a cluster can have.</summary>
    public const int MaximumShards = 4096;

    /// <summary>The segment table.</summary>
    public static readonly Partition SegmentTable = new(0);

    /// <summary>True for a metadata shard.</summary>
    public bool IsShard => Value != 0;

    /// <summary>0-based index of the shard.</summary>
    public int ShardIndex => Value - 1;

    /// <summary>The partition of a shard.</summary>
    public static Partition OfShard(int shardIndex) => new(checked((ushort)(shardIndex + 1)));

    /// <summary>The shard that owns a key: the same on every node and for all time.</summary>
    /// <param name="keyHash"><see cref="ObjectKey.Hash"/>.</param>
    /// <param name="shardCount">1 to <see cref="MaximumShards"/>; fixed for the life of a cluster.</param>
    public static int ShardOf(ulong keyHash, int shardCount) => (int)(((keyHash >> 32) * (ulong)shardCount) >> 32);

    /// <inheritdoc/>
    public override string ToString() => IsShard ? $"shard-{ShardIndex}" : "segment-table";
}
