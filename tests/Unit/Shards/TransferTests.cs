// Copies and moves of replicas, as a shard decides them.
using HotStandby.Core.Shards;
using HotStandby.Messages;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Model;
using HotStandby.Messages.OpLog;

namespace HotStandby.Tests.Unit.Shards;

public sealed class TransferTests
{
    private readonly TestPrimary _shard = new();

    public TransferTests() => _shard.Mount(3);

    [Fact]
    public void A_start_without_size_asks_for_buffers_of_the_objects_size_and_proposes_nothing()
    {
        _shard.Put("k", on: [1]);
        var entries = _shard.Drafts.Count;
        var call = TestPrimary.TransferCall(KeyedOperation.CopyStart, "k", null, 1, [2]);
        _shard.Execute(call);
        Assert.Equal((ItemOutcome.NeedsPlacement, 100UL, entries), (_shard.Outcome, Assert.Single(call.Sizes), _shard.Drafts.Count));
    }

    [Fact]
    public void A_copy_answers_the_source_and_then_the_targets_and_its_object_stays_readable()
    {
        _shard.Put("k", on: [1]);
        var result = _shard.Transfer("k", 1, [2, 3]);
        Assert.Equal((ErrorCode.Ok, 3, ItemOutcome.AwaitsCommit), (result.Error, result.Replicas.Count, _shard.Outcome));
        Assert.Equal(["host1:1", "host2:1", "host3:1"], Enumerable.Range(0, 3).Select(i => result.Replicas[i].TransportEndpoint));
        Assert.Equal((ReplicaStatus.Complete, ReplicaStatus.Processing), (result.Replicas[0].Status, result.Replicas[1].Status));
        Assert.Equal(1, _shard.Get("k").Replicas.Count);
        Assert.Equal(ErrorCode.Ok, _shard.EndTransfer("k"));
        Assert.Equal(3, _shard.Get("k").Replicas.Count);
        Assert.Equal(ErrorCode.ObjectNoReplicationTask, _shard.EndTransfer("k"));
    }

    [Fact]
    public void A_move_ends_with_its_source_gone_and_free_after_commit()
    {
        _shard.Put("k", on: [1]);
        Assert.Equal(ErrorCode.Ok, _shard.Transfer("k", 1, [2], move: true).Error);
        Assert.Equal(ErrorCode.Ok, _shard.EndTransfer("k", move: true));
        Assert.Equal("host2:1", _shard.Get("k").Replicas[0].TransportEndpoint);
        Assert.Empty(_shard.Released);
        _shard.CommitAll();
        Assert.Equal(new Extent(1, 0, 100), Assert.Single(_shard.Released));
    }

    [Fact]
    public void A_target_that_holds_a_replica_is_passed_over_and_its_place_given_back()
    {
        _shard.Put("k", on: [1, 2]);
        var result = _shard.Transfer("k", 1, [2, 3]);
        Assert.Equal((2, "host3:1"), (result.Replicas.Count, result.Replicas[1].TransportEndpoint));
        Assert.Equal(2u, Assert.Single(_shard.Released).SegmentHandle);
    }

    [Fact]
    public void A_target_that_is_named_twice_gets_one_replica()
    {
        _shard.Put("k", on: [1]);
        Assert.Equal(2, _shard.Transfer("k", 1, [2, 2]).Replicas.Count);
        Assert.Single(_shard.Released);
    }

    [Fact]
    public void A_move_to_where_a_replica_is_already_has_no_target_and_only_drops_the_source()
    {
        _shard.Put("k", on: [1, 2]);
        Assert.Equal(1, _shard.Transfer("k", 1, [2], move: true).Replicas.Count);
        Assert.Equal(ErrorCode.Ok, _shard.EndTransfer("k", move: true));
        Assert.Equal("host2:1", Assert.Single([_shard.Get("k").Replicas[0]]).TransportEndpoint);
        Assert.Equal(1, _shard.Record("k").ReplicaCount);
    }

    [Fact]
    public void A_move_without_target_is_a_task_and_nothing_of_its_object_is_incomplete()
    {
        _shard.Put("k", on: [1, 2]);
        _shard.Transfer("k", 1, [2], move: true);
        Assert.Equal(ErrorCode.ObjectHasReplicationTask, _shard.Remove("k", force: true));
    }

    [Fact]
    public void A_move_without_target_does_not_drop_the_last_replica()
    {
        _shard.Put("k", on: [1, 2]);
        _shard.Transfer("k", 1, [2], move: true);
        _shard.Kill(2);
        Assert.Equal(ErrorCode.ReplicaIsGone, _shard.EndTransfer("k", move: true));
        Assert.True(_shard.Exist("k"));
    }

    [Fact]
    public void Starts_are_refused_in_upstreams_order()
    {
        Assert.Equal(ErrorCode.InvalidParams, _shard.Transfer("k", 1, [1], move: true).Error);
        Assert.Equal(ErrorCode.InvalidParams, _shard.Transfer("k", 1, [2, 3], move: true).Error);
        Assert.Equal(ErrorCode.SegmentNotFound, _shard.Transfer("k", 1, [2, 99]).Error);
        Assert.Equal(ErrorCode.SegmentNotFound, _shard.Transfer("k", 1, [99], move: true).Error);
        Assert.Equal(ErrorCode.ObjectNotFound, _shard.Transfer("k", 1, [2]).Error);
        Assert.Equal(ErrorCode.ObjectNotFound, _shard.Transfer("k", 1, []).Error);
        _shard.PutStart("k", on: [1]);
        Assert.Equal(ErrorCode.ReplicaNotFound, _shard.Transfer("k", 1, [2]).Error);
        _shard.PutEnd("k");
        Assert.Equal(ErrorCode.ReplicaNotFound, _shard.Transfer("k", 3, [2]).Error);
        Assert.Equal(ErrorCode.NoAvailableHandle, _shard.Transfer("k", 1, [2], isFull: true).Error);
        Assert.Equal(ErrorCode.Ok, _shard.Transfer("k", 1, [2]).Error);
        Assert.Equal(ErrorCode.ObjectHasReplicationTask, _shard.Transfer("k", 1, [3], TestPrimary.Bob).Error);
        Assert.Empty(_shard.Released);
    }

    [Fact]
    public void A_copy_without_targets_holds_its_object_until_it_ends()
    {
        _shard.Put("k", on: [1]);
        Assert.Equal((ErrorCode.Ok, 1), (_shard.Transfer("k", 1, []) is var started ? started.Error : default, started.Replicas.Count));
        Assert.Equal(ErrorCode.ObjectHasReplicationTask, _shard.Remove("k")); // nothing of it is incomplete
        _shard.CommitAll();
        _shard.FailOver();
        Assert.Equal(ErrorCode.ObjectHasReplicationTask, _shard.Transfer("k", 1, [2]).Error);
        Assert.Equal(ErrorCode.Ok, _shard.EndTransfer("k"));
        Assert.Equal(1, _shard.Record("k").ReplicaCount);
        Assert.Equal(ErrorCode.Ok, _shard.Transfer("k", 1, []).Error);
        Assert.Equal(ErrorCode.Ok, _shard.RevokeTransfer("k"));
        Assert.Equal(1, _shard.Record("k").ReplicaCount);
    }

    [Fact]
    public void When_one_of_two_targets_is_full_the_place_of_the_other_is_given_back()
    {
        _shard.Put("k", on: [1]);
        var call = TestPrimary.TransferCall(KeyedOperation.CopyStart, "k", null, 1, [2, 3]);
        _shard.Execute(call);
        _shard.Placed(call, [2, 3]);
        _shard.Allocator.Free(call.Placements[1]);
        call.Placements[1] = default;
        Assert.Equal(ErrorCode.NoAvailableHandle, _shard.Execute(call)[0].Error);
        Assert.Equal(2u, Assert.Single(_shard.Released).SegmentHandle);
    }

    [Fact]
    public void A_target_that_died_on_the_way_is_as_one_without_room()
    {
        _shard.Put("k", on: [1]);
        var call = TestPrimary.TransferCall(KeyedOperation.CopyStart, "k", null, 1, [2]);
        _shard.Execute(call);
        _shard.Placed(call, [2]);
        _shard.Kill(2);
        Assert.Equal(ErrorCode.NoAvailableHandle, _shard.Execute(call)[0].Error);
        Assert.Single(_shard.Released);
    }

    [Fact]
    public void When_the_object_has_another_size_by_then_its_buffers_are_given_back_and_asked_for_anew()
    {
        _shard.Put("k", on: [1]);
        var call = TestPrimary.TransferCall(KeyedOperation.CopyStart, "k", null, 1, [2]);
        _shard.Execute(call);
        _shard.Placed(call, [2]);
        _shard.Upsert("k", size: 50, on: [1]);
        _shard.PutEnd("k");
        _shard.Execute(call);
        Assert.Equal((ItemOutcome.NeedsPlacement, 50UL, 0), (_shard.Outcome, call.Sizes[0], call.Placements.Length));
        Assert.Equal(new Extent(2, 0, 100), Assert.Single(_shard.Released));
        Assert.Equal(ErrorCode.Ok, _shard.Execute(_shard.Placed(call, [2]))[0].Error);
    }

    [Fact]
    public void When_the_object_is_gone_by_then_the_buffers_are_given_back()
    {
        _shard.Put("k", on: [1]);
        var call = TestPrimary.TransferCall(KeyedOperation.CopyStart, "k", null, 1, [2]);
        _shard.Execute(call);
        _shard.Placed(call, [2]);
        _shard.Remove("k");
        Assert.Equal(ErrorCode.ObjectNotFound, _shard.Execute(call)[0].Error);
        Assert.Equal(2u, Assert.Single(_shard.Released).SegmentHandle);
    }

    [Fact]
    public void Only_who_started_it_ends_it_and_by_its_own_call()
    {
        Assert.Equal(ErrorCode.ObjectNotFound, _shard.EndTransfer("k"));
        _shard.Put("k", on: [1]);
        Assert.Equal((ErrorCode.ObjectNoReplicationTask, ErrorCode.ObjectNoReplicationTask),
            (_shard.EndTransfer("k"), _shard.RevokeTransfer("k", move: true)));
        _shard.Transfer("k", 1, [2], TestPrimary.Bob);
        Assert.Equal((ErrorCode.IllegalClient, ErrorCode.IllegalClient), (_shard.EndTransfer("k"), _shard.RevokeTransfer("k")));
        Assert.Equal((ErrorCode.InvalidParams, ErrorCode.InvalidParams),
            (_shard.EndTransfer("k", TestPrimary.Bob, move: true), _shard.RevokeTransfer("k", TestPrimary.Bob, move: true)));
        Assert.Equal(ErrorCode.Ok, _shard.RevokeTransfer("k", TestPrimary.Bob));
        Assert.Equal(1, _shard.Record("k").ReplicaCount);
        Assert.Empty(_shard.Released);
        _shard.CommitAll();
        Assert.Equal(new Extent(2, 0, 100), Assert.Single(_shard.Released));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_transfer_whose_source_or_target_is_gone_ends_with_replica_is_gone_and_is_over(uint dead)
    {
        _shard.Put("k", on: [1, 3]);
        _shard.Transfer("k", 1, [2]);
        _shard.Kill(dead);
        _shard.DropSegment(dead);
        Assert.Equal(ErrorCode.ReplicaIsGone, _shard.EndTransfer("k"));
        Assert.Equal(ErrorCode.ObjectNoReplicationTask, _shard.EndTransfer("k"));
        Assert.Equal(dead == 1 ? 1 : 2, _shard.Get("k").Replicas.Count);
    }

    [Fact]
    public void When_the_source_was_all_there_was_the_object_goes_with_the_transfer()
    {
        _shard.Put("k", on: [1]);
        _shard.Transfer("k", 1, [2]);
        _shard.Kill(1);
        _shard.DropSegment(1);
        Assert.Equal(ErrorCode.ReplicaIsNotReady, _shard.Get("k").Error);
        Assert.Equal(ErrorCode.ReplicaIsGone, _shard.EndTransfer("k"));
        Assert.Equal((0, default), (_shard.State.ObjectCount, _shard.State.Digest));
    }

    [Fact]
    public void When_every_segment_of_an_object_drops_its_transfer_goes_too()
    {
        _shard.Put("k", on: [1]);
        _shard.Transfer("k", 1, [2]);
        _shard.DropSegment(1);
        _shard.DropSegment(2);
        Assert.Equal((0, default), (_shard.State.ObjectCount, _shard.State.Digest));
    }

    [Fact]
    public void An_object_that_is_being_copied_is_not_removed_cleared_or_evicted()
    {
        _shard.Put("k", on: [1]);
        _shard.Transfer("k", 1, [2]);
        Assert.Equal(ErrorCode.ReplicaIsNotReady, _shard.Remove("k", force: true));
        Assert.False(_shard.Clear("k"));
        Assert.False(_shard.Clear("k", "s1"));
        Assert.Equal((0, 0), (_shard.Evict("k"), _shard.Leader.EvictableCount));
        _shard.EndTransfer("k");
        Assert.Equal(1, _shard.Leader.EvictableCount);
        Assert.Equal(1, _shard.Evict("k"));
    }

    [Fact]
    public void A_transfer_that_nobody_ends_is_revoked_after_60_seconds_and_its_buffers_are_parked_for_600_more()
    {
        _shard.Put("k", on: [1]);
        _shard.Transfer("k", 1, [2]);
        _shard.Advance(TimeSpan.FromSeconds(60));
        _shard.Sweep();
        Assert.Equal(ErrorCode.ReplicaIsNotReady, _shard.Remove("k"));
        _shard.Advance(TimeSpan.FromTicks(1));
        _shard.Sweep();
        Assert.Equal((OpType.TransferRevoke, 1), (_shard.Types()[^1], _shard.State.ParkedCount));
        Assert.Equal(ErrorCode.ObjectNoReplicationTask, _shard.EndTransfer("k"));
        Assert.True(_shard.Exist("k"));
        _shard.Advance(TimeSpan.FromSeconds(600));
        _shard.Sweep();
        Assert.Equal(1, _shard.State.ParkedCount);
        _shard.Advance(TimeSpan.FromTicks(1));
        _shard.Sweep();
        _shard.CommitAll();
        Assert.Equal(new Extent(2, 0, 100), Assert.Single(_shard.Released));
    }

    [Fact]
    public void A_transfer_without_buffers_that_expires_does_not_release_what_is_parked_later()
    {
        _shard.Put("k", on: [1, 2]);
        _shard.Transfer("k", 1, [2], move: true);
        _shard.Advance(TimeSpan.FromSeconds(601));
        _shard.Sweep();
        Assert.Equal((OpType.TransferRevoke, 0), (_shard.Types()[^1], _shard.State.ParkedCount));
        _shard.Advance(TimeSpan.FromSeconds(590));
        _shard.PutStart("other");
        _shard.Upsert("other");
        _shard.Advance(TimeSpan.FromSeconds(20));
        _shard.Sweep();
        Assert.Equal(1, _shard.State.ParkedCount);
    }

    [Fact]
    public void A_transfer_survives_a_failover_and_its_time_starts_anew()
    {
        _shard.Put("k", on: [1]);
        _shard.Transfer("k", 1, [2], move: true);
        _shard.CommitAll();
        _shard.Advance(TimeSpan.FromSeconds(59));
        _shard.FailOver();
        _shard.Advance(TimeSpan.FromSeconds(60));
        _shard.Sweep();
        Assert.Equal(ErrorCode.ReplicaIsNotReady, _shard.Remove("k", force: true));
        Assert.Equal(ErrorCode.Ok, _shard.EndTransfer("k", move: true));
        Assert.Equal("host2:1", _shard.Get("k").Replicas[0].TransportEndpoint);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_late_end_of_a_transfer_that_was_given_up_never_ends_a_later_one(bool failsOver)
    {
        _shard.Put("k", on: [1]);
        _shard.Transfer("k", 1, [2]);
        GiveUp();
        if (failsOver)
            _shard.FailOver();
        Assert.Equal(ErrorCode.ObjectNoReplicationTask, _shard.EndTransfer("k"));
        Assert.Equal(ErrorCode.ObjectHasReplicationTask, _shard.Transfer("k", 1, [3]).Error); // that end may still come
        Assert.Equal(ErrorCode.Ok, _shard.Transfer("k", 1, [3], TestPrimary.Bob).Error);
        Assert.Equal(ErrorCode.IllegalClient, _shard.EndTransfer("k"));
        Assert.Equal(ErrorCode.Ok, _shard.EndTransfer("k", TestPrimary.Bob));
        Assert.Equal(2, _shard.Get("k").Replicas.Count);
        _shard.Kill(2);
        _shard.DropSegment(2); // and with it the parked buffer, but not who was to write it
        _shard.CommitAll();
        _shard.Mount(4);
        Assert.Equal(ErrorCode.ObjectHasReplicationTask, _shard.Transfer("k", 1, [4], move: true).Error);
        _shard.Advance(TimeSpan.FromSeconds(601));
        _shard.Sweep();
        Assert.Equal(ErrorCode.Ok, _shard.Transfer("k", 1, [4], move: true).Error);
        _shard.CommitAll();
        Assert.Equal(_shard.State.Digest, TestPrimary.ThroughImage(_shard.State).Digest);
    }

    [Fact]
    public void Who_gave_up_is_in_the_image()
    {
        _shard.Put("k", on: [1]);
        _shard.Transfer("k", 1, [2]);
        GiveUp();
        var again = new TestPrimary(state: TestPrimary.ThroughImage(_shard.State));
        again.Mount(3);
        Assert.Equal(_shard.State.Digest, again.State.Digest);
        Assert.Equal(ErrorCode.ObjectHasReplicationTask, again.Transfer("k", 1, [3]).Error);
    }

    [Fact]
    public void While_a_transfer_was_given_up_its_object_is_free_for_everything_else()
    {
        _shard.Put("k", on: [1]);
        _shard.Transfer("k", 1, [2]);
        GiveUp();
        Assert.Equal(ErrorCode.Ok, _shard.Upsert("k").Error);
        Assert.Equal(ErrorCode.Ok, _shard.PutEnd("k"));
        Assert.Equal(ErrorCode.Ok, _shard.Remove("k"));
    }

    private void GiveUp()
    {
        _shard.Advance(TimeSpan.FromSeconds(61));
        _shard.Sweep();
        _shard.CommitAll();
        Assert.Equal(1, _shard.State.ParkedCount);
    }

    [Fact]
    public void A_running_transfer_is_in_the_digest()
    {
        _shard.Put("k", on: [1, 2]);
        var before = _shard.State.Digest;
        _shard.Transfer("k", 1, [2], move: true);
        var running = _shard.State.Digest;
        _shard.RevokeTransfer("k", move: true);
        Assert.NotEqual(before, running);
        Assert.Equal(before, _shard.State.Digest);
    }

    [Fact]
    public void A_place_of_another_length_breaks_invariant_5()
    {
        _shard.Put("k", on: [1]);
        var call = TestPrimary.TransferCall(KeyedOperation.CopyStart, "k", null, 1, [2]);
        _shard.Execute(call);
        (call.Placements, call.PlacementStride) = ([new Extent(2, 0, 128)], 1);
        Assert.Equal(5, Assert.Throws<InvariantViolation>(() => _shard.Execute(call)).Number);
    }
}
