// The table of docs/retries.md, a test for each row: what a call answers that is sent again because its reply was lost.
using HotStandby.Core.Shards;
using HotStandby.Messages;
using HotStandby.Messages.Model;

namespace HotStandby.Tests.Unit.Shards;

public sealed class RetryTests
{
    private readonly TestPrimary _shard = new();

    [Fact]
    public void PutStart_again_in_the_same_reign_is_refused()
    {
        _shard.PutStart("k");
        Assert.Equal(ErrorCode.ObjectAlreadyExists, _shard.PutStart("k").Error);
    }

    [Fact]
    public void PutStart_again_after_a_failover_gets_the_same_buffers_once()
    {
        var first = _shard.PutStart("k", on: [1, 2]);
        FailOver();
        var again = _shard.PutStart("k", on: [2]);
        Assert.Equal((ErrorCode.Ok, 2), (again.Error, again.Replicas.Count));
        Assert.Equal((first.Replicas[0], first.Replicas[1]), (again.Replicas[0], again.Replicas[1]));
        Assert.Equal(2u, Assert.Single(_shard.Released).SegmentHandle);
        Assert.Equal(0, _shard.Pending);
        Assert.Equal(ErrorCode.ObjectAlreadyExists, _shard.PutStart("k").Error);
        Assert.Equal(ErrorCode.Ok, _shard.PutEnd("k"));
    }

    [Fact]
    public void PutStart_again_after_each_of_two_failovers_gets_the_same_buffers_once_in_each_reign()
    {
        _shard.PutStart("k");
        FailOver();
        Assert.Equal(ErrorCode.Ok, _shard.PutStart("k").Error);
        FailOver();
        Assert.Equal(ErrorCode.Ok, _shard.PutStart("k").Error);
        Assert.Equal(ErrorCode.ObjectAlreadyExists, _shard.PutStart("k").Error);
    }

    [Fact]
    public void PutStart_after_a_failover_by_another_client_or_of_another_size_is_refused()
    {
        _shard.PutStart("k");
        FailOver();
        Assert.Equal(ErrorCode.ObjectAlreadyExists, _shard.PutStart("k", TestPrimary.Bob).Error);
        Assert.Equal(ErrorCode.ObjectAlreadyExists, _shard.PutStart("k", size: 50).Error);
        Assert.Equal(ErrorCode.Ok, _shard.PutStart("k").Error);
    }

    [Fact]
    public void PutStart_again_when_its_entry_was_lost_is_a_new_put()
    {
        _shard.PutStart("k");
        _shard.FailOver();
        Assert.Equal(ErrorCode.Ok, _shard.PutStart("k").Error);
        Assert.Equal(1, _shard.Pending);
    }

    [Fact]
    public void PutStart_again_after_its_put_has_ended_is_refused()
    {
        _shard.Put("k");
        FailOver();
        Assert.Equal(ErrorCode.ObjectAlreadyExists, _shard.PutStart("k").Error);
    }

    [Fact]
    public void PutStart_again_after_more_than_the_discard_timeout_takes_over()
    {
        _shard.PutStart("k");
        FailOver();
        _shard.Advance(TimeSpan.FromSeconds(31));
        Assert.Equal((ErrorCode.Ok, 1), (_shard.PutStart("k").Error, _shard.State.ParkedCount));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void PutEnd_again_succeeds_and_changes_nothing(bool failOver)
    {
        _shard.PutStart("k");
        _shard.PutEnd("k", checksum: 1);
        FailOver(failOver);
        Assert.Equal((ErrorCode.Ok, 0), (_shard.PutEnd("k", checksum: 2), _shard.Pending));
        Assert.Equal(1UL, _shard.Get("k").ObjectChecksum);
    }

    [Fact]
    public void PutEnd_again_when_its_entry_was_lost_ends_the_put()
    {
        _shard.PutStart("k");
        _shard.CommitAll();
        _shard.PutEnd("k");
        _shard.FailOver();
        Assert.Equal(ErrorCode.Ok, _shard.PutEnd("k"));
        Assert.True(_shard.Exist("k"));
    }

    [Fact]
    public void PutEnd_when_its_PutStart_was_lost_is_not_found()
    {
        _shard.PutStart("k");
        _shard.FailOver();
        Assert.Equal(ErrorCode.ObjectNotFound, _shard.PutEnd("k"));
    }

    [Fact]
    public void PutEnd_of_a_put_that_was_discarded_is_not_found()
    {
        _shard.PutStart("k");
        _shard.ClientGone(TestPrimary.Alice);
        FailOver();
        Assert.Equal(ErrorCode.ObjectNotFound, _shard.PutEnd("k"));
    }

    [Fact]
    public void PutEnd_after_another_client_took_over_is_illegal()
    {
        _shard.PutStart("k", TestPrimary.Alice);
        _shard.Advance(TimeSpan.FromSeconds(31));
        _shard.PutStart("k", TestPrimary.Bob);
        FailOver();
        Assert.Equal(ErrorCode.IllegalClient, _shard.PutEnd("k", TestPrimary.Alice));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void PutRevoke_again_is_not_found_which_means_done(bool failOver)
    {
        _shard.PutStart("k");
        _shard.PutRevoke("k");
        FailOver(failOver);
        Assert.Equal((ErrorCode.ObjectNotFound, 0), (_shard.PutRevoke("k"), _shard.Pending));
    }

    [Fact]
    public void PutRevoke_again_when_its_entry_was_lost_revokes()
    {
        _shard.PutStart("k");
        _shard.CommitAll();
        _shard.PutRevoke("k");
        _shard.FailOver();
        Assert.Equal(ErrorCode.Ok, _shard.PutRevoke("k"));
        Assert.Equal(0, _shard.State.ObjectCount);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void PutRevoke_after_PutEnd_is_an_invalid_write(bool failOver)
    {
        _shard.Put("k");
        FailOver(failOver);
        Assert.Equal(ErrorCode.InvalidWrite, _shard.PutRevoke("k"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Remove_again_is_not_found_which_means_done(bool failOver)
    {
        _shard.Put("k");
        _shard.Remove("k");
        FailOver(failOver);
        Assert.Equal((ErrorCode.ObjectNotFound, 0), (_shard.Remove("k"), _shard.Pending));
    }

    [Fact]
    public void Remove_again_when_its_entry_was_lost_waits_for_the_lease_of_the_new_reign()
    {
        _shard.Put("k");
        _shard.CommitAll();
        _shard.Remove("k");
        _shard.FailOver();
        var refused = _shard.TryRemove("k");
        Assert.Equal((ErrorCode.ObjectHasLease, 10_000UL), (refused.Error, refused.LeaseTtlMilliseconds));
        Assert.Equal(ErrorCode.Ok, _shard.Remove("k", force: true));
    }

    [Fact]
    public void Remove_again_after_the_key_was_put_anew_removes_the_new_object()
    {
        _shard.Put("k");
        _shard.Remove("k");
        _shard.Put("k", TestPrimary.Bob);
        Assert.Equal(ErrorCode.Ok, _shard.Remove("k"));
    }

    [Theory]
    [InlineData(100)]
    [InlineData(50)]
    public void UpsertStart_again_preempts_the_first_one(ulong size)
    {
        _shard.Put("k");
        _shard.Upsert("k", size: size);
        FailOver();
        Assert.Equal(ErrorCode.Ok, _shard.Upsert("k", size: size).Error);
        Assert.Equal(ErrorCode.Ok, _shard.PutEnd("k"));
    }

    [Fact]
    public void CopyStart_again_has_a_task_already_which_its_client_may_revoke_or_end()
    {
        _shard.Put("k", on: [1]);
        _shard.Transfer("k", 1, [2]);
        FailOver();
        Assert.Equal(ErrorCode.ObjectHasReplicationTask, _shard.Transfer("k", 1, [2]).Error);
        Assert.Equal(ErrorCode.Ok, _shard.RevokeTransfer("k"));
        Assert.Equal(ErrorCode.Ok, _shard.Transfer("k", 1, [2]).Error);
        Assert.Equal(ErrorCode.Ok, _shard.EndTransfer("k"));
        Assert.Equal(ErrorCode.ObjectNoReplicationTask, _shard.EndTransfer("k"));
    }

    private void FailOver(bool really = true)
    {
        _shard.CommitAll();
        if (really)
            _shard.FailOver();
    }
}
