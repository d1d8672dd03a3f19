// One attempt to lead: seal a majority, take the best log among them, fetch what is missing. Sealing, not the oracle that
// started the attempt, is what makes the winner safe. The candidate promises itself last, when the others have: one that is
// merely cut off asks in vain and, once it hears the Primary again, has promised nothing that would depose it.
using HotStandby.Messages;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;
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
    private NodeId _best;
    private readonly long _sealUntilTicks;
    private bool _asksToFound;
    private long _fetchAgainAtTicks;
    private long _fetchUntilTicks;

    public CandidateRole(ReplicaState state, StandbyRole store, ulong epoch, long nowTicks)
    {
        (_state, _store, Epoch) = (state, store, epoch);
        _sealUntilTicks = nowTicks + state.Settings.LeaseDurationTicks - state.Settings.DriftMarginTicks;
        foreach (var peer in state.Settings.Peers)
            Ask(peer, nowTicks);
        Progress = CampaignProgress.Sealing;
        Decide(nowTicks);
    }

    public ulong Epoch { get; }

    /// <summary>Lost when the node's state was lost meanwhile: it could not serve what it would be asked for.</summary>
    public CampaignProgress Progress
    {
        get => _state.IsStateComplete ? field : CampaignProgress.Lost;
        private set;
    }

    /// <summary>The highest promise heard of: the next attempt must be above it.</summary>
    public ulong HighestPromise { get; private set; }

    /// <summary>What a voter answers.</summary>
    public void OnAnswer(ReplicationMessage message, long nowTicks)
    {
        if (message is SealReply reply)
            OnSealReply(reply, nowTicks);
        else if (message is TailBatch tail)
            OnTail(tail, nowTicks);
    }

    private void OnSealReply(SealReply reply, long nowTicks)
    {
        if (reply.Epoch != Epoch || reply.Candidate != _state.Life || Progress != CampaignProgress.Sealing || GivesUp(nowTicks))
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
            case SealOutcome.Sealed or SealOutcome.Empty or SealOutcome.Learning or SealOutcome.Founding:
                _replies[reply.From] = reply;
                Decide(nowTicks);
                return;
            default:
                return;
        }
    }

    /// <summary>This node cannot lead as it is.</summary>
    public void GiveUp() => Progress = CampaignProgress.Lost;

    private void OnTail(TailBatch tail, long nowTicks)
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
            if (_state.IsSuperseded)
            {
                Progress = CampaignProgress.Lost;
                return;
            }
        }

        if (_state.Log.LastSequence >= tail.LastSequence && _state.Log.EpochOf(tail.LastSequence) == _replies[_best].LastEpoch)
        {
            // The log that it would lead with says which lives count; only now is that log here.
            Progress = CampaignProgress.Sealing;
            if (!GivesUp(nowTicks))
                Decide(nowTicks);
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
    // wins with a promise that the voter does not remember after it has come back (see ReplicaState.SilentUntilTicks). And a voter with
    // the best log that is gone must not stop the others: the next attempt is made without it.
    private bool GivesUp(long nowTicks)
    {
        if ((Progress == CampaignProgress.Sealing && nowTicks >= _sealUntilTicks)
            || (Progress == CampaignProgress.Fetching && nowTicks >= _fetchUntilTicks))
            Progress = CampaignProgress.Lost;
        return Progress == CampaignProgress.Lost;
    }

    private static bool HasSealed(SealReply reply) => reply.Outcome is SealOutcome.Sealed or SealOutcome.Founding;

    private bool IsAnswered(NodeId peer) =>
        _replies.TryGetValue(peer, out var reply) && (HasSealed(reply) || (reply.Outcome == SealOutcome.Empty && !MayFound(reply)));

    private void Ask(NodeId peer, long nowTicks)
    {
        _askAgainAtTicks[peer] = nowTicks + _state.Settings.HeartbeatTicks;
        var firstStartOf = _replies.TryGetValue(peer, out var reply) && MayFound(reply) ? reply.Origin.Life : Life.None;
        _state.SendWhenDurable(peer, new SealRequest(_state.Origin, Epoch, firstStartOf));
    }

    // A voter that holds nothing has forgotten nothing if nobody has stored anything, or if this log names its very memory since the
    // founding: it has been away since then.
    private bool MayFound(SealReply reply) => _asksToFound || (_state.Log.LastSequence > 0
        && _state.Log.Roster.Find(reply.From) is { } seat && IsFounder(seat, reply.Origin.Life));

    private void Decide(long nowTicks)
    {
        var best = BestLog();
        if (best is null ? IsElected() : MayBeElected())
        {
            _state.Promise(Epoch, _state.Settings.Self, _state.Life);
            if (_best == NodeId.None)
                _state.Effects.Add(new MajoritySealed(Epoch, best ?? _state.Settings.Self));
            _best = best ?? _state.Settings.Self;
            if (best is null)
            {
                _state.Founds |= IsFounder(_state.OwnSeat, _state.Life);
                Progress = CampaignProgress.Won;
                return;
            }

            Progress = CampaignProgress.Fetching;
            _fetchUntilTicks = nowTicks + FetchPatienceTicks;
            Fetch(nowTicks);
        }
        else if (!_asksToFound && NobodyHasStored())
        {
            _asksToFound = true;
            foreach (var peer in _state.Settings.Peers)
                if (!IsAnswered(peer))
                    Ask(peer, nowTicks);
            Decide(nowTicks);
        }
    }

    // Whose log among those that sealed is better than this node's; null: none is.
    private NodeId? BestLog()
    {
        var (epoch, sequence) = (_state.Log.LastEpoch, _state.Log.LastSequence);
        NodeId? best = null;
        foreach (var reply in _replies.Values)
            if (HasSealed(reply) && (reply.LastEpoch, reply.LastSequence).CompareTo((epoch, sequence)) > 0)
                (epoch, sequence, best) = (reply.LastEpoch, reply.LastSequence, reply.From);
        return best;
    }

    // Without that log, the lives cannot be told apart.
    private bool MayBeElected()
    {
        var countsItself = _state.Voting || _asksToFound || IsFounder(_state.OwnSeat, _state.Life);
        var sealedCount = _replies.Values.Count(HasSealed) + (countsItself ? 1 : 0);
        return _state.Voting || _replies.Values.Any(static reply => reply.Outcome == SealOutcome.Sealed)
            ? sealedCount >= _state.Settings.Majority : sealedCount >= NeededToFound;
    }

    // By the log that it leads with. A life with a vote proves that the entry which founded the cluster is committed, and a majority is
    // enough. Without such a life, another founding may have happened, with other lives of some names: then all voters are needed.
    private bool IsElected()
    {
        var (voters, founders) = (0, 0);
        Count(_state.OwnSeat, _state.Life, _state.Voting, ref voters, ref founders);
        foreach (var reply in _replies.Values)
        {
            var seat = _state.Log.Roster.SeatOf(reply.From);
            if (HasSealed(reply))
                Count(seat, reply.Origin.Life, reply.Outcome == SealOutcome.Sealed, ref voters, ref founders);
        }

        return voters + founders >= (voters > 0 && _state.Log.LastSequence > 0 ? _state.Settings.Majority : NeededToFound);
    }

    private void Count(RosterSeat seat, Life life, bool votes, ref int voters, ref int founders)
    {
        if (votes && (seat.Memory == 0 || seat.Memory == life.Memory || _state.Settings.Miscounts == CountingBug.AnyLife
            || (_state.Settings.Miscounts == CountingBug.BothLives && seat.Replaces)))
            voters++;
        else if (IsFounder(seat, life))
            founders++;
    }

    private bool IsFounder(RosterSeat seat, Life life) =>
        seat.Memory == life.Memory ? !seat.Replaces : seat.Memory == 0 && _state.Log.LastSequence == 0 && _asksToFound;

    private int NeededToFound =>
        _state.Settings.Miscounts == CountingBug.FoundByMajority ? _state.Settings.Majority : _state.Settings.Voters.Count;

    // Every voter has answered, and each has no vote, or has one and has never stored anything: there is nothing yet that an empty voter
    // could have forgotten.
    private bool NobodyHasStored() =>
        (_state.Log.LastSequence == 0 || (!_state.Voting && _state.OwnSeat.Memory == _state.Life.Memory))
        && 1 + _replies.Values.Count(static reply => reply.Outcome is SealOutcome.Empty or SealOutcome.Founding
            || (reply.Outcome == SealOutcome.Sealed && reply.LastSequence == 0)) >= NeededToFound;

    /// <summary>
    /// What the counted voters know to be committed. A candidate that has won holds it, and must know it: a life that took the place of
    /// another counts only for a Primary that knows the entry to be committed.
    /// </summary>
    public ulong KnownCommitted() => _replies.Values
        .Where(reply => HasSealed(reply)
            && _state.Log.Roster.SeatOf(reply.From).Memory is var memory && (memory == 0 || memory == reply.Origin.Life.Memory))
        .Aggregate(0UL, static (known, reply) => Math.Max(known, reply.CommitSequence));

    /// <summary>
    /// The voters in the reign of a candidate that has won: what the log says and, where it says nothing, the lives that were counted.
    /// </summary>
    public VoterRoll Roll()
    {
        var said = _state.Log.Roster.At(_state.Log.LastSequence);
        var voters = said.Voters.Where(voter => voter.Node != _state.Settings.Self).ToList();
        voters.Add(new NamedVoter(_state.Settings.Self, _state.Life.Memory));
        voters.AddRange(_replies.Values.Where(reply => HasSealed(reply) && voters.TrueForAll(voter => voter.Node != reply.From))
            .Select(static reply => new NamedVoter(reply.From, reply.Origin.Life.Memory)));
        return new VoterRoll(_state.Birth != 0 ? _state.Birth : said.Birth != 0 ? said.Birth : _state.Life.Memory, voters);
    }

    private void Fetch(long nowTicks)
    {
        _fetchAgainAtTicks = nowTicks + _state.Settings.ResendTicks;
        _state.Send(_best, new FetchTail(_state.Origin, Epoch, _state.Log.Describe()));
    }
}
