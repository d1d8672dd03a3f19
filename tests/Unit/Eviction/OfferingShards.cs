// Shards as the evictor sees them: objects with a deadline, a pin and a group, offered and described as a shard has to.
using HotStandby.Core.Eviction;
using HotStandby.Core.Shards;
using HotStandby.Messages.Identity;

namespace HotStandby.Tests.Unit.Eviction;

/// <summary>An object of a test.</summary>
internal sealed record TestObject(string Name, long LeaseUntilTicks, bool SoftPinned = false, bool HardPinned = false, ulong Group = 0)
{
    public ObjectKey Key { get; } = ObjectKey.From(Name);

    public Victim Victim => new(Key, LeaseUntilTicks, 10, Group);
}

internal sealed class OfferingShards(int shardCount, IEnumerable<TestObject> objects)
{
    private readonly List<TestObject> _objects = [.. objects];

    public long NowTicks { get; init; } = 1_000_000;

    /// <summary>Objects that are refused when they are to go, by name.</summary>
    public HashSet<string> Refused { get; } = [];

    /// <summary>Names of the objects that have gone, in the order of the choice within their shard.</summary>
    public List<string> Gone { get; } = [];

    public int GroupQuestions { get; private set; }

    public VictimOffer Offer(int shard, int limit)
    {
        var evictable = Of(shard).Where(o => !o.HardPinned).ToList();
        var cold = evictable.Where(o => o.LeaseUntilTicks <= NowTicks).OrderBy(o => o.LeaseUntilTicks).ToList();
        return new VictimOffer(
            evictable.Count, evictable.Count(o => o.SoftPinned),
            [.. cold.Where(o => !o.SoftPinned).Take(limit).Select(o => o.Victim)],
            [.. cold.Where(o => o.SoftPinned).Take(limit).Select(o => o.Victim)]);
    }

    public GroupState Describe(int shard, ulong group)
    {
        var members = Of(shard).Where(o => o.Group == group).ToList();
        return new GroupState(
            members.Select(o => o.LeaseUntilTicks).DefaultIfEmpty(long.MinValue).Max(),
            [.. members.Where(o => o is { SoftPinned: false, HardPinned: false }).Select(o => o.Victim)]);
    }

    /// <summary>A whole cycle, as the actor drives it.</summary>
    public EvictionCycle Run(EvictionPolicy policy, EvictionGoal goal, int? limit = null)
    {
        var most = limit ?? policy.OfferLimit(shardCount, policy.Settings.MaximumVictims);
        var cycle = new EvictionCycle(policy, goal, shardCount, most);
        for (var shard = 0; shard < shardCount; shard++)
            cycle.Add(shard, Offer(shard, most));
        do
        {
            Choose(cycle);
            Evict(cycle);
        }
        while (cycle.EvictedCount < cycle.Asked && Refused.Count > 0 && cycle.Asked < 10_000 && Progressed(cycle));

        return cycle;
    }

    private int _askedBefore;

    private bool Progressed(EvictionCycle cycle)
    {
        var progressed = cycle.Asked > _askedBefore;
        _askedBefore = cycle.Asked;
        return progressed;
    }

    private void Choose(EvictionCycle cycle)
    {
        while (cycle.Choose(NowTicks, mayAsk: true) is { Count: > 0 } unknown)
        {
            ulong[] groups = [.. unknown];
            cycle.Ask(groups);
            GroupQuestions++;
            for (var shard = 0; shard < shardCount; shard++)
                cycle.AddGroups(groups, [.. groups.Select(group => Describe(shard, group))]);
        }
    }

    private void Evict(EvictionCycle cycle)
    {
        var byShard = cycle.TakeChosen();
        for (var shard = 0; shard < shardCount; shard++)
        {
            Assert.All(byShard[shard], key => Assert.Equal(shard, Partition.ShardOf(key.Hash, shardCount)));
            var going = byShard[shard].Select(key => _objects.Single(o => o.Key == key)).Where(o => !Refused.Contains(o.Name)).ToList();
            Gone.AddRange(going.Select(o => o.Name));
            _objects.RemoveAll(going.Contains);
            cycle.Evicted(going.Count, (ulong)going.Count * 10);
        }
    }

    private IEnumerable<TestObject> Of(int shard) => _objects.Where(o => Partition.ShardOf(o.Key.Hash, shardCount) == shard);
}
