// Messages between nodes: lost, doubled, late by any amount, out of order; links cut in one direction or both.
using HotStandby.Messages.Identity;
using HotStandby.Messages.Replication;
using HotStandby.Tests.Simulation.Nodes;

namespace HotStandby.Tests.Simulation;

/// <summary>The modelled network.</summary>
public sealed class SimulatedNetwork(Simulation world)
{
    private readonly long[,] _arrivals = new long[world.Scenario.NodeCount + 1, world.Scenario.NodeCount + 1];
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
    public void Send(SimulatedNode from, NodeId to, ReplicationMessage message) => SendTo(from, world.Twins.Resolve(from, to), message);

    /// <summary>Sends to a machine.</summary>
    public void SendTo(SimulatedNode from, SimulatedNode target, ReplicationMessage message)
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
                ref var last = ref _arrivals[from.Index, target.Index];
                last = Math.Max(last, world.NowTicks + delay);
                delay = last - world.NowTicks;
            }

            if (!IsCalm && random.Chance(scenario.LongDelay))
                delay += random.Exponential(scenario.LeaseTicks * 3);
            world.Deliver(delay, target, from, world.NowTicks, message);
        }
    }

    /// <summary>One message in a few words.</summary>
    public static string Describe(ReplicationMessage message) => message switch
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
        GrantInquiry => $"has the grant of {message.Epoch} lapsed?",
        GrantLapsed => $"the grant of {message.Epoch} has lapsed",
        _ => $"{message.GetType().Name} {message.Epoch}",
    };
}
