// Partition 0 of a node: the segment table. As a Replica it applies committed entries; Rebuilding, it collects what the
// shards hold and builds the allocators of a new reign; Leading, it decides about segments and places every PutStart.
// Talks to the replica (proposals, commits) and to the shards. Does no I/O and asks nobody.
using Akka.Actor;
using Akka.Event;
using HotStandby.Actors.Checkpoints;
using HotStandby.Actors.Gateway;
using HotStandby.Actors.Protocol;
using HotStandby.Actors.Verification;
using HotStandby.Core.Checkpoints;
using HotStandby.Core.Eviction;
using HotStandby.Core.Segments;
using HotStandby.Core.Verification;
using HotStandby.Messages;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;

namespace HotStandby.Actors.Segments;

/// <summary>The segment table of a node.</summary>
public sealed class SegmentActor : UntypedActor, IWithTimers
{
    private const string ClientTimer = "clients";
    private const string EvictionTimer = "eviction";
    private const string DrainTimer = "drain";

    private static readonly TimeSpan DrainInterval = TimeSpan.FromMilliseconds(500);

    private readonly SegmentPeers _peers;
    private readonly ClientWatch _clients;
    private readonly SegmentActorSettings _settings;
    private readonly TimeProvider _time;
    private readonly LiveExtentCollection _live;
    private readonly int _shardCount;
    private readonly Queue<MasterCall> _waiting = new();
    private readonly List<ReleaseExtents> _releasedEarly = [];
    private readonly ILoggingAdapter _log = Context.GetLogger();

    private SegmentTable _table = new();
    private SegmentReign? _leading;
    private VerifierIs? _verifier;
    private ulong _life;
    private ulong _reign;
    private bool _leadsOrRebuilds;
    private bool _isDirty;

    /// <summary>See <see cref="Props"/>.</summary>
    public SegmentActor(
        IActorRef replica, IActorRef evictor, ShardRouter shards, ClientWatch clients, SegmentActorSettings settings, TimeProvider time)
    {
        _peers = new SegmentPeers(Self, replica, evictor, shards);
        (_clients, _settings, _time) = (clients, settings, time);
        _shardCount = shards.ShardCount;
        _live = new LiveExtentCollection(_shardCount);
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <summary>How to make one.</summary>
    /// <param name="replica">The node's replica: takes proposals, tells of commits.</param>
    /// <param name="evictor">Makes room when memory is short.</param>
    /// <param name="shards">The node's shards.</param>
    /// <param name="clients">Where the door learns who is alive.</param>
    /// <param name="settings">Settings.</param>
    /// <param name="time">The monotonic clock.</param>
    public static Props Props(
        IActorRef replica, IActorRef evictor, ShardRouter shards, ClientWatch clients, SegmentActorSettings settings, TimeProvider time) =>
        Akka.Actor.Props.Create(() => new SegmentActor(replica, evictor, shards, clients, settings, time));

    /// <inheritdoc/>
    protected override void OnReceive(object message) => Replica(message);

    /// <inheritdoc/>
    protected override void PostStop()
    {
        _clients.Publish(null);
        RefuseWaiting();
    }

    private void Replica(object message)
    {
        switch (message)
        {
            case SegmentRequest request:
                request.Call.Refuse(ErrorCode.UnavailableInCurrentMode);
                break;
            case StopLeading:
                _peers.Replica.Tell(new LeadingStopped(IsDirty: false));
                break;
            case ReleaseExtents or UnfinishedOnSegment or SegmentDroppedByShard or EvictionDone or ObjectsListed:
            case ClientTick or EvictionTick or DrainTick:
                break; // late, of a reign that is over
            default:
                InAnyRole(message);
                break;
        }
    }

    private void Rebuilding(object message)
    {
        switch (message)
        {
            case SegmentRequest request when _waiting.Count < _settings.MaximumWaitingCalls:
                _waiting.Enqueue(request.Call);
                break;
            case SegmentRequest request:
                request.Call.Refuse(ErrorCode.UnavailableInCurrentStatus);
                break;
            case LiveExtents report:
                _live.Add(report);
                LeadWhenComplete();
                break;
            case ReleaseExtents released:
                _releasedEarly.Add(released); // covered by its shard's report, which is not built in yet
                break;
            case EntriesCommitted committed:
                _table.MarkCommitted(committed.LastSequence); // the replica's own entry: nothing is proposed here yet
                break;
            case StopLeading:
                StepDown();
                break;
            case UnfinishedOnSegment or SegmentDroppedByShard or EvictionDone or ObjectsListed or ClientTick or EvictionTick or DrainTick:
                break; // of an earlier reign
            default:
                InAnyRole(message);
                break;
        }
    }

    private void Leading(object message)
    {
        switch (message)
        {
            case SegmentRequest request:
                _leading!.Serve(request.Call);
                break;
            case ReleaseExtents released:
                _leading!.Release(released);
                break;
            case EntriesCommitted committed:
                _leading!.Committed(committed);
                _clients.Show(_leading.Directory);
                break;
            case UnfinishedOnSegment unfinished:
                _leading!.Unfinished(unfinished);
                break;
            case SegmentDroppedByShard dropped:
                _leading!.Dropped(dropped);
                break;
            case EvictionDone done:
                _leading!.Evicted(done);
                break;
            case EvictionTick:
                _leading!.CheckUse();
                break;
            case DrainTick:
                _leading!.CheckDrains();
                break;
            case ObjectsListed listed:
                _leading!.Listed(listed);
                break;
            case ClientTick:
                _leading!.CheckClients();
                break;
            case ProposeVerificationMarker:
                _leading!.MarkVerificationPoint();
                break;
            case StopLeading:
                StepDown();
                break;
            default:
                InAnyRole(message);
                break;
        }
    }

    private void InAnyRole(object message)
    {
        switch (message)
        {
            case ApplyEntries entries:
                Apply(entries);
                break;
            case BeginLeading begin:
                BecomeRebuilding(begin.Reign);
                break;
            case VerifierIs verifier:
                _verifier = verifier;
                break;
            case ProposeVerificationMarker:
                break; // Its Primary is asked, and this is none (yet).
            case LiveExtents report:
                _live.Add(report);
                break;
            case ResetPartition reset when reset.Life >= _life:
                BeginWith(new SegmentTable(), reset.Life);
                break;
            case ResetPartition:
                break; // a later life has begun
            case RestorePartition restore:
                Restore(restore);
                break;
            case TakeImage take:
                Write(take);
                break;
            case ReportPartition:
                Sender.Tell(new PartitionReport(
                    Partition.SegmentTable, _table.AppliedSequence, _table.Digest, _leading?.Uncommitted ?? 0));
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void Apply(ApplyEntries entries)
    {
        if (entries.Life < _life)
            return;
        var bytes = entries.Batch.Encoded.Span;
        foreach (var offset in entries.Offsets.AsSpan(0, entries.Count))
        {
            if (!OpLogEntry.TryView(bytes[offset..], out var entry))
                throw new InvariantViolation(7, $"no entry at {offset} of the batch that starts at {entries.Batch.FirstSequence}");
            _table.Apply(entry);
            // A table that came with an image of a later seq passes entries over, and must not be compared with what they say.
            if (entry.Type == OpType.VerificationMarker && entry.Sequence == _table.AppliedSequence)
                Compare(entry);
        }

        _clients.Show(_table.Directory);
        _peers.Replica.Tell(new EntriesApplied(entries.Life, entries.Batch.LastSequence));
    }

    // Only what is applied as a replica comes here: a Primary has written the marker itself.
    private void Compare(in OpLogEntry marker)
    {
        if (_verifier is { Settings: not null } verifier)
            verifier.Verifier.Tell(new PartitionCompared(
                Partition.SegmentTable, marker.Sequence, VerificationMarker.Compare(_table, marker), _table.Digest.Count));
    }

    private void StepDown()
    {
        _isDirty = _leading is { Uncommitted: > 0 };
        BecomeReplica();
        _peers.Replica.Tell(new LeadingStopped(_isDirty));
    }

    private void BeginWith(SegmentTable table, ulong life)
    {
        (_table, _life, _isDirty) = (table, life, false);
        _live.Clear();
        _clients.Show(table.Directory);
        BecomeReplica();
    }

    // An image with the right hash may still hold what no segment table would write: its writer's memory was damaged.
    private void Restore(RestorePartition restore)
    {
        var problem = "";
        try
        {
            if (restore.Life >= _life)
                BeginWith(SegmentTable.FromImage(restore.Image.Span, _shardCount, restore.Sequence), restore.Life);
        }
        catch (ImageDamagedException damaged)
        {
            problem = damaged.Message;
        }

        Sender.Tell(new PartitionRestored(problem));
    }

    private void Write(TakeImage take)
    {
        var image = _isDirty ? null : ImageTaking.Take(Partition.SegmentTable, 4096, to => _table.WriteImage(to, _shardCount), _log);
        _peers.Replica.Tell(new ImageTaken(Partition.SegmentTable, _leadsOrRebuilds ? _reign : 0, take, image));
    }

    private void BecomeReplica()
    {
        EndReign();
        _leadsOrRebuilds = false;
        RefuseWaiting();
        Become(Replica);
    }

    private void BecomeRebuilding(ulong reign)
    {
        EndReign();
        (_reign, _leadsOrRebuilds) = (reign, true);
        Become(Rebuilding);
        LeadWhenComplete();
    }

    private void EndReign()
    {
        Timers.Cancel(ClientTimer);
        Timers.Cancel(EvictionTimer);
        Timers.Cancel(DrainTimer);
        _clients.Publish(null);
        _leading?.End();
        _leading = null;
        _releasedEarly.Clear();
    }

    private void LeadWhenComplete()
    {
        if (!_live.IsComplete(_reign))
            return;
        _leading = new SegmentReign(_reign, _table, _live.Take(), _peers, _settings, _time, _log);
        Become(Leading);
        foreach (var released in _releasedEarly)
            _leading.Release(released);
        _releasedEarly.Clear();
        _clients.Publish(_leading.Clients);
        _leading.Begin();
        Timers.StartPeriodicTimer(ClientTimer, ClientTick.Instance, _settings.ExpiryInterval);
        Timers.StartPeriodicTimer(EvictionTimer, EvictionTick.Instance, EvictionPacer.Period);
        Timers.StartPeriodicTimer(DrainTimer, DrainTick.Instance, DrainInterval);
        while (_waiting.TryDequeue(out var call))
            _leading.Serve(call);
    }

    private void RefuseWaiting()
    {
        while (_waiting.TryDequeue(out var call))
            call.Refuse(ErrorCode.UnavailableInCurrentMode);
    }

    private sealed record ClientTick : INoSerializationVerificationNeeded
    {
        public static readonly ClientTick Instance = new();
    }

    private sealed record DrainTick : INoSerializationVerificationNeeded
    {
        public static readonly DrainTick Instance = new();
    }

    private sealed record EvictionTick : INoSerializationVerificationNeeded
    {
        public static readonly EvictionTick Instance = new();
    }
}
