// UpsertStart: insert or overwrite. UpsertEnd and UpsertRevoke are PutEnd and PutRevoke.
using HotStandby.Core.Shards;
using HotStandby.Messages;
using HotStandby.Messages.Model;
using HotStandby.Messages.OpLog;

namespace HotStandby.Tests.Unit.Shards;

public sealed class UpsertTests
{
    private static readonly ReplicateConfig Pinned = new() { SoftPinAction = SoftPinAction.Enable };

    private readonly TestPrimary _shard = new();

    [Fact]
    public void An_absent_key_is_put()
    {
        var result = _shard.Upsert("k", on: [1, 2]);
        Assert.Equal((ErrorCode.Ok, 2, ReplicaStatus.Processing), (result.Error, result.Replicas.Count, result.Replicas[0].Status));
        Assert.Equal([OpType.PutStart], Types());
        Assert.Equal(ErrorCode.Ok, _shard.PutEnd("k"));
        Assert.True(_shard.Exist("k"));
    }

    [Fact]
    public void A_key_whose_segments_died_is_put_anew()
    {
        _shard.Put("k", on: [1]);
        _shard.Kill(1);
        Assert.Equal(ErrorCode.Ok, _shard.Upsert("k", TestPrimary.Bob, on: [2]).Error);
        Assert.Equal([OpType.PutStart, OpType.PutEnd, OpType.Remove, OpType.PutStart], Types());
    }

    [Fact]
    public void An_object_of_the_same_size_keeps_its_buffers_and_is_unreadable_until_its_end()
    {
        _shard.Put("k");
        var before = _shard.Get("k").Replicas[0];
        var result = _shard.Upsert("k", TestPrimary.Bob);
        Assert.Equal((ErrorCode.Ok, before.Address, before.Id), (result.Error, result.Replicas[0].Address, result.Replicas[0].Id));
        Assert.Equal(OpType.UpsertReuse, Types()[^1]);
        Assert.Equal(new Extent(1, 100, 100), Assert.Single(_shard.Released));
        Assert.Equal((ErrorCode.ReplicaIsNotReady, false), (_shard.Get("k").Error, _shard.Exist("k")));
        Assert.Equal(ErrorCode.IllegalClient, _shard.PutEnd("k", TestPrimary.Alice));
        Assert.Equal(ErrorCode.Ok, _shard.PutEnd("k", TestPrimary.Bob, checksum: 5));
        Assert.Equal(5UL, _shard.Get("k").ObjectChecksum);
    }

    [Fact]
    public void An_object_of_the_same_size_needs_no_new_buffers()
    {
        _shard.Put("k");
        Assert.Equal(ErrorCode.Ok, _shard.Upsert("k", on: []).Error);
        Assert.Equal(ErrorCode.Ok, _shard.PutEnd("k"));
    }

    [Fact]
    public void The_old_checksum_is_gone_when_the_upsert_gives_none()
    {
        _shard.PutStart("k");
        _shard.PutEnd("k", checksum: 5);
        _shard.Upsert("k");
        _shard.PutEnd("k");
        Assert.Null(_shard.Get("k").ObjectChecksum);
    }

    [Fact]
    public void An_object_of_another_size_makes_way_and_its_buffers_stay_parked_for_slow_readers()
    {
        _shard.Put("k");
        _shard.Exist("k");
        var result = _shard.Upsert("k", TestPrimary.Bob, size: 50);
        Assert.Equal((ErrorCode.Ok, 50UL), (result.Error, result.Replicas[0].SizeBytes));
        Assert.Equal([OpType.PutDiscard, OpType.PutStart], Types()[^2..]);
        Assert.Equal((1, 2), (_shard.State.ParkedCount, _shard.Allocator.Live.Count()));
        _shard.CommitAll();
        _shard.PutEnd("k", TestPrimary.Bob);
        _shard.Advance(TimeSpan.FromSeconds(600));
        _shard.Sweep();
        Assert.Equal(1, _shard.State.ParkedCount);
        _shard.Advance(TimeSpan.FromTicks(1));
        _shard.Sweep();
        _shard.CommitAll();
        Assert.Equal(new Extent(1, 0, 100), Assert.Single(_shard.Released));
    }

    [Theory]
    [InlineData(100)]
    [InlineData(50)]
    public void An_unfinished_put_is_preempted_at_once_whoever_writes_it(ulong size)
    {
        _shard.PutStart("k", TestPrimary.Alice);
        var result = _shard.Upsert("k", TestPrimary.Bob, size);
        Assert.Equal((ErrorCode.Ok, 1), (result.Error, _shard.State.ParkedCount));
        Assert.NotEqual(0x1000_0000UL, result.Replicas[0].Address);
        Assert.Equal(ErrorCode.IllegalClient, _shard.PutEnd("k", TestPrimary.Alice));
        Assert.Equal(ErrorCode.Ok, _shard.PutEnd("k", TestPrimary.Bob));
    }

    [Fact]
    public void The_buffers_of_a_preempted_put_are_parked_from_its_own_start()
    {
        _shard.PutStart("k", TestPrimary.Alice);
        _shard.Advance(TimeSpan.FromSeconds(400));
        _shard.Upsert("k", TestPrimary.Bob);
        _shard.PutEnd("k", TestPrimary.Bob);
        _shard.Advance(TimeSpan.FromSeconds(200) + TimeSpan.FromTicks(1));
        _shard.Sweep();
        Assert.Equal(0, _shard.State.ParkedCount);
    }

    [Fact]
    public void Revoking_an_upsert_deletes_the_object()
    {
        _shard.Put("k");
        _shard.Upsert("k");
        Assert.Equal(ErrorCode.Ok, _shard.PutRevoke("k"));
        Assert.Equal(ErrorCode.ObjectNotFound, _shard.Get("k").Error);
        _shard.CommitAll();
        Assert.Contains(new Extent(1, 0, 100), _shard.Released);
    }

    [Fact]
    public void Without_memory_the_upsert_is_refused_and_the_old_object_stays()
    {
        _shard.Put("k");
        Assert.Equal(ErrorCode.NoAvailableHandle, _shard.Upsert("k", size: 50, on: []).Error);
        Assert.True(_shard.Exist("k"));
    }

    [Fact]
    public void When_the_new_buffers_died_on_the_way_the_old_object_stays()
    {
        _shard.Put("k", on: [1]);
        _shard.Kill(2);
        Assert.Equal(ErrorCode.NoAvailableHandle, _shard.Upsert("k", size: 50, on: [2]).Error);
        Assert.Equal(new Extent(2, 0, 50), Assert.Single(_shard.Released));
        Assert.True(_shard.Exist("k"));
    }

    [Theory]
    [InlineData("a", "a", ErrorCode.Ok)]
    [InlineData("a", null, ErrorCode.Ok)]
    [InlineData("a", "b", ErrorCode.InvalidParams)]
    [InlineData("a", "", ErrorCode.InvalidParams)]
    [InlineData("", "b", ErrorCode.InvalidParams)]
    public void The_group_of_an_object_cannot_be_changed(string old, string? given, ErrorCode expected)
    {
        _shard.PutStart("k", config: new ReplicateConfig { GroupIds = [old] });
        _shard.PutEnd("k");
        var config = new ReplicateConfig { GroupIds = given is null ? null : [given] };
        foreach (var size in new[] { 100UL, 50UL })
            Assert.Equal(expected, _shard.Upsert("k", size: size, config: config).Error);
        Assert.True(_shard.Record("k").Group.SequenceEqual(System.Text.Encoding.UTF8.GetBytes(old)));
    }

    [Theory]
    [InlineData(true, false, true)]
    [InlineData(false, true, true)]
    [InlineData(false, false, false)]
    public void With_another_size_the_hard_pin_is_the_old_or_the_new_one(bool old, bool given, bool expected)
    {
        _shard.PutStart("k", config: new ReplicateConfig { HardPin = old });
        _shard.PutEnd("k");
        _shard.Upsert("k", size: 50, config: new ReplicateConfig { HardPin = given });
        Assert.Equal(expected, _shard.Record("k").IsHardPinned);
    }

    [Fact]
    public void With_the_same_size_the_hard_pin_stays_as_it_was()
    {
        _shard.Put("k");
        _shard.Upsert("k", config: new ReplicateConfig { HardPin = true });
        Assert.False(_shard.Record("k").IsHardPinned);
    }

    [Theory]
    [InlineData(100)]
    [InlineData(50)]
    public void Preserve_keeps_a_soft_pin_and_its_end(ulong size)
    {
        Pin("k");
        _shard.Advance(TimeSpan.FromMinutes(20));
        _shard.Upsert("k", size: size);
        _shard.PutEnd("k");
        Assert.True(_shard.Record("k").IsSoftPinned);
        _shard.Advance(TimeSpan.FromMinutes(10) - TimeSpan.FromTicks(1));
        _shard.Sweep();
        Assert.True(_shard.Record("k").IsSoftPinned);
        _shard.Advance(TimeSpan.FromTicks(1));
        _shard.Sweep();
        Assert.False(_shard.Record("k").IsSoftPinned);
    }

    [Theory]
    [InlineData(100)]
    [InlineData(50)]
    public void Enable_starts_a_soft_pin_anew_when_the_upsert_ends(ulong size)
    {
        Pin("k");
        _shard.Advance(TimeSpan.FromMinutes(20));
        _shard.Upsert("k", size: size, config: Pinned);
        _shard.PutEnd("k");
        _shard.Advance(TimeSpan.FromMinutes(30) - TimeSpan.FromTicks(1));
        _shard.Sweep();
        Assert.True(_shard.Record("k").IsSoftPinned);
        _shard.Advance(TimeSpan.FromTicks(1));
        _shard.Sweep();
        Assert.False(_shard.Record("k").IsSoftPinned);
    }

    [Theory]
    [InlineData(100)]
    [InlineData(50)]
    public void Disable_ends_a_soft_pin_when_the_upsert_ends(ulong size)
    {
        Pin("k");
        _shard.Upsert("k", size: size, config: new ReplicateConfig { SoftPinAction = SoftPinAction.Disable });
        _shard.PutEnd("k");
        Assert.Equal((false, 0), (_shard.Record("k").IsSoftPinned, _shard.Leader.SoftPinnedCount));
    }

    [Fact]
    public void A_soft_pin_that_is_over_but_not_swept_yet_is_not_inherited()
    {
        Pin("k");
        _shard.Advance(TimeSpan.FromMinutes(30));
        _shard.Upsert("k", size: 50);
        Assert.False(_shard.Record("k").IsSoftPinned);
    }

    [Theory]
    [InlineData(100)]
    [InlineData(50)]
    public void A_preserved_soft_pin_keeps_its_own_time_over_a_failover(ulong size)
    {
        _shard.PutStart("k", config: Pinned with { SoftPinTtlMilliseconds = 5_000 });
        _shard.PutEnd("k");
        _shard.Upsert("k", size: size);
        _shard.PutEnd("k");
        _shard.CommitAll();
        _shard.FailOver();
        _shard.Advance(TimeSpan.FromSeconds(5));
        _shard.Sweep();
        Assert.False(_shard.Record("k").IsSoftPinned);
    }

    [Fact]
    public void A_lease_does_not_stop_an_upsert_and_survives_one_in_place()
    {
        _shard.Put("k");
        _shard.Exist("k");
        Assert.Equal(ErrorCode.Ok, _shard.Upsert("k").Error);
        _shard.PutEnd("k");
        Assert.Equal(ErrorCode.ObjectHasLease, _shard.Remove("k"));
    }

    [Fact]
    public void An_object_that_is_being_copied_is_not_overwritten()
    {
        _shard.Put("k", on: [1]);
        _shard.Transfer("k", 1, [2]);
        Assert.Equal(ErrorCode.ObjectHasReplicationTask, _shard.Upsert("k").Error);
        Assert.Equal(ErrorCode.ObjectHasReplicationTask, _shard.Upsert("k", size: 50).Error);
    }

    [Fact]
    public void An_upsert_checks_its_arguments_as_PutStart_does()
    {
        Assert.Equal(ErrorCode.InvalidParams, _shard.Upsert("").Error);
        Assert.Equal(ErrorCode.InvalidParams, _shard.Upsert("k", size: 0).Error);
        Assert.Equal(ErrorCode.DfsServiceUnavailable, _shard.Upsert("k", config: new ReplicateConfig { DfsReplicaCount = 1 }).Error);
    }

    [Fact]
    public void An_upsert_in_place_that_nobody_ends_loses_its_object_after_600_seconds_though_its_first_put_ended_long_ago()
    {
        _shard.Put("k");
        _shard.Advance(TimeSpan.FromSeconds(500));
        _shard.Upsert("k");
        _shard.PutStart("other");
        _shard.Advance(TimeSpan.FromSeconds(600));
        _shard.Sweep();
        Assert.Equal(2, _shard.State.ObjectCount);
        _shard.Advance(TimeSpan.FromTicks(1));
        _shard.Sweep();
        Assert.Equal(0, _shard.State.ObjectCount);
    }

    private void Pin(string key)
    {
        _shard.PutStart(key, config: Pinned);
        _shard.PutEnd(key);
        Assert.Equal(1, _shard.Leader.SoftPinnedCount);
    }

    private OpType[] Types() => _shard.Types();
}
