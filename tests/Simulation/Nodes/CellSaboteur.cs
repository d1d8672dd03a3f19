// Makes a planted mistake between the cells of a node: alters a letter on its way, or how a cell sees the time. Without a planted bug it
// changes nothing.
using HotStandby.Core.Cells;
using HotStandby.Core.Node;
using HotStandby.Core.Partitions;
using HotStandby.Core.Shards;
using HotStandby.Core.Verification;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Messages.OpLog;

namespace HotStandby.Tests.Simulation.Nodes;

/// <summary>One process's saboteur.</summary>
/// <param name="bug">The mistake.</param>
/// <param name="stateOf">The state of a shard.</param>
public sealed class CellSaboteur(PlantedBug bug, Func<int, ShardState> stateOf)
{
    private readonly HashSet<Extent> _freedTooEarly = [];
    private readonly Dictionary<ulong, byte[]> _markers = [];
    private Extent[] _goes = [];
    private ReleaseExtents? _releasedBefore;

    /// <summary>What a cell hears instead.</summary>
    public object Hears(CellAddress at, object message)
    {
        switch (bug, message)
        {
            case (PlantedBug.ReuseFreedSpaceBeforeCommit,
                KeyedItems { Call: { Operation: KeyedOperation.Remove or KeyedOperation.PutRevoke } call }):
                _goes = stateOf(at.Number - 1).Find(call.Keys[0]) is { } record
                    ? [.. Enumerable.Range(0, record.ReplicaCount).Select(record.ExtentOf)] : [];
                return message;
            case (PlantedBug.CompareMarkerLate, ApplyEntries { Batch: var batch }):
                foreach (var entry in batch)
                    if (entry.Type == OpType.VerificationMarker && entry.Partition.IsShard)
                        _markers[entry.Sequence] = entry.Encoded.ToArray();
                return message;
            default:
                return message;
        }
    }

    /// <summary>What time a cell sees.</summary>
    public Moment Looks(CellAddress at, object message, Moment now, Scenario scenario) =>
        bug == PlantedBug.ForgetLeasesAtFailover && message is BeginLeading && at != CellAddress.SegmentTable
            ? now with { Ticks = now.Ticks - scenario.ReignTimes.LeaseTtl.Ticks } : now;

    /// <summary>What is sent instead.</summary>
    public IEnumerable<(CellAddress To, object Message)> Says(CellAddress to, object message)
    {
        switch (bug, message)
        {
            case (PlantedBug.AnswerBeforeCommit, Propose { Call: { } call } propose):
                call.Settle(propose.Items);
                return [(to, propose with { Call = null, Items = 0 })];
            case (PlantedBug.ReuseFreedSpaceBeforeCommit, Propose { Drafts: { Count: > 0 } drafts } propose)
                when drafts.Last.Type is OpType.Remove or OpType.PutRevoke:
                _freedTooEarly.UnionWith(_goes);
                return [(to, message), (CellAddress.SegmentTable, new ReleaseExtents(propose.Reign, _goes))];
            case (PlantedBug.ReuseFreedSpaceBeforeCommit, ReleaseExtents released):
                return [(to, released with { Extents = [.. released.Extents.Where(extent => !_freedTooEarly.Remove(extent))] })];
            case (PlantedBug.ForgetStrayWrites, UnfinishedOnSegment unfinished):
                return [(to, unfinished with { Buffers = [] })];
            case (PlantedBug.HandOutUncommittedImages, ImageTaken taken):
                return [(to, taken with { Reign = 0 })];
            case (PlantedBug.UnderstateImages, ImageReady { Sequence: > 1 } ready) when ready.Log[^1].LastSequence > 1:
                return [(to, ready with { Sequence = ready.Sequence - 1,
                    Log = [.. ready.Log[..^1], ready.Log[^1] with { LastSequence = ready.Sequence - 1 }] })];
            case (PlantedBug.ForgetShardInFeed, ApplyEntries apply) when to.Number == 2 && apply.Batch.LastSequence % 8 == 0:
                return [(CellAddress.Replica, new EntriesApplied(apply.StateNumber, apply.Batch.LastSequence))];
            case (PlantedBug.TruncateWithoutImages, RoundEnded { IsComplete: true } ended):
                return [(to, ended with { OlderSequence = ulong.MaxValue })];
            case (PlantedBug.AnswerWhenDurable, Propose propose):
                return [(to, propose with { After = ReplyAfter.Durable })];
            case (PlantedBug.KeepDirtyPartitions, LeadingStopped stopped):
                return [(to, stopped with { IsDirty = false })];
            case (PlantedBug.RebuildFromNothing, LiveExtents live):
                return [(to, live with { Taken = [] })];
            case (PlantedBug.MissTakenBuffers, LiveExtents { IsWhole: false, Taken.Length: > 0 } live):
                return [(to, live with { Taken = live.Taken[1..] })];
            case (PlantedBug.RestoreWithoutReset, ResetPartition reset):
                return [(CellAddress.Checkpoints, new PartitionRestored(new Partition((ushort)to.Number), reset.StateNumber, ""))];
            case (PlantedBug.CompareMarkerLate, PartitionCompared { Partition: { IsShard: true } shard } compared):
                OpLogEntry.TryView(_markers[compared.MarkerSequence], out var marker);
                return [(to, compared with { Verdict = VerificationMarker.Compare(stateOf(shard.ShardIndex), marker) })];
            case (PlantedBug.SkipShardInScan, KeysListed { Keys: not null, Partition.ShardIndex: CellProcess.ShardCount - 1 } listed):
                return [(to, listed with { Keys = [] })];
            case (PlantedBug.ReleaseBuffersTwice, ReleaseExtents released):
                var again = _releasedBefore;
                _releasedBefore = released;
                return again is null ? [(to, message)] : [(to, message), (to, again)];
            default:
                return [(to, message)];
        }
    }
}
