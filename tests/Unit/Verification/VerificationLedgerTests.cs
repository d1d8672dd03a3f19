// In which order partitions are verified, and what the books say afterwards.
using HotStandby.Core.Verification;
using HotStandby.Messages.Identity;

namespace HotStandby.Tests.Unit.Verification;

public sealed class VerificationLedgerTests
{
    [Fact]
    public void Ten_rounds_of_a_tenth_cover_all_partitions_once()
    {
        var ledger = new VerificationLedger(65, 0.1);
        var seen = new List<Partition>();
        for (var round = 0; round < 10; round++)
        {
            var next = ledger.NextRound();
            Assert.InRange(next.Count, 1, 7);
            seen.AddRange(next);
            foreach (var partition in next)
                ledger.Compared(partition, isClean: true, keys: 10, nowTicks: round);
        }

        Assert.Equal(Enumerable.Range(0, 65), seen.Select(partition => (int)partition.Value).Order());
        Assert.Equal((1, 65, 650), (ledger.Counts.Cycles, ledger.Counts.Compared, ledger.Counts.KeysCompared));
        Assert.Equal((9L, true), (ledger.LastCycleTicks!.Value, ledger.IsClean));
    }

    [Fact]
    public void A_partition_that_was_not_compared_comes_again_in_the_same_cycle()
    {
        var ledger = new VerificationLedger(4, 0.5);
        var lost = ledger.NextRound()[0];
        ledger.Compared(new Partition(1), true, 1, 1);
        Assert.Equal([2, 3], ledger.NextRound().Select(partition => partition.Value));
        ledger.Compared(new Partition(2), true, 1, 2);
        ledger.Compared(new Partition(3), true, 1, 3);
        Assert.Equal([lost], ledger.NextRound());
        Assert.Null(ledger.LastCycleTicks);
        ledger.Compared(lost, true, 1, 4);
        Assert.Equal(4, ledger.LastCycleTicks);
        Assert.Equal(2, ledger.NextRound().Count);
    }

    [Fact]
    public void A_ratio_of_nothing_still_verifies_one_partition_a_round() =>
        Assert.Single(new VerificationLedger(64, 0).NextRound());

    [Fact]
    public void A_partition_that_differed_is_unclean_until_it_is_found_equal()
    {
        var ledger = new VerificationLedger(2, 1);
        var shard = Partition.OfShard(0);
        Assert.Null(ledger.IsClean);
        ledger.Compared(shard, isClean: false, 5, 1);
        ledger.Repaired(2, 2);
        Assert.Equal((false, PartitionStanding.Different), (ledger.IsClean, ledger[shard]));
        Assert.Equal([shard], ledger.Unclean);
        ledger.Compared(shard, isClean: true, 5, 2);
        ledger.Compared(Partition.SegmentTable, isClean: true, 5, 3);
        Assert.Equal(true, ledger.IsClean);
        Assert.Equal((1, 2, 2), (ledger.Counts.Failed, ledger.Counts.Mismatched, ledger.Counts.Repaired));
    }

    [Fact]
    public void A_partition_beyond_repair_stays_so_until_it_is_found_equal()
    {
        var ledger = new VerificationLedger(1, 1);
        ledger.NeedsFullSync(Partition.SegmentTable);
        ledger.Compared(Partition.SegmentTable, isClean: false, 1, 1);
        Assert.Equal((PartitionStanding.NeedsFullSync, 1), (ledger[Partition.SegmentTable], ledger.Counts.FullSyncsNeeded));
        ledger.Compared(Partition.SegmentTable, isClean: true, 1, 2);
        Assert.Equal(PartitionStanding.Clean, ledger[Partition.SegmentTable]);
    }
}
