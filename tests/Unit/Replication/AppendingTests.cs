// What a Standby stores, acknowledges, refuses and commits; what a Primary counts and sends again.
using HotStandby.Core.Replication;
using HotStandby.Messages;
using HotStandby.Messages.OpLog;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Replication;

namespace HotStandby.Tests.Unit.Replication;

public sealed class AppendingTests
{
    private static ReplicaDriver Led(Func<ReplicaSettings, ReplicaSettings>? change = null, int nodes = 3)
    {
        var driver = new ReplicaDriver(nodes, change);
        driver.Elect(0);
        driver.Run(400);
        driver.Messages.Clear();
        return driver;
    }

    private static AppendBatch Append(
        ReplicaDriver driver, OpLogBatch? batch, ulong previousEpoch, ulong previous, ulong commit, ulong epoch) =>
        new(driver.Says(0), epoch, previousEpoch, previous, batch, commit, batch?.LastSequence ?? previous,
            driver.NowMilliseconds * TimeSpan.TicksPerMillisecond);

    private static ReplicaDriver Standby(RecoveredJournal journal) => new(3, journals: [null, journal, null]);

    [Fact]
    public void A_Standby_rejects_a_batch_from_an_older_epoch_and_the_Primary_steps_down()
    {
        var driver = Led();
        driver.Wait(2001);
        driver.Hand(1, new SealRequest(driver.Says(2, 70), 9, Life.None));
        driver.Persist(1);
        driver.Propose(0);
        driver.Deliver(static each => each is { To: 1, Message: AppendBatch });
        Assert.Equal(1ul, driver.State(1).Log.LastSequence);
        driver.Deliver(static each => each.Message is AppendRefused { Reason: RefusalReason.OlderEpoch, Epoch: 9 });
        Assert.Equal(ReplicaRole.Standby, driver[0].Role);
        Assert.Equal(long.MinValue, driver[0].LeaseUntilTicks);
    }

    [Fact]
    public void A_batch_is_acknowledged_only_when_it_is_in_the_journal()
    {
        var driver = Led();
        driver.Propose(0);
        driver.Deliver(static each => each.To == 1);
        Assert.Equal(2ul, driver.State(1).Log.LastSequence);
        Assert.DoesNotContain(driver.Messages, static each => each.From == 1);
        driver.Persist(1);
        Assert.True(driver.Messages.Single(static each => each.From == 1).Message is AppendAcknowledged { StoredSequence: 2 });
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Entries_gather_in_one_batch_while_as_many_batches_as_allowed_await_their_commit(int pipeline)
    {
        var driver = Led(settings => settings with { PipelineBatches = pipeline });
        for (var i = 0; i < 5; i++)
            driver.Propose(0);
        Assert.Equal(1ul + (ulong)pipeline, driver.State(0).Log.LastSequence);
        Assert.Equal(6ul, driver[0].LastProposed);
        driver.Run(400);
        Assert.Equal(6ul, driver.State(0).CommitSequence);
        var gathered = driver.State(0).Window.From(2ul + (ulong)pipeline)!;
        Assert.Equal((5 - pipeline, 6ul), (gathered.Count, gathered.LastSequence));
    }

    [Fact]
    public void A_full_batch_does_not_wait_for_the_commit_of_another()
    {
        var driver = Led(static settings => settings with { BatchEntries = 4 });
        driver.Propose(0);
        driver.Propose(0, entries: 9);
        Assert.Equal(10ul, driver.State(0).Log.LastSequence);
        Assert.Equal(11ul, driver[0].LastProposed);
    }

    [Fact]
    public void A_heartbeat_is_answered_at_once_and_reports_only_what_is_in_the_journal()
    {
        var driver = Led();
        driver.Propose(0);
        driver.Deliver(static each => each.To == 1);
        driver.Hand(1, Append(driver, null, 1, 2, 1, 1));
        Assert.True(driver.Messages.Single(static each => each.From == 1).Message is AppendAcknowledged { StoredSequence: 1 });
    }

    [Fact]
    public void An_entry_is_committed_when_a_majority_has_it_in_its_journals()
    {
        var driver = Led();
        driver.Propose(0);
        driver.Deliver(static each => each.To == 1);
        driver.Persist(1);
        driver.Deliver(static each => each.From == 1);
        Assert.Equal(1ul, driver.State(0).CommitSequence); // its own write is not confirmed
        driver.Persist(0);
        driver.Input(0, static (replica, now) => replica.Flush(now));
        Assert.Equal(2ul, driver.State(0).CommitSequence);
    }

    [Fact]
    public void Entries_of_an_older_epoch_are_committed_only_with_one_of_the_Primarys_own()
    {
        var driver = new ReplicaDriver(3, static settings => settings with { BatchEntries = 1 },
    [ReplicaDriver.Journal(1, (1, 5)), ReplicaDriver.Journal(1, (1, 5)), ReplicaDriver.Journal(1, (1, 1))]);
        driver.Wait(2001);
        driver.Crown(0);
        driver.Deliver(static each => each.To == 1);
        driver.Persist(1);
        driver.Deliver(static each => each.Message is SealReply);
        driver.Persist(0);
        Assert.Equal(ReplicaRole.Primary, driver[0].Role);
        driver.Hand(0, new AppendAcknowledged(driver.Says(1), 2, 5, 0, driver.NowMilliseconds * TimeSpan.TicksPerMillisecond));
        driver.Input(0, static (replica, now) => replica.Flush(now));
        Assert.True(driver.State(0).CommitSequence <= 1); // 5 is on two of three, and may still be replaced
        driver.Hand(0, new AppendAcknowledged(driver.Says(1), 2, 6, 0, driver.NowMilliseconds * TimeSpan.TicksPerMillisecond));
        Assert.Equal(6ul, driver.State(0).CommitSequence);
    }

    [Fact]
    public void A_conflicting_uncommitted_suffix_is_cut()
    {
        var driver = Standby(ReplicaDriver.Journal(2, (1, 5)));
        driver.Hand(1, Append(driver, ReplicaDriver.Batch(2, 4, 1), 1, 3, 3, 2));
        Assert.Equal([new EpochEnd(1, 3), new EpochEnd(2, 4)], driver.State(1).Log.Describe());
        Assert.Equal(3ul, driver.State(1).DurableSequence);
        Assert.Contains(driver.Effects(1), static effect => effect is WriteCut { LastKeptSequence: 3 });
        driver.Persist(1);
        Assert.Equal(4ul, driver.State(1).DurableSequence);
    }

    [Fact]
    public void Confirmations_of_what_was_cut_do_not_make_the_new_suffix_durable()
    {
        var driver = Standby(ReplicaDriver.Journal(1, (1, 2)));
        driver.Hand(1, Append(driver, ReplicaDriver.Batch(1, 3, 3), 1, 2, 1, 1));
        driver.Hand(1, Append(driver, ReplicaDriver.Batch(2, 4, 2), 1, 3, 1, 2));
        driver.PersistOne(1); // promise to n0: the recovered one named nobody
        driver.PersistOne(1); // batch 1/3..5
        Assert.Equal(3ul, driver.State(1).DurableSequence);
        driver.PersistOne(1); // promise 2
        driver.PersistOne(1); // cut
        Assert.Equal(3ul, driver.State(1).DurableSequence);
        driver.PersistOne(1);
        Assert.Equal(5ul, driver.State(1).DurableSequence);
    }

    [Fact]
    public void Cutting_a_committed_entry_stops_the_node()
    {
        var driver = Standby(ReplicaDriver.Journal(5, (1, 5)));
        var violation = Assert.Throws<InvariantViolation>(() => driver.Hand(1, Append(driver, ReplicaDriver.Batch(2, 4, 1), 1, 3, 3, 2)));
        Assert.Equal(3, violation.Number);
    }

    [Fact]
    public void Two_Primaries_of_one_epoch_stop_the_node()
    {
        var driver = Led();
        var violation = Assert.Throws<InvariantViolation>(
            () => driver.Hand(0, Append(driver, null, 1, 1, 1, 1) with { Origin = driver.Says(1) }));
        Assert.Equal(1, violation.Number);
    }

    [Fact]
    public void A_Standby_never_reports_commit_beyond_what_it_matched()
    {
        var driver = Standby(ReplicaDriver.Journal(1, (1, 5)));
        driver.Hand(1, Append(driver, null, 1, 3, 9, 2));
        Assert.Equal(3ul, driver.State(1).CommitSequence); // 4 and 5 may be others than the Primary's
        Assert.True(driver.Messages[^1].Message is AppendAcknowledged { StoredSequence: 3 });
    }

    [Fact]
    public void A_gap_is_refused_with_the_shape_of_the_log_and_the_Primary_sends_from_the_common_point()
    {
        var driver = Led(static settings => settings with { PipelineBatches = 8 });
        driver.Propose(0, 2);
        driver.Drop(static each => each.To == 1);
        driver.Propose(0, 1);
        driver.Deliver(static each => each.To == 1);
        Assert.True(driver.Messages.Single(static each => each.From == 1)
            .Message is AppendRefused { Reason: RefusalReason.Gap, Log: [{ Epoch: 1, LastSequence: 1 }] });
        driver.Settle(0, 1);
        Assert.Equal(4ul, driver.State(1).Log.LastSequence);
    }

    [Fact]
    public void What_was_lost_is_sent_again()
    {
        var driver = Led();
        var last = driver.Propose(0, 3);
        driver.Messages.Clear();
        driver.Run(2000);
        Assert.Equal(last, driver.State(0).CommitSequence);
        Assert.All(new[] { 1, 2 }, node => Assert.Equal(last, driver.State(node).CommitSequence));
    }

    [Fact]
    public void Doubled_and_reordered_batches_are_harmless()
    {
        var driver = Led(static settings => settings with { BatchEntries = 2 });
        for (var i = 0; i < 5; i++)
            driver.Propose(0, 3);
        var messages = driver.Messages.Where(static each => each.To == 1).ToArray();
        foreach (var each in messages.Reverse().Concat(messages).Concat(messages))
            driver.Hand(1, each.Message);
        driver.Settle();
        driver.Run(400);
        Assert.Equal(16ul, driver.State(1).Log.LastSequence);
        Assert.Equal(16ul, driver.State(1).CommitSequence);
        Assert.DoesNotContain(driver.Effects(1), static effect => effect is WriteCut);
    }

    [Fact]
    public void A_refusal_of_something_sent_before_the_last_restart_is_ignored()
    {
        var driver = Led();
        driver.Propose(0, 2);
        var refused = new AppendRefused(
            driver.Says(1), 1, RefusalReason.Gap, [new EpochEnd(1, 1)], driver.NowMilliseconds * TimeSpan.TicksPerMillisecond);
        driver.Wait(1);
        driver.Hand(0, refused);
        Assert.Equal(2, driver.Messages.Count(static each => each is { To: 1, Message: AppendBatch { Batch: not null } }));
        driver.Hand(0, refused);
        Assert.Equal(2, driver.Messages.Count(static each => each is { To: 1, Message: AppendBatch { Batch: not null } }));
    }

    [Fact]
    public void A_corrupt_batch_is_never_stored_and_is_asked_for_again()
    {
        var driver = Led();
        driver.Propose(0);
        var append = (AppendBatch)driver.Messages.First(static each => each is { To: 1, Message: AppendBatch { Batch: not null } }).Message;
        driver.Messages.RemoveAll(static each => each.To == 1);
        driver.Input(1, (replica, now) => replica.ReceiveCorrupt(append, now));
        Assert.Equal(1ul, driver.State(1).Log.LastSequence);
        driver.Settle(0, 1);
        Assert.Equal(2ul, driver.State(1).Log.LastSequence);
    }

    [Fact]
    public void A_Standby_behind_the_window_is_served_from_the_journal()
    {
        var driver = Led(static settings => settings with { BatchEntries = 1, WindowEntries = 2 });
        for (var i = 0; i < 10; i++)
        {
            driver.Propose(0);
            driver.Settle(0, 1);
        }

        driver.Wait(1000);
        driver.Tick(0);
        driver.Deliver(static _ => true);
        driver.Deliver(static each => each.Message is AppendRefused);
        Assert.Contains(driver.Effects(0), static effect => effect is ReadJournal { FromSequence: 2 });
        Assert.Equal(LinkState.CatchUp, driver[0].Standbys.Single(standby => standby.Node == driver.Ids[2]).State);
        driver.Run(400);
        Assert.Equal(11ul, driver.State(2).CommitSequence);
    }

    [Fact]
    public void What_was_read_from_the_journal_in_an_earlier_reign_and_cut_since_is_not_sent()
    {
        var driver = Led(static settings => settings with { BatchEntries = 1, WindowEntries = 1 });
        for (var i = 0; i < 3; i++)
            driver.Propose(0);
        driver.Persist(0);
        driver.Messages.Clear();
        driver.Propose(0);
        driver.Persist(0);
        driver.Messages.Clear();
        driver.Hand(0, new AppendRefused(
            driver.Says(1), 1, RefusalReason.Gap, [new EpochEnd(1, 1)], driver.NowMilliseconds * TimeSpan.TicksPerMillisecond));
        Assert.Contains(driver.Effects(0), static effect => effect is ReadJournal { FromSequence: 2 });
        driver.Messages.Clear();
        driver.Input(0, (replica, now) => replica.JournalRead(driver.Ids[1], [ReplicaDriver.Batch(7, 2, 3)], now));
        Assert.DoesNotContain(driver.Messages, static each => each.Message is AppendBatch { Batch.Epoch: 7 });
    }

    [Fact]
    public void A_new_commit_is_told_at_once()
    {
        var driver = Led();
        driver.Propose(0);
        driver.Persist(0);
        driver.Deliver(static each => each.To == 1);
        driver.Persist(1);
        driver.Deliver(static each => each.From == 1);
        driver.Input(0, static (replica, now) => replica.Flush(now));
        Assert.Contains(driver.Messages, static each => each is { To: 1, Message: AppendBatch { Batch: null, CommitSequence: 2 } });
    }
}
