// One metadata shard of a node: the same actor on every node, in one of two roles. As a replica it applies committed
// entries; leading, a ShardReign decides calls and proposes entries. Thin: the rules are ShardLeader's, the state is ShardState's.
// Talks to its node's replica and segment table only; never asks, never waits, never touches the journal or the network.
using Akka.Actor;
using Akka.Event;
using HotStandby.Actors.Checkpoints;
using HotStandby.Actors.Protocol;
using HotStandby.Actors.Verification;
using HotStandby.Core.Checkpoints;
using HotStandby.Core.Shards;
using HotStandby.Messages;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;
using HotStandby.Messages.Verification;

namespace HotStandby.Actors.Shards;

/// <summary>The actor of one metadata shard.</summary>
public sealed class ShardActor : UntypedActor, IWithTimers
{
    private const string SweepTimer = "sweep";

    private readonly Partition _partition;
    private readonly int _shardCount;
    private readonly ShardSettings _settings;
    private readonly ReplyAfter _replyAfter;
    private readonly ShardPeers _peers;
    private readonly TimeProvider _time;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly ShardVerifier _verifier;

    private ShardState _state;
    private ShardReign? _leading;
    private ulong _reign;
    private ulong _life;
    private int _uncommittedTail;
    private int _imageBytes = 4096;

    /// <summary>Use <see cref="Props"/>.</summary>
    public ShardActor(
        Partition partition, int shardCount, ShardSettings settings, ReplyAfter replyAfter, IActorRef replica, IActorRef segments,
        TimeProvider time)
    {
        settings.Check();
        (_partition, _shardCount, _settings, _replyAfter) = (partition, shardCount, settings, replyAfter);
        (_peers, _time) = (new ShardPeers(Self, replica, segments), time);
        _state = new ShardState(partition, shardCount);
        _verifier = new ShardVerifier(partition, shardCount, Self, _log);
    }

    /// <summary>How to start one.</summary>
    /// <param name="partition">Which shard.</param>
    /// <param name="shardCount">Of the cluster.</param>
    /// <param name="settings">Lease, timeouts, sweep.</param>
    /// <param name="replyAfter">When replies may leave, but for those that give buffers away, which always wait for commit.</param>
    /// <param name="replica">Takes proposals; sends entries, commits and roles.</param>
    /// <param name="segments">The segment table: takes live, released and dropped buffers.</param>
    /// <param name="time">The monotonic clock.</param>
    public static Props Props(
        Partition partition, int shardCount, ShardSettings settings, ReplyAfter replyAfter, IActorRef replica, IActorRef segments,
        TimeProvider time) =>
        Akka.Actor.Props.Create(() => new ShardActor(partition, shardCount, settings, replyAfter, replica, segments, time));

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc/>
    protected override void OnReceive(object message) => AsReplica(message);

    /// <inheritdoc/>
    protected override void PostStop() => _leading?.End();

    private void AsReplica(object message)
    {
        switch (message)
        {
            case ApplyEntries entries:
                Apply(entries);
                break;
            case KeyedItems items:
                items.Refuse();
                break;
            case LocateObject locate:
                locate.Call.Finish(ErrorCode.UnavailableInCurrentMode);
                break;
            case ListKeys:
                Sender.Tell(new KeysListed(_partition, null), Self);
                break;
            case BeginLeading begin:
                Lead(begin.Reign);
                break;
            case StopLeading:
                _peers.Replica.Tell(new LeadingStopped(_uncommittedTail > 0), Self);
                break;
            case VerificationResponse answer:
                _verifier.Answered(answer);
                break;
            case AbandonDrillDown:
                _verifier.Stop();
                break;
            case InjectFault inject:
                Sender.Tell(_verifier.Inject(_state, inject), Self);
                break;
            case ProposeVerificationMarker or VerificationRequest:
                break; // Its Primary is asked, and this is none (any more).
            case DropSegment or ClientGone or SweepNow or ListObjectsOn or OfferVictims or DescribeGroups or EvictVictims:
                break; // Left over from a reign that is over: whoever leads next does what is due then.
            default:
                InEveryRole(message);
                break;
        }
    }

    private void AsLeading(object message)
    {
        var leading = _leading!;
        switch (message)
        {
            case KeyedItems items:
                leading.Execute(items);
                break;
            case EntriesCommitted committed:
                leading.Committed(committed);
                break;
            case SegmentsChanged changed:
                leading.Mounted(changed);
                break;
            case LocateObject locate:
                leading.Locate(locate.Call);
                break;
            case ListKeys list:
                Sender.Tell(leading.List(list), Self);
                break;
            case ListObjectsOn list:
                leading.ListOn(list, Sender);
                break;
            case OfferVictims offer:
                leading.Offer(offer, Sender);
                break;
            case DescribeGroups describe:
                leading.Describe(describe, Sender);
                break;
            case EvictVictims evict:
                leading.Evict(evict, Sender);
                break;
            case SweepNow:
                leading.Sweep();
                break;
            case ProposeVerificationMarker:
                leading.MarkVerificationPoint();
                break;
            case VerificationRequest request:
                leading.Compare(request, _verifier.Node, Sender);
                break;
            case VerificationResponse or AbandonDrillDown:
                break; // Of the time before this reign.
            case InjectFault:
                Sender.Tell(new FaultInjected(0, $"{_partition} leads: faults are put into Standbys only"), Self);
                break;
            case DropSegment drop:
                leading.Drop(drop);
                break;
            case ClientGone gone:
                leading.ClientGone(gone);
                break;
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
            case VerifierIs verifier:
                _verifier.Use(verifier);
                break;
            case ResetPartition reset when reset.Life >= _life:
                BeginWith(new ShardState(_partition, _shardCount), reset.Life);
                break;
            case ResetPartition:
                break; // A later life has begun.
            case RestorePartition restore:
                Restore(restore);
                break;
            case TakeImage take:
                Write(take);
                break;
            case ReportPartition:
                var uncommitted = _leading?.Uncommitted ?? _uncommittedTail;
                Sender.Tell(new PartitionReport(_partition, _state.AppliedSequence, _state.Digest, uncommitted), Self);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void Apply(ApplyEntries entries)
    {
        if (entries.Life < _life)
            return; // Of a state that has been replaced since.
        RequireNoTail(nameof(ApplyEntries));
        var encoded = entries.Batch.Encoded.Span;
        for (var i = 0; i < entries.Count; i++)
        {
            if (!OpLogEntry.TryView(encoded[entries.Offsets[i]..], out var entry))
                throw new InvariantViolation(7, $"{_partition}: no entry at {entries.Offsets[i]} of the batch {entries.Batch.FirstSequence}");
            _state.Apply(entry);
            _verifier.Applied(_state, entry);
        }

        _verifier.Proceed();
        _peers.Replica.Tell(new EntriesApplied(entries.Life, entries.Batch.LastSequence), Self);
    }

    private void Lead(ulong reign)
    {
        RequireNoTail(nameof(BeginLeading));
        _reign = reign;
        _verifier.Stop();
        _leading = new ShardReign(reign, _state, _peers, _settings, _replyAfter, _time);
        Timers.StartPeriodicTimer(SweepTimer, SweepNow.Instance, _settings.SweepInterval);
        _log.Debug("{0} leads in reign {1} from seq {2} with {3} objects", _partition, reign, _state.AppliedSequence, _state.ObjectCount);
        Become(AsLeading);
    }

    private void StepDown()
    {
        _uncommittedTail = _leading!.Uncommitted;
        LeaveReign();
        _peers.Replica.Tell(new LeadingStopped(_uncommittedTail > 0), Self);
        _log.Debug("{0} leads no more after reign {1}, {2} entries uncommitted", _partition, _reign, _uncommittedTail);
    }

    private void BeginWith(ShardState state, ulong life)
    {
        LeaveReign();
        _verifier.Stop();
        (_uncommittedTail, _state, _life) = (0, state, life);
    }

    // An image with the right hash may still hold what no shard would write: its writer's memory was damaged.
    private void Restore(RestorePartition restore)
    {
        var problem = "";
        try
        {
            if (restore.Life >= _life)
                BeginWith(ShardState.FromImage(restore.Image.Span, _partition, _shardCount, restore.Sequence), restore.Life);
        }
        catch (ImageDamagedException damaged)
        {
            problem = damaged.Message;
        }

        Sender.Tell(new PartitionRestored(problem), Self);
    }

    private void Write(TakeImage take)
    {
        var image = _uncommittedTail == 0 ? ImageTaking.Take(_partition, _imageBytes, _state.WriteImage, _log) : null;
        if (image is not null)
            _imageBytes = (int)Math.Min(ImageWriter.LargestBytes, image.Length + (image.Length / 8L)); // the next one will be about as long
        _peers.Replica.Tell(new ImageTaken(_partition, _leading is null ? 0 : _reign, take, image), Self);
    }

    private void LeaveReign()
    {
        Timers.Cancel(SweepTimer);
        _leading?.End();
        _leading = null;
        Become(AsReplica);
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
