// Partition 0 of a node: the segment table. As a Replica it applies committed entries; Rebuilding, it collects what the
// shards hold and builds the allocators of a new reign; Leading, it decides about segments and places every PutStart.
// Talks to the replica (proposals, commits) and to the shards. Does no I/O and asks nobody.
using Akka.Actor;
using Akka.Event;
using HotStandby.Actors.Gateway;
using HotStandby.Actors.Protocol;
using HotStandby.Core.Segments;
using HotStandby.Messages;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;

namespace HotStandby.Actors.Segments;

/// <summary>The segment table's actor. An <see cref="InvariantViolation"/> goes to its supervisor.</summary>
public sealed class SegmentActor : UntypedActor, IWithTimers
{
    private const string ExpiryTimer = "client-expiry";

    private readonly IActorRef _replica;
    private readonly ShardRouter _shards;
    private readonly SegmentActorSettings _settings;
    private readonly TimeProvider _time;
    private readonly LiveExtentCollection _live;
    private readonly Queue<MasterCall> _waiting = new();
    private readonly List<ReleaseExtents> _releasedEarly = [];
    private readonly List<uint> _toDrop = [];
    private readonly ILoggingAdapter _log = Context.GetLogger();

    private SegmentTable _table = new();
    private SegmentDrops _drops;
    private SegmentLeader _leader = null!; // only while Leading
    private ulong _life;
    private ulong _reign;

    /// <summary>See <see cref="Props"/>.</summary>
    public SegmentActor(IActorRef replica, ShardRouter shards, SegmentActorSettings settings, TimeProvider time)
    {
        (_replica, _shards, _settings, _time) = (replica, shards, settings, time);
        _live = new LiveExtentCollection(shards.ShardCount);
        _drops = new SegmentDrops(shards.ShardCount);
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <summary>How to make one.</summary>
    /// <param name="replica">The node's replica: takes proposals, tells of commits.</param>
    /// <param name="shards">The node's shards.</param>
    /// <param name="settings">Settings.</param>
    /// <param name="time">The monotonic clock.</param>
    public static Props Props(IActorRef replica, ShardRouter shards, SegmentActorSettings settings, TimeProvider time) =>
        Akka.Actor.Props.Create(() => new SegmentActor(replica, shards, settings, time));

    /// <inheritdoc/>
    protected override void OnReceive(object message) => Replica(message);

    /// <inheritdoc/>
    protected override void PostStop() => RefuseWaiting();

    private void Replica(object message)
    {
        switch (message)
        {
            case SegmentRequest request:
                request.Call.Refuse(ErrorCode.UnavailableInCurrentMode);
                break;
            case StopLeading:
                _replica.Tell(new LeadingStopped(IsDirty: false));
                break;
            case ReleaseExtents or SegmentDroppedByShard or ExpiryTick:
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
            case SegmentDroppedByShard or ExpiryTick:
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
                Serve(request.Call);
                break;
            case ReleaseExtents released:
                Release(released);
                break;
            case EntriesCommitted committed:
                OnCommitted(committed);
                break;
            case SegmentDroppedByShard dropped:
                OnDropped(dropped);
                break;
            case ExpiryTick:
                var expired = NewDrafts();
                var silent = _leader.ExpireClients(_time.NowTicks(), expired);
                if (silent.Count > 0)
                    _log.Warning(
                        "{Suspects} silent clients are suspect and {Dead} expire in epoch {Epoch}",
                        silent.Count(client => !client.IsDead), silent.Count(client => client.IsDead), _reign);
                _leader.UnmountDue(_time.NowTicks(), expired);
                Propose(expired);
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
            case LiveExtents report:
                _live.Add(report);
                break;
            case ResetPartition reset:
                (_table, _life) = (new SegmentTable(), reset.Life);
                _live.Clear();
                BecomeReplica();
                break;
            case ReportPartition:
                Sender.Tell(new PartitionReport(
                    Partition.SegmentTable, _table.AppliedSequence, _table.Digest, _leader?.Uncommitted ?? 0));
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
        }

        _replica.Tell(new EntriesApplied(entries.Life, entries.Batch.LastSequence));
    }

    private void StepDown()
    {
        var isDirty = _leader is { Uncommitted: > 0 };
        BecomeReplica();
        _replica.Tell(new LeadingStopped(isDirty));
    }

    private void BecomeReplica()
    {
        EndReign();
        RefuseWaiting();
        Become(Replica);
    }

    private void BecomeRebuilding(ulong reign)
    {
        EndReign();
        _reign = reign;
        Become(Rebuilding);
        LeadWhenComplete();
    }

    private void EndReign()
    {
        Timers.Cancel(ExpiryTimer);
        _leader = null!;
        _releasedEarly.Clear();
    }

    private void LeadWhenComplete()
    {
        if (!_live.IsComplete(_reign))
            return;
        var settings = new SegmentLeaderSettings(_settings.ClientTtl.Ticks, _settings.Seed ^ _reign, _settings.Strategy)
        {
            CheckIntervalTicks = _settings.ExpiryInterval.Ticks,
        };
        _leader = new SegmentLeader(_table, _live.Take(), settings, _time.NowTicks());
        _drops = new SegmentDrops(_shards.ShardCount);
        Become(Leading);
        foreach (var released in _releasedEarly)
            Release(released);
        _releasedEarly.Clear();
        _log.Info(
            "Segment table leads epoch {Epoch}: {Segments} segments, {UsedBytes} of {CapacityBytes} bytes in use",
            _reign, _table.Count, _leader.Space.UsedBytes, _leader.Space.CapacityBytes);
        _shards.TellAll(new SegmentsChanged(_reign, _leader.Directory), Self);
        _replica.Tell(new ReadyToServe(_reign));
        foreach (var handle in _leader.Unmounting)
            BeginDrop(handle);
        Timers.StartPeriodicTimer(ExpiryTimer, ExpiryTick.Instance, _settings.ExpiryInterval);
        while (_waiting.TryDequeue(out var call))
            Serve(call);
    }

    private void Serve(MasterCall call)
    {
        switch (call)
        {
            case KeyedCall putStart:
                BatchPlacement.Place(putStart, _leader, _reign);
                _shards.Route(putStart);
                break;
            case PingCall ping:
                ping.Status = _leader.Ping(ping.Client, _time.NowTicks());
                ping.Finish(ErrorCode.Ok);
                break;
            case MountSegmentCall mount:
                var mounted = NewDrafts();
                Answer(mount, _leader.Mount(mount.Client, mount.Segment, _time.NowTicks(), mounted), mounted, _settings.MountReplyAfter);
                break;
            case ReMountSegmentCall remount:
                var remounted = NewDrafts();
                Answer(
                    remount, _leader.ReMount(remount.Client, remount.Segments, _time.NowTicks(), remounted), remounted,
                    _settings.MountReplyAfter);
                break;
            case UnmountSegmentCall unmount:
                var unmounted = NewDrafts();
                Answer(unmount, _leader.Unmount(unmount.SegmentId, unmounted), unmounted, ReplyAfter.Commit);
                break;
            default:
                call.Refuse(ErrorCode.NotSupported);
                break;
        }
    }

    // A decision without entries may still rest on entries that are not committed yet; then it waits for them too.
    private void Answer(SegmentCall call, ErrorCode error, DraftBuffer drafts, ReplyAfter after)
    {
        if (_leader.Uncommitted == 0)
        {
            drafts.Release();
            call.Finish(error);
            return;
        }

        call.Decide(error);
        if (drafts.Count == 0)
            drafts.Release();
        _replica.Tell(new Propose(
            Partition.SegmentTable, _reign, drafts.Count > 0 ? drafts : null, call, Items: 1, after));
    }

    private void Propose(DraftBuffer drafts)
    {
        if (drafts.Count == 0)
            drafts.Release();
        else
            _replica.Tell(new Propose(Partition.SegmentTable, _reign, drafts, Call: null, Items: 0, ReplyAfter.Commit));
    }

    private void OnCommitted(EntriesCommitted committed)
    {
        _toDrop.Clear();
        if (_leader.Commit(committed.Count, committed.LastSequence, _toDrop))
            _shards.TellAll(new SegmentsChanged(_reign, _leader.Directory), Self);
        foreach (var handle in _toDrop)
            BeginDrop(handle);
    }

    private void BeginDrop(uint handle)
    {
        _drops.Begin(handle);
        _shards.TellAll(new DropSegment(_reign, handle), Self);
    }

    private void OnDropped(SegmentDroppedByShard dropped)
    {
        if (dropped.Reign != _reign || !_drops.Dropped(dropped.SegmentHandle, dropped.Partition.ShardIndex))
            return;
        var drafts = NewDrafts();
        _leader.Erase(dropped.SegmentHandle, drafts);
        Propose(drafts);
    }

    private void Release(ReleaseExtents released)
    {
        if (released.Reign != _reign)
            return;
        foreach (var extent in released.Extents)
        {
            if (extent.LengthBytes > 0) // a shard may give back all places of an item, empty ones too
                _leader.Space.Release(extent);
        }
    }

    private void RefuseWaiting()
    {
        while (_waiting.TryDequeue(out var call))
            call.Refuse(ErrorCode.UnavailableInCurrentMode);
    }

    private static DraftBuffer NewDrafts() => new(Partition.SegmentTable);

    private sealed record ExpiryTick : INoSerializationVerificationNeeded
    {
        public static readonly ExpiryTick Instance = new();
    }
}
