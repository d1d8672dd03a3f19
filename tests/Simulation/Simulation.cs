// One run: a whole cluster's bad day from one seed, in one thread and virtual time. First faults of every kind, then everything
// heals and the cluster has to serve again. After every event the observer checks the invariants.
using HotStandby.Core.Replication;
using HotStandby.Messages;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Replication;
using HotStandby.Messages.Verification;
using HotStandby.Tests.Simulation.Index;
using HotStandby.Tests.Simulation.Nodes;

namespace HotStandby.Tests.Simulation;

/// <summary>A simulated cluster.</summary>
public sealed class Simulation
{
    private const int MostUncommitted = 60;

    private readonly PriorityQueue<Action, (long At, long Order)> _events = new(InTime.Instance);
    private readonly ulong _seed;
    private long _order;
    private ulong _incarnations;
    private ulong _payloads;
    private readonly SimulatedNode[] _machines;

    /// <summary>Prepares the run of one seed.</summary>
    public Simulation(ulong seed, bool verbose, PlantedBug bug, Reduction without)
    {
        Bug = bug;
        _seed = seed;
        Random = new SeededRandom(seed);
        Scenario = new Scenario(Random, bug, without);
        IsVerbose = verbose;
        Clients = new SimulatedClients(this);
        Checker = new InvariantChecker(Scenario.HasIndex, Clients.Mounted);
        Network = new SimulatedNetwork(this);
        Faults = new FaultInjector(this);
        Nodes = [.. Enumerable.Range(0, Scenario.NodeCount).Select(i => new SimulatedNode(this, i))];
        Twins = new Twins(this);
        _machines = [.. Nodes, Twins.Machine];
    }

    /// <summary>The frame.</summary>
    public Scenario Scenario { get; }

    /// <summary>The mistake that every node makes.</summary>
    public PlantedBug Bug { get; }

    /// <summary>Chance.</summary>
    public SeededRandom Random { get; }

    /// <summary>The observer.</summary>
    public InvariantChecker Checker { get; }

    /// <summary>Who uses the index, where there is one.</summary>
    public SimulatedClients Clients { get; }

    /// <summary>The network.</summary>
    public SimulatedNetwork Network { get; }

    /// <summary>What goes wrong.</summary>
    public FaultInjector Faults { get; }

    /// <summary>The machines.</summary>
    public SimulatedNode[] Nodes { get; }

    /// <summary>Second processes of a name.</summary>
    public Twins Twins { get; }

    /// <summary>True time.</summary>
    public long NowTicks { get; private set; }

    /// <summary>Whether events are written down.</summary>
    public bool IsVerbose { get; }

    /// <summary>One line an event.</summary>
    public List<string> Lines { get; } = [];

    /// <summary>At the end: no round of verification begins any more, so the log comes to rest.</summary>
    public bool VerifiersRest { get; private set; }

    /// <summary>Events so far.</summary>
    public long Events { get; private set; }

    /// <summary>Runs both phases. Throws <see cref="InvariantViolation"/> when one is broken.</summary>
    public void Run()
    {
        if (IsVerbose)
            Lines.Add($"seed {_seed}: {Scenario}"); // the legend: time, node, role, epoch, appended/durable/committed, what happens
        foreach (var node in Nodes)
            node.Start();
        if (Scenario.HasTwinAtFirst)
            Twins.Begin(Random.Pick(Nodes));
        Faults.Begin();
        Client();
        RunUntil(Scenario.DurationTicks, static () => false);
        Faults.End();
        for (var round = 1; !_recovered; round++)
        {
            // Catching up may take long where windows are small; standing still may not.
            var before = Progress();
            RunUntil(NowTicks + (Scenario.LeaseTicks * 40), () => _recovered = HasRecovered());
            if (!_recovered && (Progress() == before || round == 20))
                throw new InvariantViolation(
                    9, $"not recovered {Scenario.LeaseTicks * 40 * round / TimeSpan.TicksPerMillisecond} ms after the last fault");
        }

        foreach (var node in Nodes.Where(node => node.Replica is not null))
            Checker.HoldsEverything(node.Id, node.Log);
    }

    private (ulong Committed, ulong Stored) Progress() =>
        (Checker.Committed, Nodes.Aggregate(
            0UL, static (sum, node) => sum + (ulong)node.Log.Count + (node.Replica?.State.CommitSequence ?? 0)));

    private readonly HashSet<(int Node, ulong Incarnation, Partition Partition)> _verified = [];
    private bool _recovered;
    private ulong _freshSequence;
    private ulong _freshFrom;

    // A fresh write committed after the faults, no client writing any more, every Standby found equal to the Primary, and every living log
    // the same.
    private bool HasRecovered()
    {
        var primary = Array.Find(Nodes, static node => node.Serves);
        if (primary is null)
            return false;
        if (_freshSequence == 0 || _freshFrom != primary.Replica!.Epoch)
        {
            (_freshFrom, _freshSequence) = (primary.Replica!.Epoch, primary.Propose(1));
            _verified.Clear();
            Faults.PutStateFaultsIn();
            return false;
        }

        if (!VerifiersRest && Scenario.VerificationTicks > 0
            && !Nodes.All(node => node.Replica is null || node == primary || IsVerified(node)))
            return false;
        VerifiersRest = true;

        foreach (var node in Nodes)
            if (node.Replica is { } replica && (replica.State.CommitSequence < _freshSequence || !replica.State.Voting
                || node.Log.Count != primary.Log.Count || node.Log[^1] != primary.Log[^1]))
                return false;
        return true;
    }

    private bool IsVerified(SimulatedNode node) => node.Process is CellProcess { HasFault: false } && Enumerable
        .Range(0, 1 + CellProcess.ShardCount)
        .All(partition => _verified.Contains((node.Index, node.Incarnation, new Partition((ushort)partition))));

    /// <summary>Verification finds a partition equal to the Primary's.</summary>
    public void NoteVerified(SimulatedNode node, Partition partition) => _verified.Add((node.Index, node.Incarnation, partition));

    private void RunUntil(long endTicks, Func<bool> isDone)
    {
        while (_events.TryPeek(out _, out var next) && next.At <= endTicks)
        {
            NowTicks = next.At;
            Events++;
            _events.Dequeue()();
            CheckLeases();
            foreach (var node in _machines)
                if (node.Replica?.ServiceAt(node.Clock) is { } service)
                    Checker.Publishes(
                        node.Id, service, node.Clock < service.UntilTicks && service.Epoch >= node.Replica.State.PromisedEpoch);
            if (isDone())
                return;
        }

        NowTicks = Math.Max(NowTicks, endTicks);
    }

    /// <summary>Every other node holds a whole state, votes, and knows everything up to a seq to be committed.</summary>
    public bool OthersAreWhole(SimulatedNode node, ulong sequence) => Nodes.All(each => each == node
        || (each.Replica is { State: { IsStateComplete: true, Voting: true } state } && state.CommitSequence >= sequence));

    /// <summary>
    /// A node may give its state away and be synced: what it has is somewhere else, and stays there, whatever goes wrong meanwhile.
    /// </summary>
    public bool MayBeSynced(SimulatedNode node) => node.Replica!.State.Log.BaseSequence is var begin && (Faults.AreOver
        ? Nodes.Any(each => each != node && each.Replica is { State.IsStateComplete: true } other && other.State.CommitSequence >= begin)
        : !Twins.Exist && Nodes.All(static each => !each.Journal.IsDamaged) && OthersAreWhole(node, begin));

    /// <summary>A node asks the others for their grants.</summary>
    public void AsksForGrants(SimulatedNode node, GrantInquiry inquiry) => Checker.AsksForGrants(
        node.Id, inquiry.SentAtTicks, Nodes.Any(each => each.HoldsLease && each.Replica!.Epoch == inquiry.Epoch));

    /// <summary>A node has taken another role.</summary>
    public void Became(SimulatedNode node, RoleChanged changed)
    {
        if (changed.Role == ReplicaRole.Primary)
        {
            Checker.Leads(node.Id, node.Incarnation, changed.Epoch, node.Log);
            Faults.Ambush(node);
        }

        Trace(node, $"is {changed.Role} in {changed.Epoch}: {changed.Reason}");
    }

    /// <summary>A node finds that the Primary has no lease.</summary>
    public void LosesPrimary(SimulatedNode node, PrimaryLost lost)
    {
        Checker.LosesPrimary(node.Id, lost);
        Trace(node, $"finds {lost.Primary} without a lease in {lost.Epoch}");
        if (Random.Chance(0.3))
            Faults.CrownLater(node);
    }

    // Invariant 6, in true time.
    private void CheckLeases()
    {
        SimulatedNode? holder = null;
        foreach (var node in _machines)
        {
            if (!node.HoldsLease && !(Bug == PlantedBug.ServeWithoutLease && node.Serves))
                continue;
            if (holder is not null)
                throw new InvariantViolation(
                    6, $"{holder.Id} (epoch {holder.Replica!.Epoch}) and {node.Id} (epoch {node.Replica!.Epoch}) both may answer");
            holder = node;
        }
    }

    private void Client()
    {
        After(Random.Exponential(Scenario.ProposalTicks), () =>
        {
            if (NowTicks > Scenario.DurationTicks)
                return;
            foreach (var node in _machines)
                if (node.Serves && !node.Paused && node.Replica!.LastProposed < node.Replica.State.CommitSequence + MostUncommitted)
                {
                    if (Scenario.HasIndex)
                        Clients.Act(node);
                    else
                        node.Propose(Random.Between(1, 4));
                }

            Client();
        });
    }

    /// <summary>Something happens in true time, whatever the nodes do.</summary>
    public void After(long ticks, Action action) => _events.Enqueue(action, (NowTicks + ticks, _order++));

    /// <summary>Something happens at a node, unless its process is another one by then. A paused node does it when it goes on.</summary>
    public void AfterTrueTicks(long ticks, SimulatedNode node, ulong incarnation, Action action) => After(ticks, () =>
    {
        if (node.Replica is null || node.Incarnation != incarnation)
            return;
        if (node.Paused)
            node.WhenItGoesOn(() => AfterTrueTicks(0, node, incarnation, action));
        else
            action();
    });

    /// <summary>A message arrives at whatever process runs then.</summary>
    public void Deliver(long ticks, SimulatedNode node, SimulatedNode from, long sentAtTicks, object message) => After(
        ticks, () =>
    {
        if (node.Replica is null || sentAtTicks <= from.ResetAtTicks)
            return;
        if (node.Paused)
        {
            node.WhenItGoesOn(() => Deliver(0, node, from, sentAtTicks, message));
            return;
        }

        if (IsVerbose)
            Trace(node, $"from {from.Id}: {SimulatedNetwork.Describe(message)}");
        if (message is VerificationMessage said)
            node.Process!.Receive(said, from);
        else
            node.Process!.Receive((ReplicationMessage)message, from);
    });

    // The default comparer of pairs is several times slower, and this is where a run spends its time.
    private sealed class InTime : IComparer<(long At, long Order)>
    {
        public static readonly InTime Instance = new();

        public int Compare((long At, long Order) x, (long At, long Order) y) =>
            x.At != y.At ? x.At.CompareTo(y.At) : x.Order.CompareTo(y.Order);
    }

    /// <summary>The next process's number.</summary>
    public ulong NextIncarnation() => ++_incarnations;

    /// <summary>No two writes are the same.</summary>
    public ulong NextPayload() => ++_payloads;

    /// <summary>One line: time node role epoch appended/durable/committed event.</summary>
    public void Trace(SimulatedNode node, string what)
    {
        if (!IsVerbose)
            return;
        var where = node.Replica is { } replica
            ? $"{replica.Role,-9} {replica.Epoch,3} "
                + $"{replica.State.Log.LastSequence}/{replica.State.DurableSequence}/{replica.State.CommitSequence}"
            : "dead";
        Lines.Add($"{NowTicks / (double)TimeSpan.TicksPerMillisecond,10:F3} {node.Id} {where,-22} {what}");
    }
}
