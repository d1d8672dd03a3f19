// The right to serve: how long, who else has to wait, and how it is given up.
using HotStandby.Core.Replication;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Replication;

namespace HotStandby.Tests.Unit.Replication;

public sealed class LeaseTests
{
    private static ReplicaDriver Led(int nodes = 3)
    {
        var driver = new ReplicaDriver(nodes, static settings => settings with { HandOverTicks = TimeSpan.TicksPerSecond });
        driver.Elect(0);
        driver.Run(4000); // a new Primary is given two leases to get its first one
        driver.Messages.Clear();
        return driver;
    }

    private static long LeaseMilliseconds(ReplicaDriver driver) => driver[0].LeaseUntilTicks / TimeSpan.TicksPerMillisecond;

    [Fact]
    public void The_lease_runs_from_when_the_acknowledged_message_was_sent()
    {
        var driver = Led();
        driver.Wait(200);
        var sent = driver.NowMilliseconds;
        driver.Tick(0);
        driver.Wait(500);
        driver.Deliver(static each => each.To == 1);
        driver.Wait(500);
        driver.Deliver(static each => each.From == 1);
        Assert.Equal(sent + 2000 - 200, LeaseMilliseconds(driver));
    }

    [Fact]
    public void There_is_no_lease_before_a_majority_has_acknowledged()
    {
        var driver = new ReplicaDriver(3);
        driver.Crown(0);
        for (var round = 0; driver[0].Role != ReplicaRole.Primary; round++)
        {
            Assert.True(round < 100, "n0 never leads");
            driver.Persist(0);
            driver.Persist(1);
            driver.Persist(2);
            driver.Deliver(static each => each.Message is SealRequest or SealReply);
        }

        Assert.Equal(long.MinValue, driver[0].LeaseUntilTicks);
    }

    [Fact]
    public void One_node_alone_has_a_lease_and_commits()
    {
        var driver = Led(1);
        driver.Propose(0, 3);
        driver.Persist(0);
        driver.Tick(0);
        Assert.Equal(4ul, driver.State(0).CommitSequence);
        Assert.Equal(driver.NowMilliseconds + 1800, LeaseMilliseconds(driver));
    }

    [Fact]
    public void A_Primary_that_cannot_renew_its_lease_steps_down()
    {
        var driver = Led();
        driver.Wait(1799);
        driver.Tick(0);
        Assert.Equal(ReplicaRole.Primary, driver[0].Role);
        driver.Wait(1);
        driver.Tick(0);
        Assert.Equal(ReplicaRole.Standby, driver[0].Role);
        Assert.DoesNotContain(driver.Effects(0), static effect => effect is RebuildPartitions);
    }

    [Fact]
    public void Stepping_down_with_an_uncommitted_tail_asks_for_a_rebuild()
    {
        var driver = Led();
        driver.Propose(0);
        driver.Wait(2200);
        driver.Tick(0);
        Assert.Equal(ReplicaRole.Standby, driver[0].Role);
        Assert.Contains(driver.Effects(0), static effect => effect is RebuildPartitions);
    }

    [Fact]
    public void A_clean_hand_over_commits_the_tail_and_the_successor_waits_for_nothing()
    {
        var driver = Led();
        driver.Propose(0, 3);
        driver.Uncrown(0);
        Assert.Equal(ReplicaRole.Primary, driver[0].Role);
        Assert.DoesNotContain(driver.Messages, static each => each.Message is GrantReleased);
        for (var round = 0; driver[0].Role == ReplicaRole.Primary; round++)
        {
            Assert.True(round < 100, "n0 never hands over");
            driver.Persist(0);
            driver.Deliver(static each => each.Message is AppendBatch);
            driver.Persist(1);
            driver.Deliver(static each => each.Message is AppendAcknowledged);
            driver.Tick(0);
        }

        Assert.Equal(4ul, driver.State(0).CommitSequence);
        Assert.Contains(driver.Effects(0), static effect => effect is HandedOver);
        Assert.DoesNotContain(driver.Effects(0), static effect => effect is RebuildPartitions);
        driver.Settle();
        driver.Crown(1);
        driver.Settle();
        Assert.Equal(ReplicaRole.Primary, driver[1].Role); // no time has passed
        Assert.Equal(5ul, driver.State(1).CommitSequence);
    }

    [Fact]
    public void A_hand_over_that_nobody_acknowledges_ends_after_its_time_and_asks_for_a_rebuild()
    {
        var driver = Led();
        driver.Propose(0);
        driver.Uncrown(0);
        driver.Wait(999);
        driver.Tick(0);
        Assert.DoesNotContain(driver.Effects(0), static effect => effect is HandedOver);
        driver.Wait(1);
        driver.Tick(0);
        Assert.Contains(driver.Effects(0), static effect => effect is HandedOver);
        Assert.Contains(driver.Effects(0), static effect => effect is RebuildPartitions);
    }

    [Fact]
    public void Only_the_Primary_of_the_promised_epoch_can_release_its_grant()
    {
        var driver = Led();
        driver.Hand(1, new GrantReleased(driver.Says(0), 0, NodeId.None));
        driver.Hand(1, new GrantReleased(driver.Says(2), 1, NodeId.None));
        driver.Hand(1, new SealRequest(driver.Says(2, 70), 9, Life.None));
        Assert.True(driver.Messages[^1].Message is SealReply { Outcome: SealOutcome.GrantRunning });
    }
}
