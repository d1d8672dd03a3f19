// Which objects a shard offers for eviction, in which order, and what it lets go.
using HotStandby.Core.Shards;
using HotStandby.Messages;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Messages.OpLog;
using System.IO.Hashing;

namespace HotStandby.Tests.Unit.Shards;

public sealed class ColdOrderTests
{
    private static readonly ReplicateConfig Soft = new() { SoftPinAction = SoftPinAction.Enable };

    private readonly TestPrimary _shard = new();

    [Fact]
    public void Objects_are_offered_from_the_oldest_lease_to_the_youngest()
    {
        PutEach("a", "b", "c", "d");
        Assert.Equal(["a", "b", "c", "d"], _shard.Plain());
        _shard.Exist("a");
        Assert.Equal(["b", "c", "d"], _shard.Plain());
        _shard.Advance(TimeSpan.FromSeconds(5));
        _shard.Exist("c");
        _shard.Put("e");
        Assert.Equal(["b", "d", "e"], _shard.Plain());
        _shard.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(["b", "d", "e", "a"], _shard.Plain());
        _shard.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(["b", "d", "e", "a", "c"], _shard.Plain());
        var victims = _shard.Leader.Offer(10, _shard.Now).Plain;
        Assert.Equal(victims.Select(victim => victim.LeaseUntilTicks).Order(), victims.Select(victim => victim.LeaseUntilTicks));
    }

    [Fact]
    public void An_offer_is_no_longer_than_asked_and_says_what_an_eviction_frees()
    {
        _shard.Put("a", on: [1, 2]);
        _shard.Advance(TimeSpan.FromTicks(1));
        _shard.Put("b");
        Assert.Equal(["a"], _shard.Plain(limit: 1));
        Assert.Equal(200UL, _shard.Leader.Offer(1, _shard.Now).Plain[0].SizeBytes);
    }

    [Fact]
    public void Soft_pinned_objects_are_in_a_list_of_their_own()
    {
        PutEach("a", "b");
        PutSoft("s", "t");
        Assert.Equal(["a", "b"], _shard.Plain());
        Assert.Equal(["s", "t"], _shard.SoftPinned());
        Assert.Equal((4, 2), (_shard.Leader.EvictableCount, _shard.Leader.SoftPinnedEvictableCount));
        var offer = _shard.Leader.Offer(10, _shard.Now);
        Assert.Equal((4, 2), (offer.EvictableCount, offer.SoftPinnedCount));
    }

    [Fact]
    public void Hard_pinned_objects_and_those_being_written_are_never_offered_and_never_go()
    {
        _shard.PutStart("hard", config: new ReplicateConfig { HardPin = true });
        _shard.PutEnd("hard");
        _shard.PutStart("open");
        Assert.Equal(0, _shard.Leader.EvictableCount);
        Assert.Empty(_shard.Plain());
        Assert.Equal(0, _shard.Evict("hard", "open", "absent"));
    }

    [Fact]
    public void An_object_that_was_read_since_the_offer_is_not_evicted()
    {
        PutEach("a", "b");
        _shard.Exist("a");
        Assert.Equal(1, _shard.Evict("a", "b", "b"));
        Assert.Equal((1, OpType.Eviction), (_shard.State.ObjectCount, _shard.Types()[^1]));
        Assert.Empty(_shard.Released);
        _shard.CommitAll();
        Assert.Single(_shard.Released);
    }

    [Fact]
    public void An_object_whose_soft_pin_ends_takes_the_place_of_its_age()
    {
        _shard.PutStart("pinned", config: Soft with { SoftPinTtlMilliseconds = 1_000 });
        PutEach("a");
        _shard.PutEnd("pinned");
        _shard.Advance(TimeSpan.FromTicks(1));
        PutEach("b", "c");
        _shard.Advance(TimeSpan.FromSeconds(1));
        _shard.Sweep();
        Assert.Equal(["a", "pinned", "b", "c"], _shard.Plain());
        Assert.Equal((0, 0), (_shard.Leader.SoftPinnedCount, _shard.Leader.SoftPinnedEvictableCount));
        _shard.Exist("pinned");
        _shard.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(["a", "b", "c", "pinned"], _shard.Plain());
        Assert.Equal(1, _shard.Evict("pinned"));
    }

    [Fact]
    public void An_object_that_is_evicted_while_it_stands_among_the_late_ones_leaves_them()
    {
        _shard.PutStart("pinned", config: Soft with { SoftPinTtlMilliseconds = 1_000 });
        _shard.PutEnd("pinned");
        _shard.Advance(TimeSpan.FromSeconds(1));
        PutEach("a");
        _shard.Sweep();
        Assert.Equal(["pinned", "a"], _shard.Plain());
        Assert.Equal(1, _shard.Evict("pinned"));
        Assert.Equal((1, "a"), (_shard.Leader.EvictableCount, Assert.Single(_shard.Plain())));
    }

    [Fact]
    public void A_new_reign_knows_the_same_objects_and_leases_them_all()
    {
        PutEach("a", "b");
        PutSoft("s");
        _shard.Put("gone");
        _shard.Remove("gone");
        _shard.CommitAll();
        _shard.FailOver();
        Assert.Equal((3, 1, 1), (_shard.Leader.EvictableCount, _shard.Leader.SoftPinnedEvictableCount, _shard.Leader.SoftPinnedCount));
        Assert.Empty(_shard.Plain());
        _shard.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(["a", "b"], _shard.Plain().Order());
        Assert.Equal(["s"], _shard.SoftPinned());
    }

    [Fact]
    public void The_twenty_oldest_of_four_hundred_are_the_twenty_that_were_not_read()
    {
        var keys = Enumerable.Range(0, 400).Select(i => $"k{i:000}").ToArray();
        PutEach(keys);
        foreach (var key in keys[20..].Reverse())
        {
            _shard.Advance(TimeSpan.FromTicks(1));
            _shard.Exist(key);
        }

        _shard.Advance(TimeSpan.FromSeconds(11));
        Assert.Equal(keys[..20], _shard.Plain(limit: 20));
        Assert.Equal([.. keys[..20], .. keys[20..].Reverse()], _shard.Plain(limit: 400));
    }

    [Fact]
    public void A_group_is_described_by_its_latest_lease_and_its_members_without_pins()
    {
        PutIn("g", "a", new ReplicateConfig());
        PutIn("g", "b", new ReplicateConfig());
        PutIn("g", "hard", new ReplicateConfig { HardPin = true });
        PutIn("g", "soft", Soft);
        PutIn("other", "c", new ReplicateConfig());
        var hash = XxHash3.HashToUInt64("g"u8);
        Assert.Equal(hash, _shard.Leader.Offer(1, _shard.Now).Plain[0].Group);
        var state = Describe(hash);
        Assert.Equal(["a", "b"], state.Members.Select(member => member.Key.ToString()).Order());
        Assert.True(state.LeaseUntilTicks <= _shard.Now);
        _shard.Exist("hard");
        Assert.Equal(_shard.Now + TimeSpan.FromSeconds(10).Ticks, Describe(hash).LeaseUntilTicks);
        Assert.Equal((long.MinValue, 0), (Describe(4711).LeaseUntilTicks, Describe(4711).Members.Count));
        foreach (var key in new[] { "a", "b", "hard", "soft" })
            _shard.Remove(key, force: true);
        Assert.Equal(long.MinValue, Describe(hash).LeaseUntilTicks);
    }

    [Fact]
    public void Groups_are_known_again_in_a_new_reign()
    {
        PutIn("g", "a", new ReplicateConfig());
        _shard.CommitAll();
        _shard.FailOver();
        Assert.Equal("a", Assert.Single(Describe(XxHash3.HashToUInt64("g"u8)).Members).Key.ToString());
    }

    private GroupState Describe(ulong group)
    {
        var states = new GroupState[1];
        _shard.Leader.DescribeGroups([group], states);
        return states[0];
    }

    private void PutIn(string group, string key, ReplicateConfig config)
    {
        Assert.Equal(ErrorCode.Ok, _shard.PutStart(key, config: config with { GroupIds = [group] }).Error);
        Assert.Equal(ErrorCode.Ok, _shard.PutEnd(key));
    }

    private void PutEach(params string[] keys)
    {
        foreach (var key in keys)
        {
            _shard.Put(key);
            _shard.Advance(TimeSpan.FromTicks(1));
        }
    }

    private void PutSoft(params string[] keys)
    {
        foreach (var key in keys)
        {
            _shard.PutStart(key, config: Soft);
            _shard.PutEnd(key);
            _shard.Advance(TimeSpan.FromTicks(1));
        }
    }
}
