// What goes wrong in a run, an oracle that may crown any node (none, two at once, the one that lags most), and an operator who lets others
// lead.
using HotStandby.Core.Replication;
using HotStandby.Core.Verification;
using HotStandby.Messages.Identity;
using HotStandby.Tests.Simulation.Nodes;

namespace HotStandby.Tests.Simulation;

/// <summary>Draws faults and crowns, and ends them all.</summary>
public sealed class FaultInjector(Simulation world)
{
    private readonly SeededRandom _random = world.Random;
    private readonly Scenario _scenario = world.Scenario;
    private SimulatedNode? _leads;
    private SimulatedNode? _ledBefore;
    private bool _ended;

    /// <summary>From now on things go wrong.</summary>
    public void Begin()
    {
        Crown(_random.Pick(world.Nodes));
        NextFault();
        NextCrown();
        if (_scenario.SwitchoverTicks > 0)
            NextSwitchover();
        if (_scenario.StateFaultTicks > 0)
            NextStateFault();
    }

    /// <summary>Everything heals, or has.</summary>
    public bool AreOver => _ended;

    /// <summary>How many hand-overs the operator has begun.</summary>
    public int Switchovers { get; private set; }

    /// <summary>Everything heals, though a minority may stay dead; one node is crowned.</summary>
    public void End()
    {
        _ended = true;
        world.Network.Heal();
        world.Network.IsCalm = true;
        var mayStayDead = !world.Twins.Exist && NoVoteMoves && world.Nodes.All(Votes) && _random.Chance(0.3) && AllAreWhole
            ? (_scenario.NodeCount - 1) / 2 : 0;
        world.Twins.End(isLast: true);
        foreach (var node in world.Nodes)
        {
            node.Paused = false;
            node.Journal.Mend();
            if (node.Process is CellProcess { HasFault: true })
                node.Crash(); // no Primary could tell, as long as none leads, and other nodes may need what it has
            if (node.Journal.IsDamaged)
                Replace(node);
            if (mayStayDead > 0 && (node.Replica is null || _random.Chance(0.3)))
            {
                mayStayDead--;
                if (node.Replica is not null)
                    node.Crash();
            }
            else if (node.Replica is null)
            {
                node.Start();
            }
        }

        foreach (var node in world.Nodes)
            node.Process?.Uncrown();
        Crown(_random.Pick<SimulatedNode>([.. world.Nodes.Where(node => node.Replica is not null)]));
    }

    /// <summary>
    /// A node begins to lead, or has committed for the first time in its reign: a good moment to kill it or to cut it off, and to crown
    /// another.
    /// </summary>
    public void Ambush(SimulatedNode node)
    {
        if (_leads != node)
            (_leads, _ledBefore) = (node, _leads);
        if (_ended || !_random.Chance(_scenario.Ambush))
            return;
        var wait = _random.Exponential(
            _random.Pick(0, 0, _scenario.JournalTicks, _scenario.DelayTicks * 2, _scenario.LeaseTicks / 5, _scenario.LeaseTicks * 2));
        world.After(wait, () =>
        {
            if (_ended || node.Replica is null)
                return;
            world.Trace(node, "is ambushed");
            if (_random.Chance(0.5))
                node.ResetAtTicks = world.NowTicks;
            if (_random.Chance(0.5))
                Crash(node);
            else
                Isolate(node);
            Succeed(node);
            world.After(_random.Exponential(_scenario.LeaseTicks), () => EndAmbush(node));
        });
    }

    /// <summary>The Primary is lost, and this node is thought of next.</summary>
    public void CrownLater(SimulatedNode node) => world.AfterTrueTicks(
        _random.Exponential(_scenario.TickTicks * 4), node, node.Incarnation, () =>
    {
        if (!_ended)
            Crown(node);
    });

    // Often it is the one that led before who comes back: with a tail that nobody else has, perhaps.
    private void Succeed(SimulatedNode node)
    {
        var next = _ledBefore is not null && _random.Chance(0.5) ? _ledBefore : _random.Pick(world.Nodes);
        if (next != node && next.Replica is null)
            next.Start();
        Crown(next);
    }

    private void EndAmbush(SimulatedNode node)
    {
        if (_ended)
            return;
        if (node.Replica is null)
            node.Start();
        world.Network.Mend(node.Index);
        CrownAgain(node);
    }

    private void NextFault() => world.After(_random.Exponential(_scenario.FaultTicks), () =>
    {
        if (_ended)
            return;
        Inject();
        NextFault();
    });

    private void NextCrown() => world.After(_random.Exponential(_scenario.CrownTicks), () =>
    {
        if (_ended)
            return;
        if (_random.Chance(0.5))
            foreach (var node in world.Twins.Everybody)
                if (!node.Paused && _random.Chance(0.8))
                    node.Process?.Uncrown();
        Crown(_random.Chance(0.3)
            ? world.Nodes.MinBy(static node => node.Log.Count)! : _random.Pick<SimulatedNode>([.. world.Twins.Everybody]));
        if (_random.Chance(0.3))
            Crown(_random.Pick(world.Nodes));
        NextCrown();
    });

    private void NextSwitchover() => world.After(_random.Exponential(_scenario.SwitchoverTicks), () =>
    {
        if (_ended)
            return;
        foreach (var node in world.Nodes)
            if (!node.Paused && node.Replica is { Role: ReplicaRole.Primary }
                && node.SwitchOver(_random.Chance(0.3) ? NodeId.None : _random.Pick(world.Nodes).Id))
                Switchovers++;
        NextSwitchover();
    });

    private void NextStateFault() => world.After(_random.Exponential(_scenario.StateFaultTicks), () =>
    {
        if (_ended)
            return;
        PutFaultIn(_random.Pick(world.Nodes), _random.Below(CellProcess.ShardCount));
        NextStateFault();
    });

    /// <summary>Something in each shard of every Standby is wrong from now on, if that is among what goes wrong in this run.</summary>
    public void PutStateFaultsIn()
    {
        foreach (var node in world.Nodes)
            for (var shard = 0; _scenario.StateFaultTicks > 0 && shard < CellProcess.ShardCount; shard++)
                PutFaultIn(node, shard);
    }

    private void PutFaultIn(SimulatedNode node, int shard)
    {
        if (!node.Paused && node.Process is CellProcess process)
            process.PutFaultIn(shard, _random.Pick(Enum.GetValues<VerifyFault>()));
    }

    private void Crown(SimulatedNode node)
    {
        if (node.Paused)
            return;
        world.Trace(node, "is crowned");
        node.Process?.Crown();
    }

    private void Inject()
    {
        var total = _scenario.Weights.Sum();
        var drawn = _random.Below(total);
        var fault = 0;
        while (drawn >= _scenario.Weights[fault])
            drawn -= _scenario.Weights[fault++];
        SimulatedNode[] everybody = [.. world.Twins.Everybody];
        var node = _random.Pick(everybody);
        var other = _random.Pick(everybody);
        if (world.IsVerbose && (Fault)fault is >= Fault.Pause)
            world.Trace(node, $"fault: {(Fault)fault} {other.Id}");
        switch ((Fault)fault)
        {
            case Fault.Crash when node.Replica is not null:
                Crash(node);
                break;
            case Fault.CrashAll when _random.Chance(0.2):
                foreach (var each in everybody)
                    if (each.Replica is not null)
                        Crash(each);
                break;
            case Fault.Restart:
                foreach (var each in everybody)
                    if (each.Replica is null && _random.Chance(0.7))
                    {
                        if (each.Journal.IsDamaged && _random.Chance(0.5))
                            Replace(each);
                        else
                            each.Start();
                    }

                break;
            case Fault.LoseDisk when MayLoseDisk(node):
                Replace(node);
                CrownAgain(node);
                break;
            case Fault.BreakDisk when node.Replica is not null:
                node.Journal.Break(isFull: _random.Chance(0.5));
                break;
            case Fault.DamageDisk when node.Replica is not null && MayLoseDisk(node):
                if (node.Journal.Damage(_random) is { } damage)
                    world.Trace(node, damage);
                break;
            case Fault.Pause:
                node.Paused = true;
                break;
            case Fault.Resume:
                foreach (var each in everybody)
                    each.Paused = false;
                break;
            case Fault.Isolate:
                Isolate(node);
                break;
            case Fault.CutOneWay:
                world.Network.Cut(node.Index, other.Index, true);
                break;
            case Fault.CutLink:
                Cut(node, other);
                break;
            case Fault.Split:
                Split();
                break;
            case Fault.Twin when world.Twins.Exist:
                if (_random.Chance(0.3))
                    world.Twins.End(isLast: false);
                else
                    world.Twins.LookAgain();
                break;
            case Fault.Twin when _random.Chance(0.3):
                world.Twins.Resurrect(MayLoseDisk);
                break;
            case Fault.Twin when MayLoseDisk(node):
                world.Twins.Begin(node);
                break;
            case Fault.Intruder:
                world.Twins.Intrude(node);
                break;
            case Fault.Heal:
                world.Network.Heal();
                break;
            case Fault.Crash or Fault.CrashAll or Fault.LoseDisk or Fault.BreakDisk or Fault.DamageDisk or Fault.Twin:
                break; // not to this node, or not now
            default:
                throw new InvalidOperationException($"nothing happens at {(Fault)fault}");
        }
    }

    private static void Replace(SimulatedNode node)
    {
        node.LoseDisk();
        node.Start();
    }

    // Sometimes the supervisor is quick: a dead process is back before anybody noticed.
    private void Crash(SimulatedNode node)
    {
        node.Crash();
        if (!_random.Chance(0.4))
            return;
        node.Start();
        CrownAgain(node);
    }

    private void CrownAgain(SimulatedNode node)
    {
        if (_random.Chance(0.3))
            Crown(node);
    }

    private void Isolate(SimulatedNode node)
    {
        foreach (var each in world.Twins.Everybody)
            Cut(node, each);
    }

    private void Cut(SimulatedNode one, SimulatedNode other)
    {
        if (one == other)
            return;
        world.Network.Cut(one.Index, other.Index, true);
        world.Network.Cut(other.Index, one.Index, true);
    }

    private void Split()
    {
        var sides = _random.Bits();
        foreach (var one in world.Twins.Everybody)
            foreach (var other in world.Twins.Everybody)
                if (((sides >> one.Index) & 1) != ((sides >> other.Index) & 1))
                    Cut(one, other);
    }

    // A majority of voters keeps its journals: that is what invariant 8 presumes. During the first start no node may lose anything. Nor
    // while the checkpoints of one are lost: what it lacks must be somewhere. Nor while a name has two processes, one of which may be lost,
    // or a vote is on its way to another memory.
    private bool MayLoseDisk(SimulatedNode node) => world.Checker.Committed > 0 && !world.Twins.Exist
        && NoVoteMoves && world.Nodes.All(static each => each.Replica is not { State.IsStateComplete: false })
        && world.Nodes.Count(each => each != node && Votes(each)) > _scenario.NodeCount / 2;

    // What one of them lacks may be on the disk of a single other one.
    private bool AllAreWhole => world.Nodes.All(
        static each => !each.Journal.NeedsFullSync && each.Replica is not { State.IsStateComplete: false });

    // Every log is of the committed roster.
    private bool NoVoteMoves => world.Nodes.All(each => LogOf(each).Roster is var roster && roster.LastNamedAt <= world.Checker.Committed
        && (roster.Find(each.Id)?.Memory ?? 0) is var memory
        && (memory == 0 || memory == world.Checker.VoterOf(each.Id) || LogOf(each).LastSequence < world.Checker.Committed));

    private static LogIndex LogOf(SimulatedNode node) => node.Replica?.State.Log ?? node.Journal.Recover().Log;

    private bool Votes(SimulatedNode node) => node.Journal.Voting && node.Journal.Memory == world.Checker.VoterOf(node.Id);
}
