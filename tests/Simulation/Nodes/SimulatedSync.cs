// The full syncs of one process. Which node an image comes from does not matter: what a node has applied is committed. It is asked, and
// answers, after a while each; anything may happen to either node meanwhile.
using HotStandby.Core.Checkpoints;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;
using HotStandby.Messages.Replication;

namespace HotStandby.Tests.Simulation.Nodes;

/// <summary>One process's syncs: at most one at a time. Used by <see cref="BareProcess"/> only.</summary>
public sealed class SimulatedSync(Simulation world, SimulatedNode node, BareProcess process)
{
    private bool _isForced;

    /// <summary>One is under way.</summary>
    public bool IsUnderWay { get; private set; }

    /// <summary>What the last one has brought.</summary>
    public Link[] Image { get; private set; } = [];

    /// <summary>Begins one, unless one is under way.</summary>
    /// <param name="first">Who is asked first.</param>
    /// <param name="isForced">This node's own state is lost, or wrong.</param>
    public void Begin(NodeId first, bool isForced = false)
    {
        if (IsUnderWay)
            return;
        (IsUnderWay, _isForced) = (true, isForced);
        node.Replica!.StateIsComplete(false);
        world.Trace(node, $"needs a full sync, asks {first}");
        Ask(first);
    }

    private void Ask(NodeId whom) => world.AfterTrueTicks(Delay, node, node.Incarnation, () =>
    {
        var source = Array.Find(world.Nodes, each => each.Id == whom);
        if (source is null || source == node
            || source.Paused || source.Replica is not { State.IsStateComplete: true } holder || holder.State.CommitSequence == 0)
        {
            Ask(Anybody);
            return;
        }

        var oldest = (ulong)world.Random.Between((int)Math.Max(1, holder.State.Log.BaseSequence),
            (int)(world.Bug == PlantedBug.ShipUncommittedState ? holder.State.Log.LastSequence : holder.State.CommitSequence));
        // Often the very seq of the image that is wrong: nothing may have been written since.
        if (node.Journal.Images.Spoilt is > 0 and var spoilt
            && spoilt >= holder.State.Log.BaseSequence && spoilt <= holder.State.CommitSequence && spoilt % 2 == 0)
            oldest = spoilt;
        var below = holder.State.Log.DescribeUntil(oldest);
        var roll = holder.State.Log.Roster.At(oldest);
        var image = source.Log[..(int)oldest].ToArray();
        world.AfterTrueTicks(Delay, node, node.Incarnation, () => Install(whom, below, roll, image));
    });

    private void Install(NodeId source, EpochEnd[] below, VoterRoll roll, Link[] image)
    {
        // An image that is older than what is known here to be committed: a node that only lagged has caught up otherwise; one whose state
        // is lost takes it all the same if its own log goes on from there.
        var (log, last) = (node.Replica!.State.Log, below[^1]);
        if (last.LastSequence < (_isForced ? log.BaseSequence : node.Replica.State.CommitSequence))
        {
            if (_isForced)
                Ask(Anybody);
            else
                End();
            return;
        }

        world.Trace(node, $"installs what {source} held at {last.LastSequence}");
        (Image, IsUnderWay, _isForced) = (image, false, false);
        process.Do((replica, now) =>
        {
            replica.Install(below, roll, last.LastSequence, now);
            replica.StateIsComplete(true);
        });
        if (node.Replica is null)
            return; // the log that came gives its name to another memory
        world.Checker.Restores(node.Id, node.Journal.Images.Install(
            new ImageStamp(last.LastSequence, last.Epoch, image[^1].PrefixHash), log.Describe(), node.Replica.State.ImagesUpTo));
    }

    private void End()
    {
        IsUnderWay = false;
        node.Replica!.StateIsComplete(true);
    }

    private long Delay => world.Random.Exponential(world.Scenario.JournalTicks * 8);

    private NodeId Anybody => world.Nodes[world.Random.Below(world.Nodes.Length)].Id;
}
