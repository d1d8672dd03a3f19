// What every node does that does not lead: store what the Primary sends, acknowledge, promise. A candidate does it too,
// until it leads. Never applies anything that is not committed.
using System.Buffers.Binary;
using System.Text;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;
using HotStandby.Messages.Replication;

namespace HotStandby.Core.Replication;

/// <summary>The Standby's half of the protocol.</summary>
internal sealed class StandbyRole(ReplicaState state)
{
    private ulong _matchedInEpoch;
    private ulong _matchedSequence;
    private EpochEnd _return;
    private bool _askedToVote;

    /// <summary>Entries of a Primary, or its heartbeat. The promise has been checked.</summary>
    public void OnAppend(AppendBatch append, long nowTicks)
    {
        if (append.Epoch != _matchedInEpoch)
            (_matchedInEpoch, _matchedSequence) = (append.Epoch, 0);
        state.Promise(append.Epoch, append.From, 0);
        state.Heard(append.From, append.Epoch, nowTicks);

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
            matched = batch.LastSequence;
        }

        _matchedSequence = Math.Max(_matchedSequence, matched);
        state.Commit(Math.Min(append.CommitSequence, _matchedSequence));
        Learn();
        Acknowledge(append, nowTicks);
    }

    /// <summary>Asks the Primary to send again, from where this log ends.</summary>
    public void Refuse(NodeId primary, ulong epoch, long sentAtTicks) => state.Send(primary, new AppendRefused(
        state.Settings.Self, epoch, state.Incarnation, RefusalReason.Gap, state.Log.Describe(), sentAtTicks));

    /// <summary>A candidate asks to seal its epoch.</summary>
    public SealOutcome OnSeal(SealRequest request, long nowTicks, bool leadsWithLease)
    {
        // The same epoch is promised again only to the same attempt: a candidate that lost its disk must not reign in it twice.
        if (request.Epoch < state.PromisedEpoch || (request.Epoch == state.PromisedEpoch
            && (request.From != state.PromisedTo || request.Incarnation != state.PromisedIncarnation)))
            return SealOutcome.Refused;
        if (leadsWithLease || state.GrantRunsForAnother(request.From, nowTicks))
            return SealOutcome.GrantRunning;
        if (!state.Voting)
        {
            if (state.Log.LastSequence > 0)
                return SealOutcome.Learning;
            if (request.FirstStartOf != state.Incarnation)
                return SealOutcome.Empty;
            state.BecomeVoter();
        }

        state.Promise(request.Epoch, request.From, request.Incarnation);
        return SealOutcome.Sealed;
    }

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
        var added = batch.From(first);
        state.Append(added);
        if (!state.Voting)
            LookForReturn(added);
    }

    // The Primary appended an entry that names this life of this node (see PrimaryRole.Welcome).
    private void LookForReturn(OpLogBatch batch)
    {
        foreach (var entry in batch)
            if (entry.Type == OpType.VoterReturned && entry.Payload.Length == sizeof(ulong)
                && BinaryPrimitives.ReadUInt64LittleEndian(entry.Payload) == state.Incarnation
                && entry.Key.SequenceEqual(Encoding.UTF8.GetBytes(state.Settings.Self.Name)))
                _return = new EpochEnd(entry.Epoch, entry.Sequence);
    }

    // A node that lost its log counts again once it holds everything that its old self may have acknowledged, and knows every
    // promise that its old self may have given: the entry that names it was committed by a majority of the others, who had
    // promised nothing later, after the time in which somebody could still have won with a forgotten promise.
    private void Learn()
    {
        if (state.Voting || _askedToVote || _return.LastSequence == 0
            || state.CommitSequence < _return.LastSequence || state.Log.EpochOf(_return.LastSequence) != _return.Epoch)
            return;
        _askedToVote = true;
        state.BecomeVoter();
    }

    private void Acknowledge(AppendBatch append, long nowTicks)
    {
        // The grant runs from now, later than the Primary counts it (from when it sent): so its lease ends first.
        state.GrantedTo = append.From;
        state.GrantUntilTicks = nowTicks + state.Settings.LeaseDurationTicks;
        var stored = append.Batch is null ? Math.Min(_matchedSequence, state.DurableSequence) : _matchedSequence;
        var acknowledgement = new AppendAcknowledged(
            state.Settings.Self, append.Epoch, state.Incarnation, stored, state.AppliedSequence, state.Voting, append.SentAtTicks);
        if (append.Batch is null)
            state.Send(append.From, acknowledgement);
        else
            state.SendWhenDurable(append.From, acknowledgement);
    }

    /// <summary>The Primary hands over: nothing to wait for. False when it was not this node's Primary.</summary>
    public bool OnReleased(GrantReleased released)
    {
        var wasLed = released.From == state.GrantedTo && released.Epoch == state.PromisedEpoch;
        if (wasLed)
            state.GrantUntilTicks = 0;
        if (state.Leader == released.From)
            state.Leader = NodeId.None;
        return wasLed;
    }
}
