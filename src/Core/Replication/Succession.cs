// Who has asked this node to lead, and whether it is giving the lead away. The oracle crowns one node; besides, a Primary that hands over
// on purpose invites its successor. Used by Replica alone. It decides who tries, never who may: that are seals and the lease.
using HotStandby.Messages.Identity;
using HotStandby.Messages.Replication;

namespace HotStandby.Core.Replication;

/// <summary>The reasons of one node to try to lead, and its hand-over. Times are monotonic ticks.</summary>
internal sealed class Succession
{
    private bool _isCrowned;
    private long _invitedUntilTicks = long.MinValue;
    private long _handOverUntilTicks;
    private long? _inviteAtTicks;
    private int _invited;

    /// <summary>A hand-over was asked for and is not complete.</summary>
    public bool IsHandingOver { get; private set; }

    /// <summary>Whom this hand-over invites; none: whoever the oracle crowns next.</summary>
    public NodeId Successor { get; private set; } = NodeId.None;

    /// <summary>The oracle waits for the end of this hand-over.</summary>
    public bool OracleWaits { get; private set; }

    /// <summary>The oracle has crowned this node.</summary>
    public bool IsCrowned => _isCrowned;

    /// <summary>Somebody wants this node to lead.</summary>
    public bool IsAsked(long nowTicks) => _isCrowned || nowTicks < _invitedUntilTicks;

    /// <summary>The oracle says: lead. A switchover that is under way goes on.</summary>
    public void Crown()
    {
        (_isCrowned, OracleWaits) = (true, false);
        IsHandingOver = IsHandingOver && Successor != NodeId.None;
    }

    /// <summary>The oracle, or the node that ends, says: stop.</summary>
    public void Uncrown(long handOverUntilTicks)
    {
        (_isCrowned, OracleWaits, _invitedUntilTicks) = (false, true, long.MinValue);
        Begin(Successor, handOverUntilTicks);
    }

    /// <summary>
    /// This node gives the lead to another one. It stays crowned if it is: should that one not come to lead, it leads again.
    /// </summary>
    public void Begin(NodeId successor, long handOverUntilTicks) =>
        (IsHandingOver, Successor, _handOverUntilTicks) = (true, successor, handOverUntilTicks);

    /// <summary>True when the hand-over waits no longer.</summary>
    public bool IsLate(long nowTicks) => nowTicks >= _handOverUntilTicks;

    /// <summary>The hand-over is complete.</summary>
    public void End() => (IsHandingOver, OracleWaits, Successor) = (false, false, NodeId.None);

    /// <summary>The Primary that hands over wants this node to follow it.</summary>
    public void Invite(long untilTicks) => _invitedUntilTicks = untilTicks;

    /// <summary>
    /// The oracle has crowned this node, which cannot lead before a full sync. Those that could give it images may not know what is
    /// committed until somebody leads. So while nobody does, it invites the others in turn, each for the time of a lease. The first wait is
    /// longer, for checkpoints to be restored.
    /// </summary>
    public void InviteAnother(ReplicaState state, long nowTicks)
    {
        var lease = state.Settings.LeaseDurationTicks;
        if (!_isCrowned || state.GrantRunsForAnother(nowTicks))
            return;
        _inviteAtTicks ??= nowTicks + (2 * lease);
        if (nowTicks < _inviteAtTicks || state.Settings.Voters.Count == 1)
            return;
        _inviteAtTicks = nowTicks + lease;
        var other = state.Settings.Peers.ElementAt(_invited++ % (state.Settings.Voters.Count - 1));
        state.Send(other, new GrantReleased(state.Origin, Epoch: 0, other));
    }

    /// <summary>Somebody leads, or this node has led and does not any more: what was asked before is over.</summary>
    public void IsLed() => (_invitedUntilTicks, _inviteAtTicks) = (long.MinValue, null);
}
