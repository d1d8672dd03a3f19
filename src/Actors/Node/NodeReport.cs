// What a node says of itself, gathered from its replica, its partitions and its verifier. For operators and tests; nothing decides on it.
using HotStandby.Actors.Protocol;
using HotStandby.Actors.Replication;
using HotStandby.Actors.Verification;

namespace HotStandby.Actors.Node;

/// <summary>One node at one moment; its parts are taken one after the other, so under load they differ by a few entries.</summary>
public sealed record NodeReport(ReplicaStatus Replica, IReadOnlyList<PartitionReport> Partitions, VerificationReport? Verification = null);
