// One machine: a disk that survives, a process that may be dead, a clock with a rate of its own.
using HotStandby.Actors.Journal;
using HotStandby.Core.Replication;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;
using HotStandby.Messages.Replication;

namespace HotStandby.Tests.Simulation.Nodes;

/// <summary>One node of the simulated cluster.</summary>
public sealed class SimulatedNode(Simulation world, int index)
{
    private readonly Scenario _scenario = world.Scenario;
    private readonly double _rate = 1 + (world.Random.Pick(-1, 1, (world.Random.Fraction() * 2) - 1) * world.Scenario.Drift);
    private readonly long _clockOffset = world.Random.Below(1_000_000_000);
    private readonly List<Link> _log = [];
    private readonly List<Action> _whenItGoesOn = [];
    private bool _isPaused;
    private SimulatedProcess? _process;

    /// <summary>Its name; none for a machine that is not used.</summary>
    public NodeId Id { get; private set; } = index < world.Scenario.NodeCount ? world.Scenario.Nodes[index] : NodeId.None;

    /// <summary>Its place among the nodes.</summary>
    public int Index => index;

    /// <summary>Its disk.</summary>
    public SimulatedJournal Journal { get; private set; } = world.Scenario.NewJournal();

    /// <summary>Its process; null when it is dead.</summary>
    public SimulatedProcess? Process => _process;

    /// <summary>The protocol in its process; null when it is dead.</summary>
    public Replica? Replica => _process?.Replica;

    /// <summary>Number of its process, over all nodes.</summary>
    public ulong Incarnation { get; private set; }

    /// <summary>While true its clock runs and nothing else does.</summary>
    public bool Paused
    {
        get => _isPaused;
        set
        {
            _isPaused = value;
            if (value)
                return;
            foreach (var each in _whenItGoesOn)
                each();
            _whenItGoesOn.Clear();
        }
    }

    /// <summary>Its connections were reset then: what it had sent before is lost unless it has arrived.</summary>
    public long ResetAtTicks { get; set; } = -1;

    /// <summary>Its log: appended entries, whether durable or not.</summary>
    public List<Link> Log => _log;

    /// <summary>Its monotonic clock.</summary>
    public long Clock => _clockOffset + (long)(world.NowTicks * _rate);

    /// <summary>True while it believes that it may answer clients.</summary>
    public bool HoldsLease => Replica is { } replica && Clock < replica.LeaseUntilTicks;

    /// <summary>True when it serves: lease, and its reign has begun.</summary>
    public bool Serves => _process is { Reigns: true, Replica.Role: ReplicaRole.Primary }
        && (HoldsLease || world.Bug == PlantedBug.ServeWithoutLease);

    /// <summary>Something that comes while the node is paused.</summary>
    public void WhenItGoesOn(Action action) => _whenItGoesOn.Add(action);

    /// <summary>From its next start on it is this node, with this disk.</summary>
    public void Take(NodeId id, SimulatedJournal disk) => (Id, Journal, _process) = (id, disk, null);

    /// <summary>Starts the process, unless its journal is damaged.</summary>
    public void Start()
    {
        if (Id == NodeId.None)
            return;
        if (!Journal.TryStart())
        {
            world.Trace(this, "does not start: its journal is damaged");
            return;
        }

        Incarnation = world.NextIncarnation();
        if (world.Bug == PlantedBug.CutCommittedSuffix)
            Journal.CutUncommitted();
        Paused = false;
        _log.Clear();
        _log.AddRange(Journal.Checkpoint);
        foreach (var batch in Journal.Batches)
            world.Checker.Append(_log, batch, Id);
        var found = Journal.Recover();
        var life = Journal.OpenAs(Id, found, world.NextIncarnation());
        _process = _scenario.HasIndex ? new CellProcess(world, this, found, life) : new BareProcess(world, this, found, life);
        world.Trace(this, "starts");
        _process.Begin();
    }

    /// <summary>Kills the process.</summary>
    public void Crash()
    {
        Journal.Crash(world.Random);
        _process?.End();
        _process = null;
        world.Trace(this, "crashes");
    }

    /// <summary>An empty disk.</summary>
    public void LoseDisk()
    {
        if (_process is not null)
            Crash();
        Journal.Mend();
        world.Twins.PutAside(Id, Journal);
        Take(Id, _scenario.NewJournal(Journal));
        world.Trace(this, "has an empty disk");
    }

    /// <summary>The process ends, since another one has its place; its supervisor starts it again.</summary>
    public void EndSuperseded()
    {
        world.Twins.Superseded++;
        EndAndComeBack();
    }

    /// <summary>The process ends; its supervisor starts it again.</summary>
    public void EndAndComeBack()
    {
        var wasCrowned = Replica!.IsCrowned;
        Crash();
        world.After(world.Random.Exponential(_scenario.LeaseTicks), () =>
        {
            if (_process is not null)
                return;
            Start();
            if (wasCrowned)
                _process?.Crown(); // the oracle still thinks of this node
        });
    }

    /// <summary>An operator's wish. False when the node refuses.</summary>
    public bool SwitchOver(NodeId to)
    {
        if (world.Bug == PlantedBug.ReleaseWhileLeading)
            foreach (var peer in world.Nodes.Where(each => each != this))
                world.Network.Send(this, peer.Id, new GrantReleased(Replica!.State.Origin, Replica.Epoch, to));
        var refusal = _process!.SwitchOver(to);
        world.Trace(this, $"is to let {(to == NodeId.None ? "another" : to)} lead: {refusal ?? "it begins"}");
        return refusal is null;
    }

    /// <summary>Writes that mean nothing.</summary>
    public ulong Propose(int entries)
    {
        var last = _process!.Propose(entries);
        world.Trace(this, $"proposes up to {last}");
        return last;
    }

    /// <summary>The log changes as a journal write says.</summary>
    /// <param name="write">What is to be written.</param>
    /// <param name="brought">With a reset: what the images that came hold.</param>
    public void Append(JournalWrite write, Link[] brought)
    {
        switch (write)
        {
            case WriteBatch batch:
                world.Checker.Append(_log, batch.Batch, Id);
                break;
            case WriteCut cut:
                _log.RemoveRange((int)cut.LastKeptSequence, _log.Count - (int)cut.LastKeptSequence);
                break;
            case WriteReset:
                _log.Clear();
                _log.AddRange(brought);
                break;
            default:
                break;
        }
    }

    /// <summary>The write goes to the disk, and is confirmed after a while.</summary>
    public void Persist(JournalWrite write, Link[] brought, Action persisted)
    {
        if (world.IsVerbose)
            world.Trace(this, $"writes {Describe(write)}");
        Journal.Enqueue(write, write switch
        {
            WriteTruncation truncation => [.. _log[..(int)truncation.Below[^1].LastSequence]],
            WriteReset => brought,
            _ => [],
        });
        var isEarly = world.Bug == PlantedBug.AcknowledgeBeforePersist;
        if (isEarly)
            world.AfterTrueTicks(0, this, Incarnation, persisted);
        Journal.BusyUntilTicks = Math.Max(Journal.BusyUntilTicks, world.NowTicks) + world.Random.Exponential(_scenario.JournalTicks);
        world.AfterTrueTicks(Journal.BusyUntilTicks - world.NowTicks, this, Incarnation, () =>
        {
            if (!Journal.TryWriteOldest())
                Crash();
            else if (!isEarly)
                persisted();
        });
    }

    /// <summary>
    /// Reads from the journal, behind every write that was asked for before, and hands over what was found after a while. A process that
    /// reads what is damaged ends.
    /// </summary>
    public void Read(ulong fromSequence, int most, Action<List<OpLogBatch>> found) => world.AfterTrueTicks(
        Math.Max(world.Random.Exponential(_scenario.JournalTicks * 4), Journal.BusyUntilTicks - world.NowTicks), this, Incarnation, () =>
        {
            if (Read(fromSequence, most) is { } batches)
                world.AfterTrueTicks(world.Random.Exponential(_scenario.JournalTicks * 4), this, Incarnation, () => found(batches));
        });

    private List<OpLogBatch>? Read(ulong fromSequence, int most)
    {
        try
        {
            return Journal.Read(fromSequence, most);
        }
        catch (Exception problem) when (Journal.IsDamaged && problem is JournalDamaged or FileNotFoundException)
        {
            Crash();
            return null;
        }
    }

    private static string Describe(JournalWrite write) => write switch
    {
        WriteBatch batch => $"batch {batch.Batch.Epoch}/{batch.Batch.FirstSequence}..{batch.Batch.LastSequence}",
        WriteCut cut => $"cut after {cut.LastKeptSequence}",
        WriteTruncation truncation => $"truncation to {truncation.Below[^1].LastSequence}",
        WriteReset reset => $"reset to {reset.Below[^1].LastSequence}",
        WritePromise promise => $"promise {promise.Epoch} to {promise.Candidate}",
        _ => "voting",
    };
}
