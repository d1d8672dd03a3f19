// What the segment table does in a reign, once it has its allocators. Decisions are SegmentLeader's and EvictionPacer's; this carries
// calls, commits and ticks to them, and their consequences to replica, shards and evictor.
using HotStandby.Core.Cells;
using HotStandby.Core.Eviction;
using HotStandby.Core.Segments;
using HotStandby.Core.Tasks;
using HotStandby.Core.Verification;
using HotStandby.Messages;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Messages.OpLog;

namespace HotStandby.Core.Partitions.Segments;

/// <summary>The segment table of a Primary. Used by <see cref="SegmentReign"/> only.</summary>
internal sealed class SegmentService
{
    private const int MostSweptTasks = 256;

    private static readonly TimeSpan DrainInterval = TimeSpan.FromMilliseconds(500);

    private readonly ulong _reign;
    private readonly SegmentTable _table;
    private readonly SegmentSettings _settings;
    private readonly Outbox _outbox;
    private readonly OutboxShards _shards;
    private readonly SegmentLeader _leader;
    private readonly TaskLeader _tasks;
    private readonly DrainPlanner _planner;
    private readonly DrainRounds _drains;
    private readonly SegmentCalls _calls;
    private readonly SegmentDrops _drops;
    private readonly EvictionPacer _pacer;
    private readonly LinePace _failures = new();
    private readonly List<uint> _toDrop = [];
    private readonly Queue<SegmentCall> _waiting = new();

    public SegmentService(
        ulong reign, SegmentTable table, Occupancy live, int shardCount, SegmentSettings settings, Outbox outbox, Moment now)
    {
        (_reign, _table, _settings, _outbox, _shards) = (reign, table, settings, outbox, new OutboxShards(shardCount, outbox));
        _leader = new SegmentLeader(table, live, settings.LeaderSettings(reign), now.Ticks);
        _tasks = new TaskLeader(table, settings.Tasks, new RandomSource(settings.Seed ^ ~reign), _leader.ApplyOther, now.Ticks);
        _planner = new DrainPlanner(table, _leader, _tasks, settings.Tasks, _leader.ApplyOther);
        _drains = new DrainRounds(reign, _planner, shardCount, outbox);
        _calls = new SegmentCalls(_leader, _tasks, _planner);
        _drops = new SegmentDrops(shardCount);
        _pacer = new EvictionPacer(new EvictionPolicy(settings.Eviction));
        _outbox.Report(new SegmentTableLeads(reign, table.Count, _leader.Space.UsedBytes, _leader.Space.CapacityBytes));
    }

    /// <summary>What is mounted, as far as it is committed.</summary>
    public SegmentDirectory Directory => _leader.Directory;

    /// <summary>Entries that are applied here but not committed yet.</summary>
    public int Uncommitted => _leader.Uncommitted;

    /// <summary>
    /// The door learns who is alive, the shards what is mounted, the replica that it may open; unfinished unmounts go on.
    /// </summary>
    public void Begin()
    {
        _outbox.Send(CellAddress.Door, new ClientsAre(_leader.Clients));
        BeginDrops([.. _leader.Unmounting]);
        _outbox.Send(CellAddress.Replica, new ReadyToServe(_reign));
        TellReplaced();
        _outbox.Repeat(ClientTick.Instance, _settings.ExpiryInterval);
        _outbox.Repeat(EvictionTick.Instance, EvictionPacer.Period);
        _outbox.Repeat(DrainTick.Instance, DrainInterval);
    }

    /// <summary>The reign is over: calls that still wait for a segment to go are refused.</summary>
    public void End()
    {
        _outbox.StopTimer(ClientTick.Instance);
        _outbox.StopTimer(EvictionTick.Instance);
        _outbox.StopTimer(DrainTick.Instance);
        _outbox.Send(CellAddress.Door, new ClientsAre(null));
        while (_waiting.TryDequeue(out var call))
            call.Refuse(ErrorCode.UnavailableInCurrentMode);
    }

    /// <summary>A call of a client.</summary>
    public void Serve(MasterCall call, Moment now)
    {
        switch (call)
        {
            case KeyedCall keyed:
                Place(keyed, now);
                break;
            case SegmentCall segmentCall:
                Answer(segmentCall, now);
                break;
            default:
                call.Refuse(ErrorCode.NotSupported);
                break;
        }
    }

    /// <summary>The next entries are committed.</summary>
    public void Committed(EntriesCommitted committed)
    {
        _toDrop.Clear();
        if (_leader.Commit(committed.Count, committed.LastSequence, _toDrop))
            BeginDrops([.. _toDrop]);
        while (_leader.TryTakeDroppable(out var handle))
            Drop(handle);
    }

    /// <summary>A shard has said what may still be written to a segment; the last one lets it be dropped, once that is kept.</summary>
    public void Unfinished(UnfinishedOnSegment report, Moment now)
    {
        if (report.Reign != _reign || _drops.Reported(report.SegmentHandle, report.Partition.ShardIndex, report.Buffers) is not { } buffers)
            return;
        var drafts = NewDrafts();
        if (!_leader.KeepStrayWrites(report.SegmentHandle, buffers, now.Ticks, drafts))
            Drop(report.SegmentHandle);
        Propose(drafts);
    }

    /// <summary>A shard has dropped a segment; the last one makes it forgotten.</summary>
    public void Dropped(SegmentDroppedByShard dropped, Moment now)
    {
        if (dropped.Reign != _reign || !_drops.Dropped(dropped.SegmentHandle, dropped.Partition.ShardIndex))
            return;
        var drafts = NewDrafts();
        _leader.Erase(dropped.SegmentHandle, drafts);
        Propose(drafts);
        for (var left = _waiting.Count; left > 0; left--)
            Answer(_waiting.Dequeue(), now);
    }

    /// <summary>Buffers that are free again.</summary>
    public void Release(ReleaseExtents released)
    {
        if (released.Reign != _reign)
            return;
        foreach (var extent in released.Extents)
        {
            if (extent.LengthBytes > 0) // a shard may give back all places of an item, empty ones too
                _leader.Space.Release(extent);
        }
    }

    /// <summary>Looks for silent clients and for grace periods that are over.</summary>
    public void CheckClients(Moment now)
    {
        var drafts = NewDrafts();
        foreach (var silent in _leader.ExpireClients(now.Ticks, drafts))
        {
            if (silent.HasSegments)
                _outbox.Report(new ClientSilent(silent.Client, silent.IsDead, _reign));
            if (silent.IsDead)
                _outbox.Send(CellAddress.AllShards, new ClientGone(_reign, silent.Client));
        }

        _leader.UnmountDue(now.Ticks, drafts);
        _leader.EndStrayWrites(now.Ticks, drafts);
        _tasks.Sweep(now.Ticks, now.WallMilliseconds, drafts, MostSweptTasks);
        _planner.Sweep(now.Ticks, now.WallMilliseconds, drafts, MostSweptTasks);
        Propose(drafts);
    }

    /// <summary>Puts a marker with the table's digest into the log.</summary>
    public void MarkVerificationPoint()
    {
        var drafts = NewDrafts();
        VerificationMarker.Draft(_table, drafts);
        _leader.ApplyOther(drafts);
        Propose(drafts);
    }

    /// <summary>The next round of a drain job.</summary>
    public void CheckDrains(Moment now) => _drains.Begin(now);

    /// <summary>A shard's part of a round.</summary>
    public void Listed(ObjectsListed listed, Moment now)
    {
        var drafts = NewDrafts();
        _drains.Listed(listed, now, drafts);
        Propose(drafts);
    }

    /// <summary>Asks for room when memory is short.</summary>
    public void CheckUse(Moment now)
    {
        var used = _leader.Space.UsedRatio;
        if (!_pacer.TryAsk(now.Ticks, used))
            return;
        _outbox.Report(EvictionAsked.Instance);
        _outbox.Send(CellAddress.Evictor, new EvictionNeeded(_reign, used, _pacer.IsForced));
    }

    /// <summary>A cycle of eviction has ended.</summary>
    public void Evicted(EvictionDone done, Moment now)
    {
        if (done.Reign != _reign)
            return;
        _outbox.Report(new ObjectsEvicted(done.Evicted, done.Bytes));
        _pacer.Done(now.Ticks, done.Evicted, done.Bytes);
    }

    private void Place(KeyedCall call, Moment now)
    {
        var placement = BatchPlacement.Place(call, _leader, _reign);
        if (placement.Refusal != ErrorCode.Ok)
        {
            call.Refuse(placement.Refusal);
            return;
        }

        if (placement.FailedBytes > 0)
        {
            var failure = _leader.Explain(placement.FailedBytes, call.PlacementStride);
            _outbox.Report(new NoMemoryFound(failure, _failures.Count(now.Ticks)));
            // Eviction makes room, but neither names nor larger segments.
            if (failure is { MissingNames: 0, Cause: AllocationFailureCause.Full or AllocationFailureCause.Fragmented })
                _pacer.Force(_leader.Space.UsedRatio);
        }

        CallRouter.Route(call, _shards);
    }

    // A decision without entries may still rest on entries that are not committed yet; then it waits for them too. Under async commit as
    // well: who was told that its memory is mounted may put into it, and only what is committed is given out.
    private void Answer(SegmentCall call, Moment now)
    {
        var drafts = NewDrafts();
        var (error, isForNow) = _calls.Decide(call, now.Ticks, now.WallMilliseconds, drafts);
        TellReplaced();
        if (isForNow && _waiting.Count < _settings.MaximumWaitingCalls)
        {
            _waiting.Enqueue(call); // decided again when the next segment is forgotten
            Propose(drafts);
            return;
        }

        if (_leader.Uncommitted == 0)
        {
            drafts.Release();
            call.Finish(error);
            return;
        }

        call.Decide(error);
        if (drafts.Count == 0)
            drafts.Release();
        _outbox.Send(CellAddress.Replica, new Propose(
            Partition.SegmentTable, _reign, drafts.Count > 0 ? drafts : null, call, Items: 1, ReplyAfter.Commit));
    }

    private void Propose(DraftBuffer drafts)
    {
        if (drafts.Count == 0)
            drafts.Release();
        else
            _outbox.Send(CellAddress.Replica, new Propose(Partition.SegmentTable, _reign, drafts, Call: null, Items: 0, ReplyAfter.Commit));
    }

    private void TellReplaced()
    {
        while (_leader.TryTakeReplaced(out var replaced))
        {
            if (replaced.Successor != Uuid.None)
                _outbox.Report(new ClientReplaced(replaced.Client, replaced.Endpoint, replaced.Successor, _reign));
            _outbox.Send(CellAddress.AllShards, new ClientGone(_reign, replaced.Client));
        }
    }

    // In one message: a shard that knew of the new directory only could forget a put on the segment before it is asked about it.
    private void BeginDrops(IReadOnlyList<uint> unmounted)
    {
        foreach (var handle in unmounted)
            _drops.Begin(handle);
        _outbox.Send(CellAddress.AllShards, new SegmentsChanged(_reign, _leader.Directory, unmounted));
    }

    private void Drop(uint handle)
    {
        _drops.Drop(handle);
        _outbox.Send(CellAddress.AllShards, new DropSegment(_reign, handle));
    }

    private static DraftBuffer NewDrafts() => new(Partition.SegmentTable);
}
