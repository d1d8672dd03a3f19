// One reign over the segment table. Calls wait until the shards' last reports are there; then SegmentService takes the allocators over.
using HotStandby.Core.Cells;
using HotStandby.Core.Segments;
using HotStandby.Messages;
using HotStandby.Messages.Calls;

namespace HotStandby.Core.Partitions.Segments;

/// <summary>A reign over the segment table. Used by <see cref="SegmentPartition"/> only.</summary>
internal sealed class SegmentReign(
    BeginLeading begin, SegmentTable table, ExtentRounds extents, int shardCount, SegmentSettings settings, Action<SegmentDirectory> show,
    Outbox outbox) : IReign
{
    private readonly Queue<MasterCall> _waiting = new();
    private readonly List<(CellAddress From, ReleaseExtents Released)> _releasedEarly = [];
    private SegmentService? _service;
    private ulong _round = begin.ExtentRound;

    /// <inheritdoc/>
    public int Uncommitted => _service?.Uncommitted ?? 0;

    /// <summary>Takes the allocators over, if every shard has reported.</summary>
    public void BeginWhenComplete(Moment now)
    {
        if (!extents.IsComplete(_round))
            return;
        if (!extents.Occupancy.Fits && _round == begin.ExtentRound)
        {
            // A shard was wrong for a while, and its changes are. What the shards hold now decides.
            _round++;
            outbox.Send(CellAddress.AllShards, new ReportExtents(_round, IsWhole: true));
            return;
        }

        _service = new SegmentService(begin.Reign, table, extents.Occupancy, shardCount, settings, outbox, now);
        foreach (var early in _releasedEarly)
            _service.Release(early.Released);
        _releasedEarly.Clear();
        _service.Begin();
        while (_waiting.TryDequeue(out var call))
            _service.Serve(call, now);
    }

    /// <inheritdoc/>
    public bool Receive(object message, CellAddress from, Moment now) =>
        _service is { } service ? Serving(service, message, now) : Opening(message, from, now);

    /// <inheritdoc/>
    public void End()
    {
        _service?.End();
        while (_waiting.TryDequeue(out var call))
            call.Refuse(ErrorCode.UnavailableInCurrentMode);
    }

    private bool Opening(object message, CellAddress from, Moment now)
    {
        switch (message)
        {
            case SegmentRequest request when _waiting.Count < settings.MaximumWaitingCalls:
                _waiting.Enqueue(request.Call);
                return true;
            case SegmentRequest request:
                request.Call.Refuse(ErrorCode.UnavailableInCurrentStatus);
                return true;
            case LiveExtents report:
                if (report.Round > begin.ExtentRound)
                    _releasedEarly.RemoveAll(early => early.From == from); // this report no longer covers them
                extents.Add(report);
                BeginWhenComplete(now);
                return true;
            case ReleaseExtents released:
                _releasedEarly.Add((from, released)); // covered by its shard's report
                return true;
            case EntriesCommitted committed:
                table.MarkCommitted(committed.LastSequence); // the replica's own entry: nothing is proposed here yet
                return true;
            case UnfinishedOnSegment or SegmentDroppedByShard or EvictionDone or ObjectsListed:
            case ClientTick or EvictionTick or DrainTick or ProposeVerificationMarker:
                return true; // of an earlier reign, or too early
            default:
                return false;
        }
    }

    private bool Serving(SegmentService service, object message, Moment now)
    {
        switch (message)
        {
            case SegmentRequest request:
                service.Serve(request.Call, now);
                return true;
            case ReleaseExtents released:
                service.Release(released);
                return true;
            case EntriesCommitted committed:
                service.Committed(committed);
                show(service.Directory);
                return true;
            case UnfinishedOnSegment unfinished:
                service.Unfinished(unfinished, now);
                return true;
            case SegmentDroppedByShard dropped:
                service.Dropped(dropped, now);
                return true;
            case EvictionDone done:
                service.Evicted(done, now);
                return true;
            case EvictionTick:
                service.CheckUse(now);
                return true;
            case DrainTick:
                service.CheckDrains(now);
                return true;
            case ObjectsListed listed:
                service.Listed(listed, now);
                return true;
            case ClientTick:
                service.CheckClients(now);
                return true;
            case ProposeVerificationMarker:
                service.MarkVerificationPoint();
                return true;
            case LiveExtents:
                return true; // sent twice
            default:
                return false;
        }
    }
}
