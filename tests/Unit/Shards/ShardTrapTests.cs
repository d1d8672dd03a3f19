// The traps that users of upstream know by heart, one test each.
using HotStandby.Core.Shards;
using HotStandby.Messages;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;

namespace HotStandby.Tests.Unit.Shards;

public sealed class ShardTrapTests
{
    private readonly TestPrimary _shard = new();

    [Fact]
    public void An_object_in_progress_does_not_exist_is_not_ready_and_cannot_be_started_again()
    {
        Assert.Equal(ErrorCode.Ok, _shard.PutStart("k").Error);
        Assert.False(_shard.Exist("k"));
        Assert.Equal(ErrorCode.ReplicaIsNotReady, _shard.Get("k").Error);
        Assert.Equal(ErrorCode.ObjectAlreadyExists, _shard.PutStart("k").Error);
    }

    [Fact]
    public void A_missing_object_is_not_found_by_every_call_but_exist()
    {
        Assert.False(_shard.Exist("k"));
        Assert.Equal(ErrorCode.ObjectNotFound, _shard.Get("k").Error);
        Assert.Equal(ErrorCode.ObjectNotFound, _shard.PutEnd("k"));
        Assert.Equal(ErrorCode.ObjectNotFound, _shard.PutRevoke("k"));
        Assert.Equal(ErrorCode.ObjectNotFound, _shard.Remove("k", force: true));
    }

    [Fact]
    public void PutEnd_twice_succeeds_without_a_second_entry()
    {
        _shard.Put("k");
        var entries = _shard.Drafts.Count;
        Assert.Equal(ErrorCode.Ok, _shard.PutEnd("k"));
        Assert.Equal(ErrorCode.Ok, _shard.PutEnd("k", selector: ReplicaType.Memory));
        Assert.Equal(entries, _shard.Drafts.Count);
    }

    [Fact]
    public void PutRevoke_after_PutEnd_is_an_invalid_write()
    {
        _shard.Put("k");
        Assert.Equal(ErrorCode.InvalidWrite, _shard.PutRevoke("k"));
        Assert.True(_shard.Exist("k"));
    }

    [Fact]
    public void Only_the_writer_ends_or_revokes_its_put()
    {
        _shard.PutStart("k", TestPrimary.Alice);
        Assert.Equal(ErrorCode.IllegalClient, _shard.PutEnd("k", TestPrimary.Bob));
        Assert.Equal(ErrorCode.IllegalClient, _shard.PutRevoke("k", TestPrimary.Bob));
        Assert.Equal(ErrorCode.Ok, _shard.PutEnd("k", TestPrimary.Alice));
        Assert.Equal(ErrorCode.IllegalClient, _shard.PutEnd("k", TestPrimary.Bob));
    }

    [Theory]
    [InlineData(ReplicaType.Disk)]
    [InlineData(ReplicaType.LocalDisk)]
    [InlineData(ReplicaType.NofSsd)]
    [InlineData(ReplicaType.Dfs)]
    public void A_selector_that_means_no_replica_ends_nothing(ReplicaType selector)
    {
        _shard.PutStart("k");
        var entries = _shard.Types().Length;
        Assert.Equal(ErrorCode.Ok, _shard.PutEnd("k", selector: selector));
        Assert.Equal(ErrorCode.Ok, _shard.PutRevoke("k", selector: selector));
        Assert.Equal((entries, ErrorCode.ReplicaIsNotReady), (_shard.Types().Length, _shard.Get("k").Error));
        Assert.Equal(ErrorCode.Ok, _shard.PutEnd("k", selector: ReplicaType.Memory));
        Assert.Equal(ErrorCode.InvalidWrite, _shard.PutEnd("k", selector: selector));
        Assert.Equal(ErrorCode.InvalidWrite, _shard.PutRevoke("k", selector: selector));
    }

    [Theory]
    [InlineData(ReplicaType.Disk, ErrorCode.Ok)]
    [InlineData(ReplicaType.LocalDisk, ErrorCode.Ok)]
    [InlineData(ReplicaType.Memory, ErrorCode.InvalidParams)]
    [InlineData(ReplicaType.All, ErrorCode.InvalidParams)]
    [InlineData((ReplicaType)77, ErrorCode.InvalidParams)]
    public void There_is_nothing_on_disks_to_forget(ReplicaType type, ErrorCode expected)
    {
        var call = new KeyedCall(null!, KeyedOperation.ForgetOnDisk, [ObjectKey.From("k")]) { Client = TestPrimary.Bob, Selector = type };
        Assert.Equal(ErrorCode.ObjectNotFound, _shard.Execute(call)[0].Error);
        _shard.PutStart("k");
        Assert.Equal(expected, _shard.Execute(call)[0].Error);
        _shard.PutEnd("k");
        Assert.Equal(expected, _shard.Execute(call)[0].Error);
        Assert.True(_shard.Exist("k"));
    }

    [Fact]
    public void Remove_directly_after_PutEnd_works()
    {
        _shard.Put("k");
        Assert.Equal(ErrorCode.Ok, _shard.Remove("k"));
        Assert.Equal(ErrorCode.ObjectNotFound, _shard.Remove("k"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Remove_after_a_read_is_refused_until_the_lease_is_over(bool byGet)
    {
        _shard.Put("k");
        if (byGet)
            Assert.Equal(10_000UL, _shard.Get("k").LeaseTtlMilliseconds);
        else
            Assert.True(_shard.Exist("k"));
        _shard.Advance(TimeSpan.FromSeconds(10) - TimeSpan.FromTicks(1));
        Assert.Equal(ErrorCode.ObjectHasLease, _shard.Remove("k"));
        _shard.Advance(TimeSpan.FromTicks(1));
        Assert.Equal(ErrorCode.Ok, _shard.Remove("k"));
    }

    [Fact]
    public void A_second_read_prolongs_the_lease()
    {
        _shard.Put("k");
        _shard.Exist("k");
        _shard.Advance(TimeSpan.FromSeconds(6));
        _shard.Get("k");
        _shard.Advance(TimeSpan.FromSeconds(9));
        Assert.Equal(ErrorCode.ObjectHasLease, _shard.Remove("k"));
    }

    [Fact]
    public void A_forced_remove_ignores_leases_but_not_incompleteness()
    {
        _shard.Put("read");
        _shard.Exist("read");
        _shard.PutStart("unfinished");
        Assert.Equal(ErrorCode.Ok, _shard.Remove("read", force: true));
        Assert.Equal(ErrorCode.ReplicaIsNotReady, _shard.Remove("unfinished", force: true));
        Assert.Equal(ErrorCode.ReplicaIsNotReady, _shard.Remove("unfinished"));
    }

    [Fact]
    public void An_object_whose_only_segment_died_is_not_found_rather_than_not_ready()
    {
        _shard.Put("k", on: [1]);
        _shard.PutStart("unfinished", on: [1]);
        _shard.Kill(1);
        Assert.Equal(ErrorCode.ObjectNotFound, _shard.Get("k").Error);
        Assert.Equal(ErrorCode.ObjectNotFound, _shard.Get("unfinished").Error);
        Assert.False(_shard.Exist("k"));
        Assert.Equal(ErrorCode.ObjectNotFound, _shard.Remove("k"));
        Assert.Equal(ErrorCode.ObjectNotFound, _shard.PutEnd("unfinished"));
    }

    [Fact]
    public void A_key_whose_segments_died_can_be_put_anew()
    {
        _shard.Put("k", on: [1]);
        _shard.Exist("k");
        _shard.Kill(1);
        Assert.Equal(ErrorCode.Ok, _shard.PutStart("k", TestPrimary.Bob, on: [2]).Error);
        Assert.Equal(ErrorCode.Ok, _shard.PutEnd("k", TestPrimary.Bob));
        Assert.Equal("host2:1", _shard.Get("k").Replicas[0].TransportEndpoint);
    }

    [Fact]
    public void A_replica_on_a_dead_segment_is_not_shown_while_another_lives()
    {
        _shard.Put("k", on: [1, 2]);
        Assert.Equal(2, _shard.Get("k").Replicas.Count);
        _shard.Kill(1);
        var replicas = _shard.Get("k").Replicas;
        Assert.Equal(1, replicas.Count);
        Assert.Equal((0x2000_0000UL, "host2:1", "tcp", ReplicaStatus.Complete),
            (replicas[0].Address, replicas[0].TransportEndpoint, replicas[0].Protocol, replicas[0].Status));
    }

    [Fact]
    public void The_second_of_two_equal_keys_in_a_batch_exists_already_and_gives_its_buffer_back()
    {
        var results = _shard.BatchPutStart(["a", "b", "a"]);
        Assert.Equal([ErrorCode.Ok, ErrorCode.Ok, ErrorCode.ObjectAlreadyExists], results.Select(result => result.Error));
        Assert.Equal(new Extent(1, 200, 100), Assert.Single(_shard.Released));
    }

    [Fact]
    public void An_abandoned_put_blocks_its_key_for_30_seconds_and_its_bytes_for_600()
    {
        _shard.PutStart("k", TestPrimary.Alice);
        _shard.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(ErrorCode.ObjectAlreadyExists, _shard.PutStart("k", TestPrimary.Bob).Error);
        _shard.Advance(TimeSpan.FromTicks(1));
        Assert.Equal(ErrorCode.Ok, _shard.PutStart("k", TestPrimary.Bob).Error);
        Assert.Equal(ErrorCode.IllegalClient, _shard.PutEnd("k", TestPrimary.Alice));
        Assert.Equal(ErrorCode.Ok, _shard.PutEnd("k", TestPrimary.Bob));
        _shard.Released.Clear();

        _shard.Advance(TimeSpan.FromSeconds(570) - TimeSpan.FromTicks(1));
        _shard.Sweep();
        Assert.Equal(1, _shard.State.ParkedCount);
        _shard.Advance(TimeSpan.FromTicks(1));
        _shard.Sweep();
        Assert.Empty(_shard.Released);
        _shard.CommitAll();
        Assert.Equal(new Extent(1, 0, 100), Assert.Single(_shard.Released));
        Assert.Equal(0, _shard.State.ParkedCount);
        Assert.True(_shard.Exist("k"));
    }

    [Fact]
    public void A_put_that_nobody_takes_over_loses_its_object_and_its_bytes_after_600_seconds()
    {
        _shard.PutStart("k");
        _shard.Advance(TimeSpan.FromSeconds(600));
        _shard.Sweep();
        Assert.Equal(ErrorCode.ReplicaIsNotReady, _shard.Get("k").Error);
        _shard.Advance(TimeSpan.FromTicks(1));
        _shard.Sweep();
        Assert.Equal(ErrorCode.ObjectNotFound, _shard.PutEnd("k"));
        Assert.Equal(ItemOutcome.AwaitsCommit, _shard.Outcome);
        _shard.CommitAll();
        Assert.Equal(new Extent(1, 0, 100), Assert.Single(_shard.Released));
    }

    [Fact]
    public void A_checksum_of_zero_is_a_checksum_and_none_is_none()
    {
        _shard.PutStart("zero");
        _shard.PutEnd("zero", checksum: 0);
        _shard.Put("none");
        Assert.Equal(0UL, _shard.Get("zero").ObjectChecksum);
        Assert.Null(_shard.Get("none").ObjectChecksum);
    }

    [Fact]
    public void After_a_failover_every_object_is_leased_for_one_full_time_but_not_what_is_put_then()
    {
        _shard.Put("old");
        _shard.CommitAll();
        _shard.FailOver();
        Assert.Equal(ErrorCode.ObjectHasLease, _shard.Remove("old"));
        _shard.Put("new");
        Assert.Equal(ErrorCode.Ok, _shard.Remove("new"));
        _shard.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(ErrorCode.Ok, _shard.Remove("old"));
    }

    [Fact]
    public void After_a_failover_the_timers_of_unfinished_and_parked_puts_start_anew()
    {
        _shard.PutStart("taken", TestPrimary.Alice);
        _shard.Advance(TimeSpan.FromSeconds(31));
        _shard.PutStart("taken", TestPrimary.Bob);
        _shard.PutEnd("taken", TestPrimary.Bob);
        _shard.PutStart("unfinished");
        _shard.CommitAll();
        _shard.Advance(TimeSpan.FromSeconds(590));
        _shard.FailOver();
        _shard.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(ErrorCode.ObjectAlreadyExists, _shard.PutStart("unfinished", TestPrimary.Bob).Error);
        _shard.Advance(TimeSpan.FromSeconds(570));
        _shard.Sweep();
        Assert.Equal(0, _shard.Pending);
        _shard.Advance(TimeSpan.FromTicks(1));
        _shard.Sweep();
        Assert.Equal(3, _shard.Pending);
    }
}
