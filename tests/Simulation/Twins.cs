// Two processes with one node name: a second one starts with an empty disk, or with a disk that was put aside long ago, while the
// first one lives, is paused or is cut off. And another cluster whose nodes have the same names. Whatever they do, nothing may break, as
// long as a majority of the names keep the memories that vote for them.
using HotStandby.Core.Replication;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;
using HotStandby.Messages.Replication;
using HotStandby.Tests.Simulation.Nodes;

namespace HotStandby.Tests.Simulation;

/// <summary>The second process of a name, the disks in the attic, and the other cluster.</summary>
public sealed class Twins(Simulation world)
{
    private enum View : byte
    {
        First,
        Second,
        Either,
    }

    private readonly View[] _views = new View[world.Scenario.NodeCount + 1];
    private (NodeId Id, SimulatedJournal Disk)? _attic;
    private bool _isFirstStart;

    /// <summary>The machine of the second process.</summary>
    public SimulatedNode Machine { get; } = new(world, world.Scenario.NodeCount);

    /// <summary>Some name has a second process.</summary>
    public bool Exist => Machine.Id != NodeId.None;

    /// <summary>How often there were two of one name.</summary>
    public int Begun { get; private set; }

    /// <summary>How often one of two learned that the other has its place.</summary>
    public int Superseded { get; set; }

    /// <summary>Every machine that has something to say.</summary>
    public IEnumerable<SimulatedNode> Everybody => Exist ? [.. world.Nodes, Machine] : world.Nodes;

    /// <summary>Which process a message for a name gets to, as the sender sees the cluster.</summary>
    public SimulatedNode Resolve(SimulatedNode from, NodeId to)
    {
        var first = world.Nodes[Array.IndexOf(world.Scenario.Nodes, to)];
        if (Machine.Id != to)
            return first;
        return _views[from.Index] switch
        {
            View.First => first,
            View.Second => Machine,
            _ => world.Random.Chance(0.5) ? first : Machine,
        };
    }

    /// <summary>Some see the first process, some the second, some both.</summary>
    public void LookAgain()
    {
        for (var i = 0; i < _views.Length; i++)
            _views[i] = world.Random.Pick(View.First, View.Second, View.Second, View.Either);
    }

    /// <summary>
    /// A second process starts with an empty disk. Before anything is committed this may be one of those that found the cluster.
    /// </summary>
    public void Begin(SimulatedNode of)
    {
        _isFirstStart = world.Checker.Committed == 0;
        Begin(of.Id, world.Scenario.NewJournal());
    }

    private void Begin(NodeId name, SimulatedJournal disk)
    {
        Begun++;
        Machine.Take(name, disk);
        LookAgain();
        Machine.Start();
    }

    /// <summary>A disk is replaced: the old one goes to the attic.</summary>
    public void PutAside(NodeId name, SimulatedJournal disk)
    {
        if (!disk.IsDamaged)
            _attic = (name, disk);
    }

    /// <summary>The old disk is started again, beside its replacement.</summary>
    /// <param name="mayBegin">Whether that node may have a second process: in the end one of the two is lost.</param>
    public void Resurrect(Func<SimulatedNode, bool> mayBegin)
    {
        if (Exist || _attic is not { } old || !mayBegin(world.Nodes[Array.IndexOf(world.Scenario.Nodes, old.Id)]))
            return;
        (_attic, _isFirstStart) = (null, false);
        Begin(old.Id, old.Disk);
    }

    /// <summary>One of the two ends for good. Which one is lost is like a lost disk, except while the cluster is being founded.</summary>
    public void End(bool isLast)
    {
        if (!Exist || (_isFirstStart && world.Checker.VoterOf(Machine.Id) == 0 && !isLast))
            return;
        var first = world.Nodes[Array.IndexOf(world.Scenario.Nodes, Machine.Id)];
        var staysSecond = _isFirstStart ? IsNamed(Machine) : world.Random.Chance(0.5);
        world.Trace(Machine, staysSecond ? "stays, the first one goes" : "goes");
        foreach (var each in new[] { first, Machine })
            if (each.Replica is not null && (each == Machine || staysSecond))
                each.Crash();
        var disk = Machine.Journal;
        Machine.Take(NodeId.None, world.Scenario.NewJournal());
        if (!staysSecond)
            return;
        first.Take(first.Id, disk);
        first.Start();
    }

    // In what is committed or, if nothing is, in the best log there is.
    private bool IsNamed(SimulatedNode node)
    {
        if (world.Checker.VoterOf(node.Id) is not 0 and var voter)
            return voter == node.Journal.Memory;
        var logs = Everybody.Select(static each => each.Replica?.State.Log ?? each.Journal.Recover().Log);
        return logs.MaxBy(static log => (log.LastEpoch, log.LastSequence))!.Roster.At(ulong.MaxValue)
            .Voters.Contains(new NamedVoter(node.Id, node.Journal.Memory));
    }

    /// <summary>A node of another cluster of the same name has dialled in, and says something.</summary>
    public void Intrude(SimulatedNode at)
    {
        if (at.Paused || at.Replica is not { State: { Birth: not 0 } state })
            return;
        var origin = new Origin(world.Random.Pick(world.Scenario.Nodes), new Life(0xF0E1, 1), 0xF0E1F0E1, Votes: world.Random.Chance(0.5));
        var epoch = state.PromisedEpoch + (ulong)world.Random.Between(0, 1000);
        var writer = new BatchWriter();
        var drafts = new DraftBuffer(Partition.SegmentTable);
        BitConverter.TryWriteBytes(drafts.Add(OpType.MountSegment, default, 0, 8), world.NextPayload());
        writer.Add(drafts.Bytes, 1, epoch, 0);
        drafts.Release();
        ReplicationMessage said = world.Random.Below(4) switch
        {
            0 => new SealRequest(origin, epoch, Life.None),
            1 => new AppendBatch(origin, epoch, 0, 0, null, 1, 1, at.Clock),
            2 => new AppendBatch(origin, epoch, 0, 0, writer.Close(1), 1, 1, at.Clock),
            _ => new SealReply(origin, at.Replica.Epoch, state.Life, SealOutcome.Sealed, epoch, 1, 1, 1, 0),
        };
        world.Trace(at, $"hears a node of another cluster: {SimulatedNetwork.Describe(said)}");
        at.Process!.Receive(said, from: null);
    }
}
