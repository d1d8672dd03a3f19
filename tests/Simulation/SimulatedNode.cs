// One machine: a disk that survives, a process that may be dead, a clock with a rate of its own. Carries out the effects of
// its replica against the modelled journal and network, and tells the observer.
using HotStandby.Actors.Journal;
using HotStandby.Core.Checkpoints;
using HotStandby.Core.Replication;
using HotStandby.Messages;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;
using HotStandby.Messages.Replication;
using HotStandby.Tests.Simulation.Index;

namespace HotStandby.Tests.Simulation;

/// <summary>One node of the simulated cluster.</summary>
public sealed class SimulatedNode(Simulation world, int index)
{
    private readonly Scenario _scenario = world.Scenario;
    private readonly double _rate = 1 + (world.Random.Pick(-1, 1, (world.Random.Fraction() * 2) - 1) * world.Scenario.Drift);
    private readonly long _clockOffset = world.Random.Below(1_000_000_000);
    private readonly List<Link> _log = [];
    private readonly List<Action> _whenItGoesOn = [];
    private Saboteur? _saboteur;
    private bool _isPaused;
    private ulong _appliedSequence;
    private ulong _reignFrom;
    private SimulatedSync? _sync;

    private SimulatedNode? _answers;

    /// <summary>Its name; none for a machine that is not used.</summary>
    public NodeId Id { get; private set; } = index < world.Scenario.NodeCount ? world.Scenario.Nodes[index] : NodeId.None;

    /// <summary>Its place among the nodes.</summary>
    public int Index => index;

    /// <summary>Its disk.</summary>
    public SimulatedJournal Journal { get; private set; } = world.Scenario.NewJournal();

    /// <summary>Its checkpoints.</summary>
    public SimulatedImages Images => Journal.Images;

    /// <summary>Its process; null when it is dead.</summary>
    public Replica? Replica { get; private set; }

    /// <summary>What its process holds of the index; null where the run has none.</summary>
    public SimulatedIndex? Partitions { get; private set; }

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
    public bool HoldsLease => Replica is not null && Clock < Replica.LeaseUntilTicks;

    /// <summary>True when it serves: lease, and its reign has begun.</summary>
    public bool Serves => _reignFrom != 0 && Replica is { Role: ReplicaRole.Primary } && (HoldsLease || world.Bug == PlantedBug.ServeWithoutLease);

    /// <summary>Something that comes while the node is paused.</summary>
    public void WhenItGoesOn(Action action) => _whenItGoesOn.Add(action);

    /// <summary>From its next start on it is this node, with this disk.</summary>
    public void Take(NodeId id, SimulatedJournal disk) => (Id, Journal, Replica, Partitions) = (id, disk, null, null);

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
        _saboteur = new Saboteur(world.Bug, this);
        if (world.Bug == PlantedBug.CutCommittedSuffix)
            Journal.CutUncommitted();
        Paused = false;
        _log.Clear();
        _log.AddRange(Journal.Checkpoint);
        foreach (var batch in Journal.Batches)
            world.Checker.Append(_log, batch, Id);
        var found = Journal.Recover();
        Replica = new Replica(_scenario.SettingsOf(Id), found, Journal.OpenAs(Id, found, world.NextIncarnation()), Journal.Birth, Clock);
        (_appliedSequence, _reignFrom, _sync) = (0, 0, new SimulatedSync(world, this));
        Partitions = _scenario.HasIndex ? new SimulatedIndex(world, this) : null;
        world.Trace(this, "starts");
        world.AfterTrueTicks(0, this, Incarnation, Tick);
        // Now and then both checkpoints of a partition are damaged, or what the newest holds is wrong: the log alone is no state then. Only one
        // node at a time has lost something, and the others know what this node's log begins with to be committed: it is older than two
        // checkpoints.
        var isLost = Journal.Checkpoint.Length > 0 && world.Nodes.Length > 1 && world.Random.Chance(0.1)
            && world.Nodes.All(node => node == this || (node.Replica is { State: { IsStateComplete: true, Voting: true } state }
                && state.CommitSequence >= Replica.State.Log.BaseSequence));
        if (isLost)
            Images.Spoil();
        var restored = Images.Restore(Replica.State.Log.Describe(), Replica.State.ImagesUpTo);
        if (Images.Spoilt == 0)
            world.Checker.Restores(Id, restored);
        if (isLost || Images.Spoilt > 0)
            _sync.Begin(Id, isForced: true);
    }

    /// <summary>Kills the process.</summary>
    public void Crash()
    {
        Journal.Crash(world.Random);
        (Replica, Partitions) = (null, null);
        world.Trace(this, "crashes");
    }

    /// <summary>An empty disk.</summary>
    public void LoseDisk()
    {
        if (Replica is not null)
            Crash();
        Journal.Mend();
        world.Twins.PutAside(Id, Journal);
        Take(Id, _scenario.NewJournal(Journal));
        world.Trace(this, "has an empty disk");
    }

    /// <summary>One input to the replica, and its effects.</summary>
    public void Do(Action<Replica, long> input)
    {
        if (Replica is not { } replica)
            return;
        input(replica, Clock);
        CarryOut(replica);
    }

    /// <summary>An operator's wish. False when the node refuses.</summary>
    public bool SwitchOver(NodeId to)
    {
        if (world.Bug == PlantedBug.ReleaseWhileLeading)
            foreach (var peer in world.Nodes.Where(each => each != this))
                world.Network.Send(this, peer.Id, new GrantReleased(Replica!.State.Origin, Replica.Epoch, to));
        string? refusal = null;
        Do((replica, now) => refusal = replica.SwitchOver(to, now));
        world.Trace(this, $"is to let {(to == NodeId.None ? "another" : to)} lead: {refusal ?? "it begins"}");
        return refusal is null;
    }

    /// <summary>A client's writes.</summary>
    public ulong Propose(int entries)
    {
        if (Partitions is not null)
            return Partitions.Reign!.ProposeMarker();
        var drafts = new DraftBuffer(Partition.SegmentTable);
        for (var i = 0; i < entries; i++)
            BitConverter.TryWriteBytes(drafts.Add(OpType.MountSegment, default, 0, 8 + world.Random.Below(40)), world.NextPayload());
        var last = 0UL;
        Do((replica, now) =>
        {
            last = replica.Propose(drafts, now, 0);
            if (world.Random.Chance(0.7))
                replica.Flush(now);
        });
        world.Trace(this, $"proposes up to {last}");
        return last;
    }

    private void Tick()
    {
        Do(static (replica, now) => replica.Tick(now, 0));
        if (Serves)
            Partitions?.Reign?.Tick();
        if (world.Random.Chance(_scenario.Truncation) && Replica is { State.CommitSequence: > 0 } truncating && !_sync!.IsUnderWay)
        {
            if (_appliedSequence > 0)
                Images.Save(new ImageStamp(_appliedSequence, _log[(int)_appliedSequence - 1].Epoch, _log[(int)_appliedSequence - 1].PrefixHash));
            Do((replica, _) => replica.Truncate((ulong)world.Random.Between(0, (int)truncating.State.CommitSequence)));
        }

        if (world.Random.Chance(0.3))
            Replica?.Applied(_appliedSequence);
        world.AfterTrueTicks(_scenario.TickTicks, this, Incarnation, Tick);
    }

    private void CarryOut(Replica replica)
    {
        foreach (var effect in replica.TakeEffects())
        {
            CarryOut(replica, effect);
            if (Replica != replica)
                return; // it has ended
        }
    }

    // The partitions answer clients from now on, unless the reign is over by then.
    private void Serve(BeginReign reign)
    {
        if (_reignFrom != reign.EpochStartSequence || Replica is not { Role: ReplicaRole.Primary } leading || leading.Epoch != reign.Epoch)
            return;
        world.Checker.Serves(Id, reign.Epoch);
        Do(static (replica, now) => replica.Serve(now));
    }

    // The process ends; its supervisor starts it again.
    private void End(Superseded superseded)
    {
        world.Twins.Superseded++;
        world.Trace(this, $"has no place any more: {superseded.By} has");
        var wasCrowned = Replica!.IsCrowned;
        if (superseded.By.Memory != Journal.Memory)
            Journal.Renew(world.NextIncarnation());
        Crash();
        world.After(world.Random.Exponential(_scenario.LeaseTicks), () =>
        {
            if (Replica is not null)
                return;
            Start();
            if (wasCrowned)
                Do(static (replica, now) => replica.Crown(now)); // the oracle still thinks of this node
        });
    }

    private void CarryOut(Replica replica, Effect effect)
    {
        switch (effect)
        {
            case Send send:
                if (send.Message is GrantInquiry inquiry)
                    world.Checker.AsksForGrants(Id, inquiry.SentAtTicks, world.Nodes.Any(node => node.HoldsLease && node.Replica!.Epoch == inquiry.Epoch));
                world.Network.Send(this, send.To, _saboteur!.Says(replica, send.To, send.Message));
                break;
            case JournalWrite write:
                Write(write);
                break;
            case ReadJournal read:
                world.AfterTrueTicks(world.Random.Exponential(_scenario.JournalTicks * 4), this, Incarnation, () =>
                {
                    if (Read(read.FromSequence, world.Random.Between(1, 5)) is not { } batches)
                        return;
                    world.AfterTrueTicks(world.Random.Exponential(_scenario.JournalTicks * 4), this, Incarnation,
                        () => Do((now, ticks) => now.JournalRead(read.Standby, batches, ticks)));
                });
                break;
            case ReadTail read:
                world.AfterTrueTicks(world.Random.Exponential(_scenario.JournalTicks * 4), this, Incarnation, () =>
                {
                    if (Read(read.PreviousSequence + 1, 1) is [var batch])
                        Do((now, _) => now.TailRead(read, batch));
                });
                break;
            case CommitAdvanced commit:
                Apply(replica, commit.CommitSequence);
                if (replica.Role == ReplicaRole.Primary && _reignFrom == 0)
                    world.Faults.Ambush(this);
                break;
            case RoleChanged changed:
                _reignFrom = 0;
                Partitions?.EndReign();
                if (changed.Role == ReplicaRole.Primary)
                {
                    world.Checker.Leads(Id, Incarnation, changed.Epoch, _log);
                    world.Faults.Ambush(this);
                }

                world.Trace(this, $"is {changed.Role} in {changed.Epoch}: {changed.Reason}");
                break;
            case BeginReign reign:
                _reignFrom = reign.EpochStartSequence;
                Partitions?.BeginReign(reign.Epoch);
                world.Trace(this, $"reigns in {reign.Epoch}");
                world.AfterTrueTicks(0, this, Incarnation, () => Serve(reign));
                break;
            case RebuildPartitions:
                replica.Rebuilding();
                Partitions?.Rebuild(_appliedSequence);
                world.Trace(this, "rebuilds");
                break;
            case FullSyncNeeded needed:
                _sync!.Begin(needed.Source);
                break;
            case PrimaryLost lost:
                world.Checker.LosesPrimary(Id, lost);
                world.Trace(this, $"finds {lost.Primary} without a lease in {lost.Epoch}");
                if (world.Random.Chance(0.3))
                    world.Faults.CrownLater(this);
                break;
            case MajoritySealed:
                break;
            case OwnEntryAppended:
                break; // for the partitions, which the simulation has not
            case Reply reply:
                if (_answers is not null)
                    world.Network.SendTo(this, _answers, reply.Message);
                break;
            case Superseded superseded:
                End(superseded);
                break;
            case Born born:
                Journal.Birth = born.Birth;
                break;
            case ForeignMessage:
                break;
            case HandedOver:
                world.Trace(this, "has handed over");
                break;
            default:
                throw new InvalidOperationException($"unknown effect {effect}");
        }
    }

    // Who reads what is damaged ends.
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

    private void Apply(Replica replica, ulong upTo)
    {
        if (upTo <= _appliedSequence && world.Bug == PlantedBug.ApplyBeforeCommit)
            return;
        world.Checker.Commits(Id, replica.Epoch, _log, _appliedSequence, upTo);
        _appliedSequence = upTo;
        Partitions?.Commit(upTo);
        world.Trace(this, $"commits {upTo}");
    }

    private void Write(JournalWrite write)
    {
        if (write is WriteBatch batch)
            world.Checker.Append(_log, batch.Batch, Id);
        else if (write is WriteCut cut)
            _log.RemoveRange((int)cut.LastKeptSequence, _log.Count - (int)cut.LastKeptSequence);
        else if (write is WriteReset)
        {
            _log.Clear();
            _log.AddRange(_sync!.Image);
        }

        if (world.IsVerbose)
            world.Trace(this, $"writes {Describe(write)}");
        Journal.Enqueue(write, write switch
        {
            WriteTruncation truncation => [.. _log[..(int)truncation.Below[^1].LastSequence]],
            WriteReset => _sync!.Image,
            _ => [],
        });
        if (write is WriteBatch && world.Bug == PlantedBug.ApplyBeforeCommit && Replica is { Role: ReplicaRole.Standby } standby)
            Apply(standby, standby.State.Log.LastSequence);
        var isEarly = world.Bug == PlantedBug.AcknowledgeBeforePersist;
        if (isEarly)
            world.AfterTrueTicks(0, this, Incarnation, () => Do(static (replica, now) => replica.Persisted(now)));
        Journal.BusyUntilTicks = Math.Max(Journal.BusyUntilTicks, world.NowTicks) + world.Random.Exponential(_scenario.JournalTicks);
        world.AfterTrueTicks(Journal.BusyUntilTicks - world.NowTicks, this, Incarnation, () =>
        {
            if (!Journal.TryWriteOldest())
                Crash();
            else if (!isEarly)
                Do(static (replica, now) => replica.Persisted(now));
        });
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

    /// <summary>A message arrives.</summary>
    public void Receive(ReplicationMessage message, SimulatedNode? from)
    {
        if (Replica is not { } replica)
            return;
        _answers = from;
        if (message is AppendBatch { Batch: not null } append && world.Random.Chance(_scenario.Corruption))
            replica.ReceiveCorrupt(append, Clock);
        else
            replica.Receive(_saboteur!.Hears(replica, message), Clock);
        CarryOut(replica);
    }
}
