// Messages between nodes: lost, doubled, late by any amount, out of order; links cut in one direction or both.
using HotStandby.Messages.Identity;
using HotStandby.Messages.Replication;
using HotStandby.Messages.Verification;
using HotStandby.Tests.Simulation.Nodes;

namespace HotStandby.Tests.Simulation;

/// <summary>The modelled network.</summary>
public sealed class SimulatedNetwork(Simulation world)
{
    // Order is kept between two replicas and between two verifiers, not between the two kinds of messages.
    private readonly long[,,] _arrivals = new long[2, world.Scenario.NodeCount + 1, world.Scenario.NodeCount + 1];
    private readonly bool[,] _cut = new bool[world.Scenario.NodeCount + 1, world.Scenario.NodeCount + 1];

    /// <summary>True when nothing but cut links and delay goes wrong any more.</summary>
    public bool IsCalm { get; set; }

    /// <summary>Cuts or mends one direction.</summary>
    public void Cut(int from, int to, bool cut) => _cut[from, to] = cut;

    /// <summary>Mends all links of a node.</summary>
    public void Mend(int node)
    {
        for (var other = 0; other <= world.Scenario.NodeCount; other++)
            _cut[node, other] = _cut[other, node] = false;
    }

    /// <summary>Mends everything.</summary>
    public void Heal() => Array.Clear(_cut);

    /// <summary>Sends to a name; what is cut when it leaves never arrives.</summary>
    public void Send(SimulatedNode from, NodeId to, object message) => SendTo(from, world.Twins.Resolve(from, to), message);

    /// <summary>Sends a <see cref="ReplicationMessage"/> or a <see cref="VerificationMessage"/> to a machine.</summary>
    public void SendTo(SimulatedNode from, SimulatedNode target, object message)
    {
        var (scenario, random) = (world.Scenario, world.Random);
        if (_cut[from.Index, target.Index] || (!IsCalm && random.Chance(scenario.Loss)))
        {
            if (world.IsVerbose)
                world.Trace(from, $"to {target.Id}, lost: {Describe(message)}");
            return;
        }

        var copies = !IsCalm && random.Chance(scenario.Duplication) ? 2 : 1;
        for (var i = 0; i < copies; i++)
        {
            var delay = random.Exponential(scenario.DelayTicks);
            if (scenario.KeepsOrder)
            {
                ref var last = ref _arrivals[message is ReplicationMessage ? 0 : 1, from.Index, target.Index];
                last = Math.Max(last, world.NowTicks + delay);
                delay = last - world.NowTicks;
            }

            if (!IsCalm && random.Chance(scenario.LongDelay))
                delay += random.Exponential(scenario.LeaseTicks * 3);
            world.Deliver(delay, target, from, world.NowTicks, message);
        }
    }

    /// <summary>One message in a few words.</summary>
    public static string Describe(object message) => message switch
    {
        AppendBatch append => $"append {append.Epoch}: behind {append.PreviousEpoch}/{append.PreviousSequence} "
            + (append.Batch is null ? "heartbeat" : $"{append.Batch.Epoch}/{append.Batch.FirstSequence}..{append.Batch.LastSequence}")
            + $" commit {append.CommitSequence}{(append.Serves ? ", serves" : "")}",
        AppendAcknowledged ack =>
            $"acknowledged {ack.Epoch}: {ack.StoredSequence}{(ack.Origin.Votes ? "" : " not voting")} by {ack.Origin.Life.Memory:x}",
        AppendRefused refused => $"refused {refused.Epoch}: {refused.Reason}, ends {string.Join(' ', refused.Log)}",
        SealRequest request => $"seal {request.Epoch}{(request.FirstStartOf != Life.None ? " first start" : "")}",
        SealReply reply => $"seal {reply.Epoch}: {reply.Outcome} by {reply.Origin.Life.Memory:x}, promised {reply.PromisedEpoch}, ends "
            + $"{reply.LastEpoch}/{reply.LastSequence}",
        FetchTail fetch => $"fetch {fetch.Epoch}",
        TailBatch tail => $"tail {tail.Epoch}: behind {tail.PreviousEpoch}/{tail.PreviousSequence} of {tail.LastSequence}",
        GrantReleased released =>
            $"released {released.Epoch}{(released.Successor == NodeId.None ? "" : $", {released.Successor} is invited")}",
        GrantInquiry inquiry => $"has the grant of {inquiry.Epoch} lapsed?",
        GrantLapsed lapsed => $"the grant of {lapsed.Epoch} has lapsed",
        ReplicationMessage other => $"{other.GetType().Name} {other.Epoch}",
        VerificationRequest request => $"{request.Partition} held {request.Entries.Count} keys of bucket {request.Bucket} at "
            + $"{request.MarkerSequence}",
        VerificationResponse response => $"{response.Partition}, bucket {response.Bucket}, marker {response.MarkerSequence}: "
            + $"{response.Outcome}, {response.Mismatches.Count} differ at {response.AppliedSequence}",
        VerificationMessage other => $"{other.GetType().Name} {other.Partition}",
        _ => message.GetType().Name,
    };
}
