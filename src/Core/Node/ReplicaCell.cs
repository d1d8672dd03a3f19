// The mind of a node for replication: turns messages, journal confirmations and ticks into inputs of the protocol (Replica), and carries
// its effects out in order. It decides only who waits for what.
using HotStandby.Core.Cells;
using HotStandby.Core.Partitions;
using HotStandby.Core.Replication;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Replication;

namespace HotStandby.Core.Node;

/// <summary>The replica of one node. It begins with <see cref="OpLogRecovered"/>.</summary>
/// <param name="settings">Settings.</param>
/// <param name="memory">What the node remembers beside its journal.</param>
/// <param name="observer">Hears what it does.</param>
/// <param name="outbox">Takes what follows.</param>
public sealed class ReplicaCell(ReplicaCellSettings settings, INodeMemory memory, IReplicaObserver observer, Outbox outbox) : ICell
{
    private const long FeedBytes = 4L * 1024 * 1024;
    private const long TailBytes = 64 * 1024;

    // A read that outlives its reign may hold entries that were cut off since; a later reign must not send them.
    private sealed record CatchUp(NodeId Node, ulong Epoch);

    private readonly ReplyQueue _replies = new(1 + settings.Shards, outbox);
    private readonly PartitionFeed _feed = new(1 + settings.Shards, FeedBytes, settings.EntriesPerExtentReport, outbox);
    private readonly LifeKeeper _lives = new(settings.Protocol.Self, memory, outbox);
    private IReadOnlyCollection<NodeId> _peers = [];
    private CellAddress _oracle;
    private bool _isCrownedEarly;
    private Replica? _replica;
    private StateKeeper? _state;
    private Leading _partitions = new Leading.No();
    private BeginReign? _reign;
    private bool _hasOpened;
    private long _leaseUntilTicks = long.MinValue;
    private bool _turnEndsSoon;

    /// <summary>What the partitions have been told.</summary>
    private abstract record Leading
    {
        /// <summary>They follow.</summary>
        public sealed record No : Leading;

        /// <summary>They lead, and propose.</summary>
        public sealed record Yes : Leading;

        /// <summary>They were told to stop; until so many have, nothing is fed to any.</summary>
        public sealed record Stopping(int Awaited, bool AreDirty) : Leading;
    }

    /// <summary>The protocol; null while the journal is being read.</summary>
    public Replica? Replica => _replica;

    /// <summary>What its state rests on; null while the journal is being read.</summary>
    public StateStatus? State => _state?.Status;

    /// <summary>Everything up to here is applied.</summary>
    public ulong AppliedSequence => _feed.AppliedSequence;

    /// <summary>Replies that wait.</summary>
    public int HeldReplies => _replies.Count;

    /// <summary>Until when this node may answer clients, monotonic ticks; long.MinValue: not at all.</summary>
    public long LeaseUntilTicks => _leaseUntilTicks;

    /// <summary>What the node is in.</summary>
    public NodePhase Phase => (_replica, _partitions) switch
    {
        (null, _) => NodePhase.Recovering,
        (_, Leading.Stopping) => NodePhase.Stopping,
        ({ Role: ReplicaRole.Primary, IsHandingOver: true }, _) => NodePhase.HandingOver,
        ({ Role: ReplicaRole.Primary }, _) => _hasOpened ? NodePhase.Serving : NodePhase.Opening,
        ({ Role: ReplicaRole.Candidate }, _) => NodePhase.Campaigning,
        _ => _state!.IsWhole ? NodePhase.Following : NodePhase.Restoring,
    };

    /// <inheritdoc/>
    public bool Receive(object message, CellAddress from, Moment now)
    {
        if (_replica is not { } replica)
            return Recover(message, from, now);
        var isKnown = Run(replica, message, from, now);
        OpenReign(replica);
        CarryOut(replica, from, now);
        return isKnown;
    }

    /// <inheritdoc/>
    public void Stop()
    {
        outbox.Send(CellAddress.Door, DoorCloses.Instance);
        _replies.Abandon();
    }

    private bool Recover(object message, CellAddress from, Moment now)
    {
        switch (message)
        {
            case OpLogRecovered recovered:
                Begin(recovered.Journal, from, now);
                return true;
            case Crown:
                (_oracle, _isCrownedEarly) = (from, true);
                return true;
            case Uncrown or Abdicate:
                (_oracle, _isCrownedEarly) = (default, false);
                outbox.Send(from, HandOverComplete.Instance);
                return true;
            case PeersAre peers:
                _peers = peers.Nodes;
                return true;
            case ReplicationMessage or CorruptAppend or AskLeader:
                return true; // who says it says it again
            default:
                return false;
        }
    }

    private void Begin(RecoveredJournal journal, CellAddress from, Moment now)
    {
        outbox.Report(new JournalRecovered(
            settings.Protocol.Self, journal.Log.LastEpoch, journal.Log.LastSequence, journal.CommitSequence, journal.PromisedEpoch,
            journal.Voting));
        var replica = new Replica(settings.Protocol, _lives.Owned(journal), _lives.Begin(journal), memory.Birth, now.Ticks);
        _replica = replica;
        _feed.Advance(replica.State.CommitSequence, replica.State.Window);
        _state = new StateKeeper(settings, memory, _feed, replica, outbox, now.Ticks);
        _state.PeersAre(_peers);
        _state.Begin();
        outbox.Repeat(ReplicaTick.Instance, settings.TickInterval);
        if (_isCrownedEarly)
            replica.Crown(now.Ticks);
        CarryOut(replica, from, now);
    }

    private bool Run(Replica replica, object message, CellAddress from, Moment now)
    {
        switch (message)
        {
            case Propose propose:
                OnPropose(replica, propose, now);
                return true;
            case JournalWritten:
                replica.Persisted(now.Ticks);
                EndTurnSoon();
                return true;
            case ReplicationMessage said when said is not (FetchImage or ImageChunk):
                observer.Heard(said, now.Ticks);
                replica.Receive(said, now.Ticks);
                EndTurnSoon();
                return true;
            case TurnEnds:
                _turnEndsSoon = false;
                replica.Flush(now.Ticks);
                return true;
            case EntriesApplied applied:
                if (_feed.OnApplied(applied, replica.State.Window))
                {
                    replica.Applied(_feed.AppliedSequence);
                    observer.Applied(_feed.AppliedSequence, now.Ticks);
                }

                return true;
            case ReplicaTick:
                replica.Tick(now.Ticks, now.WallMilliseconds);
                _state!.Tick(now.Ticks);
                return true;
            case CorruptAppend corrupt:
                outbox.Report(new BatchCorrupt(corrupt.Header.From, corrupt.Problem));
                replica.ReceiveCorrupt(corrupt.Header, now.Ticks);
                return true;
            case EntriesSince entries:
                OnEntries(replica, entries, now.Ticks);
                return true;
            case ReadyToServe ready:
                OnReadyToServe(replica, ready, now.Ticks);
                return true;
            case LeadingStopped stopped:
                OnStopped(replica, stopped);
                return true;
            case Crown:
                _oracle = from;
                replica.Crown(now.Ticks);
                return true;
            case SwitchOver wanted:
                outbox.Send(from, new NodeCommandAnswer(replica.SwitchOver(wanted.To, now.Ticks)));
                if (replica.IsHandingOver)
                    outbox.Send(CellAddress.Door, DoorStops.Instance);
                return true;
            case Abdicate when replica.IsCrowned || replica.Role != ReplicaRole.Primary:
                outbox.Send(from, HandOverComplete.Instance);
                return true;
            case Uncrown or Abdicate:
                _oracle = from;
                outbox.Send(CellAddress.Door, DoorStops.Instance);
                replica.Uncrown(now.Ticks);
                return true;
            case PeersAre peers:
                _state!.PeersAre(peers.Nodes);
                return true;
            case AskLeader:
                outbox.Send(from, LeaderIs.Of(replica.Role, replica.State.Leader, settings.Protocol.Self));
                return true;
            default:
                return _state!.Receive(message, from, now.Ticks);
        }
    }

    private void OnPropose(Replica replica, Propose propose, Moment now)
    {
        if (_partitions is not Leading.Yes || propose.Reign != replica.Epoch)
        {
            // Proposed in a reign that is over. The partition knows that it has applied this, and says so when it stops leading.
            propose.Call?.Abandon();
            propose.Drafts?.Release();
            return;
        }

        var sequence = replica.LastProposed;
        if (propose.Drafts is { } drafts)
        {
            var entries = drafts.Count;
            sequence = replica.Propose(drafts, now.Ticks, now.WallMilliseconds);
            _replies.Note(propose.Partition, entries, sequence, now.Ticks);
            EndTurnSoon();
        }

        if (propose.Call is null)
            return;
        if (sequence <= replica.State.CommitSequence)
            outbox.Settle(propose.Call, propose.Items);
        else
            _replies.Hold(propose.Call, propose.Items, sequence, propose.After);
    }

    // Everything that is on its way to this cell now belongs to this turn: it goes into the same batch.
    private void EndTurnSoon()
    {
        if (_turnEndsSoon)
            return;
        _turnEndsSoon = true;
        outbox.Send(CellAddress.Replica, TurnEnds.Instance);
    }

    private void OnEntries(Replica replica, EntriesSince entries, long now)
    {
        if (_feed.OnRead(entries, replica.State.Window))
            return;
        if (entries.Purpose is CatchUp behind && behind.Epoch == replica.Epoch)
            replica.JournalRead(behind.Node, entries.Batches, now);
        else if (entries is { Purpose: ReadTail tail, Batches: [var first, ..] })
            replica.TailRead(tail, first);
    }

    private void OnReadyToServe(Replica replica, ReadyToServe ready, long now)
    {
        if (_partitions is not Leading.Yes || ready.Reign != replica.Epoch || replica.IsHandingOver)
            return; // not while it hands over, either: it takes no new calls
        _hasOpened = true;
        outbox.Send(CellAddress.Door, new DoorOpens(ready.Reign));
        replica.Serve(now);
        observer.Serves(now);
        outbox.Report(new NodeServes(settings.Protocol.Self, ready.Reign));
    }

    private void CarryOut(Replica replica, CellAddress from, Moment now)
    {
        for (var effects = replica.TakeEffects(); effects.Count > 0; effects = replica.TakeEffects())
            foreach (var effect in effects)
                CarryOut(replica, effect, from, now.Ticks);
        _leaseUntilTicks = replica.LeaseUntilTicks;
        ReleaseDurable(replica, now.Ticks);
    }

    private void CarryOut(Replica replica, Effect effect, CellAddress from, long now)
    {
        switch (effect)
        {
            case JournalWrite write:
                outbox.Send(CellAddress.OpLog, write);
                break;
            case Send send:
                outbox.Send(CellAddress.Peer(send.To), send.Message);
                break;
            case CommitAdvanced committed:
                OnCommit(replica, committed.CommitSequence, now);
                break;
            case ReadJournal read:
                outbox.Send(CellAddress.OpLog, new GetEntriesSince(read.FromSequence, FeedBytes, new CatchUp(read.Standby, replica.Epoch)));
                break;
            case ReadTail tail:
                outbox.Send(CellAddress.OpLog, new GetEntriesSince(tail.PreviousSequence + 1, TailBytes, tail));
                break;
            case RoleChanged changed:
                observer.Became(changed, now);
                OnRole(replica, changed);
                break;
            case OwnEntryAppended own:
                _replies.Note(Partition.SegmentTable, 0, own.Sequence, now);
                break;
            case FullSyncNeeded needed:
                _state!.FullSync(needed.Source);
                break;
            case BeginReign reign:
                _reign = reign;
                OpenReign(replica);
                break;
            case RebuildPartitions:
                _partitions = _partitions is Leading.Stopping stopping ? stopping with { AreDirty = true } : _partitions;
                break;
            case HandedOver:
                outbox.Send(_oracle, HandOverComplete.Instance);
                _oracle = default;
                break;
            default:
                _lives.CarryOut(effect, from, now); // what it does not know is a bug
                break;
        }
    }

    private void OnCommit(Replica replica, ulong sequence, long now)
    {
        _state!.Committed(sequence, now);
        switch (_partitions)
        {
            case Leading.No:
                _feed.Advance(sequence, replica.State.Window);
                break;
            case Leading.Yes:
                _feed.Skip(sequence);
                replica.Applied(sequence);
                observer.Committed(sequence, _replies.OldestProposalTicks(now), now);
                // A hand-over gives the lease up in the very step that commits the last entries; no client has been told yet.
                _replies.Commit(sequence, mayAnswer: now < Math.Max(_leaseUntilTicks, replica.LeaseUntilTicks));
                break;
            default:
                break; // fed when all partitions have stopped
        }
    }

    // The partitions have been given all that is committed, the Primary's own entries included: from here on they lead, and propose.
    private void OpenReign(Replica replica)
    {
        if (_reign is not { } reign || replica.Role != ReplicaRole.Primary || reign.Epoch != replica.Epoch
            || _feed.FedSequence < reign.EpochStartSequence || !_feed.IsComplete || _partitions is Leading.Stopping)
            return;
        (_reign, _partitions) = (null, new Leading.Yes());
        _state!.BeginReign(reign.Epoch);
        TellPartitions(new BeginLeading(reign.Epoch, _feed.BeginLeading()));
    }

    private void OnRole(Replica replica, RoleChanged changed)
    {
        outbox.Report(new RoleTaken(
            settings.Protocol.Self, changed.Role, changed.Epoch, changed.Reason, replica.State.Log.LastSequence,
            replica.State.CommitSequence));
        if (changed.Role == ReplicaRole.Primary)
            return;
        (_reign, _hasOpened) = (null, false);
        outbox.Send(CellAddress.Door, DoorCloses.Instance);
        _replies.Abandon(); // a reign that never began to lead may have noted entries of its own
        _state!.EndReign(partitionsMustStop: _partitions is not Leading.No);
        if (_partitions is not Leading.Yes)
            return;
        _partitions = new Leading.Stopping(1 + settings.Shards, AreDirty: false);
        TellPartitions(StopLeading.Instance);
    }

    // What a partition has applied beyond the commit can not be undone one by one: all of them start again from the log.
    private void OnStopped(Replica replica, LeadingStopped stopped)
    {
        if (_partitions is not Leading.Stopping stopping)
            throw new InvalidOperationException("a partition has stopped that was not told to");
        stopping = new Leading.Stopping(stopping.Awaited - 1, stopping.AreDirty || stopped.IsDirty);
        _partitions = stopping.Awaited > 0 ? stopping : new Leading.No();
        if (stopping.Awaited > 0)
            return;
        _state!.Stopped();
        if (stopping.AreDirty)
        {
            outbox.Report(new PartitionsDirty(settings.Protocol.Self));
            _state.Restore();
        }

        _feed.Advance(replica.State.CommitSequence, replica.State.Window);
    }

    private void ReleaseDurable(Replica replica, long now)
    {
        if (_partitions is Leading.Yes && now < replica.LeaseUntilTicks
            && now - _replies.OldestProposalTicks(now) <= settings.MaximumReplicationLagTicks)
            _replies.Durable(replica.State.DurableSequence);
    }

    private void TellPartitions(object message)
    {
        outbox.Send(CellAddress.SegmentTable, message);
        outbox.Send(CellAddress.AllShards, message);
    }
}
