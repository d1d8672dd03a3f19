// What the cells of a node ask its replica: which node leads.
using HotStandby.Core.Cells;
using HotStandby.Core.Replication;
using HotStandby.Messages.Identity;

namespace HotStandby.Core.Node;

/// <summary>Anyone to the replica: which node leads? Answered with <see cref="LeaderIs"/>, once the journal is read.</summary>
public sealed record AskLeader : ICellMessage
{
    /// <summary>The only one.</summary>
    public static readonly AskLeader Instance = new();
}

/// <summary>The replica's answer.</summary>
/// <param name="Primary">The Primary, as this Standby knows it; <see cref="NodeId.None"/> when this node leads or knows of none.</param>
public sealed record LeaderIs(NodeId Primary) : ICellMessage
{
    /// <summary>The answer of a replica. Only a Standby has a Primary, and a node is never its own.</summary>
    public static LeaderIs Of(ReplicaRole role, NodeId leader, NodeId self) =>
        new(role == ReplicaRole.Standby && leader != self ? leader : NodeId.None);
}
