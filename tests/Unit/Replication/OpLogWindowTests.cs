using CsCheck;
using HotStandby.Core.Replication;

namespace HotStandby.Tests.Unit.Replication;

public sealed class OpLogWindowTests
{
    [Fact]
    public void It_holds_the_newest_entries_and_never_drops_what_is_not_in_the_journal() =>
        Gen.Select(Gen.Int[1, 4], Gen.Int[0, 100], Gen.Int[0, 9]).Array[1, 60].Sample(steps =>
        {
            const int MaximumEntries = 10;
            var window = new OpLogWindow(MaximumEntries, long.MaxValue);
            var (last, durable, epoch) = (0ul, 0ul, 1ul);
            foreach (var (count, share, kind) in steps)
            {
                if (kind == 0)
                {
                    var kept = durable + ((last - durable) * (ulong)share / 100);
                    window.CutAfter(kept);
                    (last, epoch) = (kept, epoch + 1);
                }
                else
                {
                    durable += (last - durable) * (ulong)share / 100;
                    window.Add(ReplicaDriver.Batch(epoch, last + 1, count), durable);
                    last += (ulong)count;
                }

                for (var seq = durable + 1; seq <= last; seq++)
                    Assert.Equal(seq, window.From(seq)!.FirstSequence);
                Assert.Null(window.From(last + 1));
                if (window.FirstSequence > 1)
                    Assert.Null(window.From(window.FirstSequence - 1));
                Assert.Equal(window.Entries, window.FirstSequence == 0 ? 0 : (long)(last - window.FirstSequence + 1));
            }
        });

    [Fact]
    public void It_drops_the_oldest_batches_above_its_bounds()
    {
        var window = new OpLogWindow(1000, 500);
        for (var seq = 1ul; seq <= 100; seq++)
            window.Add(ReplicaDriver.Batch(1, seq), seq - 1);
        Assert.True(window.Bytes <= 500);
        Assert.True(window.FirstSequence > 90);
        Assert.Equal(100ul, window.From(100)!.LastSequence);
    }

    [Fact]
    public void A_batch_is_cut_in_the_middle()
    {
        var window = new OpLogWindow(100, 100_000);
        window.Add(ReplicaDriver.Batch(1, 1, 5), 0);
        window.CutAfter(3);
        Assert.Equal(3, window.Entries);
        Assert.Equal(3ul, window.From(2)!.LastSequence);
        Assert.Equal(2ul, window.From(2)!.FirstSequence);
    }
}
