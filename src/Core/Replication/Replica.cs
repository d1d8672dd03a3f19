// The replication protocol of one node, pure: inputs in, effects out. It sees no clock, no disk, no network and no actor;
// docs/protocol.md says why each rule is what it is. Driven by ReplicaCell in a node, by the simulation in tests.
using HotStandby.Messages;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;
using HotStandby.Messages.Replication;

namespace HotStandby.Core.Replication;

/// <summary>
/// One node's replica. Not thread safe. Every input takes <c>nowTicks</c>, a monotonic clock in units of 100 ns that never
/// goes back; after each input the caller takes the effects with <see cref="TakeEffects"/> and carries them out in order.
/// </summary>
public sealed class Replica
{
    private readonly ReplicaState _state;
    private readonly StandbyRole _standby;
    private readonly LapsedGrants _lapsedGrants;
    private readonly TailSource _tails;
    private readonly LifeGuard _guard;
    private readonly List<Effect> _taken = [];
    private readonly Succession _succession = new();
    private CandidateRole? _candidate;
    private PrimaryRole? _primary;
    private long _campaignAtTicks, _wallMilliseconds;
    private ulong _highestEpochSeen;

    /// <summary>Starts as a Standby.</summary>
    /// <param name="settings">Settings.</param>
    /// <param name="recovered">What the journal held.</param>
    /// <param name="life">The memory of the journal, and a run of it that is later than all before.</param>
    /// <param name="birth">Which cluster this memory belongs to; 0: it has not met one yet.</param>
    /// <param name="nowTicks">Now.</param>
    public Replica(ReplicaSettings settings, RecoveredJournal recovered, Life life, ulong birth, long nowTicks)
    {
        _state = new ReplicaState(settings, recovered, life, birth, nowTicks);
        _standby = new StandbyRole(_state);
        _lapsedGrants = new LapsedGrants(_state);
        _tails = new TailSource(_state);
        _guard = new LifeGuard(_state);
        _highestEpochSeen = _state.PromisedEpoch;
        // An earlier life may have given a grant a moment ago: it is honoured as if it were given now.
        if (!recovered.IsNew)
            (_state.GrantedTo, _state.GrantUntilTicks) = (NodeId.None, nowTicks + settings.LeaseDurationTicks);
    }

    /// <summary>The books, for reading.</summary>
    public ReplicaState State => _state;

    /// <summary>What this node is.</summary>
    public ReplicaRole Role =>
        _primary is not null ? ReplicaRole.Primary : _candidate is not null ? ReplicaRole.Candidate : ReplicaRole.Standby;

    /// <summary>The epoch in which it leads or tries to; otherwise its promise.</summary>
    public ulong Epoch => _primary?.Epoch ?? _candidate?.Epoch ?? _state.PromisedEpoch;

    /// <summary>Until when this node may answer clients (monotonic ticks); long.MinValue: not at all.</summary>
    public long LeaseUntilTicks => _primary?.LeaseUntilTicks ?? long.MinValue;

    /// <summary>The node that serves as far as this one knows: itself by its lease, another by its word of less than a lease ago.</summary>
    public Service? ServiceAt(long nowTicks) =>
        _primary is not null ? _primary.ServiceAt(nowTicks) : _state.Service.At(nowTicks, _state.PromisedEpoch);

    /// <summary>A hand-over was asked for and is not complete.</summary>
    public bool IsHandingOver => _succession.IsHandingOver;

    /// <summary>The oracle has crowned this node. Without that a Primary was invited by the one before it.</summary>
    public bool IsCrowned => _succession.IsCrowned;

    /// <summary>What a Primary knows of its Standbys; empty otherwise.</summary>
    public IReadOnlyList<StandbyProgress> Standbys => _primary?.Standbys ?? [];

    /// <summary>The effects since the last call, in order. The list is reused: carry them out before the next input.</summary>
    public IReadOnlyList<Effect> TakeEffects()
    {
        _taken.Clear();
        _taken.AddRange(_state.Effects);
        _state.Effects.Clear();
        return _taken;
    }

    /// <summary>The oracle says: try to lead.</summary>
    public void Crown(long nowTicks)
    {
        _succession.Crown();
        if (Role == ReplicaRole.Standby)
            _campaignAtTicks = nowTicks;
        Tick(nowTicks, _wallMilliseconds);
    }

    /// <summary>The partitions answer clients from now on, while the lease holds.</summary>
    public void Serve(long nowTicks) => _primary?.Serve(!IsHandingOver, nowTicks);

    /// <summary>The oracle says: stop. A Primary first commits what it has; answered with <see cref="HandedOver"/>.</summary>
    public void Uncrown(long nowTicks)
    {
        _succession.Uncrown(nowTicks + _state.Settings.HandOverTicks);
        _primary?.Serve(false, nowTicks);
        _primary?.Flush(nowTicks);
        HandOver(nowTicks);
    }

    /// <summary>An operator says: let another node lead. This one stays, as a Standby, and its role tells how it went.</summary>
    /// <param name="to">Who shall lead; none: the Standby that is furthest.</param>
    /// <param name="nowTicks">Now.</param>
    /// <returns>Null when the hand-over has begun, else why not.</returns>
    public string? SwitchOver(NodeId to, long nowTicks)
    {
        if (_primary is null || _succession.IsHandingOver)
            return _primary is null ? "this node does not lead" : "a hand-over is under way";
        if (_primary.ChooseSuccessor(ref to, nowTicks) is { } refusal)
            return refusal;
        _succession.Begin(to, nowTicks + _state.Settings.HandOverTicks);
        _primary.Serve(false, nowTicks);
        _primary.Flush(nowTicks);
        HandOver(nowTicks);
        return null;
    }

    /// <summary>A Primary's partition proposes entries, applied there already. Takes the drafts. Returns the seq of the last one.</summary>
    /// <exception cref="InvalidOperationException">This node does not lead.</exception>
    public ulong Propose(DraftBuffer drafts, long nowTicks, long wallMilliseconds) =>
        _primary?.Propose(drafts, nowTicks, wallMilliseconds) ?? throw new InvalidOperationException("only a Primary appends");

    /// <summary>The seq of the last entry proposed here.</summary>
    public ulong LastProposed => _primary?.LastProposed ?? _state.Log.LastSequence;

    /// <summary>A turn of inputs is over.</summary>
    public void Flush(long nowTicks)
    {
        _primary?.Flush(nowTicks);
        HandOver(nowTicks);
    }

    /// <summary>The oldest outstanding journal write is done.</summary>
    public void Persisted(long nowTicks)
    {
        _state.Persisted();
        Settle(nowTicks);
    }

    /// <summary>Everything up to here is applied in every partition.</summary>
    public void Applied(ulong sequence) => _state.AppliedSequence = Math.Max(_state.AppliedSequence, sequence);

    /// <summary>The partitions start again from nothing.</summary>
    public void Rebuilding() => _state.AppliedSequence = 0;

    /// <summary>The answer to <see cref="ReadJournal"/>.</summary>
    public void JournalRead(NodeId standby, IReadOnlyList<OpLogBatch> batches, long nowTicks) =>
        _primary?.OnJournalRead(standby, batches, nowTicks);

    /// <summary>Time has passed; to be called every few tens of milliseconds.</summary>
    public void Tick(long nowTicks, long wallMilliseconds)
    {
        _wallMilliseconds = wallMilliseconds;
        if (_state.IsSuperseded)
            return;
        if (_primary?.Tick(nowTicks, wallMilliseconds) is { } reason)
            StepDown(reason, nowTicks);
        _candidate?.Tick(nowTicks);
        Settle(nowTicks);
        if (_succession.IsAsked(nowTicks) && Role == ReplicaRole.Standby && nowTicks >= _campaignAtTicks)
            Campaign(nowTicks);
        _lapsedGrants.Tick(nowTicks);
        HandOver(nowTicks);
    }

    /// <summary>A message from another node.</summary>
    public void Receive(ReplicationMessage message, long nowTicks)
    {
        ArgumentNullException.ThrowIfNull(message);
        if (!_guard.Admits(message))
            return;
        _highestEpochSeen = Math.Max(_highestEpochSeen, message.Epoch);
        switch (message)
        {
            case AppendBatch append:
                OnAppend(append, nowTicks);
                break;
            case AppendAcknowledged acknowledged:
                _primary?.OnAcknowledged(acknowledged, nowTicks);
                break;
            case AppendRefused { Reason: RefusalReason.OlderEpoch } refused when refused.Epoch > _primary?.Epoch:
                StepDown($"{refused.From} has promised epoch {refused.Epoch}", nowTicks);
                break;
            case AppendRefused { Reason: RefusalReason.Gap } refused when refused.Epoch == _primary?.Epoch:
                _primary.OnGap(refused, nowTicks);
                break;
            case SealRequest request:
                OnSealRequest(request, nowTicks);
                break;
            case FetchTail fetch:
                _tails.OnFetch(fetch);
                break;
            case SealReply or TailBatch:
                _candidate?.OnAnswer(message, nowTicks);
                Settle(nowTicks);
                break;
            case EntriesGone gone:
                OnEntriesGone(gone, nowTicks);
                break;
            case GrantInquiry or GrantLapsed:
                _lapsedGrants.OnMessage(message, nowTicks);
                break;
            case GrantReleased released:
                OnReleased(released, nowTicks);
                break;
            case LifeSuperseded notice when _guard.IsSuperseded(notice):
                StepDown($"{notice.From} says that another life has this one's vote", nowTicks);
                _state.Supersede(notice.By);
                break;
            case AppendRefused or LifeSuperseded: // of another reign; an earlier run was meant, or a later entry names this one
                break;
            default:
                throw new ArgumentException($"unknown message {message.GetType().Name}", nameof(message));
        }
    }

    /// <summary>Whether this node listens to a life at all; if not, what follows from that is among the effects.</summary>
    public bool Hears(in Origin origin) => _guard.Admits(origin);

    /// <summary>A batch whose bytes are not what the Primary wrote: never stored, asked for again.</summary>
    public void ReceiveCorrupt(AppendBatch header, long nowTicks)
    {
        if (Hears(header.Origin) && !IsSilent(nowTicks) && header.Epoch >= _state.PromisedEpoch && header.From != _state.Settings.Self)
            _standby.Refuse(header.From, header.Epoch, header.SentAtTicks);
    }

    private void OnAppend(AppendBatch append, long nowTicks)
    {
        if (append.Epoch < _state.PromisedEpoch)
        {
            _state.Send(
                append.From, new AppendRefused(_state.Origin, _state.PromisedEpoch, RefusalReason.OlderEpoch, [], append.SentAtTicks));
            return;
        }

        if (_primary is not null)
        {
            if (append.Epoch == _primary.Epoch)
                throw new InvariantViolation(1, $"{append.From} and {_state.Settings.Self} both lead in epoch {append.Epoch}");
            StepDown($"{append.From} leads in epoch {append.Epoch}", nowTicks);
        }

        if (_candidate is not null)
        {
            _candidate = null;
            Become(ReplicaRole.Standby, append.Epoch, $"{append.From} leads in epoch {append.Epoch}");
        }

        _succession.IsLed();
        _campaignAtTicks = nowTicks + _state.Settings.LeaseDurationTicks;
        if (!IsSilent(nowTicks))
            _standby.OnAppend(append, nowTicks);
    }

    private bool IsSilent(long nowTicks) => !_state.Voting && !_state.Founds && nowTicks < _state.SilentUntilTicks;

    private void OnSealRequest(SealRequest request, long nowTicks)
    {
        var leads = _primary is not null && nowTicks < _primary.LeaseUntilTicks;
        var outcome = _standby.OnSeal(request, nowTicks, leads);
        if (outcome is SealOutcome.Sealed or SealOutcome.Founding)
        {
            StepDown($"sealed epoch {request.Epoch} for {request.From}", nowTicks);
            if (_candidate is not null && request.From != _state.Settings.Self)
            {
                _candidate = null;
                Become(ReplicaRole.Standby, request.Epoch, $"sealed epoch {request.Epoch} for {request.From}");
            }

            _campaignAtTicks = nowTicks + _state.Settings.LeaseDurationTicks;
        }

        _standby.AnswerSeal(request, outcome, (leads ? _primary!.LeaseUntilTicks : _state.GrantUntilTicks) - nowTicks);
    }

    /// <summary>The answer to <see cref="ReadTail"/>: the entries behind the common point.</summary>
    public void TailRead(ReadTail request, OpLogBatch batch) => _tails.OnRead(request, batch);

    private void OnEntriesGone(EntriesGone gone, long nowTicks)
    {
        if (_primary is not null || gone.Epoch < _state.PromisedEpoch || _standby.Holds(gone, campaigns: _candidate is not null))
            return;
        _candidate?.GiveUp();
        Settle(nowTicks);
        _state.Effects.Add(new FullSyncNeeded(gone.From));
    }

    /// <summary>The partitions' images up to here are in checkpoints. A node that needs the entries later gets a full sync.</summary>
    /// <param name="sequence">Committed; at most what every partition's checkpoint covers.</param>
    public void Truncate(ulong sequence) => _state.Truncate(sequence);

    /// <summary>The partitions hold, or do not hold, what the log begins with; see <see cref="ReplicaState.IsStateComplete"/>.</summary>
    public void StateIsComplete(bool isComplete) => _state.IsStateComplete = isComplete;

    /// <summary>A full sync has brought committed state, durable in checkpoints. <see cref="StateIsComplete"/> follows.</summary>
    /// <param name="below">Where the source's epochs end up to the seq of the oldest image, oldest first; not empty.</param>
    /// <param name="roll">The voters that the source's log names there.</param>
    /// <param name="imagesUpTo">The seq of the newest image.</param>
    /// <param name="nowTicks">Now.</param>
    /// <exception cref="InvalidOperationException">This node leads.</exception>
    public void Install(ReadOnlySpan<EpochEnd> below, VoterRoll roll, ulong imagesUpTo, long nowTicks)
    {
        if (_primary is not null)
            throw new InvalidOperationException("a Primary is not synced");
        _candidate?.GiveUp();
        Settle(nowTicks);
        _state.Install(below, roll, imagesUpTo);
    }

    // Who is invited, by its Primary or while it has none, tries at once; who is crowned and not invited gives it the time of a lease.
    private void OnReleased(GrantReleased released, long nowTicks)
    {
        var isInvited = _standby.OnReleased(released, nowTicks);
        _campaignAtTicks = nowTicks;
        if (isInvited)
            _succession.Invite(nowTicks + _state.Settings.LeaseDurationTicks);
        else if (released.Successor != NodeId.None)
            _campaignAtTicks += _state.Settings.LeaseDurationTicks;
    }

    private void Campaign(long nowTicks)
    {
        if (!_state.IsStateComplete)
            _succession.InviteAnother(_state, nowTicks); // it could not serve what it would be asked for
        else if (_state.GrantRunsForAnother(nowTicks))
            _campaignAtTicks = Math.Max(_campaignAtTicks, Math.Min(_state.GrantUntilTicks, nowTicks + _state.Settings.LeaseDurationTicks));
        else
        {
            var epoch = Math.Max(_highestEpochSeen, _state.PromisedEpoch) + 1;
            _highestEpochSeen = epoch; // no later attempt uses it again
            Become(ReplicaRole.Candidate, epoch, "the oracle says: try to lead");
            _candidate = new CandidateRole(_state, _standby, epoch, nowTicks);
            Settle(nowTicks);
        }
    }

    // Draws the consequence of how far the attempt is.
    private void Settle(long nowTicks)
    {
        if (_candidate is null)
            return;
        if (!_succession.IsAsked(nowTicks) || _candidate.Progress == CampaignProgress.Lost)
        {
            _highestEpochSeen = Math.Max(_highestEpochSeen, _candidate.HighestPromise);
            var epoch = _candidate.Epoch;
            (_candidate, _campaignAtTicks) = (null, nowTicks + _state.Settings.HeartbeatTicks);
            var isAsked = _succession.IsAsked(nowTicks);
            Become(ReplicaRole.Standby, epoch, isAsked ? "too few votes in time, or a later epoch is promised" : "no longer asked to lead");
        }
        else if (_candidate.Progress == CampaignProgress.Won && _state.PromiseIsDurable && !IsSilent(nowTicks))
        {
            _state.Commit(Math.Min(_candidate.KnownCommitted(), _state.Log.LastSequence));
            var (epoch, roll) = (_candidate.Epoch, _candidate.Roll());
            _candidate = null;
            _state.Leader = _state.Settings.Self;
            Become(ReplicaRole.Primary, epoch, "a majority is sealed and the tail is here");
            _primary = new PrimaryRole(_state, epoch, roll, nowTicks, _wallMilliseconds);
        }
    }

    private void StepDown(string reason, long nowTicks)
    {
        if (_primary is null)
            return;
        var rebuild = !_primary.EverythingIsCommitted;
        var epoch = _primary.Epoch;
        _primary = null;
        _state.Leader = NodeId.None;
        _succession.IsLed();
        _campaignAtTicks = nowTicks + _state.Settings.HeartbeatTicks;
        Become(ReplicaRole.Standby, epoch, reason);
        if (rebuild)
            _state.Effects.Add(new RebuildPartitions());
    }

    private void HandOver(long nowTicks)
    {
        if (!_succession.IsHandingOver)
            return;
        var successor = _succession.Successor;
        if (_primary is not null)
        {
            if (!_primary.IsReadyFor(successor) && !_succession.IsLate(nowTicks))
                return;
            _primary.ReleaseGrants(successor);
            StepDown(successor == NodeId.None ? "handed over" : $"handed over to {successor}", nowTicks);
            _campaignAtTicks = nowTicks + _state.Settings.LeaseDurationTicks; // not before the successor
        }

        Settle(nowTicks);
        if (_succession.OracleWaits)
            _state.Effects.Add(new HandedOver());
        _succession.End();
    }

    private void Become(ReplicaRole role, ulong epoch, string reason) => _state.Effects.Add(new RoleChanged(role, epoch, reason));
}
