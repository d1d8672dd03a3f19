// Makes the planted mistake where a node meets its surroundings: alters what it hears and says, and what its disk is told. Used by
// SimulatedNode and Scenario. Without a planted bug it changes nothing and draws no chance, so that a seed is the same run.
using HotStandby.Core.Replication;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Replication;

namespace HotStandby.Tests.Simulation.Nodes;

/// <summary>One node's saboteur.</summary>
public sealed class Saboteur(PlantedBug bug, SimulatedNode node)
{
    private readonly Dictionary<(NodeId Primary, long SentAtTicks), ulong> _olderEpochs = [];

    /// <summary>What the node hears instead.</summary>
    public ReplicationMessage Hears(Replica replica, ReplicationMessage message)
    {
        switch (bug, message)
        {
            case (PlantedBug.IgnoreEpochOnAppend, AppendBatch append)
                when append.Epoch < replica.State.PromisedEpoch && replica.Role == ReplicaRole.Standby:
                _olderEpochs[(append.From, append.SentAtTicks)] = append.Epoch;
                return append with { Epoch = replica.State.PromisedEpoch };
            case (PlantedBug.RenewLeaseFromReceiveTime, AppendAcknowledged acknowledged):
                return acknowledged with { SentAtTicks = node.Clock };
            case (PlantedBug.SkipTailFetch, SealReply { LastSequence: > 0 } reply):
                return reply with { LastEpoch = 0, LastSequence = 1 };
            case (PlantedBug.IgnoreGrant, SealRequest):
                replica.Receive(new GrantReleased(
                    new Origin(replica.State.GrantedTo, replica.State.GrantedLife, 0, false), replica.State.PromisedEpoch,
                    NodeId.None), node.Clock);
                return message;
            default:
                return message;
        }
    }

    /// <summary>What the node says instead.</summary>
    public ReplicationMessage Says(Replica replica, NodeId to, ReplicationMessage message)
    {
        if (bug == PlantedBug.ClaimServiceEarly && message is AppendBatch append)
            return append with { Serves = true };
        if (message is not AppendAcknowledged acknowledged)
            return message;
        if (bug == PlantedBug.AcknowledgeEndOfLog)
            return acknowledged with { StoredSequence = replica.State.DurableSequence };
        return _olderEpochs.TryGetValue((to, acknowledged.SentAtTicks), out var epoch) ? acknowledged with { Epoch = epoch } : message;
    }
}
