// Full syncs of one node: it asks, another answers, each after a while, and anything may happen to either of them meanwhile. From whom the
// images come does not matter: whatever a node has applied is committed.
using HotStandby.Core.Replication;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;
using HotStandby.Messages.Replication;

namespace HotStandby.Tests.Simulation;

/// <summary>The receiving end of the full syncs of one node.</summary>
public sealed class SimulatedSync(Simulation world, SimulatedNode node)
{
    private readonly Scenario _scenario = world.Scenario;

    /// <summary>One is under way.</summary>
    public bool IsUnderWay { get; private set; }

    /// <summary>What the last one has brought.</summary>
    public Link[] Image { get; private set; } = [];

    /// <summary>The node's checkpoints are damaged: its log alone is no state.</summary>
    public bool IsDamaged { get; set; }

    /// <summary>A process starts.</summary>
    public void Forget() => IsUnderWay = false;

    /// <summary>One begins, unless one is under way.</summary>
    public void Begin(NodeId first)
    {
        if (IsUnderWay)
            return;
        IsUnderWay = true;
        node.Replica!.StateIsComplete(false);
        world.Trace(node, $"needs a full sync, asks {first}");
        AskForImage(first);
    }

    private void AskForImage(NodeId whom) => AfterAWhile(() =>
    {
        var source = Array.Find(world.Nodes, each => each.Id == whom);
        if (source is null || source == node || source.Paused || source.Replica is not { State.IsStateComplete: true } holder || holder.State.CommitSequence == 0)
        {
            AskForImage(Anybody);
            return;
        }

        var oldest = (ulong)world.Random.Between((int)Math.Max(1, holder.State.Log.BaseSequence),
            (int)(world.Bug == PlantedBug.ShipUncommittedState ? holder.State.Log.LastSequence : holder.State.CommitSequence));
        var below = holder.State.Log.DescribeUntil(oldest);
        var roll = holder.State.Log.Roster.At(oldest);
        var image = source.Log[..(int)oldest].ToArray();
        AfterAWhile(() => Install(whom, below, roll, image));
    });

    private void AfterAWhile(Action action) =>
        world.AfterTrueTicks(world.Random.Exponential(_scenario.JournalTicks * 8), node, node.Incarnation, action);

    private void Install(NodeId source, EpochEnd[] below, VoterRoll roll, Link[] image)
    {
        // An image that is older than what is known here to be committed: who only lagged has caught up otherwise; who is damaged takes it
        // all the same if its own log goes on from there.
        var state = node.Replica!.State;
        if (IsDamaged ? below[^1].LastSequence < state.Log.BaseSequence : below[^1].LastSequence < state.CommitSequence)
        {
            if (IsDamaged)
                AskForImage(Anybody);
            else
                End(node.Replica);
            return;
        }

        world.Trace(node, $"installs what {source} held at {below[^1].LastSequence}");
        (Image, IsUnderWay, IsDamaged) = (image, false, false);
        node.Do((replica, now) =>
        {
            replica.Install(below, roll, below[^1].LastSequence, now);
            replica.StateIsComplete(true);
        });
    }

    private NodeId Anybody => world.Nodes[world.Random.Below(world.Nodes.Length)].Id;

    private void End(Replica replica)
    {
        (IsUnderWay, IsDamaged) = (false, false);
        replica.StateIsComplete(true);
    }
}
