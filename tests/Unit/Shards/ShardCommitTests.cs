// What a Primary holds back until commit: answers about keys with uncommitted changes, and freed buffers.
using HotStandby.Core.Shards;
using HotStandby.Messages;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Messages.OpLog;

namespace HotStandby.Tests.Unit.Shards;

public sealed class ShardCommitTests
{
    private readonly TestPrimary _shard = new();

    [Fact]
    public void Any_answer_about_a_key_with_an_uncommitted_change_awaits_its_commit_and_others_do_not()
    {
        _shard.PutStart("k");
        Assert.Equal(ItemOutcome.AwaitsCommit, _shard.Outcome);
        _shard.PutStart("k");
        Assert.Equal(ItemOutcome.AwaitsCommit, _shard.Outcome);
        _shard.Get("k");
        Assert.Equal(ItemOutcome.AwaitsCommit, _shard.Outcome);
        _shard.Remove("k");
        Assert.Equal(ItemOutcome.AwaitsCommit, _shard.Outcome);
        _shard.Exist("other");
        Assert.Equal(ItemOutcome.SettledNow, _shard.Outcome);
        _shard.PutEnd("k");
        _shard.Commit(1);
        _shard.Exist("k");
        Assert.Equal(ItemOutcome.AwaitsCommit, _shard.Outcome);
        _shard.Commit(1);
        _shard.Exist("k");
        Assert.Equal(ItemOutcome.SettledNow, _shard.Outcome);
    }

    [Fact]
    public void A_repeated_PutEnd_awaits_the_commit_of_the_first()
    {
        _shard.PutStart("k");
        _shard.CommitAll();
        _shard.PutEnd("k");
        Assert.Equal(ErrorCode.Ok, _shard.PutEnd("k"));
        Assert.Equal((ItemOutcome.AwaitsCommit, 1), (_shard.Outcome, _shard.Pending));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_buffer_is_free_only_when_its_removal_is_committed(bool byRevoke)
    {
        _shard.PutStart("k", on: [1, 2]);
        if (byRevoke)
        {
            _shard.PutRevoke("k");
        }
        else
        {
            _shard.PutEnd("k");
            _shard.Remove("k");
        }

        _shard.Commit(_shard.Pending - 1);
        Assert.Empty(_shard.Released);
        _shard.Commit(1);
        Assert.Equal([1u, 2u], _shard.Released.Select(extent => extent.SegmentHandle).Order());
    }

    [Fact]
    public void The_buffers_of_a_refused_PutStart_are_free_at_once()
    {
        _shard.Put("k");
        _shard.PutStart("k", on: [1, 2]);
        Assert.Equal(2, _shard.Released.Count);
        _shard.PutStart("", on: [1]);
        Assert.Equal(3, _shard.Released.Count);
    }

    [Fact]
    public void A_buffer_on_a_segment_that_died_meanwhile_is_not_used_but_given_back()
    {
        _shard.Kill(1);
        var result = _shard.PutStart("k", on: [1, 2]);
        Assert.Equal((ErrorCode.Ok, 1, "host2:1"), (result.Error, result.Replicas.Count, result.Replicas[0].TransportEndpoint));
        Assert.Equal(1u, Assert.Single(_shard.Released).SegmentHandle);
        Assert.Equal(ErrorCode.NoAvailableHandle, _shard.PutStart("other", on: [1]).Error);
        Assert.Equal(2, _shard.Released.Count);
    }

    [Fact]
    public void Without_a_buffer_an_existing_key_exists_already_and_an_absent_one_has_no_handle()
    {
        _shard.Put("k");
        Assert.Equal(ErrorCode.ObjectAlreadyExists, _shard.PutStart("k", on: []).Error);
        Assert.Equal(ErrorCode.NoAvailableHandle, _shard.PutStart("absent", on: []).Error);
    }

    [Fact]
    public void Without_a_buffer_an_abandoned_put_is_not_taken_over()
    {
        _shard.PutStart("k", TestPrimary.Alice);
        _shard.Advance(TimeSpan.FromSeconds(31));
        Assert.Equal(ErrorCode.NoAvailableHandle, _shard.PutStart("k", TestPrimary.Bob, on: []).Error);
        Assert.Equal(ErrorCode.Ok, _shard.PutEnd("k", TestPrimary.Alice));
    }

    [Fact]
    public void A_buffer_of_another_length_than_the_object_breaks_invariant_5()
    {
        var call = new KeyedCall(null!, KeyedOperation.PutStart, [ObjectKey.From("k")])
        {
            Sizes = [100], Placements = [new Extent(1, 0, 128)], PlacementStride = 1,
        };
        Assert.Equal(5, Assert.Throws<InvariantViolation>(() => _shard.Execute(call)).Number);
    }

    [Fact]
    public void A_dropped_segment_is_reported_when_the_drop_is_committed()
    {
        _shard.Put("both", on: [1, 2]);
        _shard.Put("one", on: [1]);
        _shard.CommitAll();
        _shard.Kill(1);
        _shard.DropSegment(1);
        Assert.Equal(1, _shard.State.ObjectCount);
        Assert.Empty(_shard.Dropped);
        _shard.CommitAll();
        Assert.Equal(1u, Assert.Single(_shard.Dropped));
        Assert.Empty(_shard.Released);
        Assert.Equal([2u], _shard.State.EnumerateLiveExtents().Select(extent => extent.SegmentHandle));
    }

    [Fact]
    public void A_sweep_adds_no_more_entries_than_it_may_and_the_next_goes_on()
    {
        for (var i = 0; i < 5; i++)
            _shard.PutStart($"k{i}");
        _shard.CommitAll();
        _shard.Advance(TimeSpan.FromSeconds(601));
        _shard.Sweep(5);
        Assert.Equal(4, _shard.Pending);
        _shard.Sweep(5);
        Assert.Equal(8, _shard.Pending);
        _shard.Sweep(5);
        _shard.Sweep(5);
        Assert.Equal(10, _shard.Pending);
        Assert.Equal((0, 0), (_shard.State.ObjectCount, _shard.State.ParkedCount));
    }

    [Fact]
    public void A_sweep_finds_old_puts_among_thousands_of_finished_ones()
    {
        _shard.PutStart("forgotten");
        for (var i = 0; i < 5_000; i++)
        {
            _shard.Put("k");
            _shard.Remove("k");
            _shard.CommitAll();
        }

        _shard.PutStart("young");
        _shard.CommitAll();
        _shard.Advance(TimeSpan.FromSeconds(600));
        _shard.PutStart("younger");
        _shard.CommitAll();
        _shard.Advance(TimeSpan.FromTicks(1));
        _shard.Sweep();
        Assert.Equal(4, _shard.Pending);
        Assert.Equal(ErrorCode.ObjectNotFound, _shard.Get("forgotten").Error);
        Assert.Equal(ErrorCode.ObjectNotFound, _shard.Get("young").Error);
        Assert.Equal(ErrorCode.ReplicaIsNotReady, _shard.Get("younger").Error);
    }

    [Fact]
    public void More_commits_than_proposals_break_invariant_7()
    {
        _shard.PutStart("k");
        Assert.Equal(7, Assert.Throws<InvariantViolation>(() => _shard.Leader.Committed(2, 2)).Number);
    }

    [Fact]
    public void Reads_and_refusals_allocate_nothing()
    {
        _shard.Put("k");
        _shard.CommitAll();
        var drafts = new DraftBuffer(_shard.State.Partition);
        ObjectKey[] keys = [ObjectKey.From("k"), ObjectKey.From("absent")];
        KeyedCall[] calls =
        [
            new(null!, KeyedOperation.Exist, keys), new(null!, KeyedOperation.GetReplicaList, keys),
            new(null!, KeyedOperation.Remove, keys), new(null!, KeyedOperation.PutEnd, keys),
        ];
        RunAll(1000);
        var before = GC.GetAllocatedBytesForCurrentThread();
        RunAll(1000);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(0, drafts.Count);

        void RunAll(int times)
        {
            for (var i = 0; i < times; i++)
            {
                foreach (var call in calls)
                    _shard.Leader.Execute(call, i % 2, drafts, _shard.Now);
            }
        }
    }
}
