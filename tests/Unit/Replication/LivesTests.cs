// A vote belongs to one memory: of two processes with one name, one counts. See docs/protocol.md, "Voters".
using HotStandby.Core.Replication;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;
using HotStandby.Messages.Replication;

namespace HotStandby.Tests.Unit.Replication;

public sealed class LivesTests
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

    // n2 has lost its disk and votes again; this is what the memory before it would say.
    private static ReplicaDriver Returned(out Origin earlier)
    {
        var driver = Led();
        earlier = driver.Says(2);
        driver.LoseDisk(2);
        driver.Run(5000);
        Assert.True(driver.State(2).Voting);
        driver.Messages.Clear();
        return driver;
    }

    private static AppendAcknowledged Acknowledges(ReplicaDriver driver, Origin origin, ulong stored) =>
        new(origin, driver[0].Epoch, stored, 0, driver.NowMilliseconds * TimeSpan.TicksPerMillisecond);

    [Fact]
    public void The_first_entry_of_a_reign_names_the_memories_that_vote_and_the_cluster()
    {
        var driver = Led();
        var roll = driver.State(1).Log.Roster.At(driver.State(1).Log.LastSequence);
        Assert.Equal([1ul, 2ul, 3ul], roll.Voters.OrderBy(static voter => voter.Node.Name, StringComparer.Ordinal).Select(
            static voter => voter.Memory));
        Assert.Equal(1ul, roll.Birth);
        Assert.All(new[] { 0, 1, 2 }, node => Assert.Equal(1ul, Assert.Single(driver.Effects(node).OfType<Born>()).Birth));
        Assert.All(new[] { 0, 1, 2 }, node =>
            Assert.Equal(driver.State(node).Life.Memory, Assert.Single(driver.Effects(node).OfType<WriteVoting>()).Memory));
    }

    [Fact]
    public void Nobody_has_a_vote_before_the_first_entry_is_committed()
    {
        var driver = new ReplicaDriver(3);
        driver.Crown(0);
        while (driver[0].Role != ReplicaRole.Primary)
        {
            driver.Deliver(static each => each.Message is SealRequest or SealReply);
            for (var node = 0; node < 3; node++)
                driver.Persist(node);
        }

        Assert.All(new[] { 0, 1, 2 }, node => Assert.False(driver.State(node).Voting));
        driver.Run(400);
        Assert.All(new[] { 0, 1, 2 }, node => Assert.True(driver.State(node).Voting));
    }

    [Fact]
    public void What_an_earlier_memory_acknowledges_does_not_count()
    {
        var driver = Returned(out var earlier);
        var last = driver.Propose(0);
        driver.Persist(0);
        var committed = driver.State(0).CommitSequence;
        driver.Hand(0, Acknowledges(driver, earlier, last));
        Assert.Equal(committed, driver.State(0).CommitSequence);
        driver.Hand(0, Acknowledges(driver, driver.Says(2), last));
        Assert.Equal(last, driver.State(0).CommitSequence);
    }

    [Fact]
    public void Neither_memory_counts_while_the_entry_that_changes_them_is_not_committed()
    {
        var driver = Led();
        var earlier = driver.Says(2);
        driver.LoseDisk(2);
        driver.Wait(2000);
        driver.Run(1000, 0, 2); // n1 is away
        Assert.Equal(driver.State(2).Life.Memory, driver.State(0).Log.Roster.SeatOf(driver.Ids[2]).Memory);
        var committed = driver.State(0).CommitSequence;
        driver.Hand(0, Acknowledges(driver, earlier, driver.State(0).Log.LastSequence));
        driver.Hand(0, Acknowledges(driver, driver.Says(2, votes: true), driver.State(0).Log.LastSequence));
        Assert.Equal(committed, driver.State(0).CommitSequence);
    }

    [Fact]
    public void A_memory_that_answers_keeps_its_place_whatever_another_process_of_its_name_says()
    {
        var driver = Led();
        var last = driver[0].LastProposed;
        var twin = new Origin(driver.Ids[2], new Life(99, 1), 0, Votes: false);
        for (var i = 0; i < 50; i++)
        {
            driver.Run(100);
            driver.Hand(0, Acknowledges(driver, twin, last));
        }

        Assert.Equal(last, driver[0].LastProposed);
        Assert.Equal(driver.State(2).Life.Memory, driver.State(0).Log.Roster.SeatOf(driver.Ids[2]).Memory);
    }

    [Fact]
    public void A_seal_of_an_earlier_memory_does_not_elect()
    {
        var driver = Returned(out var earlier);
        driver.Wait(3000);
        driver.Crown(1);
        driver.Messages.Clear();
        SealReply Seals(Origin origin) => new(
            origin, driver[1].Epoch, driver.State(1).Life, SealOutcome.Sealed, driver[1].Epoch, driver.State(1).Log.LastEpoch,
            driver.State(1).Log.LastSequence, 0, 0);
        Assert.Equal(ReplicaRole.Candidate, driver[1].Role);
        driver.Hand(1, Seals(earlier));
        driver.Persist(1);
        Assert.Equal(ReplicaRole.Candidate, driver[1].Role);
        driver.Hand(1, Seals(driver.Says(2)));
        driver.Persist(1);
        Assert.Equal(ReplicaRole.Primary, driver[1].Role);
    }

    [Fact]
    public void A_lapsed_grant_of_an_earlier_memory_does_not_count()
    {
        var driver = Returned(out var earlier);
        driver.Wait(2100);
        driver.Tick(1);
        var question = (GrantInquiry)driver.Messages.First(static each => each.Message is GrantInquiry).Message;
        GrantLapsed Lapsed(Origin origin) => new(origin, question.Epoch, question.SentAtTicks, TimeSpan.FromSeconds(1).Ticks);
        driver.Hand(1, Lapsed(earlier));
        Assert.DoesNotContain(driver.Effects(1), static effect => effect is PrimaryLost);
        driver.Hand(1, Lapsed(driver.Says(2)));
        Assert.Contains(driver.Effects(1), static effect => effect is PrimaryLost);
    }

    [Fact]
    public void A_voter_whose_log_names_a_later_life_does_not_answer_one_that_does_not_know_it()
    {
        var driver = Returned(out _);
        driver.Wait(2100);
        driver.Tick(1);
        var question = (GrantInquiry)driver.Messages.First(static each => each.Message is GrantInquiry).Message;
        driver.Messages.Clear();
        driver.Hand(2, question with { LastSequence = 3 });
        Assert.DoesNotContain(driver.Messages, static each => each.Message is GrantLapsed);
        driver.Hand(2, question);
        Assert.Contains(driver.Messages, static each => each.Message is GrantLapsed);
    }

    [Fact]
    public void A_memory_that_was_replaced_is_told_so_by_any_node_that_it_addresses_as_a_voter()
    {
        var driver = Returned(out var earlier);
        driver.Hand(1, new SealRequest(earlier, 9, Life.None));
        var told = Assert.Single(driver.Effects(1).OfType<Reply>()).Message;
        Assert.Equal((earlier.Life, driver.State(2).Life.Memory), (told.Superseded, told.By.Memory));
    }

    [Fact]
    public void A_life_that_is_told_so_says_nothing_any_more()
    {
        var driver = Led();
        var life = driver.State(1).Life;
        driver.Hand(1, new LifeSuperseded(driver.Says(0), 1, life with { Incarnation = life.Incarnation - 1 }, new Life(99, 1), 9));
        driver.Hand(1, new LifeSuperseded(driver.Says(0), 1, life, new Life(99, 1), 1)); // an older entry than the one that names it
        Assert.DoesNotContain(driver.Effects(1), static effect => effect is Superseded);
        driver.Hand(1, new LifeSuperseded(driver.Says(0), 1, life, new Life(99, 1), 9));
        Assert.Equal(99ul, Assert.Single(driver.Effects(1).OfType<Superseded>()).By.Memory);
        driver.Messages.Clear();
        driver.Propose(0);
        driver.Run(3000);
        Assert.DoesNotContain(driver.Messages, static each => each.From == 1);
    }

    [Fact]
    public void A_Primary_that_is_told_so_stops_leading_at_once()
    {
        var driver = Led();
        driver.Hand(0, new LifeSuperseded(driver.Says(1), 1, driver.State(0).Life, new Life(99, 1), 9));
        Assert.Equal((ReplicaRole.Standby, long.MinValue), (driver[0].Role, driver[0].LeaseUntilTicks));
        Assert.Contains(driver.Effects(0), static effect => effect is Superseded);
    }

    [Fact]
    public void A_voter_whose_own_log_gives_its_name_to_another_memory_ends_before_it_acknowledges_that()
    {
        var driver = Led();
        var payload = new byte[VoterReturnedPayload.EncodedBytes];
        new VoterReturnedPayload(new Life(99, 1)).WriteTo(payload);
        var drafts = new DraftBuffer(Partition.SegmentTable);
        payload.CopyTo(drafts.Add(OpType.VoterReturned, "n2"u8, 0, payload.Length));
        driver.Input(0, (replica, now) =>
        {
            replica.Propose(drafts, now, 0);
            replica.Flush(now);
        });
        var last = driver[0].LastProposed;
        driver.Settle();
        Assert.Equal(99ul, Assert.Single(driver.Effects(2).OfType<Superseded>()).By.Memory);
        Assert.True(driver[0].Standbys.Single(standby => standby.Node == driver.Ids[2]).MatchSequence < last);
    }

    [Fact]
    public void A_node_of_another_cluster_changes_nothing()
    {
        var driver = Led();
        var foreign = new Origin(driver.Ids[2], new Life(99, 1), 0xF0E1, Votes: true);
        var promised = driver.State(1).PromisedEpoch;
        driver.Hand(1, new SealRequest(foreign, 1000, Life.None));
        driver.Hand(1, new AppendBatch(foreign, 1000, 0, 0, ReplicaDriver.Batch(1000, 1), 1, 1, 0));
        driver.Input(1, (replica, now) => replica.ReceiveCorrupt(new AppendBatch(foreign, 1000, 0, 0, null, 1, 1, 0), now));
        Assert.Equal(3, driver.Effects(1).OfType<ForeignMessage>().Count());
        Assert.Empty(driver.Messages);
        Assert.Equal(promised, driver.State(1).PromisedEpoch);
        driver.Wait(3000);
        driver.Crown(1);
        Assert.Equal(promised + 1, driver[1].Epoch);
    }

    [Fact]
    public void A_grant_to_one_process_binds_the_voter_towards_another_of_the_same_name()
    {
        var driver = Led();
        var twin = new Origin(driver.Ids[0], new Life(99, 1), 0, Votes: false);
        driver.Hand(1, new SealRequest(twin, 9, Life.None));
        Assert.True(driver.Messages.Single().Message is SealReply { Outcome: SealOutcome.GrantRunning, RemainingMilliseconds: > 0 });
    }

    [Fact]
    public void A_start_finds_its_right_to_vote_only_if_it_is_that_of_its_memory()
    {
        RecoveredJournal Journal(ulong votingMemory) => ReplicaDriver.Journal(3, (1, 3)) with { VotingMemory = votingMemory };
        var driver = new ReplicaDriver(3, journals: [Journal(1), Journal(99), Journal(0)]);
        Assert.Equal((true, false, true), (driver.State(0).Voting, driver.State(1).Voting, driver.State(2).Voting));
    }

    [Fact]
    public void A_right_that_came_from_taking_a_place_proves_that_entry_to_be_committed_after_a_start_has_forgotten()
    {
        var driver = Returned(out _);
        var named = driver.State(2).Log.Roster.SeatOf(driver.Ids[2]).Sequence;
        driver.Start(2);
        Assert.True(driver.State(2).Voting);
        Assert.Equal(named, driver.State(2).CommitSequence);
    }

    [Fact]
    public void A_log_of_an_earlier_version_names_nobody_and_the_next_reign_names_those_that_were_counted()
    {
        var driver = new ReplicaDriver(
            3, journals: [ReplicaDriver.Journal(3, (1, 3)), ReplicaDriver.Journal(3, (1, 3)), ReplicaDriver.Journal(3, (1, 3))]);
        driver.Wait(2001);
        driver.Elect(0, 0, 1);
        Assert.Equal([1ul, 2ul, 0ul], driver.Ids.Select(id => driver.State(0).Log.Roster.SeatOf(id).Memory));
        driver.Run(400);
        Assert.Equal(driver[0].LastProposed, driver.State(0).CommitSequence);
    }
}
