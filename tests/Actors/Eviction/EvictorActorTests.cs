// The evictor between probes that stand for the segment table and two shards.
using Akka.Actor;
using Akka.TestKit;
using HotStandby.Actors.Cells;
using HotStandby.Core.Eviction;
using HotStandby.Core.Node;
using HotStandby.Core.Partitions;
using HotStandby.Core.Shards;
using HotStandby.Messages.Identity;

namespace HotStandby.Tests.Actors.Eviction;

public sealed class EvictorActorTests : ActorTest
{
    private const ulong Reign = 5;
    private const int ShardCount = 2;

    private readonly ManualTime _clock = new();
    private readonly TestProbe _segments;
    private readonly TestProbe[] _shards;
    private readonly IActorRef _evictor;

    public EvictorActorTests()
        : base(VirtualTimers + Serializes)
    {
        _segments = CreateTestProbe("segments");
        _shards = [.. Enumerable.Range(0, ShardCount).Select(index => CreateTestProbe($"shard-{index}"))];
        _evictor = Start(EvictionSettings.Default);
    }

    [Fact]
    public void A_cycle_asks_every_shard_sends_each_its_victims_and_reports_what_went()
    {
        Need(forced: true);
        var asked = ExpectOfferVictims();
        Assert.Equal((Reign, asked[0].CycleId, asked[0].Limit), (asked[1].Reign, asked[1].CycleId, asked[1].Limit));
        Assert.True(asked[0].Limit >= 20);
        // 400 objects in all, of which the 20 oldest go.
        Offer(0, asked[0], 200, [.. Victims(0, 1, 30)]);
        Offer(1, asked[1], 200, [.. Victims(1, 100, 30)]);
        Assert.Equal(Keys(Victims(0, 1, 20)), ExpectEvict(0, evicts: 20));
        Assert.Equal(new EvictionDone(Reign, 20, 200), _segments.ExpectMsg<EvictionDone>());
        _shards[1].ExpectNothingFrom(_evictor);
    }

    [Fact]
    public void Victims_of_both_shards_are_chosen_together()
    {
        Need(forced: true);
        var asked = ExpectOfferVictims();
        Offer(0, asked[0], 100, [.. Victims(0, 1, 6, step: 2)]);
        Offer(1, asked[1], 100, [.. Victims(1, 2, 6, step: 2)]);
        Assert.Equal(Keys(Victims(0, 1, 5, step: 2)), ExpectEvict(0, evicts: 5));
        Assert.Equal(Keys(Victims(1, 2, 5, step: 2)), ExpectEvict(1, evicts: 5));
        Assert.Equal(new EvictionDone(Reign, 10, 100), _segments.ExpectMsg<EvictionDone>());
    }

    [Fact]
    public void Without_need_nothing_is_asked_and_the_segment_table_hears_so()
    {
        Need(used: 0.5, forced: false);
        Assert.Equal(new EvictionDone(Reign, 0, 0), _segments.ExpectMsg<EvictionDone>());
        _shards[0].ExpectNothingFrom(_evictor);
    }

    [Fact]
    public void A_cycle_that_finds_nothing_says_so()
    {
        Need(forced: true);
        var asked = ExpectOfferVictims();
        Offer(0, asked[0], 100);
        Offer(1, asked[1], 0);
        Assert.Equal(new EvictionDone(Reign, 0, 0), _segments.ExpectMsg<EvictionDone>());
    }

    [Fact]
    public void A_second_need_during_a_cycle_begins_no_other()
    {
        Need(forced: true);
        var asked = ExpectOfferVictims();
        Need(forced: true);
        Offer(0, asked[0], 0);
        Offer(1, asked[1], 0);
        _segments.ExpectMsg<EvictionDone>();
        _shards[0].ExpectNothingFrom(_evictor);
        _segments.ExpectNothingFrom(_evictor);
    }

    [Fact]
    public void All_shards_are_asked_about_the_groups_among_the_candidates_and_the_group_goes_whole()
    {
        Need(forced: true);
        var asked = ExpectOfferVictims();
        var first = Victims(0, 1, 1, group: 7).Single();
        var second = Victims(1, 50, 1, group: 7).Single();
        Offer(0, asked[0], 20, first, Victims(0, 2, 1).Single());
        Offer(1, asked[1], 0, second);
        Describe(0, new GroupState(first.LeaseUntilTicks, [first]));
        Describe(1, new GroupState(second.LeaseUntilTicks, [second]));
        Assert.Equal(Keys([first]), ExpectEvict(0, evicts: 1));
        Assert.Equal(Keys([second]), ExpectEvict(1, evicts: 1));
        Assert.Equal(2, _segments.ExpectMsg<EvictionDone>().Evicted);
    }

    [Fact]
    public void A_group_with_a_leased_member_on_another_shard_stays()
    {
        Need(forced: true);
        var asked = ExpectOfferVictims();
        var grouped = Victims(0, 1, 1, group: 7).Single();
        var plain = Victims(0, 2, 1).Single();
        Offer(0, asked[0], 20, grouped, plain);
        Offer(1, asked[1], 0);
        Describe(0, new GroupState(grouped.LeaseUntilTicks, [grouped]));
        Describe(1, new GroupState(_clock.Ticks + 1, []));
        Assert.Equal(Keys([plain]), ExpectEvict(0, evicts: 1));
        Assert.Equal(1, _segments.ExpectMsg<EvictionDone>().Evicted);
    }

    [Fact]
    public void Victims_that_a_shard_refuses_are_replaced_in_the_same_cycle()
    {
        Need(forced: true);
        var asked = ExpectOfferVictims();
        Offer(0, asked[0], 40, [.. Victims(0, 1, 5)]);
        Offer(1, asked[1], 0);
        Assert.Equal(Keys(Victims(0, 1, 2)), ExpectEvict(0, evicts: 1));
        Assert.Equal(Keys(Victims(0, 3, 1)), ExpectEvict(0, evicts: 0));
        Assert.Equal(Keys(Victims(0, 4, 1)), ExpectEvict(0, evicts: 0));
        Assert.Equal(new EvictionDone(Reign, 1, 10), _segments.ExpectMsg<EvictionDone>());
    }

    [Fact]
    public void Many_victims_of_one_shard_go_in_messages_of_1024()
    {
        Need(used: 1.0, forced: true);
        var asked = ExpectOfferVictims();
        Offer(0, asked[0], 20_000, [.. Victims(0, 1, 3000)]);
        Offer(1, asked[1], 0);
        Assert.Equal([1024, 1024, 952], Enumerable.Range(0, 3).Select(_ => ExpectEvict(0, evicts: 10).Count()));
        // 2970 were refused, and nothing is left to take their place.
        Assert.Equal(new EvictionDone(Reign, 30, 300), _segments.ExpectMsg<EvictionDone>());
    }

    [Fact]
    public void A_cycle_whose_shards_are_silent_ends_at_its_deadline_with_what_it_has()
    {
        Need(forced: true, used: 0.95);
        var asked = ExpectOfferVictims();
        Offer(0, asked[0], 20, [.. Victims(0, 1, 1)]);
        PassTimers(EvictorCell.DefaultCycleTimeout - TimeSpan.FromMilliseconds(1));
        _segments.ExpectNothingFrom(_evictor);
        PassTimers(TimeSpan.FromMilliseconds(1));
        Assert.Equal(new EvictionDone(Reign, 0, 0), _segments.ExpectMsg<EvictionDone>());
        Offer(1, asked[1], 20, [.. Victims(1, 1, 1)]); // too late
        Need(forced: true, used: 0.95);
        asked = ExpectOfferVictims();
        Offer(0, asked[0], 20, [.. Victims(0, 1, 1)]);
        Offer(1, asked[1], 20, [.. Victims(1, 2, 1)]);
        ExpectEvict(0, evicts: 1);
        _shards[1].ExpectMsg<EvictVictims>(); // and says nothing
        _segments.ExpectNothingFrom(_evictor);
        PassTimers(EvictorCell.DefaultCycleTimeout);
        Assert.Equal(new EvictionDone(Reign, 1, 10), _segments.ExpectMsg<EvictionDone>());
    }

    [Fact]
    public void A_new_reign_ends_the_cycle_of_the_one_before()
    {
        Need(forced: true);
        var old = ExpectOfferVictims();
        Need(forced: true, reign: Reign + 1);
        var asked = ExpectOfferVictims();
        Assert.Equal(Reign + 1, asked[0].Reign);
        Offer(0, old[0], 20, [.. Victims(0, 1, 1)]);
        Offer(1, old[1], 20, [.. Victims(1, 1, 1)]);
        Need(forced: true); // of the reign that is over
        _shards[0].ExpectNothingFrom(_evictor);
        Offer(0, asked[0], 20, [.. Victims(0, 9, 1)]);
        Offer(1, asked[1], 0);
        Assert.Equal(Keys(Victims(0, 9, 1)), ExpectEvict(0, evicts: 1));
        Assert.Equal(new EvictionDone(Reign + 1, 1, 10), _segments.ExpectMsg<EvictionDone>());
    }

    [Fact]
    public void A_cycle_after_the_first_asks_for_no_more_than_it_can_need()
    {
        Need(forced: true);
        var first = ExpectOfferVictims();
        Offer(0, first[0], 400);
        Offer(1, first[1], 0);
        _segments.ExpectMsg<EvictionDone>();
        Need(forced: true);
        var second = ExpectOfferVictims();
        Assert.True(second[0].Limit < first[0].Limit, $"{second[0].Limit} after {first[0].Limit}");
        Assert.True(second[0].Limit >= 20);
    }

    [Fact]
    public void After_an_offer_that_was_too_short_the_next_one_is_wider()
    {
        var evictor = Start(EvictionSettings.Default with { MaximumTies = 0 });
        var limits = new List<int>();
        for (var cycle = 0; cycle < 3; cycle++)
        {
            evictor.Tell(new EvictionNeeded(Reign, 1.0, true), _segments);
            var asked = ExpectOfferVictims();
            limits.Add(asked[0].Limit);
            // As many members of a leased group as are asked for lie at the head of the list; the last cycle sees behind them.
            var hidden = Victims(0, 1, 5000, group: 7).Take(asked[0].Limit).ToArray();
            Offer(0, asked[0], 100_000, [.. hidden, .. hidden.Length < asked[0].Limit ? Victims(0, 9000, 1) : []], evictor);
            Offer(1, asked[1], 0, [], evictor);
            Describe(0, new GroupState(_clock.Ticks + 1, []), evictor);
            Describe(1, new GroupState(long.MinValue, []), evictor);
            if (hidden.Length < asked[0].Limit)
            {
                Assert.Equal(Keys(Victims(0, 9000, 1)), ExpectEvict(0, evicts: 1, evictor));
                Assert.Equal(1, _segments.ExpectMsg<EvictionDone>().Evicted);
                break;
            }

            Assert.Equal(0, _segments.ExpectMsg<EvictionDone>().Evicted);
        }

        Assert.True(limits.Count > 1, "the first offer was to be too short");
        Assert.True(limits[^1] > 5000, string.Join(", ", limits));
    }

    private IActorRef Start(EvictionSettings settings) =>
        Sys.ActorOf(CellActor.Props(
            outbox => new EvictorCell(_shards.Length, settings, EvictorCell.DefaultCycleTimeout, outbox),
            TestRoutes.Of([.. _shards.Select(shard => shard.Ref)], _segments), _clock));

    private void Need(bool forced, double used = 0.5, ulong reign = Reign) =>
        _evictor.Tell(new EvictionNeeded(reign, used, forced), _segments);

    private OfferVictims[] ExpectOfferVictims() => [.. _shards.Select(shard => shard.ExpectMsg<OfferVictims>())];

    private void Offer(int shard, OfferVictims asked, int evictable, params Victim[] plain) =>
        Offer(shard, asked, evictable, plain, _evictor);

    private void Offer(int shard, OfferVictims asked, int evictable, Victim[] plain, IActorRef evictor) =>
        evictor.Tell(new VictimsOffered(Partition.OfShard(shard), asked.Reign, asked.CycleId, new VictimOffer(evictable, 0, plain, [])),
            _shards[shard]);

    private void Describe(int shard, GroupState state, IActorRef? evictor = null)
    {
        var asked = _shards[shard].ExpectMsg<DescribeGroups>();
        Assert.Equal([7UL], asked.Groups);
        (evictor ?? _evictor).Tell(
            new GroupsDescribed(Partition.OfShard(shard), asked.Reign, asked.CycleId, asked.Groups, [state]), _shards[shard]);
    }

    private IEnumerable<ObjectKey> ExpectEvict(int shard, int evicts, IActorRef? evictor = null)
    {
        var asked = _shards[shard].ExpectMsg<EvictVictims>();
        (evictor ?? _evictor).Tell(new VictimsEvicted(asked.Reign, asked.CycleId, evicts, (ulong)evicts * 10), _shards[shard]);
        return asked.Keys;
    }

    private static IEnumerable<ObjectKey> Keys(IEnumerable<Victim> victims) => victims.Select(victim => victim.Key);

    /// <summary>Victims whose keys belong to the shard; the deadline tells them apart.</summary>
    private static IEnumerable<Victim> Victims(int shard, int firstDeadline, int count, int step = 1, ulong group = 0)
    {
        for (var i = 0; i < count; i++)
        {
            var deadline = firstDeadline + (i * step) - 10_000; // long past
            yield return new Victim(KeyOf(shard, deadline), deadline, 10, group);
        }
    }

    private static ObjectKey KeyOf(int shard, int number)
    {
        for (var salt = 0; ; salt++)
        {
            var key = ObjectKey.From($"{number}/{salt}");
            if (Partition.ShardOf(key.Hash, ShardCount) == shard)
                return key;
        }
    }
}
