// What a node knows of who serves: enough for clients to find the Primary, and never a reign that has not served or is over.
using HotStandby.Core.Replication;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Replication;

namespace HotStandby.Tests.Unit.Replication;

public sealed class ServiceTests
{
    private static ReplicaDriver Led()
    {
        var driver = new ReplicaDriver(3);
        driver.Elect(0);
        driver.Run(4000);
        for (var node = 1; node < 3; node++)
            driver.Input(node, static (replica, _) => replica.Applied(replica.State.CommitSequence));
        driver.Run(500);
        return driver;
    }

    private static void Serve(ReplicaDriver driver, int node)
    {
        driver.Input(node, static (replica, now) => replica.Serve(now));
        driver.Settle();
    }

    private static (NodeId, ulong)? Told(ReplicaDriver driver, int node) =>
        driver[node].ServiceAt(driver.NowMilliseconds * TimeSpan.TicksPerMillisecond) is { } service ? (service.Node, service.Epoch) : null;

    [Fact]
    public void A_Primary_that_leads_and_does_not_serve_yet_is_told_by_nobody()
    {
        var driver = Led();
        Assert.Equal(ReplicaRole.Primary, driver[0].Role);
        Assert.All([0, 1, 2], node => Assert.Null(Told(driver, node)));
    }

    [Fact]
    public void Every_node_tells_of_a_Primary_as_soon_as_it_serves_without_a_tick()
    {
        var driver = Led();
        Serve(driver, 0);
        Assert.All([0, 1, 2], node => Assert.Equal((driver.Ids[0], driver[0].Epoch), Told(driver, node)));
    }

    [Fact]
    public void A_Standby_that_hears_nothing_for_a_lease_tells_of_nobody_and_the_Primary_goes_by_its_own_lease()
    {
        var driver = Led();
        Serve(driver, 0);
        driver.Wait(1799); // the Primary's lease ends a margin before
        Assert.NotNull(Told(driver, 0));
        driver.Wait(1);
        Assert.Null(Told(driver, 0));
        Assert.NotNull(Told(driver, 1));
        driver.Wait(200);
        Assert.Null(Told(driver, 1));
        Assert.Null(Told(driver, 2));
    }

    [Fact]
    public void A_Standby_that_hears_it_again_tells_of_it_again()
    {
        var driver = Led();
        Serve(driver, 0);
        driver.Run(3000, 0, 2); // node 1 is cut off
        Assert.Null(Told(driver, 1));
        driver.Run(500);
        Assert.Equal((driver.Ids[0], driver[0].Epoch), Told(driver, 1));
    }

    [Fact]
    public void A_hand_over_ends_it_everywhere_and_what_was_said_before_changes_nothing_when_it_comes_late()
    {
        var driver = Led();
        Serve(driver, 0);
        driver.Wait(200);
        driver.Tick(0);
        var late = driver.Messages.Where(static each => each is { To: 1, Message: AppendBatch { Serves: true } }).ToArray();
        Assert.NotEmpty(late);
        driver.Drop(late.Contains);
        driver.Uncrown(0);
        Assert.Null(Told(driver, 0));
        driver.Settle();
        foreach (var each in late)
            driver.Hand(1, each.Message);
        Assert.All([0, 1, 2], node => Assert.Null(Told(driver, node)));
    }

    [Fact]
    public void A_hand_over_that_waits_for_its_last_entries_is_told_at_once()
    {
        var driver = Led();
        Serve(driver, 0);
        driver.Propose(0);
        driver.Input(0, (replica, now) => Assert.Null(replica.SwitchOver(driver.Ids[1], now)));
        Assert.True(driver[0].IsHandingOver);
        Assert.Null(Told(driver, 0));
        driver.Deliver(static each => each is { To: 2, Message: AppendBatch });
        Assert.Null(Told(driver, 2));
        Assert.Equal(ReplicaRole.Primary, driver[0].Role);
        driver.Input(0, static (replica, now) => replica.Serve(now)); // partitions that come to lead while it goes
        Assert.Null(Told(driver, 0));
    }

    [Fact]
    public void A_node_that_seals_a_later_epoch_does_not_tell_of_the_earlier_one()
    {
        var driver = Led();
        Serve(driver, 0);
        driver.Wait(1500);
        driver.Tick(0);
        driver.Deliver(static each => each is { To: 1 });
        driver.Drop(static _ => true);
        driver.Wait(500);
        Assert.NotNull(Told(driver, 1));
        driver.Hand(1, new SealRequest(driver.Says(2), driver[0].Epoch + 1, Life.None));
        Assert.NotNull(Told(driver, 1)); // its own grant runs: it seals for nobody
        driver.Hand(1, new GrantReleased(driver.Says(0), driver[0].Epoch - 1, NodeId.None)); // of an earlier reign
        Assert.NotNull(Told(driver, 1));
        driver.Wait(1500);
        driver.Hand(1, new SealRequest(driver.Says(2), driver[0].Epoch + 1, Life.None));
        Assert.Null(Told(driver, 1));
        Assert.Equal(driver[0].Epoch + 1, driver.State(1).PromisedEpoch);
    }

    [Fact]
    public void Within_an_epoch_the_last_word_counts_whatever_arrives_last()
    {
        var driver = Led();
        driver.Tick(0);
        driver.Wait(300);
        driver.Tick(0);
        var before = driver.Messages.Last(static each => each is { To: 1, Message: AppendBatch { Serves: false } });
        driver.Wait(1);
        Serve(driver, 0);
        driver.Hand(1, before.Message);
        Assert.NotNull(Told(driver, 1));
    }

    [Fact]
    public void The_next_reign_is_told_once_it_serves_and_the_one_before_never_again()
    {
        var driver = Led();
        Serve(driver, 0);
        driver.Wait(200);
        driver.Tick(0);
        var old = driver.Messages.First(static each => each is { To: 2, Message: AppendBatch { Serves: true } }).Message;
        driver.Uncrown(0);
        driver.Settle();
        driver.Elect(1);
        driver.Run(1000);
        Assert.All([0, 1, 2], node => Assert.Null(Told(driver, node)));
        Serve(driver, 1);
        Assert.All([0, 1, 2], node => Assert.Equal((driver.Ids[1], driver[1].Epoch), Told(driver, node)));
        driver.Hand(2, old);
        Assert.Equal((driver.Ids[1], driver[1].Epoch), Told(driver, 2));
    }
}
