// Which replies leave when, and what each partition is told of its commits.
using HotStandby.Core.Partitions;
using HotStandby.Core.Cells;
using HotStandby.Core.Node;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;

namespace HotStandby.Tests.Actors.Replication;

public sealed class ReplyQueueTests
{
    private readonly LetterBox.Slot[] _partitions;
    private readonly LetterBox _sent;
    private readonly ReplyQueue _queue;
    private readonly RecordingSink _sink = new();

    public ReplyQueueTests()
    {
        var outbox = new Outbox();
        _sent = new LetterBox(outbox);
        _partitions = [_sent.ToPartition(0), _sent.ToPartition(1), _sent.ToPartition(2)];
        _queue = new ReplyQueue(3, outbox);
    }

    [Fact]
    public void Replies_leave_in_the_order_of_what_they_wait_for()
    {
        for (uint i = 1; i <= 5; i++)
            _queue.Hold(Call(i), 1, i, ReplyAfter.Commit);
        Commit(3, mayAnswer: true);
        Assert.Equal([1u, 2u, 3u], _sink.Answered);
        Assert.Equal(2, _queue.Count);
        Commit(5, mayAnswer: true);
        Assert.Equal([1u, 2u, 3u, 4u, 5u], _sink.Answered);
        Assert.Equal(0, _queue.Count);
    }

    [Fact]
    public void Each_partition_is_told_once_how_many_of_its_entries_are_committed()
    {
        _queue.Note(new Partition(1), 2, 2, 0);
        _queue.Note(new Partition(2), 1, 3, 0);
        _queue.Note(new Partition(1), 3, 6, 0);
        _queue.Note(new Partition(2), 1, 7, 0);
        Commit(6, mayAnswer: true);
        Assert.Equal(new EntriesCommitted(5, 6), _partitions[1].Next<EntriesCommitted>());
        Assert.Equal(new EntriesCommitted(1, 3), _partitions[2].Next<EntriesCommitted>());
        Commit(7, mayAnswer: true);
        Assert.Equal(new EntriesCommitted(1, 7), _partitions[2].Next<EntriesCommitted>());
        foreach (var partition in _partitions)
            partition.MustBeEmpty();
    }

    [Fact]
    public void Entries_of_a_proposal_that_is_committed_in_part_are_told_when_all_of_it_is()
    {
        _queue.Note(new Partition(1), 10, 10, 0);
        Commit(4, mayAnswer: true);
        _partitions[1].MustBeEmpty();
        Commit(10, mayAnswer: true);
        Assert.Equal(new EntriesCommitted(10, 10), _partitions[1].Next<EntriesCommitted>());
    }

    [Fact]
    public void Partition_learns_of_a_commit_before_its_reply_is_settled()
    {
        var told = false;
        _queue.Note(new Partition(1), 1, 1, 0);
        _queue.Hold(Call(1, () => told = _partitions[1].HasMessages), 1, 1, ReplyAfter.Commit);
        Commit(1, mayAnswer: true);
        Assert.True(told);
    }

    [Fact]
    public void Durable_releases_only_what_waits_for_the_local_journal()
    {
        _queue.Hold(Call(1), 1, 1, ReplyAfter.Commit);
        _queue.Hold(Call(2), 1, 2, ReplyAfter.Durable);
        _queue.Hold(Call(3), 1, 3, ReplyAfter.Durable);
        Durable(2);
        Assert.Equal([2u], _sink.Answered);
        Commit(3, mayAnswer: true);
        Assert.Equal([2u, 1u, 3u], _sink.Answered);
    }

    [Fact]
    public void Commit_without_a_lease_abandons_the_replies_but_tells_the_partitions()
    {
        _queue.Note(new Partition(1), 1, 1, 0);
        _queue.Hold(Call(1), 1, 1, ReplyAfter.Commit);
        Commit(1, mayAnswer: false);
        Assert.Empty(_sink.Answered);
        Assert.Equal([1u], _sink.Abandoned);
        _partitions[1].Next<EntriesCommitted>();
    }

    [Fact]
    public void Abandon_leaves_nothing_and_hears_of_each_call_once()
    {
        var both = new KeyedCall(_sink, KeyedOperation.Remove, [ObjectKey.From("a"), ObjectKey.From("b")]) { Tag = 9 };
        _queue.Note(new Partition(1), 2, 2, 0);
        _queue.Hold(both, 1, 1, ReplyAfter.Commit);
        _queue.Hold(both, 1, 2, ReplyAfter.Durable);
        _queue.Abandon();
        Assert.Equal([9u], _sink.Abandoned);
        Assert.Equal(0, _queue.Count);
        Assert.Equal(77, _queue.OldestProposalTicks(77));
        Commit(10, mayAnswer: true);
        _partitions[1].MustBeEmpty();
        Assert.Empty(_sink.Answered);
    }

    [Fact]
    public void Oldest_proposal_is_the_one_that_is_not_committed_yet()
    {
        Assert.Equal(50, _queue.OldestProposalTicks(50));
        _queue.Note(new Partition(1), 1, 1, 10);
        _queue.Note(new Partition(1), 1, 2, 20);
        Assert.Equal(10, _queue.OldestProposalTicks(50));
        Commit(1, mayAnswer: true);
        Assert.Equal(20, _queue.OldestProposalTicks(50));
    }

    private void Commit(ulong sequence, bool mayAnswer)
    {
        _queue.Commit(sequence, mayAnswer);
        _sent.CarryOut();
    }

    private void Durable(ulong sequence)
    {
        _queue.Durable(sequence);
        _sent.CarryOut();
    }

    private KeyedCall Call(uint tag, Action? answered = null)
    {
        _sink.OnAnswer = answered ?? _sink.OnAnswer;
        return new(_sink, KeyedOperation.Remove, [ObjectKey.From("key")]) { Tag = tag };
    }
}
