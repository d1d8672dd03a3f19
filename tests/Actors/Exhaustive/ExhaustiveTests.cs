// A message, an effect, an event or a call that is added and forgotten somewhere would be dropped, or end a node, at the worst moment. The
// compiler does not see it, since these families are open; so these tests do. Codecs, facts and calls of clients have tests of their own.
using HotStandby.Actors.Cells;
using HotStandby.Core.Cells;
using HotStandby.Core.Journal;
using HotStandby.Core.Node;
using HotStandby.Core.Replication;
using HotStandby.Core.Segments;
using HotStandby.Core.Shards;
using HotStandby.Messages;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;
using HotStandby.Messages.Replication;
using static HotStandby.Tests.Actors.Exhaustive.CompiledCases;

namespace HotStandby.Tests.Actors.Exhaustive;

public sealed class ExhaustiveTests
{
    [Fact]
    public void Every_effect_of_the_replica_is_carried_out() => Assert.Empty(Forgotten(
        typeof(Effect), [.. Methods(typeof(ReplicaCell), "CarryOut"), .. Methods(typeof(LifeKeeper), "CarryOut")]));

    [Fact]
    public void Every_message_of_another_node_is_heard() => Assert.Empty(Forgotten(
        typeof(ReplicationMessage), [.. Methods(typeof(Replica), "Receive"), .. Methods(typeof(StateKeeper), "Receive")]));

    [Fact]
    public void Every_write_to_the_journal_becomes_an_event_and_every_event_is_noted()
    {
        Assert.Empty(Forgotten(typeof(JournalWrite), Methods(typeof(OpLogBook), "ToEvent")));
        Assert.Equal( // which lies in the snapshot store
            [nameof(PartitionCheckpoint)], Forgotten(typeof(IJournalEvent), Methods(typeof(OpLogBook), "Written")));
    }

    // ScanEnded is the only thing that a scan says to its carrier, which need not look at it.
    [Fact]
    public void Every_message_between_cells_is_received_by_somebody() => Assert.Equal([nameof(ScanEnded)], Forgotten(
        typeof(ICellMessage),
        new[] { typeof(ICell), typeof(FactLog) }.SelectMany(static type => MethodsOutside(typeof(ICellMessage), type.Assembly))));

    // KeyedCall goes to the shards, ScanCall to the scans, SegmentCall to the segment table; the doors settle what needs no node.
    [Fact]
    public void Every_kind_of_call_has_a_way_into_the_node() => Assert.Equal(
        [nameof(KeyedCall), nameof(ScanCall), nameof(SegmentCall)],
        typeof(MasterCall).Assembly.GetTypes().Where(static type => type.BaseType == typeof(MasterCall))
            .Select(static type => type.Name).Order());

    [Fact]
    public void Every_type_of_entry_is_an_operation_of_a_shard_or_of_the_segment_table()
    {
        Assert.DoesNotContain(Enum.GetValues<OpType>(), static type =>
            type != OpType.None && !IsOfShards(type) && !IsOfSegments(type));
        Assert.DoesNotContain((OpType)200, Enum.GetValues<OpType>());
        Assert.False(IsOfShards((OpType)200) || IsOfSegments((OpType)200));
    }

    private static bool IsOfShards(OpType type) => IsKnown(Partition.OfShard(0), type, "is not an operation of a shard", static batch =>
    {
        var shard = new ShardState(Partition.OfShard(0), 1);
        foreach (var entry in batch)
            shard.Apply(entry);
    });

    private static bool IsOfSegments(OpType type) => IsKnown(Partition.SegmentTable, type, "came to the segment table", static batch =>
    {
        var table = new SegmentTable();
        foreach (var entry in batch)
            table.Apply(entry);
    });

    // An entry without a key and a payload is impossible for nearly all; that is another complaint than that nobody knows it.
    private static bool IsKnown(Partition partition, OpType type, string complaint, Action<OpLogBatch> apply)
    {
        var (drafts, writer) = (new DraftBuffer(partition), new BatchWriter());
        drafts.Add(type, default, 0, 0);
        writer.Add(drafts.Bytes, 1, 1, 0);
        drafts.Release();
        try
        {
            apply(writer.Close(0));
            return true;
        }
        catch (InvariantViolation problem)
        {
            return !problem.Message.Contains(complaint, StringComparison.Ordinal);
        }
    }
}
