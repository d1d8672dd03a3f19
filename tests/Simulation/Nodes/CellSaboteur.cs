// Makes a planted mistake between the cells of a node: alters a letter on its way, or how a cell sees the time. Without a planted bug it
// changes nothing.
using HotStandby.Core.Cells;
using HotStandby.Core.Partitions;
using HotStandby.Core.Shards;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;

namespace HotStandby.Tests.Simulation.Nodes;

/// <summary>One process's saboteur.</summary>
public sealed class CellSaboteur(PlantedBug bug)
{
    private ulong _reign;

    /// <summary>What a cell hears instead.</summary>
    public object Hears(CellAddress at, object message)
    {
        if (message is BeginLeading begin && at.Kind == CellKind.Partition)
            _reign = begin.Reign;
        return (bug, message) switch
        {
            (PlantedBug.ObeyStaleSegments, SegmentsChanged changed) => changed with { Reign = _reign },
            _ => message,
        };
    }

    /// <summary>What time a cell sees.</summary>
    public Moment Looks(CellAddress at, object message, Moment now, Scenario scenario) =>
        bug == PlantedBug.ForgetLeasesAtFailover && message is BeginLeading && at != CellAddress.SegmentTable
            ? now with { Ticks = now.Ticks - scenario.ReignTimes.LeaseTtl.Ticks } : now;

    /// <summary>What is sent instead.</summary>
    public IEnumerable<object> Says(CellAddress from, CellAddress to, object message)
    {
        switch (bug, message)
        {
            case (PlantedBug.AnswerBeforeCommit, Propose { Call: { } call } propose):
                call.Settle(propose.Items);
                yield return propose with { Call = null, Items = 0 };
                break;
            case (PlantedBug.ForgetStrayWrites, UnfinishedOnSegment unfinished):
                yield return unfinished with { Buffers = Array.Empty<Extent>() };
                break;
            case (PlantedBug.HandOutUncommittedImages, ImageTaken taken):
                yield return taken with { Reign = 0 };
                break;
            case (PlantedBug.ForgetShardInDrop, SegmentDroppedByShard dropped):
                for (var shard = 0; shard < CellProcess.ShardCount; shard++)
                    yield return dropped with { Partition = Partition.OfShard(shard) };
                break;
            default:
                yield return message;
                break;
        }
    }
}
