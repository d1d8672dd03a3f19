// One reign over the segment table: everything that the segment actor does while it leads. Decisions are SegmentLeader's and
// EvictionPacer's; this carries calls, commits and ticks to them and their consequences to replica, shards and evictor.
using Akka.Actor;
using Akka.Event;
using HotStandby.Actors.Gateway;
using HotStandby.Actors.Protocol;
using HotStandby.Actors.Telemetry;
using HotStandby.Core.Eviction;
using HotStandby.Core.Segments;
using HotStandby.Core.Tasks;
using HotStandby.Core.Verification;
using HotStandby.Messages;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Messages.OpLog;

namespace HotStandby.Actors.Segments;

/// <summary>Whom a reign over the segment table talks to.</summary>
/// <param name="Self">The segment actor.</param>
/// <param name="Replica">Takes proposals.</param>
/// <param name="Evictor">Makes room.</param>
/// <param name="Shards">All shards.</param>
internal sealed record SegmentPeers(IActorRef Self, IActorRef Replica, IActorRef Evictor, ShardRouter Shards);

/// <summary>A reign, from the moment when its allocators are rebuilt. Used by <see cref="SegmentActor"/> only.</summary>
internal sealed class SegmentReign
{
    private const int MostSweptTasks = 256;

    private readonly ulong _reign;
    private readonly SegmentTable _table;
    private readonly SegmentPeers _peers;
    private readonly TimeProvider _time;
    private readonly ILoggingAdapter _log;
    private readonly SegmentLeader _leader;
    private readonly TaskLeader _tasks;
    private readonly DrainPlanner _planner;
    private readonly DrainRounds _drains;
    private readonly SegmentCalls _calls;
    private readonly SegmentDrops _drops;
    private readonly EvictionPacer _pacer;
    private readonly AllocationFailureLog _failures;
    private readonly List<uint> _toDrop = [];
    private readonly Queue<SegmentCall> _waiting = new();
    private readonly int _maximumWaiting;

    public SegmentReign(
        ulong reign, SegmentTable table, IReadOnlyList<Extent[]> live, SegmentPeers peers, SegmentActorSettings settings, TimeProvider time,
        ILoggingAdapter log)
    {
        (_reign, _table, _peers, _time, _log) = (reign, table, peers, time, log);
        _leader = new SegmentLeader(table, live, settings.LeaderSettings(reign), time.NowTicks());
        _tasks = new TaskLeader(table, settings.Tasks, new RandomSource(settings.Seed ^ ~reign), _leader.ApplyOther, time.NowTicks());
        _planner = new DrainPlanner(table, _leader, _tasks, settings.Tasks, _leader.ApplyOther);
        _drains = new DrainRounds(reign, _planner, peers, time);
        _calls = new SegmentCalls(_leader, _tasks, _planner);
        _drops = new SegmentDrops(peers.Shards.ShardCount);
        _pacer = new EvictionPacer(new EvictionPolicy(settings.Eviction));
        _failures = new AllocationFailureLog(log, time);
        _maximumWaiting = settings.MaximumWaitingCalls;
        _log.Info(
            "Segment table leads epoch {Epoch}: {Segments} segments, {UsedBytes} of {CapacityBytes} bytes in use",
            reign, table.Count, _leader.Space.UsedBytes, _leader.Space.CapacityBytes);
    }

    /// <summary>Who is alive.</summary>
    public ClientRegistry Clients => _leader.Clients;

    /// <summary>What is mounted, as far as it is committed.</summary>
    public SegmentDirectory Directory => _leader.Directory;

    /// <summary>Entries that are applied here but not committed yet.</summary>
    public int Uncommitted => _leader.Uncommitted;

    private long WallMilliseconds => _time.GetUtcNow().ToUnixTimeMilliseconds(); // for people; nothing decides on it

    /// <summary>The shards learn what is mounted, the replica that the door may open; unfinished unmounts go on.</summary>
    public void Begin()
    {
        BeginDrops([.. _leader.Unmounting]);
        Tell(_peers.Replica, new ReadyToServe(_reign));
        TellReplaced();
    }

    /// <summary>The reign is over: calls that still wait for a segment to go are refused.</summary>
    public void End()
    {
        while (_waiting.TryDequeue(out var call))
            call.Refuse(ErrorCode.UnavailableInCurrentMode);
    }

    /// <summary>A call of a client.</summary>
    public void Serve(MasterCall call)
    {
        switch (call)
        {
            case KeyedCall keyed:
                Place(keyed);
                break;
            case SegmentCall segmentCall:
                Answer(segmentCall);
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
    public void Unfinished(UnfinishedOnSegment report)
    {
        if (report.Reign != _reign || _drops.Reported(report.SegmentHandle, report.Partition.ShardIndex, report.Buffers) is not { } buffers)
            return;
        var drafts = NewDrafts();
        if (!_leader.KeepStrayWrites(report.SegmentHandle, buffers, _time.NowTicks(), drafts))
            Drop(report.SegmentHandle);
        Propose(drafts);
    }

    /// <summary>A shard has dropped a segment; the last one makes it forgotten.</summary>
    public void Dropped(SegmentDroppedByShard dropped)
    {
        if (dropped.Reign != _reign || !_drops.Dropped(dropped.SegmentHandle, dropped.Partition.ShardIndex))
            return;
        var drafts = NewDrafts();
        _leader.Erase(dropped.SegmentHandle, drafts);
        Propose(drafts);
        for (var left = _waiting.Count; left > 0; left--)
            Answer(_waiting.Dequeue());
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
    public void CheckClients()
    {
        var drafts = NewDrafts();
        foreach (var silent in _leader.ExpireClients(_time.NowTicks(), drafts))
        {
            _log.Warning("Client {Client} is silent and {State} in epoch {Epoch}", silent.Client, silent.IsDead ? "dead" : "suspect", _reign);
            if (silent.IsDead)
                _peers.Shards.TellAll(new ClientGone(_reign, silent.Client), _peers.Self);
        }

        _leader.UnmountDue(_time.NowTicks(), drafts);
        _leader.EndStrayWrites(_time.NowTicks(), drafts);
        _tasks.Sweep(_time.NowTicks(), WallMilliseconds, drafts, MostSweptTasks);
        _planner.Sweep(_time.NowTicks(), WallMilliseconds, drafts, MostSweptTasks);
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
    public void CheckDrains() => _drains.Begin();

    /// <summary>A shard's part of a round.</summary>
    public void Listed(ObjectsListed listed)
    {
        var drafts = NewDrafts();
        _drains.Listed(listed, drafts);
        Propose(drafts);
    }

    /// <summary>Asks for room when memory is short.</summary>
    public void CheckUse()
    {
        var used = _leader.Space.UsedRatio;
        if (!_pacer.TryAsk(_time.NowTicks(), used))
            return;
        NodeMetrics.EvictionAsked();
        Tell(_peers.Evictor, new EvictionNeeded(_reign, used, _pacer.IsForced));
    }

    /// <summary>A cycle of eviction has ended.</summary>
    public void Evicted(EvictionDone done)
    {
        if (done.Reign != _reign)
            return;
        NodeMetrics.Evicted(done.Evicted, done.Bytes);
        _pacer.Done(_time.NowTicks(), done.Evicted, done.Bytes);
    }

    private void Place(KeyedCall call)
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
            _failures.Note(failure);
            // Eviction makes room, but neither names nor larger segments.
            if (failure is { MissingNames: 0, Cause: AllocationFailureCause.Full or AllocationFailureCause.Fragmented })
                _pacer.Force(_leader.Space.UsedRatio);
        }

        _peers.Shards.Route(call);
    }

    // A decision without entries may still rest on entries that are not committed yet; then it waits for them too. Under async commit as well: who
    // was told that its memory is mounted may put into it, and only what is committed is given out.
    private void Answer(SegmentCall call)
    {
        var drafts = NewDrafts();
        var (error, isForNow) = _calls.Decide(call, _time.NowTicks(), WallMilliseconds, drafts);
        TellReplaced();
        if (isForNow && _waiting.Count < _maximumWaiting)
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
        Tell(_peers.Replica, new Propose(Partition.SegmentTable, _reign, drafts.Count > 0 ? drafts : null, call, Items: 1, ReplyAfter.Commit));
    }

    private void Propose(DraftBuffer drafts)
    {
        if (drafts.Count == 0)
            drafts.Release();
        else
            Tell(_peers.Replica, new Propose(Partition.SegmentTable, _reign, drafts, Call: null, Items: 0, ReplyAfter.Commit));
    }

    private void TellReplaced()
    {
        while (_leader.TryTakeReplaced(out var replaced))
        {
            if (replaced.Successor != Uuid.None)
                _log.Warning(
                    "Client {Client} at {Endpoint} is gone: client {Successor} has mounted there in epoch {Epoch}",
                    replaced.Client, replaced.Endpoint, replaced.Successor, _reign);
            _peers.Shards.TellAll(new ClientGone(_reign, replaced.Client), _peers.Self);
        }
    }

    // In one message: a shard that knew of the new directory only could forget a put on the segment before it is asked about it.
    private void BeginDrops(IReadOnlyList<uint> unmounted)
    {
        foreach (var handle in unmounted)
            _drops.Begin(handle);
        _peers.Shards.TellAll(new SegmentsChanged(_reign, _leader.Directory, unmounted), _peers.Self);
    }

    private void Drop(uint handle)
    {
        _drops.Drop(handle);
        _peers.Shards.TellAll(new DropSegment(_reign, handle), _peers.Self);
    }

    private void Tell(IActorRef to, object message) => to.Tell(message, _peers.Self);

    private static DraftBuffer NewDrafts() => new(Partition.SegmentTable);
}
