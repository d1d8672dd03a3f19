// A node that lost its journal: what it may do, and when it counts again.
using HotStandby.Core.Replication;
using HotStandby.Messages.OpLog;
using HotStandby.Messages.Replication;

namespace HotStandby.Tests.Unit.Replication;

public sealed class ReturnTests
{
    private static ReplicaDriver Led()
    {
        var driver = new ReplicaDriver(3);
        driver.Elect(0);
        driver.Run(400);
        driver.Propose(0, 4);
        driver.Run(400);
        driver.Messages.Clear();
        return driver;
    }

    [Fact]
    public void An_empty_node_stays_silent_for_a_lease()
    {
        var driver = Led();
        driver.LoseDisk(2);
        driver.Run(1900);
        Assert.Equal(0ul, driver.State(2).Log.LastSequence);
        Assert.Equal(0ul, driver.State(2).PromisedEpoch);
        driver.Run(600);
        Assert.Equal(driver.State(0).Log.LastSequence, driver.State(2).Log.LastSequence);
    }

    [Fact]
    public void It_votes_again_only_when_an_entry_that_names_this_life_is_committed_by_the_others()
    {
        var driver = Led();
        driver.LoseDisk(2);
        driver.Wait(2000);
        driver.Run(800, 0, 2); // n1 is away: n0 and n2 alone commit nothing
        Assert.Equal(6ul, driver.State(2).Log.LastSequence);
        Assert.Equal(5ul, driver.State(2).CommitSequence);
        Assert.False(driver.State(2).Voting);
        driver.Run(400);
        Assert.Equal(6ul, driver.State(2).CommitSequence);
        Assert.True(driver.State(2).Voting);
        driver.Run(400, 0, 2);
        Assert.True(driver[0].Standbys.Single(standby => standby.Node == driver.Ids[2]).Voting);
    }

    [Fact]
    public void An_entry_that_names_an_earlier_life_gives_no_vote()
    {
        var driver = Led();
        driver.LoseDisk(2);
        driver.Wait(2000);
        driver.Run(600, 0, 2);
        driver.LoseDisk(2);
        driver.Run(1000);
        Assert.False(driver.State(2).Voting);
        driver.Run(1600);
        Assert.True(driver.State(2).Voting);
        Assert.Equal(7ul, driver.State(0).CommitSequence); // one entry for each life
    }

    [Fact]
    public void An_old_heartbeat_with_a_short_log_makes_no_voter()
    {
        var driver = Led();
        driver.LoseDisk(2);
        driver.Wait(2000);
        driver.Hand(2, new AppendBatch(driver.Says(0), 1, 0, 0, ReplicaDriver.Batch(1, 1), 1, 1, 0));
        driver.Persist(2);
        Assert.Equal(1ul, driver.State(2).CommitSequence);
        Assert.False(driver.State(2).Voting);
    }

    [Fact]
    public void The_last_words_of_an_earlier_life_do_not_count()
    {
        var driver = Led();
        var sent = driver.NowMilliseconds * TimeSpan.TicksPerMillisecond;
        var before = driver.Says(2);
        driver.LoseDisk(2);
        driver.Wait(2000);
        driver.Run(600, 0, 2);
        var matched = driver[0].Standbys.Single(standby => standby.Node == driver.Ids[2]).MatchSequence;
        driver.Hand(0, new AppendAcknowledged(before, 1, 5, 5, sent));
        var standby = driver[0].Standbys.Single(standby => standby.Node == driver.Ids[2]);
        Assert.False(standby.Voting);
        Assert.Equal(matched, standby.MatchSequence);
    }

    [Fact]
    public void What_an_earlier_life_stored_is_forgotten_when_the_later_one_is_met()
    {
        var driver = Led();
        driver.Start(2);
        driver.Hand(0, new AppendAcknowledged(driver.Says(2), 1, 1, 0, driver.NowMilliseconds * TimeSpan.TicksPerMillisecond));
        Assert.Equal(1ul, driver[0].Standbys.Single(standby => standby.Node == driver.Ids[2]).MatchSequence);
    }

    [Fact]
    public void An_empty_node_can_lead_with_all_the_others_and_has_a_vote_after_its_first_commit()
    {
        var driver = Led();
        driver.LoseDisk(2);
        driver.Wait(2100);
        driver.Elect(2);
        Assert.True(driver.State(2).Voting);
        Assert.Equal(6ul, driver.State(2).CommitSequence);
        Assert.Equal(driver.State(1).Log.Describe(), driver.State(2).Log.Describe());
    }

    [Fact]
    public void An_empty_Primary_does_not_count_itself_before_the_others_have_committed()
    {
        var driver = Led();
        driver.LoseDisk(2);
        driver.Wait(2100);
        driver.Crown(2);
        for (var round = 0; driver[2].Role != ReplicaRole.Primary; round++)
        {
            Assert.True(round < 100, "n2 never leads");
            driver.Wait(100);
            driver.Tick(2);
            driver.Deliver(static each => each.Message is SealRequest or SealReply or FetchTail or TailBatch);
            for (var node = 0; node < 3; node++)
            {
                driver.Persist(node);
                driver.AnswerReads(node);
            }
        }

        driver.Settle(1, 2);
        Assert.Equal(5ul, driver.State(2).CommitSequence); // what the others knew, and nothing of this reign
        Assert.False(driver.State(2).Voting);
    }

    [Fact]
    public void A_life_is_welcomed_only_after_the_first_commit_of_the_reign()
    {
        var driver = Led();
        driver.LoseDisk(2);
        driver.Wait(2100); // the lease of n0 is over, and so is the silence of n2
        driver.Crown(1);
        for (var round = 0; driver[1].Role != ReplicaRole.Primary; round++)
        {
            Assert.True(round < 100, "n1 never leads");
            driver.Wait(100);
            driver.Tick(1);
            driver.Deliver(static each => each.Message is SealRequest or SealReply or FetchTail or TailBatch);
            for (var node = 0; node < 3; node++)
            {
                driver.Persist(node);
                driver.AnswerReads(node);
            }
        }

        // n0 has sealed and is away. n2 has all of the log, and the memory before it has been silent for more than a lease.
        driver.Uncrown(0);
        var first = driver[1].LastProposed;
        driver.Run(2500, 1, 2);
        Assert.Equal((ReplicaRole.Primary, first), (driver[1].Role, driver[1].LastProposed));
        Assert.Equal(first, driver.State(2).Log.LastSequence);
        for (var round = 0; !driver.State(2).Voting; round++)
        {
            Assert.True(round < 100, "n2 never gets its vote back");
            driver.Run(100);
        }

        Assert.Equal(first + 1, driver[1].LastProposed);
    }

    [Fact]
    public void A_lingering_batch_does_not_hold_back_the_first_entry_of_a_reign()
    {
        var driver = new ReplicaDriver(3, static settings => settings with { LingerTicks = TimeSpan.TicksPerSecond });
        driver.Crown(0);
        driver.Settle();
        Assert.Equal(1ul, driver.State(0).CommitSequence);
    }

    [Fact]
    public void The_entry_that_gives_a_vote_names_node_and_life()
    {
        var driver = Led();
        driver.LoseDisk(2);
        var before = driver.NowMilliseconds;
        driver.Run(2500);
        var batch = driver.State(0).Window.From(6)!;
        foreach (var entry in batch)
        {
            Assert.Equal(OpType.VoterReturned, entry.Type);
            Assert.InRange(entry.TimestampMilliseconds, before + 1, driver.NowMilliseconds); // its own time, not that of the reign's start
            Assert.Equal("n2"u8.ToArray(), entry.Key.ToArray());
            Assert.True(VoterReturnedPayload.TryRead(entry.Payload, out var returned));
            Assert.Equal(driver.State(2).Life, returned.Life);
        }
    }
}
