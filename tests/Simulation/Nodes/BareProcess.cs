// A process that is the protocol and nothing else: carries out the effects of its replica against the modelled journal and network, and
// tells the observer. Checkpoints and full syncs are modelled. Many thousands of runs a minute.
using HotStandby.Core.Checkpoints;
using HotStandby.Core.Replication;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;
using HotStandby.Messages.Replication;

namespace HotStandby.Tests.Simulation.Nodes;

/// <summary>The protocol of one process.</summary>
public sealed class BareProcess : SimulatedProcess
{
    private readonly Replica _replica;
    private readonly Saboteur _saboteur;
    private readonly SimulatedSync _sync;
    private ulong _appliedSequence;
    private ulong _reignFrom;
    private SimulatedNode? _answers;

    /// <summary>A process.</summary>
    public BareProcess(Simulation world, SimulatedNode node, RecoveredJournal found, Life life)
        : base(world, node)
    {
        _replica = new Replica(Scenario.SettingsOf(node.Id), found, life, node.Journal.Birth, node.Clock);
        _saboteur = new Saboteur(world.Bug, node);
        _sync = new SimulatedSync(world, node, this);
    }

    /// <inheritdoc/>
    public override Replica Replica => _replica;

    /// <inheritdoc/>
    public override bool Reigns => _reignFrom != 0;

    private SimulatedImages Images => Node.Journal.Images;

    /// <inheritdoc/>
    public override void Begin()
    {
        World.AfterTrueTicks(0, Node, Node.Incarnation, Tick);
        // Now and then both checkpoints of a partition are damaged, or what the newest holds is wrong: the log alone is no state then. Only
        // one node at a time has lost something, and the others know what this node's log begins with to be committed: it is older than two
        // checkpoints.
        var isLost = Node.Journal.Checkpoint.Length > 0
            && World.Nodes.Length > 1 && World.Random.Chance(0.1) && World.OthersAreWhole(Node, _replica.State.Log.BaseSequence);
        if (isLost)
            Images.Spoil();
        var restored = Images.Restore(_replica.State.Log.Describe(), _replica.State.ImagesUpTo);
        if (Images.Spoilt == 0)
            World.Checker.Restores(Node.Id, restored);
        if (isLost || Images.Spoilt > 0)
            _sync.Begin(Node.Id, isForced: true);
    }

    /// <summary>One input to the replica, and its effects.</summary>
    public void Do(Action<Replica, long> input)
    {
        if (Node.Process != this)
            return;
        input(_replica, Node.Clock);
        CarryOut();
    }

    /// <inheritdoc/>
    public override void Crown() => Do(static (replica, now) => replica.Crown(now));

    /// <inheritdoc/>
    public override void Uncrown() => Do(static (replica, now) => replica.Uncrown(now));

    /// <inheritdoc/>
    public override string? SwitchOver(NodeId to)
    {
        string? refusal = null;
        Do((replica, now) => refusal = replica.SwitchOver(to, now));
        return refusal;
    }

    /// <inheritdoc/>
    public override ulong Propose(int entries)
    {
        var drafts = new DraftBuffer(Partition.SegmentTable);
        for (var i = 0; i < entries; i++)
            BitConverter.TryWriteBytes(drafts.Add(OpType.MountSegment, default, 0, 8 + World.Random.Below(40)), World.NextPayload());
        var last = 0UL;
        Do((replica, now) =>
        {
            last = replica.Propose(drafts, now, 0);
            if (World.Random.Chance(0.7))
                replica.Flush(now);
        });
        return last;
    }

    /// <inheritdoc/>
    public override void Receive(ReplicationMessage message, SimulatedNode? from)
    {
        _answers = from;
        if (message is AppendBatch { Batch: not null } append && World.Random.Chance(Scenario.Corruption))
            _replica.ReceiveCorrupt(append, Node.Clock);
        else
            _replica.Receive(_saboteur.Hears(_replica, message), Node.Clock);
        CarryOut();
    }

    private void Tick()
    {
        Do(static (replica, now) => replica.Tick(now, 0));
        if (World.Random.Chance(Scenario.Truncation) && Node.Process == this && _replica.State.CommitSequence > 0 && !_sync.IsUnderWay)
        {
            if (_appliedSequence > 0)
                Images.Save(new ImageStamp(
                    _appliedSequence, Node.Log[(int)_appliedSequence - 1].Epoch, Node.Log[(int)_appliedSequence - 1].PrefixHash));
            Do((replica, _) => replica.Truncate((ulong)World.Random.Between(0, (int)replica.State.CommitSequence)));
        }

        if (World.Random.Chance(0.3))
            _replica.Applied(_appliedSequence);
        World.AfterTrueTicks(Scenario.TickTicks, Node, Node.Incarnation, Tick);
    }

    private void CarryOut()
    {
        var effects = _replica.TakeEffects();
        if (effects.Count == 0)
            return; // most turns have none, and an enumerator of a list behind an interface is an object
        foreach (var effect in effects)
        {
            CarryOut(effect);
            if (Node.Process != this)
                return; // it has ended
        }
    }

    // The partitions answer clients from now on, unless the reign is over by then.
    private void Serve(BeginReign reign)
    {
        if (_reignFrom != reign.EpochStartSequence || _replica.Role != ReplicaRole.Primary || _replica.Epoch != reign.Epoch)
            return;
        World.Checker.Serves(Node.Id, reign.Epoch);
        Do(static (replica, now) => replica.Serve(now));
    }

    private void CarryOut(Effect effect)
    {
        switch (effect)
        {
            case Send send:
                if (send.Message is GrantInquiry inquiry)
                    World.AsksForGrants(Node, inquiry);
                World.Network.Send(Node, send.To, _saboteur.Says(_replica, send.To, send.Message));
                break;
            case JournalWrite write:
                Node.Append(write, _sync.Image);
                Node.Persist(write, _sync.Image, () => Do(static (replica, now) => replica.Persisted(now)));
                if (write is WriteBatch && World.Bug == PlantedBug.ApplyBeforeCommit && _replica.Role == ReplicaRole.Standby)
                    Apply(_replica.State.Log.LastSequence);
                break;
            case ReadJournal read:
                Node.Read(read.FromSequence, World.Random.Between(1, 5), batches =>
                    Do((now, ticks) => now.JournalRead(read.Standby, batches, ticks)));
                break;
            case ReadTail read:
                Node.Read(read.PreviousSequence + 1, 1, batches =>
                {
                    if (batches is [var batch])
                        Do((now, _) => now.TailRead(read, batch));
                });
                break;
            case CommitAdvanced commit:
                Apply(commit.CommitSequence);
                if (_replica.Role == ReplicaRole.Primary && _reignFrom == 0)
                    World.Faults.Ambush(Node);
                break;
            case RoleChanged changed:
                _reignFrom = 0;
                World.Became(Node, changed);
                break;
            case BeginReign reign:
                _reignFrom = reign.EpochStartSequence;
                World.Trace(Node, $"reigns in {reign.Epoch}");
                World.AfterTrueTicks(0, Node, Node.Incarnation, () => Serve(reign));
                break;
            case RebuildPartitions:
                _replica.Rebuilding();
                World.Trace(Node, "rebuilds");
                break;
            case FullSyncNeeded needed:
                _sync.Begin(needed.Source);
                break;
            case PrimaryLost lost:
                World.LosesPrimary(Node, lost);
                break;
            case MajoritySealed or OwnEntryAppended or ForeignMessage:
                break; // for partitions and operators, of which there are none
            case Reply reply:
                if (_answers is not null)
                    World.Network.SendTo(Node, _answers, reply.Message);
                break;
            case Superseded superseded:
                World.Trace(Node, $"has no place any more: {superseded.By} has");
                if (superseded.By.Memory != Node.Journal.Memory)
                    Node.Journal.Renew(World.NextIncarnation());
                Node.EndSuperseded();
                break;
            case Born born:
                Node.Journal.Birth = born.Birth;
                break;
            case HandedOver:
                World.Trace(Node, "has handed over");
                break;
            default:
                throw new InvalidOperationException($"unknown effect {effect}");
        }
    }

    private void Apply(ulong upTo)
    {
        if (upTo <= _appliedSequence && World.Bug == PlantedBug.ApplyBeforeCommit)
            return;
        World.Checker.Commits(Node.Id, _replica.Epoch, Node.Log, _appliedSequence, upTo);
        _appliedSequence = upTo;
        World.Trace(Node, $"commits {upTo}");
    }
}
