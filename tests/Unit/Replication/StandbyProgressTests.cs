using CsCheck;
using HotStandby.Core.Replication;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Replication;

namespace HotStandby.Tests.Unit.Replication;

public sealed class StandbyProgressTests
{
    private static ReplicaDriver Led(long inFlightBytes)
    {
        var driver = new ReplicaDriver(3, settings => settings with { InFlightBytes = inFlightBytes, BatchEntries = 1 });
        driver.Elect(0);
        driver.Run(400);
        driver.Messages.Clear();
        return driver;
    }

    [Fact]
    public void No_more_is_under_way_than_the_window_allows_and_acknowledgements_open_it()
    {
        var driver = Led(200);
        for (var i = 0; i < 20; i++)
            driver.Propose(0);
        bool IsBatch(UnderWay each) => each is { To: 1, Message: AppendBatch { Batch: not null } };
        Assert.Equal(3, driver.Messages.Count(IsBatch)); // 96 bytes each: the third fills the window
        var standby = driver[0].Standbys[0];
        Assert.True(standby.InFlightBytes >= 200);
        driver.Deliver(IsBatch);
        driver.PersistOne(1);
        driver.Deliver(static each => each.From == 1);
        Assert.Equal(1, driver.Messages.Count(IsBatch));
        driver.Settle();
        Assert.Equal(0, standby.InFlightBytes);
        Assert.Equal(21ul, standby.MatchSequence);
    }

    [Fact]
    public void Whatever_is_lost_doubled_or_late_the_Standby_ends_with_the_Primarys_log() =>
        Gen.Select(Gen.Int[1, 3], Gen.Int[0, 3].Array[0, 40]).Array[1, 12].Sample(steps =>
        {
            var driver = Led(500);
            foreach (var (entries, fates) in steps)
            {
                driver.Propose(0, entries);
                foreach (var fate in fates)
                {
                    if (driver.Messages.Count == 0)
                        break;
                    var each = driver.Messages[fate % driver.Messages.Count];
                    if (fate != 1)
                        driver.Messages.Remove(each);
                    if (fate != 2)
                        driver.Hand(each.To, each.Message);
                    if (fate == 3)
                        driver.Persist(each.To);
                    else if (driver.Unconfirmed(each.To) > 0)
                        driver.PersistOne(each.To);
                }
            }

            driver.Run(3000);
            Assert.All(new[] { 1, 2 }, node => Assert.Equal(driver.State(0).Log.Describe(), driver.State(node).Log.Describe()));
            Assert.Equal(driver[0].LastProposed, driver.State(0).CommitSequence);
        }, iter: 200);

    [Fact]
    public void A_new_Standby_is_not_counted()
    {
        var progress = new StandbyProgress(new NodeId("n1"), new Roster().SeatOf(new NodeId("n1")), 8);
        Assert.Equal((LinkState.Probe, 8ul, 0ul, false), (progress.State, progress.NextSequence, progress.MatchSequence, progress.Voting));
    }
}
