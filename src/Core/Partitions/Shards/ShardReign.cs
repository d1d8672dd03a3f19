// One reign over a shard: everything that it does while it leads. Decisions are ShardLeader's; this carries messages to them and proposals,
// buffers and answers away from them.
using HotStandby.Core.Cells;
using HotStandby.Core.Partitions.Segments;
using HotStandby.Core.Segments;
using HotStandby.Core.Shards;
using HotStandby.Core.Tasks;
using HotStandby.Core.Verification;
using HotStandby.Messages;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;
using HotStandby.Messages.Verification;

namespace HotStandby.Core.Partitions.Shards;

/// <summary>A reign over one shard. Used by <see cref="ShardPartition"/> only.</summary>
internal sealed class ShardReign : IReign
{
    private readonly record struct AwaitedEviction(int Uncommitted, CellAddress Evictor, VictimsEvicted Answer);

    private readonly Partition _partition;
    private readonly ulong _reign;
    private readonly ShardSettings _settings;
    private readonly ReplyAfter _replyAfter;
    private readonly ShardVerifier _verifier;
    private readonly Outbox _outbox;
    private readonly ShardLeader _leader;
    private readonly Queue<AwaitedEviction> _evictions = new();
    private DraftBuffer? _unusedDrafts;
    private bool _knowsSegments;

    public ShardReign(
        ulong reign, ShardState state, ShardSettings settings, ReplyAfter replyAfter, ShardVerifier verifier, Outbox outbox, Moment now)
    {
        (_partition, _reign, _settings, _replyAfter, _verifier, _outbox) = (state.Partition, reign, settings, replyAfter, verifier, outbox);
        _leader = new ShardLeader(state, settings, SegmentDirectory.Empty, now.Ticks);
        outbox.Repeat(SweepNow.Instance, settings.SweepInterval);
    }

    /// <inheritdoc/>
    public int Uncommitted => _leader.Uncommitted;

    /// <inheritdoc/>
    public void End()
    {
        _outbox.StopTimer(SweepNow.Instance);
        _leader.End();
        _unusedDrafts?.Release();
    }

    /// <inheritdoc/>
    public bool Receive(object message, CellAddress from, Moment now)
    {
        switch (message)
        {
            case KeyedItems items:
                Execute(items, now.Ticks);
                return true;
            case EntriesCommitted committed:
                Committed(committed);
                return true;
            case ReportExtents report:
                _outbox.Send(
                    CellAddress.SegmentTable, new LiveExtents(_partition, report.Round, report.IsWhole, [.. _leader.CoveredExtents], []));
                return true;
            case SegmentsChanged changed:
                Mounted(changed);
                return true;
            case LocateObject locate:
                Locate(locate.Call);
                return true;
            case ListKeys list:
                _outbox.Send(from, new KeysListed(_partition, _knowsSegments ? _leader.ListKeys(list.ReadableOnly, list.Tenant) : null));
                return true;
            case ListObjectsOn list:
                ListOn(list, from, now.Ticks);
                return true;
            case OfferVictims offer:
                if (offer.Reign == _reign)
                    _outbox.Send(from, new VictimsOffered(_partition, _reign, offer.CycleId, _leader.Offer(offer.Limit, now.Ticks)));
                return true;
            case DescribeGroups describe:
                Describe(describe, from);
                return true;
            case EvictVictims evict:
                Evict(evict, from, now.Ticks);
                return true;
            case SweepNow:
                Sweep(now.Ticks);
                return true;
            case ProposeVerificationMarker:
                MarkVerificationPoint(now.Ticks);
                return true;
            case VerificationRequest request:
                _outbox.Send(from, _leader.Compare(request, _verifier.Node));
                return true;
            case VerificationResponse or AbandonDrillDown:
                return true; // of the time before this reign
            case InjectFault:
                _outbox.Send(from, new FaultInjected(0, $"{_partition} leads: faults are put into Standbys only"));
                return true;
            case DropSegment drop:
                Drop(drop, now.Ticks);
                return true;
            case ClientGone gone:
                Forget(gone, now.Ticks);
                return true;
            default:
                return false;
        }
    }

    private void Mounted(SegmentsChanged changed)
    {
        if (changed.Reign != _reign)
            return;
        _leader.Directory = changed.Directory;
        _knowsSegments = true;
        foreach (var handle in changed.Unmounted)
            _outbox.Send(CellAddress.SegmentTable, new UnfinishedOnSegment(_reign, handle, _partition, _leader.UnfinishedOn(handle)));
    }

    private void Execute(KeyedItems items, long now)
    {
        var call = items.Call;
        if (!MayExecute(call))
        {
            items.Refuse();
            return;
        }

        var drafts = TakeDrafts();
        var (waiting, settled) = (0, 0);
        for (var i = 0; i < items.Count; i++)
        {
            switch (_leader.Execute(call, items[i], drafts, now))
            {
                case ItemOutcome.AwaitsCommit:
                    waiting++;
                    break;
                case ItemOutcome.NeedsPlacement:
                    _outbox.Send(CellAddress.SegmentTable, new SegmentRequest(call));
                    break;
                default:
                    settled++;
                    break;
            }
        }

        var after = NeedsBuffers(call.Operation) ? ReplyAfter.Commit : _replyAfter;
        SendProposal(drafts, call, waiting, after);
        if (settled > 0)
            call.Settle(settled);
        SendReleased();
    }

    private void Locate(CreateTaskCall call)
    {
        var error = _knowsSegments ? _leader.Locate(call.Key, out var handles) : Unknown(out handles);
        call.SegmentHandles = handles;
        if (error == ErrorCode.Ok)
            _outbox.Send(CellAddress.SegmentTable, new SegmentRequest(call));
        else
            call.Finish(error);
    }

    private void Sweep(long now)
    {
        var drafts = TakeDrafts();
        _leader.Sweep(now, drafts, _settings.SweepMaximumEntries);
        SendProposal(drafts, null, 0, ReplyAfter.Commit);
        SendReleased();
    }

    private void MarkVerificationPoint(long now)
    {
        var drafts = TakeDrafts();
        _leader.MarkVerificationPoint(now, drafts);
        SendProposal(drafts, null, 0, ReplyAfter.Commit);
    }

    private void Drop(DropSegment drop, long now)
    {
        if (drop.Reign != _reign)
            return; // Of an earlier reign of this node: this reign's segment table asks again.
        var drafts = TakeDrafts();
        _leader.DropSegment(drop.SegmentHandle, now, drafts);
        SendProposal(drafts, null, 0, ReplyAfter.Commit);
    }

    private void Forget(ClientGone gone, long now)
    {
        if (gone.Reign != _reign)
            return;
        var drafts = TakeDrafts();
        var more = _leader.ClientGone(gone.Client, now, drafts, _settings.SweepMaximumEntries);
        SendProposal(drafts, null, 0, ReplyAfter.Commit);
        if (more)
            _outbox.Send(CellAddress.Of(_partition), gone); // behind what others have sent meanwhile
    }

    private void ListOn(ListObjectsOn list, CellAddress segments, long now)
    {
        if (list.Reign != _reign)
            return;
        var candidates = new List<MoveCandidate>();
        foreach (var handle in list.Handles)
        {
            foreach (var candidate in _leader.ListOn(handle, list.Limit, now))
                candidates.Add(new MoveCandidate(candidate.Key, candidate.SizeBytes, handle, candidate.IsBlocked, candidate.Holders));
        }

        _outbox.Send(segments, new ObjectsListed(_reign, list.Round, candidates));
    }

    private void Describe(DescribeGroups describe, CellAddress evictor)
    {
        if (describe.Reign != _reign)
            return;
        var states = new GroupState[describe.Groups.Count];
        _leader.DescribeGroups([.. describe.Groups], states);
        _outbox.Send(evictor, new GroupsDescribed(_partition, _reign, describe.CycleId, describe.Groups, states));
    }

    private void Evict(EvictVictims evict, CellAddress evictor, long now)
    {
        if (evict.Reign != _reign)
            return;
        var drafts = TakeDrafts();
        var (count, bytes) = _leader.Evict(evict.Keys, now, drafts);
        SendProposal(drafts, null, 0, ReplyAfter.Commit);
        var answer = new VictimsEvicted(_reign, evict.CycleId, count, bytes);
        if (_leader.Uncommitted == 0)
            _outbox.Send(evictor, answer);
        else
            _evictions.Enqueue(new AwaitedEviction(_leader.Uncommitted, evictor, answer));
    }

    private void Committed(EntriesCommitted committed)
    {
        _leader.Committed(committed.Count, committed.LastSequence);
        SendReleased();
        while (_leader.TryTakeDroppedSegment(out var handle))
            _outbox.Send(CellAddress.SegmentTable, new SegmentDroppedByShard(_reign, handle, _partition));
        for (var left = _evictions.Count; left > 0; left--)
        {
            var awaited = _evictions.Dequeue();
            if (awaited.Uncommitted <= committed.Count)
                _outbox.Send(awaited.Evictor, awaited.Answer);
            else
                _evictions.Enqueue(awaited with { Uncommitted = awaited.Uncommitted - committed.Count });
        }
    }

    // A call may be left over from an earlier reign. Buffers that were placed then are not this reign's to give: they are
    // neither used nor released (invariant 5).
    private bool MayExecute(KeyedCall call) => _knowsSegments && (call.PlacementStride == 0 || call.PlacementReign == _reign);

    private static bool NeedsBuffers(KeyedOperation operation) =>
        operation is KeyedOperation.PutStart or KeyedOperation.UpsertStart or KeyedOperation.CopyStart or KeyedOperation.MoveStart;

    private static ErrorCode Unknown(out uint[] handles)
    {
        handles = [];
        return ErrorCode.UnavailableInCurrentMode;
    }

    /// <summary>Hands the drafts over, or keeps the buffer for the next message when nothing was written into it.</summary>
    private void SendProposal(DraftBuffer drafts, KeyedCall? call, int waiting, ReplyAfter after)
    {
        if (drafts.Count == 0)
            _unusedDrafts = drafts;
        if (drafts.Count > 0 || waiting > 0)
            _outbox.Send(CellAddress.Replica, new Propose(_partition, _reign, drafts.Count > 0 ? drafts : null, call, waiting, after));
    }

    private DraftBuffer TakeDrafts()
    {
        var drafts = _unusedDrafts ?? new DraftBuffer(_partition);
        _unusedDrafts = null;
        return drafts;
    }

    private void SendReleased()
    {
        var released = _leader.TakeReleased();
        if (released.Length > 0)
            _outbox.Send(CellAddress.SegmentTable, new ReleaseExtents(_reign, released));
    }
}
