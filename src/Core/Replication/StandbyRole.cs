// What every node does that does not lead: store what the Primary sends, acknowledge, promise. A candidate does it too,
// until it leads. Never applies anything that is not committed.
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;
using HotStandby.Messages.Replication;

namespace HotStandby.Core.Replication;

/// <summary>The Standby's half of the protocol.</summary>
internal sealed class StandbyRole(ReplicaState state)
{
    private ulong _matchedInEpoch;
    private ulong _matchedSequence;

    /// <summary>Entries of a Primary, or its heartbeat. The promise has been checked.</summary>
    public void OnAppend(AppendBatch append, long nowTicks)
    {
        if (append.Epoch != _matchedInEpoch)
            (_matchedInEpoch, _matchedSequence) = (append.Epoch, 0);
        state.Promise(append.Epoch, append.From, Life.None);
        state.Heard(append.From, append.Epoch, nowTicks);
        state.Service.OnAppend(append, nowTicks + state.Settings.LeaseDurationTicks);

        if (state.Log.EpochOf(append.PreviousSequence) != append.PreviousEpoch
            || (append.Batch is not null && append.Batch.FirstSequence != append.PreviousSequence + 1))
        {
            Refuse(append.From, append.Epoch, append.SentAtTicks);
            return;
        }

        var matched = append.PreviousSequence;
        if (append.Batch is { } batch)
        {
            Store(batch);
            if (state.IsSuperseded)
                return;
            matched = batch.LastSequence;
        }

        _matchedSequence = Math.Max(_matchedSequence, matched);
        state.Commit(Math.Min(append.CommitSequence, _matchedSequence));
        state.ClaimVote();
        Acknowledge(append, nowTicks);
    }

    /// <summary>Asks the Primary to send again, from where this log ends.</summary>
    public void Refuse(NodeId primary, ulong epoch, long sentAtTicks) => state.Send(primary, new AppendRefused(
        state.Origin, epoch, RefusalReason.Gap, state.Log.Describe(), sentAtTicks));

    /// <summary>A candidate asks to seal its epoch.</summary>
    public SealOutcome OnSeal(SealRequest request, long nowTicks, bool leadsWithLease)
    {
        // The same epoch is promised again only to the same attempt: a candidate that lost its disk must not reign in it twice.
        if (request.Epoch < state.PromisedEpoch || (request.Epoch == state.PromisedEpoch
            && (request.From != state.PromisedTo || request.Origin.Life != state.PromisedLife)))
            return SealOutcome.Refused;
        if (leadsWithLease || state.GrantRunsForAnother(request.From, request.Origin.Life, nowTicks))
            return SealOutcome.GrantRunning;
        if (!state.Voting && !MayFound(request))
            return state.Log.LastSequence > 0 ? SealOutcome.Learning : SealOutcome.Empty;
        state.Founds |= !state.Voting;
        state.Promise(request.Epoch, request.From, request.Origin.Life);
        return state.Voting ? SealOutcome.Sealed : SealOutcome.Founding;
    }

    /// <summary>Answers a candidate once the promise is durable.</summary>
    /// <param name="request">What it asked.</param>
    /// <param name="outcome">From <see cref="OnSeal"/>.</param>
    /// <param name="remainingTicks">For how long a running grant, or this node's own lease, goes on.</param>
    public void AnswerSeal(SealRequest request, SealOutcome outcome, long remainingTicks)
    {
        var remaining = outcome == SealOutcome.GrantRunning ? Math.Max(0, remainingTicks / TimeSpan.TicksPerMillisecond) : 0;
        state.SendWhenDurable(request.From, new SealReply(
            state.Origin, request.Epoch, request.Origin.Life, outcome, state.PromisedEpoch, state.Log.LastEpoch, state.Log.LastSequence,
            state.CommitSequence, remaining));
    }

    // No life has a vote before the cluster's first entry is committed. Until then a life helps if it holds nothing and is the one that has
    // said so to this attempt, or if it is named in an entry that is not known to be committed.
    private bool MayFound(SealRequest request) => state.Log.LastSequence == 0
        ? request.FirstStartOf == state.Life
        : state.OwnSeat.Memory == state.Life.Memory && !state.OwnSeat.Replaces;

    /// <summary>Stores what is new in a batch; drops what is here already; cuts off what conflicts.</summary>
    public void Store(OpLogBatch batch)
    {
        var first = batch.FirstSequence;
        while (first <= batch.LastSequence && state.Log.EpochOf(first) == batch.Epoch)
            first = Math.Min(batch.LastSequence, state.Log.EndOfEpochAt(first)) + 1;
        if (first > batch.LastSequence)
            return;
        if (first <= state.Log.LastSequence)
            state.CutAfter(first - 1);
        state.Append(batch.From(first));
    }

    private void Acknowledge(AppendBatch append, long nowTicks)
    {
        // The grant runs from now, later than the Primary counts it (from when it sent): so its lease ends first.
        (state.GrantedTo, state.GrantedLife) = (append.From, append.Origin.Life);
        state.GrantUntilTicks = nowTicks + state.Settings.LeaseDurationTicks;
        var stored = append.Batch is null ? Math.Min(_matchedSequence, state.DurableSequence) : _matchedSequence;
        var acknowledgement = new AppendAcknowledged(
            state.Origin, append.Epoch, stored, state.AppliedSequence, append.SentAtTicks);
        if (append.Batch is null)
            state.Send(append.From, acknowledgement);
        else
            state.SendWhenDurable(append.From, acknowledgement);
    }

    /// <summary>
    /// The Primary hands over: nothing to wait for. True: it invites this node; or another one does, and this node follows nobody.
    /// </summary>
    public bool OnReleased(GrantReleased released, long nowTicks)
    {
        var wasLed = released.From == state.GrantedTo && released.Origin.Life == state.GrantedLife && released.Epoch == state.PromisedEpoch;
        if (wasLed)
            state.GrantUntilTicks = 0;
        if (state.Leader == released.From)
            state.Leader = NodeId.None;
        state.Service.OnReleased(released);
        return released.Successor == state.Settings.Self && (wasLed || (released.Epoch == 0 && !state.GrantRunsForAnother(nowTicks)));
    }

    /// <summary>
    /// True when this log holds what is gone elsewhere, because a sync has brought it since. Then the Primary is told where this log ends.
    /// </summary>
    public bool Holds(EntriesGone gone, bool campaigns)
    {
        if (state.Log.EpochOf(gone.BaseSequence) != gone.BaseEpoch)
            return false;
        if (!campaigns && gone.From == state.Leader)
            Refuse(gone.From, gone.Epoch, gone.SentAtTicks);
        return true;
    }
}
