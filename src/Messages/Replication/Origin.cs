using HotStandby.Messages.Identity;

namespace HotStandby.Messages.Replication;

/// <summary>Which life says something, and as what. Part of every message between replicas: what may be counted names its life.</summary>
/// <param name="Node">The name under which it was started.</param>
/// <param name="Life">Its memory and its incarnation.</param>
/// <param name="Birth">The identity of its cluster; 0 while its log knows none to be committed.</param>
/// <param name="Votes">Whether it has the right to vote.</param>
public readonly record struct Origin(NodeId Node, Life Life, ulong Birth, bool Votes)
{
    /// <summary>No life.</summary>
    public static readonly Origin None;

    /// <summary>True when both know their cluster and it is not the same one.</summary>
    public bool IsForeignTo(ulong birth) => Birth != 0 && birth != 0 && Birth != birth;
}
