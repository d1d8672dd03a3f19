// BatchReplicaClear, what a refused Remove says, soft pins that end, and what becomes of a dead client's work.
using HotStandby.Core.Shards;
using HotStandby.Messages;
using HotStandby.Messages.Model;
using HotStandby.Messages.OpLog;

namespace HotStandby.Tests.Unit.Shards;

public sealed class ClearAndPinTests
{
    private static readonly ReplicateConfig Soft = new() { SoftPinAction = SoftPinAction.Enable };

    private readonly TestPrimary _shard = new();

    [Fact]
    public void Clear_without_a_segment_drops_the_whole_object_of_its_writer()
    {
        _shard.Put("k", on: [1, 2]);
        Assert.False(_shard.Clear("k", client: TestPrimary.Bob));
        Assert.True(_shard.Clear("k"));
        Assert.Equal((OpType.Remove, 0), (_shard.Types()[^1], _shard.State.ObjectCount));
        Assert.False(_shard.Clear("k"));
        _shard.CommitAll();
        Assert.Equal(2, _shard.Released.Count);
    }

    [Fact]
    public void Clear_with_a_segment_drops_the_replicas_there_and_an_object_without_others()
    {
        _shard.Put("both", on: [1, 2]);
        _shard.Put("one", on: [1]);
        Assert.True(_shard.Clear("both", "s1"));
        Assert.Equal(OpType.ReplicaCleared, _shard.Types()[^1]);
        Assert.Equal("host2:1", _shard.Get("both").Replicas[0].TransportEndpoint);
        Assert.True(_shard.Clear("one", "s1"));
        Assert.Equal(ErrorCode.ObjectNotFound, _shard.Get("one").Error);
        Assert.False(_shard.Clear("both", "s1"));
        Assert.False(_shard.Clear("both", "unknown"));
        _shard.CommitAll();
        Assert.Equal([1u, 1u], _shard.Released.Select(extent => extent.SegmentHandle));
    }

    [Theory]
    [InlineData("")]
    [InlineData("s1")]
    public void Clear_passes_over_what_is_leased_unfinished_or_absent(string segment)
    {
        _shard.Put("leased");
        _shard.Exist("leased");
        _shard.PutStart("unfinished");
        Assert.False(_shard.Clear("leased", segment));
        Assert.False(_shard.Clear("unfinished", segment));
        Assert.False(_shard.Clear("absent", segment));
        _shard.Advance(TimeSpan.FromSeconds(10));
        Assert.True(_shard.Clear("leased", segment));
    }

    [Fact]
    public void A_Remove_that_a_lease_refuses_says_how_long_the_lease_has_left()
    {
        _shard.Put("k");
        _shard.Exist("k");
        _shard.Advance(TimeSpan.FromMilliseconds(2_500));
        var result = _shard.TryRemove("k");
        Assert.Equal((ErrorCode.ObjectHasLease, 7_500UL), (result.Error, result.LeaseTtlMilliseconds));
        _shard.Advance(TimeSpan.FromMilliseconds(7_500) - TimeSpan.FromTicks(1));
        Assert.Equal(1UL, _shard.TryRemove("k").LeaseTtlMilliseconds);
        _shard.Advance(TimeSpan.FromTicks(1));
        Assert.Equal((ErrorCode.Ok, 0UL), (_shard.TryRemove("k").Error, 0UL));
    }

    [Theory]
    [InlineData(null, 1_800_000)]
    [InlineData(5_000UL, 5_000)]
    [InlineData(0UL, 0)]
    public void A_soft_pin_lasts_from_PutEnd_for_its_own_time_or_for_half_an_hour(ulong? ttl, long milliseconds)
    {
        _shard.PutStart("k", config: Soft with { SoftPinTtlMilliseconds = ttl });
        _shard.Advance(TimeSpan.FromSeconds(20));
        _shard.PutEnd("k");
        if (milliseconds > 0)
        {
            _shard.Advance(TimeSpan.FromMilliseconds(milliseconds) - TimeSpan.FromTicks(1));
            _shard.Sweep();
            Assert.Equal(1, _shard.Leader.SoftPinnedCount);
            _shard.Advance(TimeSpan.FromTicks(1));
        }

        _shard.Sweep();
        Assert.Equal((OpType.SoftPinEnded, 0), (_shard.Types()[^1], _shard.Leader.SoftPinnedCount));
        _shard.CommitAll();
        Assert.Equal((_shard.State.Digest, 0), (_shard.Standby.Digest, _shard.Standby.SoftPinnedCount));
    }

    [Fact]
    public void A_soft_pin_starts_anew_with_a_new_reign()
    {
        _shard.PutStart("k", config: Soft);
        _shard.PutEnd("k");
        _shard.CommitAll();
        _shard.Advance(TimeSpan.FromMinutes(29));
        _shard.FailOver();
        _shard.Advance(TimeSpan.FromMinutes(30) - TimeSpan.FromTicks(1));
        _shard.Sweep();
        Assert.Equal(1, _shard.Leader.SoftPinnedCount);
        _shard.Advance(TimeSpan.FromTicks(1));
        _shard.Sweep();
        Assert.Equal(0, _shard.Leader.SoftPinnedCount);
    }

    [Fact]
    public void A_soft_pin_of_the_longest_time_saturates()
    {
        var shard = new TestPrimary(
            ShardSettings.Default with { DefaultSoftPinTtl = TimeSpan.MaxValue, MaximumSoftPinTtl = TimeSpan.MaxValue });
        shard.PutStart("k", config: Soft);
        shard.PutEnd("k");
        shard.Advance(TimeSpan.FromDays(10_000));
        shard.Sweep();
        Assert.Equal(1, shard.Leader.SoftPinnedCount);
    }

    [Fact]
    public void A_sweep_ends_no_more_soft_pins_than_it_may()
    {
        for (var i = 0; i < 5; i++)
        {
            _shard.PutStart($"k{i}", config: Soft);
            _shard.PutEnd($"k{i}");
        }

        _shard.Advance(TimeSpan.FromMinutes(30));
        _shard.Sweep(3);
        Assert.Equal(2, _shard.Leader.SoftPinnedCount);
        _shard.Sweep(3);
        Assert.Equal(0, _shard.Leader.SoftPinnedCount);
    }

    [Fact]
    public void The_unfinished_work_of_a_dead_client_is_parked_at_once_and_nobody_elses()
    {
        _shard.PutStart("put", TestPrimary.Alice);
        _shard.PutStart("bobs", TestPrimary.Bob);
        _shard.Put("copied", TestPrimary.Bob, on: [1]);
        _shard.Transfer("copied", 1, [2], TestPrimary.Alice);
        _shard.Put("finished", TestPrimary.Alice);
        Assert.False(_shard.ClientGone(TestPrimary.Alice));
        Assert.Equal((3, 2), (_shard.State.ObjectCount, _shard.State.ParkedCount));
        Assert.Equal(ErrorCode.Ok, _shard.PutStart("put", TestPrimary.Bob).Error);
        Assert.Equal(ErrorCode.Ok, _shard.PutEnd("bobs", TestPrimary.Bob));
        Assert.Equal(ErrorCode.Ok, _shard.Remove("copied"));
        _shard.CommitAll();
        Assert.DoesNotContain(_shard.Released, extent => extent.SegmentHandle == 2);
    }

    [Fact]
    public void A_dead_clients_work_is_parked_in_bounded_lots()
    {
        for (var i = 0; i < 5; i++)
            _shard.PutStart($"k{i}");
        _shard.Put("copied", on: [1]);
        _shard.Transfer("copied", 1, [2]);
        Assert.True(_shard.ClientGone(TestPrimary.Alice, 3));
        Assert.Equal(3, _shard.State.ParkedCount);
        while (_shard.ClientGone(TestPrimary.Alice, 3))
            Assert.InRange(_shard.State.ParkedCount, 4, 6);
        Assert.Equal((6, 1), (_shard.State.ParkedCount, _shard.State.ObjectCount));
    }

    [Fact]
    public void A_dead_clients_upsert_that_was_started_twice_at_one_time_is_parked_once()
    {
        _shard.PutStart("k");
        _shard.PutEnd("k");
        _shard.Upsert("k");
        Assert.False(_shard.ClientGone(TestPrimary.Alice));
        Assert.Equal((1, 0), (_shard.State.ParkedCount, _shard.State.ObjectCount));
    }
}
