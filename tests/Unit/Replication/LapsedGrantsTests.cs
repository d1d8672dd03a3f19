// When a Primary counts as lost: a majority of the voters without a running grant, all at one moment, and never a Primary with a lease.
using HotStandby.Core.Replication;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Replication;

namespace HotStandby.Tests.Unit.Replication;

public sealed class LapsedGrantsTests
{
    private const long LeaseMilliseconds = 2000;

    [Fact]
    public void Standbys_that_have_not_heard_the_Primary_for_a_lease_find_it_lost_and_say_when_they_heard_it()
    {
        var driver = Led(3);
        var heardAt = driver.State(1).GrantUntilTicks - TimeSpan.FromMilliseconds(LeaseMilliseconds).Ticks;
        driver.Run(LeaseMilliseconds - 200, 1, 2);
        Assert.DoesNotContain(driver.Effects(1), static effect => effect is PrimaryLost);
        driver.Run(400, 1, 2);

        foreach (var node in (int[])[1, 2])
        {
            var lost = driver.Effects(node).OfType<PrimaryLost>().First();
            Assert.Equal((driver.Ids[0], 1UL, heardAt), (lost.Primary, lost.Epoch, lost.HeardAtTicks));
            Assert.True(lost.AtTicks >= heardAt + TimeSpan.FromMilliseconds(LeaseMilliseconds).Ticks);
        }
    }

    [Fact]
    public void A_Standby_that_is_cut_off_finds_nobody_lost_while_the_others_hear_the_Primary()
    {
        var driver = Led(3);
        driver.Run(LeaseMilliseconds * 2, 0, 1);
        driver.Tick(2);
        // Its question reaches the one that has granted a moment ago.
        Assert.True(driver.Deliver(static each => each is { To: 1, Message: GrantInquiry }) > 0);
        Assert.DoesNotContain(driver.Messages, static each => each.Message is GrantLapsed);
        Assert.DoesNotContain(driver.Effects(2), static effect => effect is PrimaryLost);
    }

    [Fact]
    public void Two_of_five_are_no_majority_and_three_are()
    {
        var driver = Led(5);
        driver.Run(LeaseMilliseconds + 500, 1, 2);
        Assert.DoesNotContain(driver.Effects(1), static effect => effect is PrimaryLost);
        driver.Run(500, 1, 2, 3);
        Assert.Contains(driver.Effects(1), static effect => effect is PrimaryLost);
    }

    [Fact]
    public void A_grant_that_lapsed_only_after_the_question_does_not_count()
    {
        var driver = Led(3);
        driver.Wait(LeaseMilliseconds + 100);
        driver.Tick(1);
        var question = (GrantInquiry)driver.Messages.Single(static each => each.Message is GrantInquiry && each.To == 2).Message;
        driver.Wait(20);
        driver.Hand(1, new GrantLapsed(driver.Says(2), question.Epoch, question.SentAtTicks, TimeSpan.FromMilliseconds(19).Ticks));
        Assert.DoesNotContain(driver.Effects(1), static effect => effect is PrimaryLost);
        driver.Hand(1, new GrantLapsed(driver.Says(2), question.Epoch, question.SentAtTicks, TimeSpan.FromMilliseconds(20).Ticks));
        Assert.Contains(driver.Effects(1), static effect => effect is PrimaryLost);
    }

    [Fact]
    public void Who_has_followed_nobody_yet_asks_nobody()
    {
        var driver = new ReplicaDriver(3);
        driver.Run(4 * LeaseMilliseconds);
        Assert.DoesNotContain(driver.Messages, static each => each.Message is GrantInquiry);
    }

    [Fact]
    public void An_answer_counts_only_to_the_latest_question_of_the_same_epoch_and_from_a_voter()
    {
        var driver = Led(3);
        driver.Wait(LeaseMilliseconds + 100);
        driver.Tick(1);
        var question = (GrantInquiry)driver.Messages.Single(static each => each.Message is GrantInquiry && each.To == 2).Message;
        var answer = new GrantLapsed(driver.Says(2), question.Epoch, question.SentAtTicks, TimeSpan.FromSeconds(9).Ticks);
        driver.Hand(1, answer with { Epoch = 2 });
        driver.Hand(1, answer with { SentAtTicks = question.SentAtTicks - 1 });
        driver.Hand(1, answer with { Origin = driver.Says(2) with { Node = new("stranger") } });
        Assert.DoesNotContain(driver.Effects(1), static effect => effect is PrimaryLost);
        driver.Hand(1, answer);
        driver.Hand(1, answer);
        Assert.Single(driver.Effects(1), static effect => effect is PrimaryLost);
    }

    [Fact]
    public void Nobody_asks_after_an_orderly_hand_over_and_no_more_once_another_leads()
    {
        var driver = Led(3);
        driver.Uncrown(0);
        driver.Settle();
        driver.Run(LeaseMilliseconds * 2);
        Assert.DoesNotContain(driver.Effects(1), static effect => effect is PrimaryLost);

        driver.Elect(1);
        driver.Run(LeaseMilliseconds * 2);
        Assert.DoesNotContain(driver.Effects(2), static effect => effect is PrimaryLost);
    }

    [Fact]
    public void The_Primary_itself_and_a_node_without_a_vote_ask_nobody_and_answer_nobody()
    {
        var driver = Led(3);
        driver.LoseDisk(2);
        driver.Settle();
        driver.Wait(LeaseMilliseconds * 2);
        driver.Tick(0);
        driver.Tick(2);
        driver.Hand(2, new GrantInquiry(driver.Says(1), 1, driver.State(1).Log.LastEpoch, driver.State(1).Log.LastSequence, 5));
        driver.Hand(0, new GrantInquiry(driver.Says(1), 1, driver.State(1).Log.LastEpoch, driver.State(1).Log.LastSequence, 5));
        Assert.DoesNotContain(driver.Messages, static each => each.Message is GrantInquiry or GrantLapsed);
    }

    private static ReplicaDriver Led(int nodes)
    {
        var driver = new ReplicaDriver(nodes);
        driver.Elect(0);
        driver.Run(400);
        return driver;
    }
}
