// The OpLog over a journal plugin: the order of confirmations, what a restart finds, reads across cuts, truncation, fail stop.
using HotStandby.Core.Node;
using Akka.Actor;
using Akka.Persistence;
using Akka.TestKit;
using HotStandby.Actors.OpLog;
using HotStandby.Core.Journal;
using HotStandby.Core.Partitions;
using HotStandby.Core.Replication;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;
using HotStandby.Messages.Replication;

namespace HotStandby.Tests.Actors.OpLog;

public sealed class OpLogActorTests : ActorTest
{
    private const string Journal = "akka.persistence.journal.inmem";
    private static readonly NodeId Node = new("n1");

    private readonly TestProbe _replica;

    public OpLogActorTests()
        : base(TestSystem.Config) => _replica = CreateTestProbe("replica");

    [Fact]
    public void New_journal_recovers_empty()
    {
        var journal = Start(out _);
        Assert.True(journal.IsNew);
        Assert.Equal(0UL, journal.CommitSequence);
    }

    [Fact]
    public void Writes_are_confirmed_in_the_order_in_which_they_were_asked_for()
    {
        Start(out var log);
        Write(log, new WritePromise(1, Node), new WriteVoting(7));
        for (ulong first = 1; first <= 100; first += 10)
            log.Tell(Batch(1, first, 10));
        for (var i = 1; i <= 10; i++)
        {
            _replica.ExpectMsg<JournalWritten>();
            Assert.True(LastOf(ReadAll(log, 1)) >= (ulong)(i * 10));
        }
    }

    [Fact]
    public void Restart_finds_batches_cut_promise_vote_and_commit()
    {
        Start(out var log);
        Write(
            log, new WritePromise(3, Node), new WriteVoting(7), Batch(3, 1, 10), Batch(3, 11, 10, committed: 9), new WriteCut(14),
            new WritePromise(5, new NodeId("n2")), Batch(5, 15, 3, committed: 14));
        var journal = Restart(ref log);
        Assert.Equal((17UL, 5UL), (journal.Log.LastSequence, journal.Log.LastEpoch));
        Assert.Equal((3UL, (ulong?)null), (journal.Log.EpochOf(14)!.Value, journal.Log.EpochOf(18)));
        Assert.Equal(
            (14UL, 5UL, new NodeId("n2"), true), (journal.CommitSequence, journal.PromisedEpoch, journal.PromisedTo, journal.Voting));
        Assert.Equal(
            [.. Range(3, 1, 14), .. Range(5, 15, 3)],
            Batches.EntriesOf(ReadAll(log, 1)));
    }

    [Fact]
    public void Entries_come_from_the_middle_of_a_batch_and_across_a_cut()
    {
        Start(out var log);
        Write(log, Batch(1, 1, 10), Batch(1, 11, 10), Batch(1, 21, 10), new WriteCut(15), Batch(2, 16, 10), Batch(2, 26, 4));
        Assert.Equal([.. Range(1, 5, 11), .. Range(2, 16, 14)], Batches.EntriesOf(ReadAll(log, 5)));
        Assert.Equal(Range(1, 13, 3).Concat(Range(2, 16, 14)), Batches.EntriesOf(ReadAll(log, 13)));
        Assert.Equal(Range(2, 29, 1), Batches.EntriesOf(ReadAll(log, 29)));
        Assert.Empty(ReadAll(log, 30));
    }

    [Fact]
    public void Read_that_follows_a_cut_never_sees_what_was_cut_off()
    {
        Start(out var log);
        Write(log, Batch(1, 1, 50));
        // Nothing is waited for: the read stands in the mailbox right behind the writes.
        log.Tell(new WriteCut(10));
        log.Tell(Batch(2, 11, 5));
        log.Tell(new GetEntriesSince(1, long.MaxValue, "read"), TestActor);
        _replica.ExpectMsg<JournalWritten>();
        _replica.ExpectMsg<JournalWritten>();
        Assert.Equal([.. Range(1, 1, 10), .. Range(2, 11, 5)], Batches.EntriesOf(ExpectMsg<EntriesSince>().Batches));
    }

    [Fact]
    public void Read_gives_about_the_bytes_asked_for_and_says_what_it_was_for()
    {
        Start(out var log);
        Write(log, Batch(1, 1, 10), Batch(1, 11, 10), Batch(1, 21, 10));
        log.Tell(new GetEntriesSince(1, 1, "one"), TestActor);
        var answer = ExpectMsg<EntriesSince>();
        Assert.Equal("one", answer.Purpose);
        Assert.Equal(10UL, LastOf(answer.Batches));
    }

    [Fact]
    public void Truncation_forgets_whole_batches_and_keeps_promise_and_vote()
    {
        Start(out var log);
        Write(log, new WritePromise(1, Node), new WriteVoting(7), Batch(1, 1, 10), Batch(1, 11, 10), Batch(1, 21, 10));
        Write(log, new WriteTruncation([new EpochEnd(1, 14)], VoterRoll.Empty));
        Assert.Empty(ReadAll(log, 5));
        Assert.Equal(Range(1, 11, 20), Batches.EntriesOf(ReadAll(log, 11)));
        AwaitAssert(() =>
        {
            var events = JournalEvents();
            Assert.Equal(new EpochPromised(1, Node), Assert.Single(events.OfType<EpochPromised>()));
            Assert.Single(events.OfType<VotingGranted>());
            Assert.Equal(Range(1, 11, 20), Batches.EntriesOf(events.OfType<BatchAppended>().Select(appended => appended.Batch)));
        });
        Write(log, Batch(1, 31, 1));
        _replica.ExpectNoMsg(TimeSpan.Zero); // the copies of promise and vote are nobody's writes
    }

    [Fact]
    public void A_promise_that_was_asked_for_while_a_truncation_was_written_is_not_taken_back_by_the_copy_of_an_older_one()
    {
        Start(out var log);
        Write(log, new WritePromise(1, Node), new WriteVoting(7), Batch(1, 1, 10), Batch(1, 11, 10));
        Write(log, new WriteTruncation([new EpochEnd(1, 10)], VoterRoll.Empty), new WritePromise(2, new NodeId("n2")));
        // the copies are written, and what they replace is deleted
        AwaitAssert(() => Assert.Single(JournalEvents().OfType<BatchAppended>()));
        var journal = Restart(ref log);
        Assert.Equal((2UL, new NodeId("n2"), true), (journal.PromisedEpoch, journal.PromisedTo, journal.Voting));
    }

    [Fact]
    public void A_truncated_log_comes_back_with_the_epochs_of_what_is_gone()
    {
        Start(out var log);
        Write(log, Batch(1, 1, 10), Batch(2, 11, 10), Batch(3, 21, 10, committed: 22),
            new WriteTruncation([new EpochEnd(1, 10), new EpochEnd(2, 20)], VoterRoll.Empty));
        var recovered = Restart(ref log).Log;
        Assert.Equal((20UL, 30UL, 3UL), (recovered.BaseSequence, recovered.LastSequence, recovered.LastEpoch));
        Assert.Equal((1UL, 2UL, 3UL), (recovered.EpochOf(10), recovered.EpochOf(20), recovered.EpochOf(21)));
    }

    [Fact]
    public void A_log_that_was_truncated_again_and_again_comes_back()
    {
        Start(out var log);
        Write(log, new WritePromise(1, Node), Batch(1, 1, 10));
        // Each lags behind by two batches, so that it stands behind entries which the next one deletes.
        for (ulong first = 11; first <= 101; first += 10)
        {
            Write(log, Batch(1, first, 10));
            if (first > 21)
                Write(log, new WriteTruncation([new EpochEnd(1, first - 21)], VoterRoll.Empty));
        }

        var recovered = Restart(ref log);
        Assert.Equal((80UL, 110UL, 1UL), (recovered.Log.BaseSequence, recovered.Log.LastSequence, recovered.PromisedEpoch));
        Assert.Equal(Range(1, 81, 30), Batches.EntriesOf(ReadAll(log, 81)));
    }

    [Fact]
    public void A_log_that_was_reset_goes_on_behind_the_images()
    {
        Start(out var log);
        Write(log, new WritePromise(4, Node), Batch(1, 1, 10),
            new WriteReset([new EpochEnd(1, 3), new EpochEnd(2, 50)], VoterRoll.Empty, 70), Batch(4, 51, 5));
        Assert.Equal(Range(4, 51, 5), Batches.EntriesOf(ReadAll(log, 51)));
        Assert.Empty(ReadAll(log, 1));
        var recovered = Restart(ref log);
        Assert.Equal((50UL, 55UL, 50UL, 70UL, 4UL), (
            recovered.Log.BaseSequence, recovered.Log.LastSequence, recovered.CommitSequence, recovered.ImagesUpTo,
            recovered.PromisedEpoch));
        Assert.Equal((1UL, 2UL, 4UL), (recovered.Log.EpochOf(3), recovered.Log.EpochOf(4), recovered.Log.EpochOf(51)));
    }

    [Fact]
    public void Failing_journal_stops_it()
    {
        var log = Child("broken-journal");
        _replica.ExpectMsg<OpLogRecovered>();
        Watch(log);
        log.Tell(Batch(1, 1, 1));
        ExpectTerminated(log);
        _replica.ExpectNoMsg(TimeSpan.Zero);
    }

    private static WriteBatch Batch(ulong epoch, ulong first, int count, ulong committed = 0) =>
        new(Batches.Of(epoch, first, count, committed));

    private static IEnumerable<(ulong, ulong)> Range(ulong epoch, ulong first, int count) =>
        Enumerable.Range(0, count).Select(i => (epoch, first + (ulong)i));

    private static ulong LastOf(IReadOnlyList<OpLogBatch> batches) => batches.Count == 0 ? 0 : batches[^1].LastSequence;

    private RecoveredJournal Start(out IActorRef log)
    {
        log = Child(Journal);
        return _replica.ExpectMsg<OpLogRecovered>().Journal;
    }

    private RecoveredJournal Restart(ref IActorRef log)
    {
        Watch(log);
        Sys.Stop(log);
        ExpectTerminated(log);
        return Start(out log);
    }

    // The OpLog reports to its parent, which the test plays.
    private IActorRef Child(string journal) =>
        _replica.ChildActorOf(OpLogActor.Props(Node, journal), new OneForOneStrategy(_ => Directive.Stop));

    private void Write(IActorRef log, params JournalWrite[] writes)
    {
        foreach (var write in writes)
            log.Tell(write);
        foreach (var _ in writes)
            _replica.ExpectMsg<JournalWritten>();
    }

    private IReadOnlyList<OpLogBatch> ReadAll(IActorRef log, ulong from)
    {
        var asker = CreateTestProbe();
        log.Tell(new GetEntriesSince(from, long.MaxValue, "all"), asker);
        return asker.ExpectMsg<EntriesSince>().Batches;
    }

    private object[] JournalEvents()
    {
        var asker = CreateTestProbe();
        Persistence.Instance.Apply(Sys)
            .JournalFor(Journal).Tell(new ReplayMessages(0, long.MaxValue, long.MaxValue, $"oplog-{Node}", asker));
        return [.. asker.ReceiveWhile(Deadline.Step, message => (message as ReplayedMessage)?.Persistent.Payload!)];
    }
}
