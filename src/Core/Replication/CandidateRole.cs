// One attempt to lead: seal a majority, take the best log among them, fetch what is missing. Sealing, not the oracle that
// started the attempt, is what makes the winner safe. The candidate promises itself last, when the others have: one that is
// merely cut off asks in vain and, once it hears the Primary again, has promised nothing that would depose it.
using HotStandby.Messages;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Replication;

namespace HotStandby.Core.Replication;

/// <summary>How far an attempt is.</summary>
internal enum CampaignProgress
{
    Sealing,
    Fetching,
    Won,
    Lost,
}

/// <summary>One attempt to lead in one epoch.</summary>
internal sealed class CandidateRole
{
    private readonly ReplicaState _state;
    private readonly StandbyRole _store;
    private readonly Dictionary<NodeId, SealReply> _replies = [];
    private readonly Dictionary<NodeId, long> _askAgainAtTicks = [];
    private readonly bool _selfMayVote;
    private NodeId _best;
    private readonly long _sealUntilTicks;
    private bool _firstStart;
    private long _fetchAgainAtTicks;
    private long _fetchUntilTicks;

    public CandidateRole(ReplicaState state, StandbyRole store, ulong epoch, long nowTicks)
    {
        (_state, _store, Epoch) = (state, store, epoch);
        _selfMayVote = state.Voting;
        _sealUntilTicks = nowTicks + state.Settings.LeaseDurationTicks - state.Settings.DriftMarginTicks;
        foreach (var peer in state.Settings.Peers)
            Ask(peer, nowTicks);
        Progress = CampaignProgress.Sealing;
        Decide(nowTicks);
    }

    public ulong Epoch { get; }

    /// <summary>A node whose state was lost meanwhile has lost: it could not serve what it would be asked for.</summary>
    public CampaignProgress Progress
    {
        get => _state.IsStateComplete ? field : CampaignProgress.Lost;
        private set;
    }

    /// <summary>The highest promise heard of: the next attempt must be above it.</summary>
    public ulong HighestPromise { get; private set; }

    public void OnSealReply(SealReply reply, long nowTicks)
    {
        if (reply.Epoch != Epoch || reply.CandidateIncarnation != _state.Incarnation || Progress != CampaignProgress.Sealing || GivesUp(nowTicks))
            return;
        HighestPromise = Math.Max(HighestPromise, reply.PromisedEpoch);
        switch (reply.Outcome)
        {
            case SealOutcome.Refused:
                Progress = CampaignProgress.Lost;
                return;
            case SealOutcome.GrantRunning:
                var wait = Math.Clamp(reply.RemainingMilliseconds, 1, 60_000) * TimeSpan.TicksPerMillisecond;
                _askAgainAtTicks[reply.From] = nowTicks + Math.Min(wait, _state.Settings.LeaseDurationTicks);
                return;
            case SealOutcome.Sealed or SealOutcome.Empty or SealOutcome.Learning:
                _replies[reply.From] = reply;
                Decide(nowTicks);
                return;
            default:
                return;
        }
    }

    /// <summary>This node cannot lead as it is.</summary>
    public void GiveUp() => Progress = CampaignProgress.Lost;

    public void OnTail(TailBatch tail, long nowTicks)
    {
        if (tail.Epoch != Epoch || tail.From != _best || Progress != CampaignProgress.Fetching)
            return;
        var isNew = false;
        if (tail.Batch is { } batch)
        {
            if (_state.Log.EpochOf(tail.PreviousSequence) != tail.PreviousEpoch)
                return; // an answer to an older question
            isNew = _state.Log.EpochOf(batch.LastSequence) != batch.Epoch;
            _store.Store(batch);
        }

        if (_state.Log.LastSequence >= tail.LastSequence && _state.Log.EpochOf(tail.LastSequence) == _replies[_best].LastEpoch)
        {
            Progress = CampaignProgress.Won;
        }
        else if (isNew)
        {
            // What comes twice asks for nothing: its first copy has, and every question would be asked for ever after.
            _fetchUntilTicks = nowTicks + FetchPatienceTicks;
            Fetch(nowTicks);
        }
    }

    public void Tick(long nowTicks)
    {
        if (GivesUp(nowTicks))
            return;
        if (Progress == CampaignProgress.Sealing)
        {
            foreach (var peer in _state.Settings.Peers)
                if (!IsAnswered(peer) && nowTicks >= _askAgainAtTicks[peer])
                    Ask(peer, nowTicks);
        }
        else if (Progress == CampaignProgress.Fetching && nowTicks >= _fetchAgainAtTicks)
        {
            Fetch(nowTicks);
        }
    }

    private long FetchPatienceTicks => 2 * Math.Max(_state.Settings.LeaseDurationTicks, _state.Settings.ResendTicks);

    // A seal is worth something for less than a lease: a voter that loses its disk stays silent for a whole one, so nobody
    // wins with a promise that the voter does not remember after it has come back (see StandbyRole.Learn). And a voter with
    // the best log that is gone must not stop the others: the next attempt is made without it.
    private bool GivesUp(long nowTicks)
    {
        if ((Progress == CampaignProgress.Sealing && nowTicks >= _sealUntilTicks)
            || (Progress == CampaignProgress.Fetching && nowTicks >= _fetchUntilTicks))
            Progress = CampaignProgress.Lost;
        return Progress == CampaignProgress.Lost;
    }

    private bool IsAnswered(NodeId peer) =>
        _replies.TryGetValue(peer, out var reply)
        && (reply.Outcome == SealOutcome.Sealed || (reply.Outcome == SealOutcome.Empty && !_firstStart));

    private void Ask(NodeId peer, long nowTicks)
    {
        _askAgainAtTicks[peer] = nowTicks + _state.Settings.HeartbeatTicks;
        _state.SendWhenDurable(peer, new SealRequest(
            _state.Settings.Self, Epoch, _state.Incarnation, _firstStart ? _replies[peer].Incarnation : 0));
    }

    private void Decide(long nowTicks)
    {
        var sealedCount = _replies.Values.Count(reply => reply.Outcome == SealOutcome.Sealed) + (_selfMayVote || _firstStart ? 1 : 0);
        if (sealedCount >= _state.Settings.Majority)
        {
            _state.Promise(Epoch, _state.Settings.Self, _state.Incarnation);
            ChooseLog(nowTicks);
        }
        else if (!_firstStart && EveryoneIsEmpty())
            BeginFirstStart(nowTicks);
    }

    // Nobody has ever stored anything: there is nothing that an empty voter could have forgotten.
    private bool EveryoneIsEmpty() =>
        _state.Log.LastSequence == 0
        && _state.Settings.Peers.All(peer => _replies.TryGetValue(peer, out var reply) && reply.LastSequence == 0);

    private void BeginFirstStart(long nowTicks)
    {
        _firstStart = true;
        if (!_state.Voting)
            _state.BecomeVoter();
        foreach (var peer in _state.Settings.Peers)
            if (!IsAnswered(peer))
                Ask(peer, nowTicks);
        Decide(nowTicks);
    }

    private void ChooseLog(long nowTicks)
    {
        var (epoch, sequence) = (_state.Log.LastEpoch, _state.Log.LastSequence);
        _best = _state.Settings.Self;
        foreach (var reply in _replies.Values)
        {
            if (reply.Outcome != SealOutcome.Sealed || (reply.LastEpoch, reply.LastSequence).CompareTo((epoch, sequence)) <= 0)
                continue;
            (epoch, sequence, _best) = (reply.LastEpoch, reply.LastSequence, reply.From);
        }

        _state.Effects.Add(new MajoritySealed(Epoch, _best));
        if (_best == _state.Settings.Self)
        {
            Progress = CampaignProgress.Won;
            return;
        }

        Progress = CampaignProgress.Fetching;
        _fetchUntilTicks = nowTicks + FetchPatienceTicks;
        Fetch(nowTicks);
    }

    private void Fetch(long nowTicks)
    {
        _fetchAgainAtTicks = nowTicks + _state.Settings.ResendTicks;
        _state.Send(_best, new FetchTail(_state.Settings.Self, Epoch, _state.Log.Describe()));
    }
}
