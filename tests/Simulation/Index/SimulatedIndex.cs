// What one process holds of the index: the product's segment table and shards, fed with committed entries as a Standby's are, or led by a
// SimulatedReign. Lost with the process, and built again from what is committed.
using HotStandby.Core;
using HotStandby.Core.Segments;
using HotStandby.Core.Shards;
using HotStandby.Messages;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;

namespace HotStandby.Tests.Simulation.Index;

/// <summary>One process's partitions.</summary>
public sealed class SimulatedIndex
{
    /// <summary>Shards of every simulated cluster.</summary>
    public const int ShardCount = 2;

    private readonly Simulation _world;
    private readonly SimulatedNode _node;
    private ulong _appliedSequence;

    /// <summary>Nothing is applied yet.</summary>
    public SimulatedIndex(Simulation world, SimulatedNode node)
    {
        (_world, _node) = (world, node);
        Rebuild(0);
    }

    /// <summary>Segments.</summary>
    public SegmentTable Table { get; private set; } = null!;

    /// <summary>Objects.</summary>
    public ShardState[] Shards { get; private set; } = [];

    /// <summary>Set while this process leads and its reign has begun.</summary>
    public SimulatedReign? Reign { get; private set; }

    /// <summary>Throws everything away, and applies what is committed up to a seq.</summary>
    public void Rebuild(ulong upTo)
    {
        EndReign();
        Table = new SegmentTable();
        Shards = [.. Enumerable.Range(0, ShardCount).Select(static shard => new ShardState(Partition.OfShard(shard), ShardCount))];
        _appliedSequence = 0;
        Commit(upTo);
    }

    /// <summary>The epoch's first entry is committed, and applied.</summary>
    public void BeginReign(ulong epoch)
    {
        var reign = new SimulatedReign(_world, _node, this, epoch);
        Reign = reign;
        _world.AfterTrueTicks(0, _node, _node.Incarnation, () =>
        {
            if (Reign == reign)
                reign.Begin();
        });
    }

    /// <summary>This process leads no longer.</summary>
    public void EndReign()
    {
        Reign?.End();
        Reign = null;
    }

    /// <summary>Everything up to a seq is committed.</summary>
    /// <exception cref="InvariantViolation">7: what is applied is not what others have at this seq.</exception>
    public void Commit(ulong upTo)
    {
        for (var sequence = _appliedSequence + 1; sequence <= upTo; sequence++)
        {
            OpLogEntry.TryView(_world.Checker.EntryOf(_node.Log[(int)sequence - 1].Epoch, sequence), out var entry);
            if (Reign is not null)
                Reign.Commit(entry);
            else if (entry.Partition.IsShard)
                Shards[entry.Partition.ShardIndex].Apply(entry);
            else
                Table.Apply(entry);
        }

        if (_appliedSequence == upTo)
            return;
        _appliedSequence = upTo;
        if (Reign is null or { Uncommitted: 0 })
            _world.Checker.Holds(_node.Id, upTo, Digest());
        Reign?.Answer(upTo);
    }

    private ulong Digest()
    {
        var digest = Sum(Table.Digest);
        foreach (var shard in Shards)
            digest = (digest * 0x9E3779B97F4A7C15) + Sum(shard.Digest);
        return digest;
    }

    private static ulong Sum(PartitionDigest digest) => digest.Sum ^ (ulong)digest.Count;
}
