// Finds out whether a majority of the voters has, at one and the same moment, no grant to the Primary running any more: then that
// Primary had no lease at that moment, whatever it believes itself. Part of the replica; what follows from it is the driver's business.
using HotStandby.Messages.Identity;
using HotStandby.Messages.Replication;

namespace HotStandby.Core.Replication;

/// <summary>Asks the other voters while this node's own grant has lapsed, and judges their answers.</summary>
internal sealed class LapsedGrants(ReplicaState state)
{
    private readonly HashSet<NodeId> _lapsed = [];
    private long _askedAtTicks = long.MinValue;

    /// <summary>Time has passed. Asks a few times a heartbeat interval: the others' grants lapse a little sooner or later.</summary>
    public void Tick(long nowTicks)
    {
        if (!HasLapsed(state.LeaderEpoch, nowTicks)
            || (_lapsed.Count > 0 && nowTicks < _askedAtTicks + (state.Settings.HeartbeatTicks / 4)))
            return;
        _askedAtTicks = nowTicks;
        _lapsed.Clear();
        _lapsed.Add(state.Settings.Self);
        foreach (var peer in state.Settings.Peers)
            state.Send(peer, new GrantInquiry(state.Origin, state.LeaderEpoch, state.Log.LastEpoch, state.Log.LastSequence, nowTicks));
    }

    /// <summary>A question or an answer.</summary>
    public void OnMessage(ReplicationMessage message, long nowTicks)
    {
        if (message is GrantInquiry inquiry)
            OnInquiry(inquiry, nowTicks);
        else if (message is GrantLapsed answer)
            OnLapsed(answer, nowTicks);
    }

    // Another voter asks. Only a grant that has lapsed is worth an answer, and only if the asker's log knows of every life that this one
    // names: it might count one that has no vote any more.
    private void OnInquiry(GrantInquiry inquiry, long nowTicks)
    {
        var named = state.Log.Roster.LastNamedAt;
        if (HasLapsed(inquiry.Epoch, nowTicks)
            && (inquiry.LastEpoch, inquiry.LastSequence).CompareTo((state.Log.EpochOf(named) ?? 0, named)) >= 0)
            state.Send(inquiry.From, new GrantLapsed(state.Origin, inquiry.Epoch, inquiry.SentAtTicks, nowTicks - LapsesAtTicks));
    }

    // A voter's grant lapsed so long ago. It counts when that was before this node asked: then it was lapsed at the moment of asking, as
    // were this node's own grant and all others that are counted.
    private void OnLapsed(GrantLapsed answer, long nowTicks)
    {
        if (answer.SentAtTicks == _askedAtTicks && answer.LapsedTicks >= nowTicks - _askedAtTicks && HasLapsed(answer.Epoch, nowTicks)
            && state.Settings.Voters.Contains(answer.From)
            && state.Counts(state.Log.Roster.SeatOf(answer.From), answer.Origin.Life, answer.Origin.Votes)
            && _lapsed.Add(answer.From) && _lapsed.Count == state.Settings.Majority)
            state.Effects.Add(new PrimaryLost(state.Leader, answer.Epoch, _askedAtTicks, state.LeaderHeardAtTicks));
    }

    // No grant was given after the Primary was last heard.
    private long LapsesAtTicks => state.LeaderHeardAtTicks + state.Settings.LeaseDurationTicks;

    // Only a voter's grant counts for a lease, so only a voter's lapse counts against it.
    private bool HasLapsed(ulong epoch, long nowTicks) =>
        epoch == state.LeaderEpoch
            && state.Voting && state.Leader != NodeId.None && state.Leader != state.Settings.Self && nowTicks >= LapsesAtTicks;
}
