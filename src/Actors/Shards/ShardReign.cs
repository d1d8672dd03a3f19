// One reign over a shard: everything that its actor does while it leads. Decisions are ShardLeader's; this carries messages to them
// and proposals, buffers and answers away from them.
using Akka.Actor;
using HotStandby.Actors.Gateway;
using HotStandby.Actors.Protocol;
using HotStandby.Actors.Segments;
using HotStandby.Core.Segments;
using HotStandby.Core.Shards;
using HotStandby.Core.Tasks;
using HotStandby.Messages;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;
using HotStandby.Messages.Verification;

namespace HotStandby.Actors.Shards;

/// <summary>Whom a reign over a shard talks to.</summary>
/// <param name="Self">The shard's actor.</param>
/// <param name="Replica">Takes proposals.</param>
/// <param name="Segments">The segment table: takes buffers that are free, and calls that need some.</param>
internal sealed record ShardPeers(IActorRef Self, IActorRef Replica, IActorRef Segments);

/// <summary>A reign over one shard. Used by <see cref="ShardActor"/> only.</summary>
internal sealed class ShardReign
{
    private readonly record struct AwaitedEviction(int Uncommitted, IActorRef Evictor, VictimsEvicted Answer);

    private readonly Partition _partition;
    private readonly ulong _reign;
    private readonly ShardPeers _peers;
    private readonly ShardSettings _settings;
    private readonly ReplyAfter _replyAfter;
    private readonly TimeProvider _time;
    private readonly ShardLeader _leader;
    private readonly Queue<AwaitedEviction> _evictions = new();
    private DraftBuffer? _unusedDrafts;
    private bool _knowsSegments;

    public ShardReign(ulong reign, ShardState state, ShardPeers peers, ShardSettings settings, ReplyAfter replyAfter, TimeProvider time)
    {
        (_partition, _reign, _peers, _settings, _replyAfter, _time) = (state.Partition, reign, peers, settings, replyAfter, time);
        _leader = new ShardLeader(state, settings, SegmentDirectory.Empty, NowTicks);
        Tell(_peers.Segments, new LiveExtents(_partition, reign, [.. state.EnumerateLiveExtents()]));
    }

    /// <summary>Entries that are applied here but not committed yet.</summary>
    public int Uncommitted => _leader.Uncommitted;

    private long NowTicks => _time.NowTicks();

    /// <summary>The reign is over.</summary>
    public void End()
    {
        _leader.End();
        _unusedDrafts?.Release();
    }

    /// <summary>What is mounted now.</summary>
    public void Mounted(SegmentsChanged changed)
    {
        if (changed.Reign != _reign)
            return;
        _leader.Directory = changed.Directory;
        _knowsSegments = true;
        foreach (var handle in changed.Unmounted)
            Tell(_peers.Segments, new UnfinishedOnSegment(_reign, handle, _partition, _leader.UnfinishedOn(handle)));
    }

    /// <summary>Items of a call.</summary>
    public void Execute(KeyedItems items)
    {
        var call = items.Call;
        if (!MayExecute(call))
        {
            items.Refuse();
            return;
        }

        var drafts = TakeDrafts();
        var now = NowTicks;
        var (waiting, settled) = (0, 0);
        for (var i = 0; i < items.Count; i++)
        {
            switch (_leader.Execute(call, items[i], drafts, now))
            {
                case ItemOutcome.AwaitsCommit:
                    waiting++;
                    break;
                case ItemOutcome.NeedsPlacement:
                    Tell(_peers.Segments, new SegmentRequest(call));
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

    /// <summary>Says where an object is, and sends the call on to the segment table.</summary>
    public void Locate(CreateTaskCall call)
    {
        var error = _knowsSegments ? _leader.Locate(call.Key, out var handles) : Unknown(out handles);
        call.SegmentHandles = handles;
        if (error == ErrorCode.Ok)
            Tell(_peers.Segments, new SegmentRequest(call));
        else
            call.Finish(error);
    }

    /// <summary>The keys that it holds.</summary>
    public KeysListed List(ListKeys list) => new(_partition, _knowsSegments ? _leader.ListKeys(list.ReadableOnly, list.Tenant) : null);

    /// <summary>Puts that nobody will finish, pins that are over.</summary>
    public void Sweep()
    {
        var drafts = TakeDrafts();
        _leader.Sweep(NowTicks, drafts, _settings.SweepMaximumEntries);
        SendProposal(drafts, null, 0, ReplyAfter.Commit);
        SendReleased();
    }

    /// <summary>Puts a marker with this shard's digests into the log.</summary>
    public void MarkVerificationPoint()
    {
        var drafts = TakeDrafts();
        _leader.MarkVerificationPoint(NowTicks, drafts);
        SendProposal(drafts, null, 0, ReplyAfter.Commit);
    }

    /// <summary>Compares what a Standby held with what is committed here.</summary>
    public void Compare(VerificationRequest request, NodeId self, IActorRef verifier) => Tell(verifier, _leader.Compare(request, self));

    /// <summary>Every replica on a segment goes.</summary>
    public void Drop(DropSegment drop)
    {
        if (drop.Reign != _reign)
            return; // Of an earlier reign of this node: this reign's segment table asks again.
        var drafts = TakeDrafts();
        _leader.DropSegment(drop.SegmentHandle, NowTicks, drafts);
        SendProposal(drafts, null, 0, ReplyAfter.Commit);
    }

    /// <summary>What a dead client was writing is parked, in bounded lots.</summary>
    public void ClientGone(ClientGone gone)
    {
        if (gone.Reign != _reign)
            return;
        var drafts = TakeDrafts();
        var more = _leader.ClientGone(gone.Client, NowTicks, drafts, _settings.SweepMaximumEntries);
        SendProposal(drafts, null, 0, ReplyAfter.Commit);
        if (more)
            Tell(_peers.Self, gone);
    }

    /// <summary>What lies on some segments.</summary>
    public void ListOn(ListObjectsOn list, IActorRef segments)
    {
        if (list.Reign != _reign)
            return;
        var candidates = new List<MoveCandidate>();
        foreach (var handle in list.Handles)
        {
            foreach (var candidate in _leader.ListOn(handle, list.Limit, NowTicks))
                candidates.Add(new MoveCandidate(candidate.Key, candidate.SizeBytes, handle, candidate.IsBlocked, candidate.Holders));
        }

        Tell(segments, new ObjectsListed(_reign, list.Round, candidates));
    }

    /// <summary>Its coldest objects.</summary>
    public void Offer(OfferVictims offer, IActorRef evictor)
    {
        if (offer.Reign == _reign)
            Tell(evictor, new VictimsOffered(_partition, _reign, offer.CycleId, _leader.Offer(offer.Limit, NowTicks)));
    }

    /// <summary>What it holds of some groups.</summary>
    public void Describe(DescribeGroups describe, IActorRef evictor)
    {
        if (describe.Reign != _reign)
            return;
        var states = new GroupState[describe.Groups.Count];
        _leader.DescribeGroups([.. describe.Groups], states);
        Tell(evictor, new GroupsDescribed(_partition, _reign, describe.CycleId, describe.Groups, states));
    }

    /// <summary>Victims go; the evictor hears of it when that is committed.</summary>
    public void Evict(EvictVictims evict, IActorRef evictor)
    {
        if (evict.Reign != _reign)
            return;
        var drafts = TakeDrafts();
        var (count, bytes) = _leader.Evict(evict.Keys, NowTicks, drafts);
        SendProposal(drafts, null, 0, ReplyAfter.Commit);
        var answer = new VictimsEvicted(_reign, evict.CycleId, count, bytes);
        if (_leader.Uncommitted == 0)
            Tell(evictor, answer);
        else
            _evictions.Enqueue(new AwaitedEviction(_leader.Uncommitted, evictor, answer));
    }

    /// <summary>The next entries are committed.</summary>
    public void Committed(EntriesCommitted committed)
    {
        _leader.Committed(committed.Count, committed.LastSequence);
        SendReleased();
        while (_leader.TryTakeDroppedSegment(out var handle))
            Tell(_peers.Segments, new SegmentDroppedByShard(_reign, handle, _partition));
        for (var left = _evictions.Count; left > 0; left--)
        {
            var awaited = _evictions.Dequeue();
            if (awaited.Uncommitted <= committed.Count)
                Tell(awaited.Evictor, awaited.Answer);
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
            Tell(_peers.Replica, new Propose(_partition, _reign, drafts.Count > 0 ? drafts : null, call, waiting, after));
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
            Tell(_peers.Segments, new ReleaseExtents(_reign, released));
    }

    private void Tell(IActorRef to, object message) => to.Tell(message, _peers.Self);
}
