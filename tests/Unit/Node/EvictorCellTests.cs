// What the evictor's cell says of cycles that find nothing. How a cycle goes is tested with its actor.
using HotStandby.Core.Cells;
using HotStandby.Core.Eviction;
using HotStandby.Core.Node;
using HotStandby.Core.Partitions;
using HotStandby.Core.Shards;
using HotStandby.Messages.Identity;

namespace HotStandby.Tests.Unit.Node;

public sealed class EvictorCellTests
{
    private const ulong Reign = 5;

    private readonly Outbox _outbox = new();
    private readonly EvictorCell _evictor;

    public EvictorCellTests() => _evictor = new EvictorCell(1, EvictionSettings.Default, EvictorCell.DefaultCycleTimeout, _outbox);

    [Fact]
    public void Cycles_in_vain_are_a_line_a_second_that_says_how_many_they_were()
    {
        long[] said = [.. Enumerable.Range(0, 25).Select(tenth => InVainAfter(TimeSpan.FromMilliseconds(100 * tenth)).Cycles)];
        Assert.Equal([(0, 1L), (10, 10L), (20, 10L)], said.Index().Where(static cycle => cycle.Item > 0));
    }

    private NothingEvicted InVainAfter(TimeSpan time)
    {
        var asked = Assert.Single(After(new EvictionNeeded(Reign, 1, true), time).OfType<OfferVictims>());
        var offered = new VictimsOffered(Partition.OfShard(0), Reign, asked.CycleId, new VictimOffer(7, 0, [], []));
        return Assert.Single(After(offered, time).OfType<NothingEvicted>());
    }

    private object[] After(object message, TimeSpan time)
    {
        Assert.True(_evictor.Receive(message, CellAddress.None, new Moment(time.Ticks, 0)));
        var messages = _outbox.Letters.ToArray().Select(static letter => letter.Message).ToArray();
        _outbox.Clear();
        return messages;
    }
}
