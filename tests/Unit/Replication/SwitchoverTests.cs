// A Primary that gives the lead to another node on purpose, and stays.
using HotStandby.Core.Replication;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Replication;

namespace HotStandby.Tests.Unit.Replication;

public sealed class SwitchoverTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void The_node_that_is_named_leads_at_once_and_the_old_Primary_follows_it(int successor)
    {
        var driver = Led();
        driver.Propose(0, 3);
        driver.Settle();
        Assert.Null(SwitchOver(driver, 0, driver.Ids[successor]));
        TakeTurns(driver);
        Assert.Equal(ReplicaRole.Primary, driver[successor].Role); // no time has passed
        Assert.Equal(ReplicaRole.Standby, driver[0].Role);
        Assert.Equal(driver.Ids[successor], driver.State(0).Leader);
        Assert.Equal(driver.State(0).Log.LastSequence, driver.State(0).CommitSequence);
        Assert.DoesNotContain(driver.Effects(0), static effect => effect is HandedOver or RebuildPartitions);
        // The oracle still crowns the old Primary, and it stays where it is while it hears the new one.
        for (var i = 0; i < 50; i++)
        {
            driver.Wait(100);
            for (var node = 0; node < 3; node++)
                driver.Tick(node);
            driver.Settle();
        }

        Assert.Equal(ReplicaRole.Primary, driver[successor].Role);
        Assert.Equal(2ul, driver[successor].Epoch);
    }

    [Fact]
    public void Without_a_name_the_Standby_that_is_furthest_leads()
    {
        var driver = Led();
        driver.Propose(0);
        driver.Persist(0);
        driver.Drop(static each => each.To == 1);
        driver.Settle(0, 2);
        Assert.Null(SwitchOver(driver, 0, NodeId.None));
        TakeTurns(driver);
        Assert.Equal(ReplicaRole.Primary, driver[2].Role);
    }

    [Fact]
    public void What_is_proposed_is_committed_and_with_the_successor_before_the_lease_is_given_up()
    {
        var driver = Led();
        driver.Propose(0, 3);
        Assert.Null(SwitchOver(driver, 0, driver.Ids[1]));
        Assert.True(driver[0].IsHandingOver);
        driver.Settle(0, 2); // committed, and not known to the successor
        driver.Tick(0);
        Assert.Equal(ReplicaRole.Primary, driver[0].Role);
        Assert.Equal("a hand-over is under way", SwitchOver(driver, 0, driver.Ids[1]));
        driver.Wait(600); // what was lost is sent again
        TakeTurns(driver);
        Assert.Equal(ReplicaRole.Primary, driver[1].Role);
        Assert.Equal(5ul, driver.State(1).CommitSequence); // with both EPOCH_STARTs
    }

    [Fact]
    public void A_node_that_is_not_ready_is_refused_and_nothing_changes()
    {
        var driver = Led();
        Assert.Contains("not another voter", SwitchOver(driver, 0, driver.Ids[0]), StringComparison.Ordinal);
        Assert.Contains("not another voter", SwitchOver(driver, 0, new NodeId("elsewhere")), StringComparison.Ordinal);
        Assert.Equal("this node does not lead", SwitchOver(driver, 1, driver.Ids[2]));
        for (var i = 0; i < 15; i++)
        {
            driver.Wait(100);
            driver.Tick(0);
            driver.Settle(0, 2);
        }

        Assert.Contains("has not been heard for", SwitchOver(driver, 0, driver.Ids[1]), StringComparison.Ordinal);
        Assert.Equal(ReplicaRole.Primary, driver[0].Role);
        Assert.False(driver[0].IsHandingOver);
    }

    [Fact]
    public void When_the_successor_does_not_come_to_lead_the_crowned_node_leads_again()
    {
        var driver = Led();
        Assert.Null(SwitchOver(driver, 0, driver.Ids[1]));
        driver.Drop(static each => each.To == 1); // it never hears of it
        for (var i = 0; i < 30 && driver[0].Role != ReplicaRole.Primary; i++)
        {
            driver.Wait(100);
            driver.Tick(0);
            driver.Settle(0, 2);
        }

        Assert.Equal(ReplicaRole.Primary, driver[0].Role);
        Assert.Equal(2ul, driver[0].Epoch);
    }

    [Fact]
    public void An_invited_Primary_that_stops_leading_does_not_try_again_and_the_crowned_node_does()
    {
        var driver = Led();
        Assert.Null(SwitchOver(driver, 0, driver.Ids[1]));
        TakeTurns(driver);
        Assert.Equal(ReplicaRole.Primary, driver[1].Role);
        Assert.False(driver[1].IsCrowned);
        driver.Uncrown(1); // its process ends in order
        TakeTurns(driver);
        Assert.Contains(driver.Effects(1), static effect => effect is HandedOver);
        Assert.Equal((ReplicaRole.Standby, ReplicaRole.Primary), (driver[1].Role, driver[0].Role)); // no time has passed
    }

    [Fact]
    public void An_invited_Primary_gives_the_lead_away_again_and_no_oracle_hears_of_it()
    {
        var driver = Led();
        Assert.Null(SwitchOver(driver, 0, driver.Ids[1]));
        TakeTurns(driver);
        Assert.Null(SwitchOver(driver, 1, driver.Ids[2]));
        TakeTurns(driver);
        Assert.Equal(ReplicaRole.Primary, driver[2].Role);
        Assert.DoesNotContain(driver.Effects(1), static effect => effect is HandedOver); // it was never crowned
    }

    [Fact]
    public void Only_its_Primary_can_invite_a_node()
    {
        var driver = Led();
        driver.Hand(1, new GrantReleased(driver.Says(2), 1, driver.Ids[1]));
        driver.Hand(1, new GrantReleased(driver.Says(0), 0, driver.Ids[1]));
        driver.Wait(2100);
        driver.Tick(1);
        Assert.Equal(ReplicaRole.Standby, driver[1].Role);
    }

    // Nobody leads, and the oracle has crowned a node that needs a full sync. None can be given before somebody leads.
    [Fact]
    public void A_crowned_node_that_needs_a_full_sync_invites_another_while_nobody_leads()
    {
        var driver = Led();
        driver.Uncrown(0);
        driver.Settle();
        driver[1].StateIsComplete(false);
        driver.Crown(1);
        driver.Run(1900);
        Assert.All([0, 1, 2], node => Assert.Equal(ReplicaRole.Standby, driver[node].Role)); // its checkpoints may yet be restored
        driver.Run(4000);
        var leader = Array.FindIndex([0, 1, 2], node => driver[node].Role == ReplicaRole.Primary);
        Assert.Contains(leader, new[] { 0, 2 });
        Assert.True(driver[1].State.CommitSequence > 1);
        driver[1].StateIsComplete(true);
        driver.Run(10_000);
        Assert.Equal(ReplicaRole.Primary, driver[leader].Role);
    }

    // What the reign has proposed can never be committed without node 2, and until then no image goes out that node 2 could begin with.
    [Fact]
    public void A_Primary_whose_majority_needs_a_full_sync_begins_a_new_reign()
    {
        var driver = Led();
        for (var i = 0; i < 3; i++)
        {
            driver.Propose(0);
            driver.Run(400, 0, 1);
        }

        driver[0].Truncate(driver.State(0).CommitSequence);
        var committed = driver.State(0).CommitSequence;
        Assert.True(driver.State(2).Log.LastSequence < driver.State(0).Log.BaseSequence);
        driver.Propose(0);
        driver.Run(3000, 0, 2);
        Assert.Equal(1ul, driver[0].Epoch); // node 1 may yet come back
        driver.Run(4000, 0, 2);
        Assert.Equal((ReplicaRole.Primary, 2ul), (driver[0].Role, driver[0].Epoch));
        Assert.Single(driver.Effects(0), static effect => effect is RebuildPartitions);
        driver.Run(20_000, 0, 2);
        Assert.Equal((ReplicaRole.Primary, 2ul), (driver[0].Role, driver[0].Epoch)); // it gives images now, however long that takes
        Assert.Equal(committed, driver.State(0).CommitSequence);
    }

    private static ReplicaDriver Led()
    {
        var driver = new ReplicaDriver(3);
        driver.Elect(0);
        for (var node = 1; node < 3; node++)
            driver.Input(node, static (replica, _) => replica.Applied(replica.State.CommitSequence));
        driver.Run(4000); // heartbeats: the Primary hears what is applied
        driver.Messages.Clear();
        return driver;
    }

    // Everybody sees the time that it is, more than once; none passes.
    private static void TakeTurns(ReplicaDriver driver)
    {
        for (var round = 0; round < 4; round++)
        {
            driver.Settle();
            for (var node = 0; node < 3; node++)
                driver.Tick(node);
        }

        driver.Settle();
    }

    private static string? SwitchOver(ReplicaDriver driver, int node, NodeId to)
    {
        string? refusal = null;
        driver.Input(node, (replica, now) => refusal = replica.SwitchOver(to, now));
        return refusal;
    }
}
