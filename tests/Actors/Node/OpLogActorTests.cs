// The OpLog over a journal that only grows: what it finds again after cuts and restarts.
using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using HotStandby.Actors.OpLog;
using HotStandby.Core.Replication;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;

namespace HotStandby.Tests.Actors.Node;

public sealed class OpLogActorTests() : TestKit("akka.persistence.journal.plugin = akka.persistence.journal.inmem")
{
    private const string Plugin = "akka.persistence.journal.inmem";
    private static readonly NodeId Self = new("n1");
    private int _lives;

    [Fact]
    public void A_new_node_has_promised_nothing_and_may_not_vote()
    {
        var (_, recovered) = Start();
        Assert.True(recovered.IsNew);
    }

    [Fact]
    public void Everything_is_found_again_and_every_write_is_confirmed_in_order()
    {
        var (log, _) = Start();
        JournalWrite[] writes =
            [new WriteVoting(), new WritePromise(3, Self), new WriteBatch(Batch(3, 1, 4, commit: 0)), new WriteBatch(Batch(3, 5, 2, commit: 4))];
        foreach (var write in writes)
            log.Tell(write, TestActor);
        for (var i = 0; i < writes.Length; i++)
            ExpectMsg<JournalWritten>();

        var (_, recovered) = Restart(log);
        Assert.Equal(
            (3UL, 6UL, 4UL, 3UL, Self, true),
            (recovered.Log.LastEpoch, recovered.Log.LastSequence, recovered.CommitSequence, recovered.PromisedEpoch, recovered.PromisedTo, recovered.Voting));
    }

    [Fact]
    public void What_was_cut_off_is_never_read_again_before_and_after_a_restart()
    {
        var (log, _) = Start();
        JournalWrite[] writes =
            [new WriteBatch(Batch(1, 1, 5)), new WriteBatch(Batch(1, 6, 5)), new WriteCut(3), new WriteBatch(Batch(2, 4, 1)), new WritePromise(4, Self), new WriteBatch(Batch(4, 5, 3))];
        foreach (var write in writes)
            log.Tell(write, TestActor);
        for (var i = 0; i < writes.Length; i++)
            ExpectMsg<JournalWritten>();
        MustHold(log);

        var (again, recovered) = Restart(log);
        Assert.Equal((4UL, 7UL, 1UL, 2UL), (recovered.Log.LastEpoch, recovered.Log.LastSequence, recovered.Log.EpochOf(3), recovered.Log.EpochOf(4)));
        MustHold(again);
    }

    [Fact]
    public void A_read_beyond_the_end_finds_nothing()
    {
        var (log, _) = Start();
        Assert.Empty(Read(log, 1));
    }

    [Fact]
    public void A_read_stops_at_its_bytes_but_gives_one_batch_at_least()
    {
        var (log, _) = Start();
        foreach (var first in (ulong[])[1, 3, 5])
            log.Tell(new WriteBatch(Batch(1, first, 2)), TestActor);
        for (var i = 0; i < 3; i++)
            ExpectMsg<JournalWritten>();
        var bytes = Batch(1, 1, 2).Encoded.Length;
        Assert.Equal((ulong[])[2], Read(log, 2, 1).Select(entry => entry.Sequence));
        Assert.Equal((ulong[])[2, 3, 4], Read(log, 2, 2 * bytes).Select(entry => entry.Sequence));
    }

    private void MustHold(IActorRef log)
    {
        (ulong Epoch, ulong Sequence)[] expected = [(1, 1), (1, 2), (1, 3), (2, 4), (4, 5), (4, 6), (4, 7)];
        for (var from = 1; from <= expected.Length; from++)
            Assert.Equal(expected[(from - 1)..], Read(log, (ulong)from));
    }

    private (ulong Epoch, ulong Sequence)[] Read(IActorRef log, ulong from, long bytes = 1 << 20)
    {
        log.Tell(new GetEntriesSince(from, bytes, "purpose"), TestActor);
        var answer = ExpectMsg<EntriesSince>();
        Assert.Equal("purpose", answer.Purpose);
        return [.. answer.Batches.SelectMany(batch =>
            Enumerable.Range(0, batch.Count).Select(at => (batch.Epoch, batch.FirstSequence + (ulong)at)))];
    }

    // The OpLog speaks to its parent: the test is the replica.
    private (IActorRef Log, RecoveredJournal Recovered) Start()
    {
        var log = ActorOfAsTestActorRef<OpLogActor>(OpLogActor.Props(Self, Plugin), TestActor, $"oplog-{_lives++}");
        return (log, ExpectMsg<OpLogRecovered>().Journal);
    }

    private (IActorRef Log, RecoveredJournal Recovered) Restart(IActorRef log)
    {
        Watch(log);
        Sys.Stop(log);
        ExpectTerminated(log);
        return Start();
    }

    private static OpLogBatch Batch(ulong epoch, ulong first, int count, ulong commit = 0)
    {
        var writer = new BatchWriter();
        for (var i = 0; i < count; i++)
        {
            var drafts = new DraftBuffer(Partition.SegmentTable);
            drafts.Add(OpType.EpochStart, default, 0, 0);
            writer.Add(drafts.Bytes, first + (ulong)i, epoch, 0);
            drafts.Release();
        }

        return writer.Close(commit);
    }
}
