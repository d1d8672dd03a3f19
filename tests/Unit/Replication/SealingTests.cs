// Who may lead: sealing, grants, empty voters, the tail. See docs/protocol.md.
using HotStandby.Core.Replication;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;
using HotStandby.Messages.Replication;

namespace HotStandby.Tests.Unit.Replication;

public sealed class SealingTests
{
    private static RecoveredJournal Three => ReplicaDriver.Journal(3, (1, 3));

    private static ReplicaDriver Voters(params RecoveredJournal?[] journals)
    {
        var driver = new ReplicaDriver(journals.Length, journals: journals);
        driver.Wait(2001); // grants of earlier lives have run out
        return driver;
    }

    [Fact]
    public void A_candidate_leads_when_a_majority_has_sealed_and_not_before()
    {
        var driver = Voters(Three, Three, Three);
        driver.Crown(0);
        Assert.Equal(ReplicaRole.Candidate, driver[0].Role);
        Assert.Equal(2, driver.Messages.Count(static each => each.Message is SealRequest { Epoch: 2 }));
        driver.Deliver(static each => each.To == 1);
        driver.Persist(1);
        driver.Deliver(static each => each.Message is SealReply);
        Assert.Equal(ReplicaRole.Candidate, driver[0].Role); // its own promise is not in the journal
        driver.Persist(0);
        Assert.Equal(ReplicaRole.Primary, driver[0].Role);
        Assert.Equal(2ul, driver[0].Epoch);
        Assert.Equal(4ul, driver[0].LastProposed);
    }

    [Fact]
    public void A_candidate_whose_state_is_found_wrong_meanwhile_does_not_lead()
    {
        foreach (var lostBeforeTheReplies in (bool[])[true, false])
        {
            var driver = Voters(Three, Three, Three);
            driver.Crown(0);
            driver.Deliver(static each => each.To == 1);
            driver.Persist(1);
            if (lostBeforeTheReplies)
                driver.Input(0, static (replica, _) => replica.StateIsComplete(false));
            driver.Deliver(static each => each.Message is SealReply);
            driver.Input(0, static (replica, _) => replica.StateIsComplete(false));
            driver.Persist(0);
            driver.Tick(0);
            Assert.Equal(ReplicaRole.Standby, driver[0].Role);
            driver.Input(0, static (replica, _) => replica.StateIsComplete(true));
            driver.Elect(0, 0, 1, 2);
            Assert.Equal(ReplicaRole.Primary, driver[0].Role);
        }
    }

    [Fact]
    public void A_seal_is_answered_only_when_the_promise_is_in_the_journal()
    {
        var driver = Voters(Three, Three, Three);
        driver.Crown(0);
        driver.Deliver(static each => each.To == 1);
        Assert.DoesNotContain(driver.Messages, static each => each.Message is SealReply);
        driver.Persist(1);
        Assert.Contains(driver.Messages, static each =>
            each.Message is SealReply { Outcome: SealOutcome.Sealed, PromisedEpoch: 2, LastSequence: 3 });
    }

    [Fact]
    public void A_candidate_promises_itself_last()
    {
        var driver = Voters(Three, Three, Three);
        driver.Crown(0);
        Assert.Equal(1ul, driver.State(0).PromisedEpoch);
        Assert.Equal(0, driver.Unconfirmed(0));
    }

    [Fact]
    public void A_voter_refuses_an_older_epoch_and_says_what_it_promised()
    {
        var driver = Voters(Three, Three, Three);
        driver.Hand(1, new SealRequest(driver.Says(0, 70), 9, Life.None));
        driver.Persist(1);
        driver.Messages.Clear();
        driver.Hand(1, new SealRequest(driver.Says(2, 71), 8, Life.None));
        Assert.True(driver.Messages.Single().Message is SealReply { Outcome: SealOutcome.Refused, PromisedEpoch: 9 });
    }

    [Fact]
    public void A_voter_refuses_its_promised_epoch_to_another_candidate_and_to_a_later_life_of_the_same()
    {
        var driver = Voters(Three, Three, Three);
        SealOutcome Ask(int from, ulong incarnation)
        {
            driver.Messages.Clear();
            driver.Hand(1, new SealRequest(driver.Says(from, incarnation), 9, Life.None));
            driver.Persist(1);
            return ((SealReply)driver.Messages.Single().Message).Outcome;
        }

        Assert.Equal(SealOutcome.Sealed, Ask(0, 70));
        Assert.Equal(SealOutcome.Sealed, Ask(0, 70));
        Assert.Equal(SealOutcome.Refused, Ask(2, 70));
        Assert.Equal(SealOutcome.Refused, Ask(0, 71));
    }

    [Fact]
    public void A_seal_that_an_earlier_life_of_the_candidate_was_given_does_not_count()
    {
        var driver = Voters(Three, Three, Three);
        driver.Crown(0);
        driver.Hand(0, new SealReply(driver.Says(1), 2, driver.State(0).Life with { Incarnation = 99 }, SealOutcome.Sealed, 2, 1, 3, 3, 0));
        driver.Persist(0);
        Assert.Equal(ReplicaRole.Candidate, driver[0].Role);
    }

    [Fact]
    public void A_running_grant_refuses_with_the_time_that_is_left()
    {
        var driver = Voters(Three, Three, Three);
        driver.Elect(0);
        driver.Messages.Clear();
        driver.Wait(500);
        driver.Hand(1, new SealRequest(driver.Says(2, 70), 9, Life.None));
        var reply = Assert.IsType<SealReply>(driver.Messages.Single().Message);
        Assert.Equal(SealOutcome.GrantRunning, reply.Outcome);
        Assert.Equal(1500, reply.RemainingMilliseconds);
        driver.Wait(1500);
        driver.Hand(1, new SealRequest(driver.Says(2, 70), 9, Life.None));
        driver.Persist(1);
        Assert.True(driver.Messages[^1].Message is SealReply { Outcome: SealOutcome.Sealed });
    }

    [Fact]
    public void A_Primary_with_a_lease_refuses_to_seal_and_without_one_steps_down()
    {
        var driver = Voters(Three, Three, Three);
        driver.Elect(0);
        driver.Hand(0, new SealRequest(driver.Says(2, 70), 9, Life.None));
        Assert.True(driver.Messages[^1].Message is SealReply { Outcome: SealOutcome.GrantRunning, RemainingMilliseconds: > 0 });
        Assert.Equal(ReplicaRole.Primary, driver[0].Role);
        driver.Wait(2000);
        driver.Hand(0, new SealRequest(driver.Says(2, 70), 9, Life.None));
        Assert.Equal(ReplicaRole.Standby, driver[0].Role);
        Assert.Equal(9ul, driver.State(0).PromisedEpoch);
    }

    [Fact]
    public void A_restarted_voter_honours_the_grant_that_its_earlier_life_may_have_given()
    {
        var driver = new ReplicaDriver(3, journals: [Three, Three, Three]);
        driver.Hand(1, new SealRequest(driver.Says(0, 70), 9, Life.None));
        Assert.True(driver.Messages[^1].Message is SealReply { Outcome: SealOutcome.GrantRunning, RemainingMilliseconds: 2000 });
        driver.Crown(1);
        Assert.Equal(ReplicaRole.Standby, driver[1].Role);
        driver.Wait(2000);
        driver.Tick(1);
        Assert.Equal(ReplicaRole.Candidate, driver[1].Role);
    }

    [Fact]
    public void An_empty_voter_does_not_vote_unless_everyone_is_empty()
    {
        var driver = Voters(Three, null, null);
        driver.Crown(0);
        driver.Settle();
        Assert.Equal(ReplicaRole.Candidate, driver[0].Role);
        Assert.False(driver.State(1).Voting);

        var fresh = new ReplicaDriver(3);
        fresh.Elect(0);
        fresh.Run(200);
        Assert.All(new[] { 0, 1, 2 }, node => Assert.True(fresh.State(node).Voting));
    }

    [Fact]
    public void The_first_start_waits_for_every_configured_voter()
    {
        var driver = new ReplicaDriver(3);
        driver.Crown(0);
        driver.Settle(0, 1);
        Assert.Equal(ReplicaRole.Candidate, driver[0].Role);
        Assert.False(driver.State(0).Voting);
    }

    [Fact]
    public void The_first_start_takes_all_voters_even_where_some_may_vote_already()
    {
        var voter = new RecoveredJournal(new LogIndex(), 0, 0, NodeId.None, true);
        var driver = Voters(voter, voter, null);
        driver.Crown(0);
        driver.Settle(0, 1);
        Assert.Equal(ReplicaRole.Candidate, driver[0].Role);
        driver.Elect(0);
        Assert.Equal(1ul, driver.State(0).CommitSequence);
    }

    // It was away from the moment of the founding on: it holds nothing, and has forgotten nothing.
    [Fact]
    public void A_founder_that_was_never_sent_an_entry_votes_in_the_place_of_a_lost_one()
    {
        var driver = FoundedWithoutNode2();
        driver.LoseDisk(1);
        driver.Elect(0);
        Assert.True(driver.State(0).CommitSequence > 1);
        Assert.True(driver.State(2).Voting);
    }

    [Fact]
    public void A_founder_that_lost_its_disk_before_it_was_sent_an_entry_does_not()
    {
        var driver = FoundedWithoutNode2();
        driver.LoseDisk(2);
        driver.LoseDisk(1);
        driver.Crown(0);
        driver.Run(8000);
        Assert.NotEqual(ReplicaRole.Primary, driver[0].Role);
        Assert.False(driver.State(2).Voting);
    }

    // The first entry is committed by nodes 0 and 1; node 0 then waits to be asked to lead again.
    private static ReplicaDriver FoundedWithoutNode2()
    {
        var driver = new ReplicaDriver(3);
        driver.Crown(0);
        while (driver[0].Role != ReplicaRole.Primary)
        {
            Assert.True(driver.Deliver(static each => each.Message is SealRequest or SealReply) > 0);
            for (var node = 0; node < 3; node++)
                driver.Persist(node);
        }

        driver.Tick(0);
        driver.Settle(0, 1);
        Assert.Equal(1ul, driver.State(0).CommitSequence);
        Assert.Equal(0ul, driver.State(2).Log.LastSequence);
        driver.Uncrown(0);
        driver.Wait(2001);
        driver.Tick(0);
        driver.Messages.Clear();
        return driver;
    }

    [Fact]
    public void A_first_start_asked_of_an_earlier_life_makes_no_voter()
    {
        var driver = new ReplicaDriver(3);
        driver.Crown(0);
        driver.Deliver(static each => each.Message is SealRequest);
        driver.Deliver(static each => each.Message is SealReply { Outcome: SealOutcome.Empty });
        driver.Persist(0);
        var asked = driver.Messages.First(static each => each is { To: 1, Message: SealRequest { FirstStartOf.Memory: > 0 } });
        driver.LoseDisk(1);
        driver.Hand(1, asked.Message);
        driver.Persist(1);
        Assert.False(driver.State(1).Voting);
        Assert.True(driver.Messages[^1].Message is SealReply { Outcome: SealOutcome.Empty });
    }

    [Fact]
    public void The_candidate_fetches_the_tail_it_lacks_and_drops_what_conflicts()
    {
        var driver = new ReplicaDriver(3, static settings => settings with { BatchEntries = 2 });
        driver.Elect(0);
        driver.Run(400);
        driver.Propose(0, 2);
        driver.Settle(0, 1); // 2..3 are committed by n0 and n1
        driver.Start(2);
        driver.Wait(2001);
        driver.Elect(2, 1, 2);
        driver.Propose(2);
        driver.Run(400, 1, 2);
        Assert.Equal(driver.State(1).Log.Describe(), driver.State(2).Log.Describe());
        Assert.Equal([new EpochEnd(1, 3), new EpochEnd(2, 5)], driver.State(2).Log.Describe());
        Assert.Equal(5ul, driver.State(2).CommitSequence);
    }

    [Fact]
    public void A_candidate_whose_best_voter_is_gone_tries_again_without_it()
    {
        var driver = Voters(Three, ReplicaDriver.Journal(3, (1, 5)), Three);
        driver.Crown(0);
        driver.Deliver(static each => each.To == 1);
        driver.Persist(1);
        driver.Deliver(static each => each.Message is SealReply);
        Assert.Contains(driver.Messages, static each => each is { To: 1, Message: FetchTail });
        driver.Run(8000, 0, 2);
        Assert.Equal(ReplicaRole.Primary, driver[0].Role);
        Assert.True(driver[0].Epoch > 2);
    }

    [Fact]
    public void A_piece_of_the_tail_that_comes_twice_asks_for_nothing()
    {
        var driver = Voters(Three, ReplicaDriver.Journal(3, (1, 5)), Three);
        driver.Crown(0);
        driver.Deliver(static each => each.To == 1);
        driver.Persist(1);
        driver.Deliver(static each => each.Message is SealReply);
        driver.Messages.Clear();
        var piece = new TailBatch(driver.Says(1), driver[0].Epoch, 1, 3, ReplicaDriver.Batch(1, 4), 5);
        driver.Hand(0, piece);
        Assert.Single(driver.Messages, static each => each.Message is FetchTail);
        driver.Hand(0, piece);
        Assert.Single(driver.Messages, static each => each.Message is FetchTail);
        driver.Hand(0, piece with { PreviousSequence = 4, Batch = ReplicaDriver.Batch(1, 5) });
        Assert.Single(driver.Messages, static each => each.Message is FetchTail);
        driver.Persist(0);
        Assert.Equal(ReplicaRole.Primary, driver[0].Role);
    }

    [Fact]
    public void An_attempt_ends_before_a_voter_that_lost_its_disk_speaks_again()
    {
        var driver = Voters(Three, Three, Three);
        driver.Crown(0);
        var first = driver[0].Epoch;
        driver.Wait(1801);
        driver.Tick(0);
        Assert.NotEqual(ReplicaRole.Primary, driver[0].Role);
        driver.Wait(300);
        driver.Tick(0);
        Assert.True(driver[0].Role == ReplicaRole.Candidate && driver[0].Epoch > first);
    }

    [Fact]
    public void A_candidate_cut_off_from_everybody_does_not_depose_the_healthy_Primary_when_it_comes_back()
    {
        var driver = Voters(Three, Three, Three);
        driver.Elect(0);
        driver.Wait(2001);
        driver.Tick(0);
        driver.Settle(0, 1);
        driver.Crown(2);
        driver.Messages.Clear();
        for (var i = 0; i < 100; i++)
        {
            driver.Wait(100);
            driver.Tick(2);
            driver.Tick(0);
            driver.Settle(0, 1);
        }

        Assert.True(driver[2].Epoch > driver[0].Epoch);
        driver.Uncrown(2);
        driver.Run(1000);
        Assert.Equal(ReplicaRole.Primary, driver[0].Role);
        Assert.Equal(2ul, driver[0].Epoch);
        Assert.Equal(driver.Ids[0], driver.State(2).Leader);
        Assert.Equal(2ul, driver.State(2).PromisedEpoch);
    }
}
