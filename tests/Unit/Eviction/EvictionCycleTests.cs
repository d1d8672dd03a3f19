using CsCheck;
using HotStandby.Core.Eviction;

namespace HotStandby.Tests.Unit.Eviction;

public sealed class EvictionCycleTests
{
    private static readonly EvictionPolicy Policy = new(EvictionSettings.Default);

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(64)]
    public void Of_400_objects_a_ratio_of_0_05_evicts_the_20_oldest(int shardCount)
    {
        var shards = new OfferingShards(shardCount, Plain(400));
        var cycle = shards.Run(Policy, Policy.Goal(0.5, forced: true));
        Assert.Equal(Names(0, 20), shards.Gone.Order());
        Assert.Equal((20, 200UL), (cycle.EvictedCount, cycle.EvictedBytes));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(16)]
    public void Of_200_objects_a_ratio_of_0_8_evicts_160(int shardCount)
    {
        var shards = new OfferingShards(shardCount, Plain(200));
        shards.Run(Policy, new EvictionGoal(0.8, 0.4));
        Assert.Equal(Names(0, 160), shards.Gone.Order());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(16)]
    public void Of_10_plain_and_10_soft_pinned_objects_a_ratio_of_0_8_evicts_10_and_6(int shardCount)
    {
        var shards = new OfferingShards(shardCount, TenAndTen());
        shards.Run(Policy, new EvictionGoal(0.8, 0.8));
        Assert.Equal([.. Names(0, 6, "soft"), .. Names(10, 20)], shards.Gone.Order().OrderBy(name => name[0] == 'k'));
    }

    [Fact]
    public void The_lower_bound_of_a_full_store_reaches_the_soft_pinned_too()
    {
        var policy = new EvictionPolicy(new EvictionSettings { HighWatermark = 0.2, Ratio = 0.8, Headroom = 0 });
        var shards = new OfferingShards(4, TenAndTen());
        shards.Run(policy, policy.Goal(1.0, forced: false));
        Assert.Equal((10, 6), (shards.Gone.Count(name => name[0] == 'k'), shards.Gone.Count(name => name[0] == 's')));
    }

    [Fact]
    public void Soft_pinned_objects_stay_while_the_others_suffice_for_the_lower_bound()
    {
        var shards = new OfferingShards(4, TenAndTen());
        shards.Run(Policy, new EvictionGoal(0.8, 0.4));
        Assert.Equal(Names(10, 20), shards.Gone.Order());
    }

    [Fact]
    public void Soft_pinned_objects_stay_when_they_may_not_be_evicted()
    {
        var policy = new EvictionPolicy(new EvictionSettings { AllowSoftPinned = false });
        var shards = new OfferingShards(4, TenAndTen());
        shards.Run(policy, new EvictionGoal(0.8, 0.8));
        Assert.Equal(Names(10, 20), shards.Gone.Order());
    }

    [Fact]
    public void Leased_objects_count_for_the_goal_but_do_not_go()
    {
        var objects = Plain(20).Select((o, i) => i < 15 ? o with { LeaseUntilTicks = 2_000_000 + i } : o);
        var shards = new OfferingShards(3, objects);
        shards.Run(Policy, new EvictionGoal(0.5, 0.5));
        Assert.Equal(Names(15, 20), shards.Gone.Order());
    }

    [Fact]
    public void Hard_pinned_objects_neither_go_nor_count()
    {
        var objects = Plain(20).Select((o, i) => o with { HardPinned = i < 10 });
        var shards = new OfferingShards(3, objects);
        shards.Run(Policy, new EvictionGoal(0.5, 0.25));
        Assert.Equal(Names(10, 15), shards.Gone.Order());
    }

    [Fact]
    public void Ties_at_the_cut_off_are_taken()
    {
        var shards = new OfferingShards(5, Plain(40).Select((o, i) => o with { LeaseUntilTicks = i < 5 ? i : i < 20 ? 100 : 200 }));
        shards.Run(Policy, new EvictionGoal(0.25, 0));
        Assert.Equal(Names(0, 20), shards.Gone.Order());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    public void Ties_are_bounded_so_that_a_reign_that_leased_everything_at_once_keeps_its_cache(int maximumTies)
    {
        var policy = new EvictionPolicy(new EvictionSettings { MaximumTies = maximumTies });
        var shards = new OfferingShards(5, Plain(400).Select(o => o with { LeaseUntilTicks = 100 }));
        shards.Run(policy, new EvictionGoal(0.05, 0));
        Assert.Equal(20 + maximumTies, shards.Gone.Count);
    }

    [Fact]
    public void Objects_that_their_shard_refuses_are_replaced_by_the_next_oldest()
    {
        var shards = new OfferingShards(5, Plain(100));
        shards.Refused.UnionWith(Names(3, 6));
        var cycle = shards.Run(Policy, new EvictionGoal(0.1, 0));
        Assert.Equal(Names(0, 13).Except(Names(3, 6)), shards.Gone.Order());
        Assert.Equal((10, 13), (cycle.EvictedCount, cycle.Asked));
    }

    [Fact]
    public void A_cycle_chooses_no_more_than_its_bound()
    {
        var policy = new EvictionPolicy(new EvictionSettings { MaximumVictims = 30 });
        var shards = new OfferingShards(4, Plain(400));
        shards.Run(policy, new EvictionGoal(0.5, 0.25));
        Assert.Equal(Names(0, 30), shards.Gone.Order());
    }

    [Fact]
    public void Where_an_offer_was_cut_the_choice_ends_and_nothing_warmer_goes_first()
    {
        var shards = new OfferingShards(2, Plain(100));
        var cycle = shards.Run(Policy, new EvictionGoal(0.8, 0.4), limit: 10);
        Assert.True(cycle.FellShort);
        Assert.InRange(cycle.EvictedCount, 10, 20);
        Assert.Equal(Names(0, cycle.EvictedCount), shards.Gone.Order());
        Assert.False(new OfferingShards(2, Plain(100)).Run(Policy, new EvictionGoal(0.8, 0.4), limit: 90).FellShort);
    }

    [Fact]
    public void Soft_pinned_objects_stay_while_a_cut_offer_hides_plain_ones()
    {
        var shards = new OfferingShards(1, [.. Plain(50), .. Soft(50)]);
        shards.Run(Policy, new EvictionGoal(0.8, 0.8), limit: 10);
        Assert.Equal(Names(0, 10), shards.Gone.Order());
    }

    // Random shards, deadlines (with ties), pins and bounds, against the same rules written as a sort.
    [Fact]
    public void What_goes_is_what_a_full_sort_would_choose() =>
        Gen.Select(Gen.Int[1, 9], Gen.Select(Gen.Int[0, 30], Gen.Int[0, 5]).Array[0, 120], Gen.Double[0, 1], Gen.Double[0, 1],
            Gen.Int[0, 5]).Sample(
            (shardCount, objects, target, share, ties) =>
            {
                var policy = new EvictionPolicy(new EvictionSettings { MaximumTies = ties, MaximumVictims = 50 });
                var goal = new EvictionGoal(target, target * share);
                var all = objects.Select((o, i) => new TestObject(
                    $"k{i:000}", o.Item1 > 25 ? 2_000_000 : o.Item1, SoftPinned: o.Item2 == 0, HardPinned: o.Item2 == 1)).ToList();
                var shards = new OfferingShards(shardCount, all);
                shards.Run(policy, goal);
                var expected = Sorted(all, policy, goal);
                Assert.Equal(expected, Deadlines(all.Where(o => shards.Gone.Contains(o.Name))));
            });

    private static IEnumerable<(bool, long)> Sorted(List<TestObject> all, EvictionPolicy policy, EvictionGoal goal)
    {
        var evictable = all.Where(o => !o.HardPinned).ToList();
        var wanted = policy.CountOf(goal.Target, evictable.Count);
        var least = policy.CountOf(goal.LowerBound, evictable.Count);
        var plain = Cold(evictable, softPinned: false);
        var taken = Take(plain, wanted, policy.Settings.MaximumTies);
        if (taken.Count == plain.Count)
            taken.AddRange(Take(Cold(evictable, softPinned: true), least - taken.Count, policy.Settings.MaximumTies));
        return Deadlines(taken);
    }

    private static List<TestObject> Cold(List<TestObject> evictable, bool softPinned) =>
        [.. evictable.Where(o => o.SoftPinned == softPinned && o.LeaseUntilTicks <= 1_000_000).OrderBy(o => o.LeaseUntilTicks)];

    private static List<TestObject> Take(List<TestObject> cold, int count, int ties)
    {
        if (count <= 0)
            return [];
        var taken = cold.Take(count).ToList();
        return [.. taken, .. cold.Skip(count).Where(o => o.LeaseUntilTicks == taken[^1].LeaseUntilTicks).Take(ties)];
    }

    private static IEnumerable<(bool, long)> Deadlines(IEnumerable<TestObject> objects) =>
        objects.Select(o => (o.SoftPinned, o.LeaseUntilTicks)).Order();

    private static IEnumerable<TestObject> Plain(int count) => Enumerable.Range(0, count).Select(i => new TestObject($"k{i:000}", i + 1));

    private static IEnumerable<TestObject> Soft(int count) =>
        Enumerable.Range(0, count).Select(i => new TestObject($"soft{i:000}", i + 1, SoftPinned: true));

    // The soft-pinned ones are colder: their pin keeps them nevertheless.
    private static IEnumerable<TestObject> TenAndTen() =>
        [.. Soft(10), .. Enumerable.Range(10, 10).Select(i => new TestObject($"k{i:000}", 1000 + i))];

    private static IEnumerable<string> Names(int from, int to, string prefix = "k") =>
        Enumerable.Range(from, to - from).Select(i => $"{prefix}{i:000}");
}
