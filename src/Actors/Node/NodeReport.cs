// What a node says of itself, gathered from its replica, its partitions and its verifier. For operators and tests; nothing decides on it.
using HotStandby.Core.Partitions;
using HotStandby.Actors.Replication;
using HotStandby.Messages.Identity;

namespace HotStandby.Actors.Node;

/// <summary>One node at one moment; its parts are taken one after the other, so under load they differ by a few entries.</summary>
public sealed record NodeReport(ReplicaReport Replica, IReadOnlyList<PartitionReport> Partitions, VerificationReport? Verification = null);

/// <summary>A member of the cluster, as one node sees it. Who leads is another question.</summary>
/// <param name="Node">Its node-id.</param>
/// <param name="Address">Where the others talk to it.</param>
/// <param name="Status">Akka's word: Joining, Up, Leaving, …</param>
/// <param name="Reachable">False: it has not been heard of lately.</param>
/// <param name="Http">Origin of its HTTP port, as <c>http://host:port</c>; empty: it has none.</param>
public sealed record MemberReport(NodeId Node, string Address, string Status, bool Reachable, string Http)
{
    /// <summary>Origin of its discovery port; empty: it has none.</summary>
    public string Discovery { get; init; } = "";
}
