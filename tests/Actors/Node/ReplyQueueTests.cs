// Replies that wait: for what, in which order, and what partitions hear of their own entries.
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using HotStandby.Actors.Protocol;
using HotStandby.Actors.Replication;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;

namespace HotStandby.Tests.Actors.Node;

public sealed class ReplyQueueTests : TestKit
{
    private readonly TestProbe[] _partitions;
    private readonly ReplyQueue _queue;

    public ReplyQueueTests()
    {
        _partitions = [.. Enumerable.Range(0, 3).Select(_ => CreateTestProbe())];
        _queue = new ReplyQueue([.. _partitions.Select(probe => probe.Ref)]);
    }

    [Fact]
    public void A_reply_leaves_with_the_commit_of_its_entry_and_not_before()
    {
        var sink = Hold(2, ReplyAfter.Commit);
        _queue.Durable(2);
        _queue.Commit(1, mayAnswer: true);
        Assert.False(sink.Ended.IsCompleted);
        _queue.Commit(2, mayAnswer: true);
        Assert.True(sink.Ended is { IsCompletedSuccessfully: true, Result: true });
        Assert.Equal(0, _queue.Count);
    }

    [Fact]
    public void A_reply_that_may_leave_early_leaves_with_the_journal_or_with_the_commit()
    {
        var (early, late) = (Hold(1, ReplyAfter.Durable), Hold(2, ReplyAfter.Durable));
        _queue.Durable(1);
        Assert.Equal((true, false), (early.Ended.IsCompleted, late.Ended.IsCompleted));
        _queue.Commit(2, mayAnswer: true); // two Standbys may be faster than the own disk
        Assert.True(late.Ended is { IsCompletedSuccessfully: true, Result: true });
    }

    [Fact]
    public void Without_a_lease_the_outcome_of_a_committed_write_is_not_told()
    {
        var sink = Hold(1, ReplyAfter.Commit);
        _queue.Commit(1, mayAnswer: false);
        Assert.True(sink.Ended is { IsCompletedSuccessfully: true, Result: false });
    }

    [Fact]
    public void A_Primary_that_steps_down_abandons_every_reply()
    {
        NodeSink[] sinks = [Hold(1, ReplyAfter.Commit), Hold(2, ReplyAfter.Durable)];
        _queue.Note(new Partition(1), 1, 2, 50);
        _queue.Abandon();
        Assert.All(sinks, sink => Assert.True(sink.Ended is { IsCompletedSuccessfully: true, Result: false }));
        Assert.Equal((0, 99L), (_queue.Count, _queue.OldestProposalTicks(99)));
        _queue.Commit(2, mayAnswer: true); // of another Primary: nothing of ours
        _partitions[1].ExpectNoMsg(TimeSpan.Zero);
    }

    [Fact]
    public void Partitions_hear_how_many_of_their_own_entries_are_committed()
    {
        _queue.Note(new Partition(1), 2, 2, 10);
        _queue.Note(new Partition(2), 1, 3, 20);
        _queue.Note(new Partition(1), 3, 6, 30);
        _queue.Commit(3, mayAnswer: true);
        Assert.Equal(new EntriesCommitted(2, 2), _partitions[1].ExpectMsg<EntriesCommitted>());
        Assert.Equal(new EntriesCommitted(1, 3), _partitions[2].ExpectMsg<EntriesCommitted>());
        Assert.Equal(30, _queue.OldestProposalTicks(99));
        _queue.Commit(5, mayAnswer: true); // in the middle of a run: it is told as a whole
        _partitions[1].ExpectNoMsg(TimeSpan.Zero);
        _queue.Commit(6, mayAnswer: true);
        Assert.Equal(new EntriesCommitted(3, 6), _partitions[1].ExpectMsg<EntriesCommitted>());
    }

    private NodeSink Hold(ulong sequence, ReplyAfter after)
    {
        var sink = new NodeSink();
        _queue.Hold(new KeyedCall(sink, KeyedOperation.PutEnd, [ObjectKey.From("key")]), 1, sequence, after);
        return sink;
    }
}
