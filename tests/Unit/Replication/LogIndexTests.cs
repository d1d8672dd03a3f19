using CsCheck;
using HotStandby.Core.Replication;
using HotStandby.Messages;
using HotStandby.Messages.Replication;

namespace HotStandby.Tests.Unit.Replication;

public sealed class LogIndexTests
{
    // Logs as a cluster makes them: both follow one history, then each goes on in epochs of its own.
    private static readonly Gen<(ulong[] Common, ulong[] Mine, ulong[] Theirs)> Pairs =
        from common in Gen.Int[1, 5].Array[0, 12]
        from mine in Gen.Int[1, 4].Array[0, 8]
        from theirs in Gen.Int[1, 4].Array[0, 8]
        select (Epochs(common, 0, 1), Epochs(mine, 100, 2), Epochs(theirs, 101, 2));

    private static ulong[] Epochs(int[] steps, ulong from, ulong stride)
    {
        var epochs = steps.Select(step => from + ((ulong)step * stride)).ToArray();
        Array.Sort(epochs);
        return epochs;
    }

    private static LogIndex Build(IEnumerable<ulong> epochs)
    {
        var log = new LogIndex();
        foreach (var epoch in epochs)
            log.Append(ReplicaDriver.Batch(epoch, log.LastSequence + 1));
        return log;
    }

    [Fact]
    public void The_common_point_of_two_logs_is_where_a_comparison_entry_by_entry_ends() =>
        Pairs.Sample((common, mine, theirs) =>
        {
            ulong[] one = [.. common, .. mine], other = [.. common, .. theirs];
            var naive = one.Zip(other).TakeWhile(static pair => pair.First == pair.Second).Count();
            Assert.Equal((ulong)naive, Build(one).CommonPoint(Build(other).Describe()));
            Assert.Equal((ulong)naive, Build(other).CommonPoint(Build(one).Describe()));
        });

    [Fact]
    public void Appending_and_cutting_give_the_epochs_that_a_plain_list_would_have() =>
        Gen.Select(Gen.Int[1, 3], Gen.Int[0, 4], Gen.Bool).Array[1, 30].Sample(steps =>
        {
            var (log, model) = (new LogIndex(), new List<ulong>());
            foreach (var (count, epochStep, cut) in steps)
            {
                if (cut)
                {
                    var kept = model.Count * epochStep / 4;
                    log.CutAfter((ulong)kept);
                    model.RemoveRange(kept, model.Count - kept);
                }
                else
                {
                    var epoch = (model.Count == 0 ? 1 : model[^1]) + (ulong)epochStep;
                    log.Append(ReplicaDriver.Batch(epoch, (ulong)model.Count + 1, count));
                    model.AddRange(Enumerable.Repeat(epoch, count));
                }

                Assert.Equal((ulong)model.Count, log.LastSequence);
                Assert.Equal(model.Count == 0 ? 0 : model[^1], log.LastEpoch);
                for (var i = 0; i < model.Count; i++)
                {
                    Assert.Equal(model[i], log.EpochOf((ulong)i + 1));
                    Assert.Equal((ulong)model.LastIndexOf(model[i]) + 1, log.EndOfEpochAt((ulong)i + 1));
                }

                Assert.Null(log.EpochOf((ulong)model.Count + 1));
            }
        });

    [Fact]
    public void Seq_0_stands_before_every_log_in_epoch_0()
    {
        Assert.Equal(0ul, new LogIndex().EpochOf(0));
        Assert.Null(new LogIndex().EpochOf(1));
        Assert.Equal(0ul, new LogIndex().CommonPoint([new EpochEnd(1, 3)]));
    }

    [Fact]
    public void A_gap_or_a_step_back_in_epochs_is_refused()
    {
        var log = Build([3, 3]);
        Assert.Throws<InvariantViolation>(() => log.Append(ReplicaDriver.Batch(3, 4)));
        Assert.Throws<InvariantViolation>(() => log.Append(ReplicaDriver.Batch(2, 3)));
    }
}
