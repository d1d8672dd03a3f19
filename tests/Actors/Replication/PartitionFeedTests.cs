// The stream of committed entries: where it comes from, in which order, how much is under way, what a restart ignores.
using HotStandby.Core.Node;
using HotStandby.Core.Partitions;
using HotStandby.Core.Cells;
using HotStandby.Core.Replication;
using HotStandby.Messages;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;
using HotStandby.Tests.Actors.OpLog;

namespace HotStandby.Tests.Actors.Replication;

public sealed class PartitionFeedTests
{
    private const int MaximumUnderWay = 64;

    private readonly LetterBox.Slot[] _partitions;
    private readonly LetterBox.Slot _shards;
    private readonly LetterBox.Slot _openLog;
    private readonly OpLogWindow _window = new(10_000, 1 << 20);
    private readonly PartitionFeed _feed;

    public PartitionFeedTests()
    {
        var outbox = new Outbox();
        var sent = new LetterBox(outbox);
        (_partitions, _openLog) = ([sent.ToPartition(0), sent.ToPartition(1), sent.ToPartition(2)], sent.To(CellAddress.OpLog));
        _shards = sent.To(CellAddress.AllShards);
        _feed = new PartitionFeed(3, 1000, entriesPerReport: 10, outbox);
        Restart();
    }

    [Fact]
    public void Entries_come_from_the_window_each_to_its_partition_up_to_the_commit()
    {
        Window(1, 1, 10, 1, 2);
        _feed.Advance(7, _window);
        Assert.Equal([1UL, 3UL, 5UL, 7UL], Fed(_partitions[1]));
        Assert.Equal([2UL, 4UL, 6UL], Fed(_partitions[2]));
        _partitions[0].MustBeEmpty();
        _openLog.MustBeEmpty();
        Assert.Equal(7UL, _feed.FedSequence);
        _feed.Advance(10, _window);
        Assert.Equal([9UL], Fed(_partitions[1]));
        Assert.Equal([8UL, 10UL], Fed(_partitions[2]));
    }

    [Fact]
    public void Shards_report_their_buffers_when_all_is_fed_and_whenever_enough_has_been()
    {
        Window(1, 1, 30, 1, 2);
        _feed.Advance(5, _window);
        Assert.Equal([new ReportExtents(1, IsWhole: true)], Reports());
        _feed.Advance(14, _window);
        Assert.Empty(Reports());
        _feed.Advance(15, _window);
        Assert.Equal([new ReportExtents(2, IsWhole: false)], Reports());
        _feed.ForgetExtents();
        _feed.Advance(16, _window);
        Assert.Equal([new ReportExtents(3, IsWhole: true)], Reports());
    }

    [Fact]
    public void A_reign_begins_with_one_more_report_and_after_it_everything_is_reported()
    {
        Window(1, 1, 30, 1, 2);
        _feed.Advance(5, _window);
        Reports();
        Assert.Equal(2UL, _feed.BeginLeading());
        Assert.Equal([new ReportExtents(2, IsWhole: false)], Reports());
        _feed.Skip(20);
        _feed.Advance(20, _window);
        Assert.Empty(Reports());
        _feed.EndLeading();
        _feed.Advance(20, _window);
        Assert.Equal([new ReportExtents(4, IsWhole: true)], Reports()); // 3 is the reign's own
    }

    private List<ReportExtents> Reports()
    {
        var reports = new List<ReportExtents>();
        while (_shards.HasMessages)
            reports.Add(_shards.Next<ReportExtents>());
        return reports;
    }

    [Fact]
    public void Applied_moves_when_every_partition_of_the_oldest_batch_has_answered()
    {
        Window(1, 1, 2, 1, 2);
        Window(1, 3, 1, 1);
        _feed.Advance(3, _window);
        Assert.False(_feed.OnApplied(new EntriesApplied(_feed.StateNumber, 2), _window));
        Assert.False(_feed.OnApplied(new EntriesApplied(_feed.StateNumber, 3), _window));
        Assert.Equal(0UL, _feed.AppliedSequence);
        Assert.True(_feed.OnApplied(new EntriesApplied(_feed.StateNumber, 2), _window));
        Assert.Equal(3UL, _feed.AppliedSequence);
        Assert.True(_feed.IsComplete);
    }

    [Fact]
    public void Entries_that_left_the_window_are_read_from_the_journal_then_the_window_goes_on()
    {
        Window(1, 11, 5, 1);
        _feed.Advance(15, _window);
        var request = _openLog.Next<GetEntriesSince>();
        Assert.Equal(1UL, request.FromSequence);
        _feed.Advance(15, _window);
        _openLog.MustBeEmpty(); // one read at a time
        Assert.True(_feed.OnRead(new EntriesSince([Batches.Of(1, 1, 5), Batches.Of(1, 6, 5)], request.Purpose), _window));
        Assert.Equal(
            Enumerable.Range(1, 15).Select(i => (ulong)i), [.. Fed(_partitions[1]), .. Fed(_partitions[1]), .. Fed(_partitions[1])]);
    }

    [Fact]
    public void Answer_to_another_reader_is_not_the_feeds() =>
        Assert.False(_feed.OnRead(new EntriesSince([Batches.Of(1, 1, 5)], "somebody else"), _window));

    [Fact]
    public void What_was_not_committed_when_the_feed_asked_is_asked_for_again()
    {
        // A former Primary reads its own log, 6..10 of which nobody else has; before the answer is here it has been cut and
        // replaced by what the new Primary committed.
        _feed.Advance(5, _window);
        var request = _openLog.Next<GetEntriesSince>();
        Window(2, 6, 5, 1);
        _feed.Advance(10, _window);
        _feed.OnRead(new EntriesSince([Batches.Of(1, 1, 10)], request.Purpose), _window);
        Assert.Equal([1UL, 2UL, 3UL, 4UL, 5UL], Fed(_partitions[1], epoch: 1));
        Assert.Equal([6UL, 7UL, 8UL, 9UL, 10UL], Fed(_partitions[1], epoch: 2));
    }

    [Fact]
    public void Batches_under_way_are_bounded_and_each_answer_makes_room()
    {
        for (ulong seq = 1; seq <= 100; seq++)
            Window(1, seq, 1, 1);
        _feed.Advance(100, _window);
        Assert.Equal(MaximumUnderWay, _partitions[1].TakeAll<ApplyEntries>(MaximumUnderWay));
        _partitions[1].MustBeEmpty();
        for (ulong seq = 1; seq <= 100; seq++)
        {
            Assert.InRange(_feed.FedSequence - _feed.AppliedSequence, 1UL, (ulong)MaximumUnderWay);
            Assert.True(_feed.OnApplied(new EntriesApplied(_feed.StateNumber, seq), _window));
        }

        Assert.Equal((100UL, 100UL), (_feed.FedSequence, _feed.AppliedSequence));
        Assert.Equal(100 - MaximumUnderWay, _partitions[1].TakeAll<ApplyEntries>(100 - MaximumUnderWay));
    }

    [Fact]
    public void Restart_begins_a_new_life_and_ignores_answers_of_the_old_one()
    {
        var oldNumber = _feed.StateNumber;
        _feed.Advance(5, _window);
        var oldRead = _openLog.Next<GetEntriesSince>();
        Restart();
        Assert.Equal(oldNumber + 1, _feed.StateNumber);
        _feed.Advance(5, _window);
        var read = _openLog.Next<GetEntriesSince>();
        Assert.True(_feed.OnRead(new EntriesSince([Batches.Of(1, 1, 5)], oldRead.Purpose), _window));
        Assert.Equal(0UL, _feed.FedSequence);
        _feed.OnRead(new EntriesSince([Batches.Of(1, 1, 5)], read.Purpose), _window);
        Assert.False(_feed.OnApplied(new EntriesApplied(oldNumber, 5), _window));
        Assert.Equal(0UL, _feed.AppliedSequence);
        Assert.True(_feed.OnApplied(new EntriesApplied(_feed.StateNumber, 5), _window));
        Assert.Equal(5UL, _feed.AppliedSequence);
    }

    [Fact]
    public void Primary_that_commits_while_old_batches_are_under_way_never_goes_back()
    {
        Window(1, 1, 5, 1);
        _feed.Advance(5, _window);
        _feed.Skip(8);
        Assert.True(_feed.OnApplied(new EntriesApplied(_feed.StateNumber, 5), _window));
        Assert.Equal((8UL, 8UL), (_feed.FedSequence, _feed.AppliedSequence));
    }

    [Fact]
    public void Entry_for_a_partition_that_this_node_has_not_stops_it()
    {
        Window(1, 1, 1, 7);
        Assert.Throws<InvariantViolation>(() => _feed.Advance(1, _window));
    }

    [Fact]
    public void A_journal_that_never_answers_ends_the_wait_and_a_frozen_process_has_not_waited()
    {
        var now = TimeSpan.TicksPerDay;
        _feed.Tick(now);
        _feed.Advance(5, _window);
        var request = _openLog.Next<GetEntriesSince>();
        _feed.Tick(now += TimeSpan.TicksPerHour); // frozen for an hour: it counts as a second
        for (var second = 2; second <= PartitionFeed.ReadPatience.TotalSeconds; second++)
            _feed.Tick(now += TimeSpan.TicksPerSecond);
        Assert.Contains("from 1 on", Assert.Throws<JournalFailedException>(() => _feed.Tick(now + 1)).Message, StringComparison.Ordinal);
        _feed.OnRead(new EntriesSince([Batches.Of(1, 1, 5)], request.Purpose), _window);
        _feed.Tick(now + TimeSpan.TicksPerHour); // nothing is waited for
    }

    [Fact]
    public void Each_read_has_all_the_time()
    {
        var now = 0L;
        for (ulong first = 1; first <= 5; first++)
        {
            _feed.Advance(first, _window);
            var request = _openLog.Next<GetEntriesSince>();
            for (var second = 1; second < PartitionFeed.ReadPatience.TotalSeconds; second++)
                _feed.Tick(now += TimeSpan.TicksPerSecond);
            _feed.OnRead(new EntriesSince([Batches.Of(1, first, 1)], request.Purpose), _window);
        }

        Assert.Equal(5UL, _feed.FedSequence);
    }

    private void Restart()
    {
        _feed.Suspend();
        _feed.GoOnFrom(0);
    }

    private void Window(ulong epoch, ulong first, int count, params ushort[] partitions) =>
        _window.Add(Batches.Of(epoch, first, count, 0, partitions), 0);

    // The seqs of the next message to a partition, in ascending order; it must have the present state number.
    private List<ulong> Fed(LetterBox.Slot partition, ulong epoch = 1)
    {
        var message = partition.Next<ApplyEntries>();
        Assert.Equal(_feed.StateNumber, message.StateNumber);
        var sequences = new List<ulong>();
        for (var i = 0; i < message.Count; i++)
        {
            Assert.True(OpLogEntry.TryView(message.Batch.Encoded.Span[message.Offsets[i]..], out var entry));
            Assert.Equal(epoch, entry.Epoch);
            sequences.Add(entry.Sequence);
        }

        Assert.Equal(sequences.Order(), sequences);
        return sequences;
    }
}
