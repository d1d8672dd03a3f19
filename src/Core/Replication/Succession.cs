// Who has asked this node to lead, and whether it is giving the lead away. The oracle crowns one node; besides, a Primary that hands over
// on purpose invites its successor. Used by Replica alone. It decides who tries, never who may: that are seals and the lease.
using HotStandby.Messages.Identity;

namespace HotStandby.Core.Replication;

/// <summary>The reasons of one node to try to lead, and its hand-over. Times are monotonic ticks.</summary>
internal sealed class Succession
{
    private bool _isCrowned;
    private long _invitedUntilTicks = long.MinValue;
    private long _handOverUntilTicks;

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

    /// <summary>Somebody leads, or this node has led and does not any more: the invitation is used up.</summary>
    public void ForgetInvitation() => _invitedUntilTicks = long.MinValue;
}
