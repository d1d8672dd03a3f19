// Which lives a replica listens to: not those of another cluster, and no earlier run of a memory of which a later run has been met. It also
// answers lives whose place another life has taken. The roster decides which lives count. Used by Replica alone.
using HotStandby.Messages.Identity;
using HotStandby.Messages.Replication;

namespace HotStandby.Core.Replication;

/// <summary>Ignores what must not be heard.</summary>
internal sealed class LifeGuard(ReplicaState state)
{
    /// <summary>True: hear this message. A sender that speaks as a voter in it and has no vote any more is told so.</summary>
    public bool Admits(ReplicationMessage message)
    {
        if (!Admits(message.Origin))
            return false;
        if (message is SealRequest or SealReply or AppendAcknowledged or GrantInquiry or GrantLapsed)
            Notice(message.Origin);
        return true;
    }

    /// <summary>True: hear this life. False: it may change nothing here, not even the highest epoch that was heard of.</summary>
    public bool Admits(in Origin origin)
    {
        if (state.IsSuperseded)
            return false;
        if (origin.IsForeignTo(state.Birth) && state.Settings.Miscounts != CountingBug.AnyBirth)
        {
            state.Effects.Add(new ForeignMessage(origin));
            return false;
        }

        if (state.Log.Roster.Find(origin.Node) is not { } seat || seat.Memory != origin.Life.Memory || seat.Meets(origin.Life.Incarnation))
            return true;
        Tell(origin, seat);
        return false;
    }

    // A life is told when a committed entry gives its name's vote to another memory. It then ends, unless a later entry, which this node
    // does not know, names it. Because such an entry may exist, the life is heard all the same.
    private void Notice(in Origin origin)
    {
        if (origin.Votes && state.Log.Roster.Find(origin.Node) is { Memory: not 0 } seat && seat.Memory != origin.Life.Memory
            && seat.Sequence <= state.CommitSequence)
            Tell(origin, seat);
    }

    /// <summary>Whether a notice to this life is true.</summary>
    public bool IsSuperseded(LifeSuperseded notice) => notice.Superseded == state.Life
        && (notice.By.Memory == state.Life.Memory ? notice.By.IsLaterThan(state.Life)
            : state.OwnSeat.Memory != state.Life.Memory || notice.NamedAt > state.OwnSeat.Sequence);

    private void Tell(in Origin origin, RosterSeat seat) => state.Effects.Add(new Reply(new LifeSuperseded(
        state.Origin, state.PromisedEpoch, origin.Life, new Life(seat.Memory, seat.LatestIncarnation), seat.Sequence)));
}
