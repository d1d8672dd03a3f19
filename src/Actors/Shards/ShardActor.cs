// One metadata shard of a node: the same actor on every node, in one of two roles. As a replica it applies committed
// entries; leading, it decides calls and proposes entries. Thin: the rules are ShardLeader's, the state is ShardState's.
// Talks to its node's replica and segment table only; never asks, never waits, never touches the journal or the network.
using Akka.Actor;
using Akka.Event;
using HotStandby.Actors.Protocol;
using HotStandby.Core.Segments;
using HotStandby.Core.Shards;
using HotStandby.Messages;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Messages.OpLog;

namespace HotStandby.Actors.Shards;

/// <summary>The actor of one metadata shard.</summary>
public sealed class ShardActor : UntypedActor, IWithTimers
{
    private const string SweepTimer = "sweep";

    private readonly Partition _partition;
    private readonly int _shardCount;
    private readonly ShardSettings _settings;
    private readonly ReplyAfter _replyAfter;
    private readonly IActorRef _replica;
    private readonly IActorRef _segments;
    private readonly TimeProvider _time;
    private readonly ILoggingAdapter _log = Context.GetLogger();

    private ShardState _state;
    private DraftBuffer? _unusedDrafts;
    private ShardLeader? _leader;
    private ulong _reign;
    private bool _knowsSegments;
    private int _uncommittedTail;

    /// <summary>Use <see cref="Props"/>.</summary>
    public ShardActor(
        Partition partition, int shardCount, ShardSettings settings, ReplyAfter replyAfter, IActorRef replica, IActorRef segments,
        TimeProvider time)
    {
        settings.Check();
        (_partition, _shardCount, _settings, _replyAfter) = (partition, shardCount, settings, replyAfter);
        (_replica, _segments, _time) = (replica, segments, time);
        _state = new ShardState(partition, shardCount);
    }

    /// <summary>How to start one.</summary>
    /// <param name="partition">Which shard.</param>
    /// <param name="shardCount">Of the cluster.</param>
    /// <param name="settings">Lease, timeouts, sweep.</param>
    /// <param name="replyAfter">When replies may leave, but for PutStart, which always waits for commit.</param>
    /// <param name="replica">Takes proposals; sends entries, commits and roles.</param>
    /// <param name="segments">The segment table: takes live, released and dropped buffers.</param>
    /// <param name="time">The monotonic clock.</param>
    public static Props Props(
        Partition partition, int shardCount, ShardSettings settings, ReplyAfter replyAfter, IActorRef replica, IActorRef segments,
        TimeProvider time) =>
        Akka.Actor.Props.Create(() => new ShardActor(partition, shardCount, settings, replyAfter, replica, segments, time));

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    private long NowTicks => _time.GetElapsedTime(0).Ticks;

    /// <inheritdoc/>
    protected override void OnReceive(object message) => AsReplica(message);

    /// <inheritdoc/>
    protected override void PostStop() => _unusedDrafts?.Release();

    private void AsReplica(object message)
    {
        switch (message)
        {
            case ApplyEntries entries:
                Apply(entries);
                break;
            case KeyedItems items:
                Refuse(items);
                break;
            case BeginLeading begin:
                Lead(begin.Reign);
                break;
            case StopLeading:
                _replica.Tell(new LeadingStopped(_uncommittedTail > 0), Self);
                break;
            case DropSegment or SweepNow:
                break; // Left over from a reign that is over: whoever leads next drops and sweeps what is due then.
            default:
                InEveryRole(message);
                break;
        }
    }

    private void AsLeading(object message)
    {
        switch (message)
        {
            case KeyedItems items when MayExecute(items.Call):
                Execute(items);
                break;
            case KeyedItems items:
                Refuse(items);
                break;
            case SegmentsChanged changed when changed.Reign == _reign:
                (_leader!.Directory, _knowsSegments) = (changed.Directory, true);
                break;
            case EntriesCommitted committed:
                Commit(committed);
                break;
            case SweepNow:
                Sweep();
                break;
            case DropSegment drop when drop.Reign == _reign:
                Drop(drop.SegmentHandle);
                break;
            case DropSegment:
                break; // Of an earlier reign of this node: this reign's segment table asks again.
            case StopLeading:
                StepDown();
                break;
            case ApplyEntries or BeginLeading:
                throw new InvariantViolation(7, $"{_partition} leads in reign {_reign} and was sent {message.GetType().Name}");
            default:
                InEveryRole(message);
                break;
        }
    }

    private void InEveryRole(object message)
    {
        switch (message)
        {
            case SegmentsChanged:
                break; // Of a reign that is over, or not begun here.
            case ResetPartition:
                Reset();
                break;
            case ReportPartition:
                var uncommitted = _leader?.Uncommitted ?? _uncommittedTail;
                Sender.Tell(new PartitionReport(_partition, _state.AppliedSequence, _state.Digest, uncommitted), Self);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void Apply(ApplyEntries entries)
    {
        RequireNoTail(nameof(ApplyEntries));
        var encoded = entries.Batch.Encoded.Span;
        for (var i = 0; i < entries.Count; i++)
        {
            if (!OpLogEntry.TryView(encoded[entries.Offsets[i]..], out var entry))
                throw new InvariantViolation(7, $"{_partition}: no entry at {entries.Offsets[i]} of the batch {entries.Batch.FirstSequence}");
            _state.Apply(entry);
        }

        _replica.Tell(new EntriesApplied(entries.Life, entries.Batch.LastSequence), Self);
    }

    private static void Refuse(KeyedItems items)
    {
        for (var i = 0; i < items.Count; i++)
            items.Call.Results[items[i]].Error = ErrorCode.UnavailableInCurrentMode;
        items.Call.Settle(items.Count);
    }

    private void Lead(ulong reign)
    {
        RequireNoTail(nameof(BeginLeading));
        _reign = reign;
        _leader = new ShardLeader(_state, _settings, SegmentDirectory.Empty, NowTicks);
        _knowsSegments = false;
        _segments.Tell(new LiveExtents(_partition, reign, [.. _state.EnumerateLiveExtents()]), Self);
        Timers.StartPeriodicTimer(SweepTimer, SweepNow.Instance, _settings.SweepInterval);
        _log.Debug("{0} leads in reign {1} from seq {2} with {3} objects", _partition, reign, _state.AppliedSequence, _state.ObjectCount);
        Become(AsLeading);
    }

    private void StepDown()
    {
        _uncommittedTail = _leader!.Uncommitted;
        LeaveReign();
        _replica.Tell(new LeadingStopped(_uncommittedTail > 0), Self);
        _log.Debug("{0} leads no more after reign {1}, {2} entries uncommitted", _partition, _reign, _uncommittedTail);
    }

    private void Reset()
    {
        LeaveReign();
        _uncommittedTail = 0;
        _state = new ShardState(_partition, _shardCount);
    }

    private void LeaveReign()
    {
        Timers.Cancel(SweepTimer);
        _leader = null;
        Become(AsReplica);
    }

    // A call may be left over from an earlier reign. Buffers that were placed then are not this reign's to give: they are
    // neither used nor released (invariant 5).
    private bool MayExecute(KeyedCall call) =>
        _knowsSegments && (call.Operation != KeyedOperation.PutStart || call.PlacementReign == _reign);

    private void Execute(KeyedItems items)
    {
        var call = items.Call;
        var drafts = TakeDrafts();
        var now = NowTicks;
        var waiting = 0;
        for (var i = 0; i < items.Count; i++)
        {
            if (_leader!.Execute(call, items[i], drafts, now) == ItemOutcome.AwaitsCommit)
                waiting++;
        }

        var after = call.Operation == KeyedOperation.PutStart ? ReplyAfter.Commit : _replyAfter;
        SendProposal(drafts, call, waiting, after);
        if (waiting < items.Count)
            call.Settle(items.Count - waiting);
        SendReleased();
    }

    private void Sweep()
    {
        var drafts = TakeDrafts();
        _leader!.Sweep(NowTicks, drafts, _settings.SweepMaximumEntries);
        SendProposal(drafts, null, 0, ReplyAfter.Commit);
    }

    private void Drop(uint handle)
    {
        var drafts = TakeDrafts();
        _leader!.DropSegment(handle, drafts);
        SendProposal(drafts, null, 0, ReplyAfter.Commit);
    }

    private void Commit(EntriesCommitted committed)
    {
        _leader!.Committed(committed.Count, committed.LastSequence);
        SendReleased();
        while (_leader.TryTakeDroppedSegment(out var handle))
            _segments.Tell(new SegmentDroppedByShard(_reign, handle, _partition), Self);
    }

    /// <summary>Hands the drafts over, or keeps the buffer for the next message when nothing was written into it.</summary>
    private void SendProposal(DraftBuffer drafts, KeyedCall? call, int waiting, ReplyAfter after)
    {
        if (drafts.Count == 0)
            _unusedDrafts = drafts;
        if (drafts.Count > 0 || waiting > 0)
            _replica.Tell(new Propose(_partition, _reign, drafts.Count > 0 ? drafts : null, call, waiting, after), Self);
    }

    private DraftBuffer TakeDrafts()
    {
        var drafts = _unusedDrafts ?? new DraftBuffer(_partition);
        _unusedDrafts = null;
        return drafts;
    }

    private void SendReleased()
    {
        var released = _leader!.TakeReleased();
        if (released.Length > 0)
            _segments.Tell(new ReleaseExtents(_reign, released), Self);
    }

    /// <summary>What was proposed and never committed must not be built upon: the replica resets a shard that has such a tail.</summary>
    private void RequireNoTail(string by)
    {
        if (_uncommittedTail > 0)
            throw new InvariantViolation(7, $"{_partition}: {by} with {_uncommittedTail} uncommitted entries of reign {_reign} applied");
    }

    private sealed record SweepNow : INoSerializationVerificationNeeded
    {
        public static readonly SweepNow Instance = new();
    }
}
