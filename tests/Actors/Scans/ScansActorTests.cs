using Akka.Actor;
using HotStandby.Core.Node;
using HotStandby.Core.Partitions;
using HotStandby.Actors.Scans;
using HotStandby.Messages;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;

namespace HotStandby.Tests.Actors.Scans;

public sealed class ScansActorTests : ScanHarness
{
    [Fact]
    public void Only_so_many_scans_run_the_next_waits_and_one_more_is_refused()
    {
        Scans = Start(Settings with { MaximumRunning = 2, MaximumWaiting = 1 });
        var running = new[] { Send(ScanOperation.ListKeys), Send(ScanOperation.ListKeys) };
        var waiting = Send(ScanOperation.ListKeys);
        var refused = Send(ScanOperation.ListKeys);
        Assert.Equal(ErrorCode.UnavailableInCurrentStatus, ExpectAnswer(refused).Error);
        Shards[0].ExpectMsg<ListKeys>();
        var scan = Shards[0].LastSender;
        Shards[0].ExpectMsg<ListKeys>();
        // It has answered the last one, so it has decided on all: two run.
        Assert.Equal(2, ((ActorRefWithCell)Scans).Children.Count());
        Shards[0].ExpectNoMsg(TimeSpan.Zero);

        // The first to end makes room for the one that waits.
        scan.Tell(new KeysListed(Partition.OfShard(0), null));
        var ended = ExpectAnyAnswer();
        Assert.Contains(ended, running);
        Assert.Equal(ErrorCode.UnavailableInCurrentMode, ended.Error);
        Shards[0].ExpectMsg<ListKeys>();
        Shards[0].Reply(new KeysListed(Partition.OfShard(0), null));
        ExpectAnswer(waiting);
    }

    [Fact]
    public void A_scan_whose_time_is_over_while_it_waits_is_abandoned_and_makes_room()
    {
        var clock = new ManualTime();
        Scans = Start(Settings, clock);
        var running = Send(ScanOperation.ListKeys);
        var late = Send(ScanOperation.ListKeys);
        Shards[0].ExpectMsg<ListKeys>();
        clock.Advance(TimeSpan.FromSeconds(61));
        var next = Send(ScanOperation.ListKeys);
        Shards[0].Reply(new KeysListed(Partition.OfShard(0), null));
        ExpectAnswer(running);
        ExpectAbandoned(late);
        Shards[0].ExpectMsg<ListKeys>();
        Shards[0].Reply(new KeysListed(Partition.OfShard(0), null));
        ExpectAnswer(next);
    }

    [Fact]
    public void A_scan_that_fails_is_abandoned_and_the_next_one_runs()
    {
        Scans = Start(Settings);
        var failing = Send(ScanOperation.ListKeys, "x");
        Shards[0].ExpectMsg<ListKeys>();
        Shards[0].Reply(new KeysListed(Partition.OfShard(0), ListOf(ObjectKey.From(new string('x', 5000))))); // no shard holds such a key
        var next = Send(ScanOperation.ListKeys);
        ExpectAbandoned(failing);
        Shards[0].ExpectMsg<ListKeys>();
        Shards[0].Reply(new KeysListed(Partition.OfShard(0), null));
        ExpectAnswer(next);
    }

    [Fact]
    public void A_node_that_stops_refuses_the_waiting_scans_and_abandons_the_running_ones()
    {
        Scans = Start(Settings);
        var running = Send(ScanOperation.Remove);
        var waiting = Send(ScanOperation.Remove);
        Shards[0].ExpectMsg<ListKeys>();
        Sys.Stop(Scans);
        ExpectAbandoned(running);
        Assert.Equal(ErrorCode.UnavailableInCurrentMode, ExpectAnswer(waiting).Error);
    }
}
