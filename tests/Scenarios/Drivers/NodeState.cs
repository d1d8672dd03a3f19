// The replicated state of one node: a segment table and its shards, without leaders. Used by InProcessMaster only.
using HotStandby.Core;
using HotStandby.Core.Segments;
using HotStandby.Core.Shards;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;

namespace HotStandby.Tests.Scenarios.Drivers;

/// <summary>What entries leave behind.</summary>
internal sealed class NodeState
{
    public NodeState(int shards) =>
        Shards = [.. Enumerable.Range(0, shards).Select(shard => new ShardState(Partition.OfShard(shard), shards))];

    public SegmentTable Table { get; } = new();

    public ShardState[] Shards { get; }

    public IEnumerable<PartitionDigest> Digests => [Table.Digest, .. Shards.Select(shard => shard.Digest)];

    public void Apply(OpLogBatch batch)
    {
        foreach (var entry in batch)
        {
            if (entry.Partition.IsShard)
                Shards[entry.Partition.ShardIndex].Apply(entry);
            else
                Table.Apply(entry);
        }
    }
}
