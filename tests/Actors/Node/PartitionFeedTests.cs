// The feed between log and partitions: what it hands over, from where, and what it never hands over.
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using HotStandby.Actors.OpLog;
using HotStandby.Actors.Protocol;
using HotStandby.Actors.Replication;
using HotStandby.Core.Replication;
using HotStandby.Messages;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;

namespace HotStandby.Tests.Actors.Node;

public sealed class PartitionFeedTests : TestKit
{
    private const int ReadBytes = 1 << 20;

    private readonly TestProbe[] _partitions;
    private readonly TestProbe _openLog;
    private readonly OpLogWindow _window = new(1024, 1 << 20);
    private readonly PartitionFeed _feed;

    public PartitionFeedTests()
    {
        _partitions = [.. Enumerable.Range(0, 3).Select(_ => CreateTestProbe())];
        _openLog = CreateTestProbe();
        _feed = new PartitionFeed([.. _partitions.Select(probe => probe.Ref)], _openLog, ReadBytes);
        _feed.Restart();
        foreach (var partition in _partitions)
            Assert.Equal(_feed.Life, partition.ExpectMsg<ResetPartition>().Life);
    }

    [Fact]
    public void Each_partition_gets_its_own_entries_of_what_is_committed()
    {
        _window.Add(Batch(1, 1, 0, 1, 1, 2, 1), 0);
        _feed.Advance(4, _window);
        Assert.Equal([1], Sequences(_partitions[0].ExpectMsg<ApplyEntries>()));
        Assert.Equal([2, 3], Sequences(_partitions[1].ExpectMsg<ApplyEntries>()));
        Assert.Equal([4], Sequences(_partitions[2].ExpectMsg<ApplyEntries>()));
        _partitions[1].ExpectNoMsg(TimeSpan.Zero);

        _feed.Advance(5, _window);
        Assert.Equal([5], Sequences(_partitions[1].ExpectMsg<ApplyEntries>()));
        Assert.Equal((5UL, true), (_feed.FedSequence, _feed.IsComplete));
    }

    [Fact]
    public void A_batch_is_applied_when_all_its_partitions_have_said_so_in_the_order_of_the_log()
    {
        _window.Add(Batch(1, 1, 0, 1), 0);
        _window.Add(Batch(1, 3, 1), 0);
        _feed.Advance(3, _window);
        Assert.False(_feed.OnApplied(new EntriesApplied(_feed.Life, 2), _window));
        Assert.False(_feed.OnApplied(new EntriesApplied(_feed.Life, 3), _window));
        Assert.Equal(0UL, _feed.AppliedSequence);
        Assert.True(_feed.OnApplied(new EntriesApplied(_feed.Life, 2), _window));
        Assert.Equal(3UL, _feed.AppliedSequence);
    }

    [Fact]
    public void Answers_of_an_earlier_life_count_for_nothing()
    {
        _window.Add(Batch(1, 1, 0), 0);
        _feed.Advance(1, _window);
        var earlier = _feed.Life;
        _feed.Restart();
        _feed.Advance(1, _window);
        Assert.False(_feed.OnApplied(new EntriesApplied(earlier, 1), _window));
        Assert.True(_feed.OnApplied(new EntriesApplied(_feed.Life, 1), _window));
    }

    [Fact]
    public void What_the_window_lacks_is_read_from_the_journal_and_what_follows_comes_from_the_window()
    {
        _window.Add(Batch(1, 3, 2), 0);
        _feed.Advance(3, _window);
        var read = _openLog.ExpectMsg<GetEntriesSince>();
        Assert.Equal(1UL, read.FromSequence);
        Assert.True(_feed.OnRead(new EntriesSince([Batch(1, 1, 0, 1)], read.Purpose), _window));
        Assert.Equal([1], Sequences(_partitions[0].ExpectMsg<ApplyEntries>()));
        Assert.Equal([2], Sequences(_partitions[1].ExpectMsg<ApplyEntries>()));
        Assert.Equal([3], Sequences(_partitions[2].ExpectMsg<ApplyEntries>()));
    }

    [Fact]
    public void Entries_that_were_cut_off_while_the_journal_was_read_are_never_handed_over()
    {
        _feed.Advance(2, _window);
        var read = _openLog.ExpectMsg<GetEntriesSince>();
        // Meanwhile a new Primary replaces 3, which was never committed, and commits its own.
        _window.Add(Batch(2, 3, 2), 0);
        _feed.Advance(3, _window);

        _feed.OnRead(new EntriesSince([Batch(1, 1, 0, 0, 1)], read.Purpose), _window);
        Assert.Equal([1, 2], Sequences(_partitions[0].ExpectMsg<ApplyEntries>()));
        Assert.Equal([3], Sequences(_partitions[2].ExpectMsg<ApplyEntries>()));
        _partitions[1].ExpectNoMsg(TimeSpan.Zero);
    }

    [Fact]
    public void Late_answers_do_not_take_back_what_a_Primary_has_skipped()
    {
        _window.Add(Batch(1, 1, 0), 0);
        _feed.Advance(1, _window);
        _feed.Skip(9); // it leads now, and its partitions have applied these by themselves
        _feed.OnApplied(new EntriesApplied(_feed.Life, 1), _window);
        Assert.Equal((9UL, 9UL), (_feed.FedSequence, _feed.AppliedSequence));
    }

    [Fact]
    public void An_entry_for_a_shard_that_the_node_has_not_stops_it()
    {
        _window.Add(Batch(1, 1, 7), 0);
        Assert.Equal(7, Assert.Throws<InvariantViolation>(() => _feed.Advance(1, _window)).Number);
    }

    private static OpLogBatch Batch(ulong epoch, ulong first, params ushort[] partitions)
    {
        var writer = new BatchWriter();
        for (var i = 0; i < partitions.Length; i++)
        {
            var drafts = new DraftBuffer(new Partition(partitions[i]));
            drafts.Add(OpType.EpochStart, default, 0, 0);
            writer.Add(drafts.Bytes, first + (ulong)i, epoch, 0);
            drafts.Release();
        }

        return writer.Close(0);
    }

    private static ulong[] Sequences(ApplyEntries entries) => [.. entries.Offsets.Take(entries.Count).Select(offset =>
        OpLogEntry.TryView(entries.Batch.Encoded.Span[offset..], out var entry) ? entry.Sequence : 0)];
}
