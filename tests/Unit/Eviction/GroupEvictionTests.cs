// Groups go whole or not at all, wherever their members are.
using HotStandby.Core.Eviction;

namespace HotStandby.Tests.Unit.Eviction;

public sealed class GroupEvictionTests
{
    private static readonly EvictionPolicy Policy = new(EvictionSettings.Default);

    [Fact]
    public void A_group_goes_whole_with_members_that_are_far_from_the_coldest()
    {
        var shards = Shards(Object(0, group: 7), Object(1), Object(2), Object(90, group: 7), Object(91, group: 7));
        shards.Run(Policy, new EvictionGoal(0.2, 0));
        Assert.Equal(["k00", "k90", "k91"], shards.Gone.Order());
        Assert.Equal(1, shards.GroupQuestions);
    }

    [Fact]
    public void One_leased_member_protects_all_and_others_take_their_place()
    {
        var shards = Shards(Object(0, group: 7), Object(1, group: 7), Object(2), Object(3), Leased(4, group: 7));
        shards.Run(Policy, new EvictionGoal(0.4, 0));
        Assert.Equal(["k02", "k03"], shards.Gone.Order());
    }

    [Fact]
    public void A_leased_member_protects_even_if_it_is_pinned()
    {
        var shards = Shards(Object(0, group: 7), Object(1), Leased(4, group: 7) with { SoftPinned = true });
        shards.Run(Policy, new EvictionGoal(0.3, 0));
        Assert.Equal(["k01"], shards.Gone);
    }

    [Fact]
    public void Pinned_members_are_passed_over_and_protect_nobody()
    {
        var shards = Shards(
            Object(0, group: 7), Object(1, group: 7) with { SoftPinned = true }, Object(2, group: 7) with { HardPinned = true },
            Object(3, group: 7), Object(4));
        shards.Run(Policy, new EvictionGoal(0.25, 0));
        Assert.Equal(["k00", "k03"], shards.Gone.Order());
    }

    [Fact]
    public void When_the_soft_pinned_go_their_groups_go_whole_too()
    {
        var shards = Shards(Object(0, group: 7) with { SoftPinned = true }, Object(1) with { SoftPinned = true },
            Object(50, group: 7) with { SoftPinned = true });
        shards.Run(Policy, new EvictionGoal(0.3, 0.3));
        Assert.Equal(["k00", "k50"], shards.Gone.Order());
    }

    [Fact]
    public void A_plain_member_whose_lease_ended_after_the_offer_goes_with_its_soft_pinned_group()
    {
        TestObject[] objects = [Object(0, group: 7) with { SoftPinned = true }, Object(1, group: 7) with { LeaseUntilTicks = 500 }];
        var cycle = new EvictionCycle(Policy, new EvictionGoal(0.5, 0.5), 1, 100);
        cycle.Add(0, new OfferingShards(1, objects) { NowTicks = 400 }.Offer(0, 100));
        ulong[] unknown = [.. cycle.Choose(400, mayAsk: true)];
        cycle.Ask(unknown);
        cycle.AddGroups(unknown, [new OfferingShards(1, objects).Describe(0, 7)]);
        Assert.Empty(cycle.Choose(600, mayAsk: true));
        Assert.Equal(objects.Select(o => o.Key).OrderBy(key => key.Hash), cycle.TakeChosen()[0].OrderBy(key => key.Hash));
    }

    [Fact]
    public void A_soft_pinned_member_is_protected_by_a_leased_plain_one()
    {
        var shards = Shards(Object(0, group: 7) with { SoftPinned = true }, Object(1) with { SoftPinned = true }, Leased(2, group: 7));
        shards.Run(Policy, new EvictionGoal(0.3, 0.3));
        Assert.Equal(["k01"], shards.Gone);
    }

    [Fact]
    public void Groups_behind_protected_ones_are_asked_about_in_another_round()
    {
        var shards = Shards(
            Object(0, group: 7), Leased(1, group: 7), Object(2, group: 8), Leased(3, group: 8), Object(4, group: 9), Object(5, group: 9));
        shards.Run(Policy, new EvictionGoal(0.1, 0));
        Assert.Equal(["k04", "k05"], shards.Gone.Order());
        Assert.Equal(3, shards.GroupQuestions);
    }

    [Fact]
    public void A_group_that_may_not_be_asked_about_any_more_stays()
    {
        var cycle = new EvictionCycle(Policy, new EvictionGoal(0.5, 0), 1, 100);
        cycle.Add(0, new OfferingShards(1, [Object(0, group: 7), Object(1)]).Offer(0, 100));
        Assert.Empty(cycle.Choose(1_000_000, mayAsk: false));
        Assert.Equal([Object(1).Key], cycle.TakeChosen()[0]);
    }

    [Fact]
    public void A_group_of_which_one_shard_has_said_nothing_stays()
    {
        var objects = Enumerable.Range(0, 20).Select(i => Object(i, group: 7)).ToArray();
        var shards = new OfferingShards(2, objects);
        var cycle = new EvictionCycle(Policy, new EvictionGoal(0.1, 0), 2, 100);
        cycle.Add(0, shards.Offer(0, 100));
        cycle.Add(1, shards.Offer(1, 100));
        var unknown = cycle.Choose(1_000_000, mayAsk: true).ToArray();
        cycle.Ask(unknown);
        cycle.AddGroups(unknown, [shards.Describe(0, 7)]);
        Assert.Empty(cycle.Choose(1_000_000, mayAsk: true));
        Assert.All(cycle.TakeChosen(), Assert.Empty);
    }

    private static OfferingShards Shards(params TestObject[] objects) => new(4, objects);

    private static TestObject Object(int number, ulong group = 0) => new($"k{number:00}", number, Group: group);

    private static TestObject Leased(int number, ulong group) => new($"k{number:00}", 2_000_000, Group: group);
}
