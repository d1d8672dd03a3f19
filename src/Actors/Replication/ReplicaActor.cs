// Drives the pure replica of this node: turns messages, journal confirmations and ticks into its inputs, and carries its
// effects out in order. All protocol decisions are in Core.Replication; what is decided here is only who waits for what.
using Akka.Actor;
using Akka.Cluster;
using Akka.Event;
using HotStandby.Actors.Checkpoints;
using HotStandby.Actors.Gateway;
using HotStandby.Actors.Journal;
using HotStandby.Actors.OpLog;
using HotStandby.Actors.Telemetry;
using HotStandby.Core.Node;
using HotStandby.Core.Partitions;
using HotStandby.Core.Replication;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Replication;

namespace HotStandby.Actors.Replication;

/// <summary>The replica of one node; lives as long as the node.</summary>
public sealed class ReplicaActor : UntypedActor, IWithTimers
{
    private const string TickKey = "tick";
    private const long CatchUpReadBytes = 4L * 1024 * 1024, TailReadBytes = 64 * 1024;

    // A read that outlives its reign may hold entries that were cut off since; a later reign must not send them.
    private sealed record ForStandby(NodeId Node, ulong Epoch);

    private readonly ReplicaOptions _options;
    private readonly DataDirectory _directory;
    private readonly TimeProvider _time;
    private readonly ServingState _serving;
    private readonly PeerDirectory _peers = new((ExtendedActorSystem)Context.System);
    private readonly ReignLedger _ledger = new();
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private IReadOnlyList<IActorRef> _partitions = [];
    private IActorRef _openLog = ActorRefs.Nobody, _oracle = ActorRefs.Nobody;
    private ReplyQueue _replies = new([]);
    private PartitionFeed _feed = null!;
    private StateKeeper _state = null!;
    private LifeKeeper _lives = null!;
    private Replica _replica = null!;
    private BeginReign? _reign;
    private long _leaseUntilTicks = long.MinValue;
    private int _stopsAwaited;
    private bool _crowned, _leading, _dirty, _turnEndsSoon;

    public ReplicaActor(ReplicaOptions options, DataDirectory directory, ServingState serving, TimeProvider time) =>
        (_options, _directory, _serving, _time) = (options, directory, serving, time);

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    private long WallMilliseconds => _time.GetUtcNow().ToUnixTimeMilliseconds(); // for people; nothing decides on it

    /// <summary>The replica; then send it <see cref="PartitionsAre"/>.</summary>
    public static Props Props(ReplicaOptions options, DataDirectory directory, ServingState serving, TimeProvider time) =>
        Akka.Actor.Props.Create(() => new ReplicaActor(options, directory, serving, time));

    /// <inheritdoc/>
    protected override void PreStart() =>
        Cluster.Get(Context.System).Subscribe(Self, ClusterEvent.InitialStateAsEvents, typeof(ClusterEvent.IMemberEvent));

    /// <inheritdoc/>
    protected override void PostStop()
    {
        _serving.Close();
        Cluster.Get(Context.System).Unsubscribe(Self);
        _replies.Abandon();
    }

    /// <inheritdoc/>
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(_ => Directive.Escalate);

    /// <summary>Until the journal is read: nothing is answered, peers ask again.</summary>
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case PartitionsAre are:
                _partitions = are.Partitions;
                _replies = new ReplyQueue(_partitions);
                _openLog = Context.Watch(Context.ActorOf(OpLogActor.Props(_options.Protocol.Self, _options.JournalPluginId), "oplog"));
                break;
            case OpLogRecovered recovered:
                Begin(recovered.Journal);
                break;
            case Crown:
                (_oracle, _crowned) = (Sender, true);
                break;
            case Uncrown or Abdicate:
                (_oracle, _crowned) = (ActorRefs.Nobody, false);
                Sender.Tell(HandOverComplete.Instance);
                break;
            case ClusterEvent.IMemberEvent member:
                _peers.Note(member);
                break;
            case ReplicationMessage or CorruptAppend or ReportReplica or AskLeader:
                break;
            case Terminated:
                throw new JournalFailedException("the OpLog stopped");
            default:
                Unhandled(message);
                break;
        }
    }

    private void Begin(RecoveredJournal journal)
    {
        var now = _time.NowTicks();
        _log.Info(
            "Node {0} recovered its journal: last entry {1}/{2}, committed {3}, promise {4}, {5}", _options.Protocol.Self,
            journal.Log.LastEpoch, journal.Log.LastSequence, journal.CommitSequence, journal.PromisedEpoch,
            journal.Voting ? "voting" : "not voting yet");
        _lives = new LifeKeeper(_options.Protocol.Self, _directory, Context.System.EventStream, _log);
        _replica = new Replica(_options.Protocol, _lives.Owned(journal), _lives.Begin(journal), _directory.Memory.Birth, now);
        _feed = new PartitionFeed(_partitions, _openLog, CatchUpReadBytes);
        _feed.Advance(_replica.State.CommitSequence, _replica.State.Window);
        _state = new StateKeeper(Context, _options, _directory, _partitions, _feed, _replica, _peers, _time, _log);
        _state.Begin();
        Timers.StartPeriodicTimer(TickKey, ReplicaTick.Instance, _options.TickInterval);
        Become(Running);
        if (_crowned)
            _replica.Crown(now);
        CarryOut(now);
    }

    private void Running(object message)
    {
        var now = _time.NowTicks();
        switch (message)
        {
            case Propose propose:
                OnPropose(propose, now);
                break;
            case JournalWritten:
                _replica.Persisted(now);
                EndTurnSoon();
                break;
            case ReplicationMessage replication when replication is not (FetchImage or ImageChunk):
                _ledger.Heard(replication, now);
                _replica.Receive(replication, now);
                EndTurnSoon();
                break;
            case TurnEnds:
                _turnEndsSoon = false;
                _replica.Flush(now);
                break;
            case EntriesApplied applied:
                OnApplied(applied, now);
                break;
            case ReplicaTick:
                _replica.Tick(now, WallMilliseconds);
                _state.Tick(now);
                break;
            case CorruptAppend corrupt:
                _log.Warning("A batch from {0} arrived corrupt and is asked for again: {1}", corrupt.Header.From, corrupt.Problem);
                _replica.ReceiveCorrupt(corrupt.Header, now);
                break;
            case EntriesSince entries:
                OnEntries(entries, now);
                break;
            case ReadyToServe ready:
                OnReadyToServe(ready, now);
                break;
            case LeadingStopped stopped:
                OnStopped(stopped);
                break;
            case Crown:
                _oracle = Sender;
                _replica.Crown(now);
                break;
            case SwitchOver wanted:
                Sender.Tell(new NodeCommandAnswer(_replica.SwitchOver(wanted.To, now)));
                if (_replica.IsHandingOver)
                    _serving.StopAccepting();
                break;
            case Abdicate when _replica.IsCrowned || _replica.Role != ReplicaRole.Primary:
                Sender.Tell(HandOverComplete.Instance);
                break;
            case Uncrown or Abdicate:
                _oracle = Sender;
                _serving.StopAccepting();
                _replica.Uncrown(now);
                break;
            case ClusterEvent.IMemberEvent member:
                _peers.Note(member);
                break;
            case ReportReplica:
                Sender.Tell(ReplicaStatus.Of(
                    _replica, now, _serving.MayServe, _feed.AppliedSequence, _replies.Count, _ledger, _state.Status));
                break;
            case AskLeader:
                Sender.Tell(LeaderIs.Of(_replica.Role, _replica.State.Leader, _options.Protocol.Self));
                break;
            case Terminated:
                throw new JournalFailedException("the OpLog stopped");
            default:
                if (!_state.TryHandle(message, Sender, now))
                    Unhandled(message);
                OpenReign();
                break;
        }

        CarryOut(now);
    }

    private void OnPropose(Propose propose, long now)
    {
        if (!_leading || propose.Reign != _replica.Epoch)
        {
            // Proposed in a reign that is over. The partition knows that it has applied this, and says so when it stops leading.
            propose.Call?.Abandon();
            propose.Drafts?.Release();
            return;
        }

        var sequence = _replica.LastProposed;
        if (propose.Drafts is { } drafts)
        {
            var entries = drafts.Count;
            sequence = _replica.Propose(drafts, now, WallMilliseconds);
            _replies.Note(propose.Partition, entries, sequence, now);
            EndTurnSoon();
        }

        if (propose.Call is null)
            return;
        if (sequence <= _replica.State.CommitSequence)
            propose.Call.Settle(propose.Items);
        else
            _replies.Hold(propose.Call, propose.Items, sequence, propose.After);
    }

    // Everything that is in the mailbox now belongs to this turn: it goes into the same batch.
    private void EndTurnSoon()
    {
        if (_turnEndsSoon)
            return;
        _turnEndsSoon = true;
        Self.Tell(TurnEnds.Instance);
    }

    private void OnApplied(EntriesApplied applied, long now)
    {
        if (!_feed.OnApplied(applied, _replica.State.Window))
            return;
        _replica.Applied(_feed.AppliedSequence);
        _ledger.ApplyLag.Applied(_feed.AppliedSequence, now);
        OpenReign();
    }

    private void OnEntries(EntriesSince entries, long now)
    {
        if (_feed.OnRead(entries, _replica.State.Window))
            OpenReign();
        else if (entries.Purpose is ForStandby standby && standby.Epoch == _replica.Epoch)
            _replica.JournalRead(standby.Node, entries.Batches, now);
        else if (entries is { Purpose: ReadTail tail, Batches: [var first, ..] })
            _replica.TailRead(tail, first);
    }

    private void OnReadyToServe(ReadyToServe ready, long now)
    {
        if (!_leading || ready.Reign != _replica.Epoch || _replica.IsHandingOver)
            return; // not while it hands over, either: it takes no new calls
        _serving.Open(ready.Reign);
        _replica.Serve(now);
        _ledger.Serves(now);
        _log.Info("Node {0} serves in epoch {1}", _options.Protocol.Self, ready.Reign);
    }

    private void CarryOut(long now)
    {
        for (var effects = _replica.TakeEffects(); effects.Count > 0; effects = _replica.TakeEffects())
            foreach (var effect in effects)
                CarryOut(effect, now);
        _serving.ExtendLease(_leaseUntilTicks = _replica.LeaseUntilTicks);
        _serving.Views.Note(_replica.ServiceAt(now), _peers);
        ReleaseDurable(now);
    }

    private void CarryOut(Effect effect, long now)
    {
        switch (effect)
        {
            case JournalWrite write:
                _openLog.Tell(write);
                break;
            case Send send:
                _peers[send.To]?.Tell(send.Message, Self);
                break;
            case CommitAdvanced committed:
                OnCommit(committed.CommitSequence, now);
                break;
            case ReadJournal read:
                _openLog.Tell(new GetEntriesSince(read.FromSequence, CatchUpReadBytes, new ForStandby(read.Standby, _replica.Epoch)));
                break;
            case ReadTail tail:
                _openLog.Tell(new GetEntriesSince(tail.PreviousSequence + 1, TailReadBytes, tail));
                break;
            case RoleChanged changed:
                _ledger.Became(changed, now);
                OnRole(changed);
                break;
            case OwnEntryAppended own:
                _replies.Note(Partition.SegmentTable, 0, own.Sequence, now);
                break;
            case FullSyncNeeded needed:
                _state.FullSync(needed.Source);
                break;
            case BeginReign reign:
                _reign = reign;
                OpenReign();
                break;
            case RebuildPartitions:
                _dirty = true;
                break;
            case HandedOver:
                _oracle.Tell(HandOverComplete.Instance);
                _oracle = ActorRefs.Nobody;
                break;
            default:
                _lives.CarryOut(effect, Sender, now); // what it does not know is a bug
                break;
        }
    }

    private void OnCommit(ulong sequence, long now)
    {
        _state.Committed(sequence);
        if (!_leading && _stopsAwaited == 0)
            _feed.Advance(sequence, _replica.State.Window);
        if (!_leading)
            return;

        _feed.Skip(sequence);
        _replica.Applied(sequence);
        _ledger.Committed(sequence, _replies.OldestProposalTicks(now), now);
        // A hand-over gives the lease up in the very step that commits the last entries; nobody has been told yet.
        _replies.Commit(sequence, mayAnswer: now < Math.Max(_leaseUntilTicks, _replica.LeaseUntilTicks));
    }

    // The partitions have been given all that is committed: from here on they lead, and propose what follows.
    private void OpenReign()
    {
        if (_reign is not { } reign || _replica.Role != ReplicaRole.Primary || reign.Epoch != _replica.Epoch
            || _feed.FedSequence < reign.EpochStartSequence || _stopsAwaited > 0)
            return;
        (_reign, _leading) = (null, true);
        _state.BeginReign(reign.Epoch);
        Publish(new BeginLeading(reign.Epoch));
    }

    private void OnRole(RoleChanged changed)
    {
        _log.Info(
            "Node {0} is {1} in epoch {2}: {3} (last {4}, committed {5})", _options.Protocol.Self, changed.Role, changed.Epoch,
            changed.Reason, _replica.State.Log.LastSequence, _replica.State.CommitSequence);
        if (changed.Role == ReplicaRole.Primary)
            return;
        _reign = null;
        _serving.Close();
        _replies.Abandon(); // a reign that never began to lead may have noted entries of its own
        _state.EndReign(partitionsMustStop: _leading || _stopsAwaited > 0);
        if (!_leading)
            return;
        (_leading, _dirty, _stopsAwaited) = (false, false, _partitions.Count);
        Publish(StopLeading.Instance);
    }

    // What a partition has applied beyond the commit can not be undone one by one: all of them start again from the log.
    private void OnStopped(LeadingStopped stopped)
    {
        _dirty |= stopped.IsDirty;
        if (--_stopsAwaited > 0)
            return;
        _state.Stopped();
        if (_dirty)
        {
            _log.Info("Node {0} restores its partitions: they had applied what was never committed", _options.Protocol.Self);
            _state.Restore();
        }

        _feed.Advance(_replica.State.CommitSequence, _replica.State.Window);
        OpenReign();
    }

    private void ReleaseDurable(long now)
    {
        if (_leading && now < _replica.LeaseUntilTicks && now - _replies.OldestProposalTicks(now) <= _options.MaximumReplicationLagTicks)
            _replies.Durable(_replica.State.DurableSequence);
    }

    private void Publish(object message)
    {
        foreach (var partition in _partitions)
            partition.Tell(message);
    }
}
