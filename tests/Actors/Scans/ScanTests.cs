using HotStandby.Core.Node;
using HotStandby.Core.Partitions;
using HotStandby.Actors.Scans;
using HotStandby.Messages;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;

namespace HotStandby.Tests.Actors.Scans;

public sealed class ScanTests : ScanHarness
{
    [Fact]
    public void Listing_answers_with_the_matching_keys_of_all_shards_and_asks_for_nothing_else()
    {
        string[] keys = [.. KeysOf(0, 3, "yes"), .. KeysOf(1, 3, "yes"), .. KeysOf(0, 2, "no"), .. KeysOf(1, 2, "no")];
        var call = Send(ScanOperation.ListKeys, "^yes");
        List(keys);
        ExpectAnswer(call);
        Assert.Equal(ErrorCode.Ok, call.Error);
        Assert.Equal(keys.Where(key => key[0] == 'y').Order(), call.Found.Select(found => found.Key.ToString()).Order());
        Assert.All(call.Found, found => Assert.Equal(0, found.Replicas.Count));
        ExpectNothingMore();
    }

    [Fact]
    public void Shards_list_their_keys_one_after_the_other_so_that_writers_do_not_wait_for_all_of_them()
    {
        var call = Send(ScanOperation.ListKeys);
        Shards[0].ExpectMsg<ListKeys>();
        Shards[1].ExpectNothingFrom(Shards[0].LastSender);
        Shards[0].Reply(new KeysListed(Partition.OfShard(0), []));
        Shards[1].ExpectMsg<ListKeys>();
        Shards[1].Reply(new KeysListed(Partition.OfShard(1), []));
        Assert.Equal(ErrorCode.Ok, ExpectAnswer(call).Error);
    }

    [Theory]
    [InlineData(ScanOperation.ListKeys, true)]
    [InlineData(ScanOperation.GetReplicaLists, true)]
    [InlineData(ScanOperation.Remove, false)]
    public void Shards_are_asked_for_the_tenants_keys_and_only_a_read_wants_readable_ones(ScanOperation operation, bool readableOnly)
    {
        byte[] tenant = [.. "t"u8];
        var call = Send(operation, tenant: tenant);
        var asked = List(Array.Empty<ObjectKey>());
        Assert.Equal((tenant, readableOnly), (asked.Tenant, asked.ReadableOnly));
        ExpectAnswer(call);
        Assert.Equal((ErrorCode.Ok, 0L), (call.Error, call.RemovedCount));
        Assert.Empty(call.Found);
    }

    [Fact]
    public void Replica_lists_come_from_ordinary_calls_and_what_is_gone_meanwhile_is_left_out()
    {
        string[] keys = [.. KeysOf(0, 3), .. KeysOf(1, 3)];
        var gone = ObjectKey.From(keys[1]);
        var call = Send(ScanOperation.GetReplicaLists, @"k\d");
        List(keys);
        foreach (var items in ExpectLot(0, 1))
        {
            Assert.Equal(KeyedOperation.GetReplicaList, items.Call.Operation);
            Settle(items, key => key == gone ? Refused(ErrorCode.ObjectNotFound) : Ok(key));
        }

        ExpectAnswer(call);
        Assert.Equal(keys.Where(key => key != keys[1]).Order(), call.Found.Select(found => found.Key.ToString()).Order());
        Assert.All(call.Found, found => Assert.Equal(found.Key.Hash, found.Replicas[0].Address));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Removing_counts_what_was_removed_and_passes_force_on(bool force)
    {
        string[] keys = [.. KeysOf(0, 4), .. KeysOf(1, 4)];
        var call = Send(ScanOperation.Remove, force: force);
        List(keys);
        var leased = ObjectKey.From(keys[0]);
        var incomplete = ObjectKey.From(keys[5]);
        foreach (var items in ExpectLot(0, 1))
        {
            Assert.Equal((KeyedOperation.Remove, force), (items.Call.Operation, items.Call.Force));
            Settle(items, key => key == leased ? Refused(ErrorCode.ObjectHasLease)
                : key == incomplete ? Refused(ErrorCode.ReplicaIsNotReady) : default);
        }

        ExpectAnswer(call);
        Assert.Equal((ErrorCode.Ok, 6L), (call.Error, call.RemovedCount));
        Assert.Empty(call.Found);
    }

    [Fact]
    public void Five_thousand_keys_go_in_lots_of_1024_of_which_two_are_under_way()
    {
        string[] keys = [.. KeysOf(0, 2500), .. KeysOf(1, 2500)];
        var call = Send(ScanOperation.Remove);
        List(keys);
        var lots = new HashSet<KeyedCall>();
        var removed = new List<string>();
        // Shard 0 answers first, so lots 1 and 2 are its keys, lot 3 is of both, lots 4 and 5 of shard 1.
        int[][] shardsOfLots = [[0], [0], [0, 1], [1], [1]];
        var open = new Queue<List<KeyedItems>>([ExpectLot(shardsOfLots[0]), ExpectLot(shardsOfLots[1])]);
        for (var next = 2; open.TryDequeue(out var lot); next++)
        {
            Assert.All(Shards, shard => Assert.False(shard.HasMessages, "a third lot is under way"));
            foreach (var items in lot)
            {
                lots.Add(items.Call);
                Settle(items, key =>
                {
                    removed.Add(key.ToString());
                    return default;
                });
            }

            if (next < shardsOfLots.Length)
                open.Enqueue(ExpectLot(shardsOfLots[next]));
        }

        ExpectAnswer(call);
        Assert.Equal(5000, call.RemovedCount);
        Assert.Equal(keys.Order(), removed.Order());
        Assert.Equal([904, 1024, 1024, 1024, 1024], lots.Select(lot => lot.Keys.Length).Order());
    }

    [Theory]
    [InlineData("(")]
    [InlineData("[z-a]")]
    public void A_pattern_that_cannot_be_read_is_refused_before_any_shard_is_asked(string pattern)
    {
        var call = ExpectAnswer(Send(ScanOperation.Remove, pattern));
        Assert.Equal(ErrorCode.InvalidParams, call.Error);
        ExpectNothingMore();
    }

    [Fact]
    public void A_pattern_beyond_the_bound_is_refused() =>
        Assert.Equal(ErrorCode.InvalidParams, ExpectAnswer(Send(ScanOperation.ListKeys, new string('a', 4097))).Error);

    [Fact]
    public void A_catastrophic_pattern_is_refused_and_nothing_is_removed()
    {
        Scans = Start(Settings with { MatchTimeout = TimeSpan.FromMilliseconds(20) });
        var call = Send(ScanOperation.Remove, "(a+)+$");
        List([.. KeysOf(0, 1), .. KeysOf(1, 1), new string('a', 60) + '!']);
        ExpectAnswer(call);
        Assert.Equal(ErrorCode.InvalidParams, call.Error);
        ExpectNothingMore();
    }

    [Fact]
    public void A_pattern_that_is_slow_over_all_keys_together_is_refused()
    {
        var clock = new SteppingClock(TimeSpan.FromMilliseconds(2));
        Scans = Start(Settings with { TotalMatchTimeout = TimeSpan.FromMilliseconds(500) }, clock);
        var call = Send(ScanOperation.ListKeys, "k");
        List([.. KeysOf(0, 200), .. KeysOf(1, 200)]);
        Assert.Equal(ErrorCode.InvalidParams, ExpectAnswer(call).Error);
    }

    [Fact]
    public void A_shard_that_does_not_lead_fails_the_scan()
    {
        var call = Send(ScanOperation.ListKeys);
        Shards[0].ExpectMsg<ListKeys>();
        Shards[0].Reply(new KeysListed(Partition.OfShard(0), null));
        Assert.Equal(ErrorCode.UnavailableInCurrentMode, ExpectAnswer(call).Error);
    }

    [Fact]
    public void A_step_down_in_the_middle_fails_the_scan_with_what_the_shards_say()
    {
        Scans = Start(Settings with { KeysPerLot = 2, MaximumLots = 1 });
        var call = Send(ScanOperation.Remove);
        List(KeysOf(0, 6));
        Settle(ExpectLot(0)[0], _ => default);
        Settle(ExpectLot(0)[0], _ => Refused(ErrorCode.UnavailableInCurrentMode));
        ExpectAnswer(call);
        Assert.Equal(ErrorCode.UnavailableInCurrentMode, call.Error);
        ExpectNothingMore();
    }

    [Fact]
    public void A_lot_that_is_abandoned_abandons_the_scan_and_what_comes_later_changes_nothing()
    {
        Scans = Start(Settings with { KeysPerLot = 2, MaximumLots = 2 });
        var call = Send(ScanOperation.Remove);
        List(KeysOf(0, 4));
        var first = ExpectLot(0)[0];
        var second = ExpectLot(0)[0];
        first.Call.Abandon();
        ExpectAbandoned(call);
        Settle(second, _ => default);
        ExpectNothingMore();
    }

    [Fact]
    public void A_scan_without_answers_is_abandoned_when_its_time_is_over()
    {
        var call = Send(ScanOperation.ListKeys);
        Shards[0].ExpectMsg<ListKeys>();
        PassTimers(Settings.Timeout);
        ExpectAbandoned(call);
    }

    [Fact]
    public void Scans_run_on_a_dispatcher_of_their_own() =>
        Assert.Equal(ScanActor.DispatcherName,
            ScanActor.Props(Call(ScanOperation.ListKeys), 0, null!, new ScanSettings(), TimeProvider.System).Dispatcher);

    /// <summary>A clock that goes on by one step whenever it is read.</summary>
    private sealed class SteppingClock(TimeSpan step) : TimeProvider
    {
        private long _ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Interlocked.Add(ref _ticks, step.Ticks);
    }
}
