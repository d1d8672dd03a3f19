// What one seed decides before the run starts: how many nodes, which settings, which faults and how often. Every seed has its
// own mix ("swarm"): a fault that is always on hides what happens without it.
using HotStandby.Core.Node;
using HotStandby.Core.Replication;
using HotStandby.Core.Shards;
using HotStandby.Core.Verification;
using HotStandby.Messages.Identity;
using HotStandby.Tests.Simulation.Nodes;

namespace HotStandby.Tests.Simulation;

/// <summary>The frame of one run. Times in ticks of 100 ns.</summary>
public sealed class Scenario
{
    private readonly PlantedBug _bug;
    private ulong _memories;

    /// <summary>Draws a scenario.</summary>
    public Scenario(SeededRandom random, PlantedBug bug, Reduction without)
    {
        _bug = bug;
        NodeCount = Math.Min(without.MostNodes, random.Pick(1, 3, 3, 3, 3, 3, 3, 5, 5, 5));
        Nodes = [.. Enumerable.Range(0, NodeCount).Select(i => new NodeId($"n{i}"))];
        LeaseTicks = random.Pick(200, 500, 1000, 2000) * TimeSpan.TicksPerMillisecond;
        HeartbeatTicks = LeaseTicks / random.Pick(5, 10, 20);
        TickTicks = HeartbeatTicks / random.Pick(2, 4);
        ResendTicks = LeaseTicks / random.Pick(1, 2, 4);
        BatchEntries = random.Pick(1, 2, 8, 64);
        BatchBytes = random.Pick(200, 1000, 64 * 1024);
        WindowEntries = random.Pick(1, 4, 32, 1024, 262_144);
        InFlightBytes = random.Pick(1, 100, 1000, 100_000);
        LingerTicks = random.Pick(0, 0, HeartbeatTicks / 4);
        PipelineBatches = random.Pick(1, 1, 2, 8);
        DelayTicks = LeaseTicks / random.Pick(400, 100, 30, 10);
        JournalTicks = LeaseTicks / random.Pick(2000, 200, 50, 20);
        Loss = random.Pick(0, 0, 0.01, 0.1, 0.3);
        Duplication = random.Pick(0, 0.01, 0.1);
        LongDelay = random.Pick(0, 0, 0.01, 0.05);
        Corruption = random.Pick(0, 0, 0.02);
        Truncation = random.Pick(0, 0, 0.005, 0.05);
        KeepsOrder = random.Chance(0.7);
        Drift = random.Pick(0, 0.05, 0.05);
        Ambush = random.Pick(0, 0, 0.1, 0.9);
        SegmentBytes = random.Pick(0, 0, 0, 4096, 16 * 1024);
        Flushes = random.Chance(0.7);
        HasIndex = random.Chance(0.35);
        HasTwinAtFirst = NodeCount > 1 && random.Chance(0.1);
        Times = new ShardSettings
        {
            LeaseTtl = TimeSpan.FromTicks(LeaseTicks * random.Pick(1, 2, 6) / 2),
            PutStartDiscardTimeout = TimeSpan.FromTicks(LeaseTicks),
            PutStartReleaseTimeout = TimeSpan.FromTicks(LeaseTicks * random.Pick(2, 4)),
            SweepInterval = TimeSpan.FromTicks(TickTicks * 2),
        };
        CheckpointBytes = random.Pick(2_000, 10_000, 1_000_000);
        ProposalTicks = LeaseTicks / random.Pick(2, 10, 50);
        FaultTicks = LeaseTicks / random.Pick(1, 2, 4);
        CrownTicks = LeaseTicks * random.Pick(1, 2, 5);
        SwitchoverTicks = LeaseTicks * random.Pick(0, 0, 1, 4);
        DurationTicks = LeaseTicks * random.Between(10, 30) * (Ambush > 0.5 ? 2 : 1);
        Weights = [.. Enum.GetValues<Fault>().Select(_ => random.Pick(0, 1, 3))];
        if (NodeCount == 1)
            Weights[(int)Fault.LoseDisk] = Weights[(int)Fault.Twin] = 0;
        DrawVerification(random);
        Weights[(int)Fault.Heal] += 1;
        Weights[(int)Fault.Restart] += 2;
        Weights[(int)Fault.Resume] += 2;
        foreach (var fault in without.Faults)
            Weights[(int)fault] = 0;
        foreach (var nuisance in without.Nuisances)
            Drop(nuisance);
        DurationTicks = Math.Min(DurationTicks, LeaseTicks * without.MostLeases);
    }

    // Only where there are whole nodes: the runs of the protocol alone draw no more chances than before.
    private void DrawVerification(SeededRandom random)
    {
        if (!HasIndex)
            return;
        VerificationTicks = random.Pick(0, LeaseTicks / 2, LeaseTicks / 2, LeaseTicks * 2);
        VerificationRatio = random.Pick(0.3, 1);
        DrillDown = new DrillDownSettings(random.Pick(1, 2, 100), random.Pick(0, 2, 1000));
        StateFaultTicks = VerificationTicks == 0 ? 0 : LeaseTicks * random.Pick(0, 2, 5);
    }

    /// <summary>Whether the run has it.</summary>
    public bool Has(Nuisance nuisance) => nuisance switch
    {
        Nuisance.Loss => Loss > 0,
        Nuisance.Duplication => Duplication > 0,
        Nuisance.LongDelay => LongDelay > 0,
        Nuisance.Corruption => Corruption > 0,
        Nuisance.Truncation => Truncation > 0,
        Nuisance.Drift => Drift > 0,
        Nuisance.Ambush => Ambush > 0,
        Nuisance.Switchover => SwitchoverTicks > 0,
        Nuisance.Index => HasIndex,
        Nuisance.TwinAtFirst => HasTwinAtFirst,
        Nuisance.Verification => VerificationTicks > 0,
        Nuisance.StateFaults => StateFaultTicks > 0,
        Nuisance.RealJournal => SegmentBytes > 0,
        _ => throw Unknown(nuisance),
    };

    private static ArgumentOutOfRangeException Unknown(Nuisance nuisance) => new(nameof(nuisance), nuisance, "not in any run");

    private void Drop(Nuisance nuisance)
    {
        switch (nuisance)
        {
            case Nuisance.Loss:
                Loss = 0;
                break;
            case Nuisance.Duplication:
                Duplication = 0;
                break;
            case Nuisance.LongDelay:
                LongDelay = 0;
                break;
            case Nuisance.Corruption:
                Corruption = 0;
                break;
            case Nuisance.Truncation:
                Truncation = 0;
                break;
            case Nuisance.Drift:
                Drift = 0;
                break;
            case Nuisance.Ambush:
                Ambush = 0;
                break;
            case Nuisance.Switchover:
                SwitchoverTicks = 0;
                break;
            case Nuisance.Index:
                HasIndex = false;
                VerificationTicks = StateFaultTicks = 0;
                break;
            case Nuisance.Verification:
                VerificationTicks = StateFaultTicks = 0;
                break;
            case Nuisance.StateFaults:
                StateFaultTicks = 0;
                break;
            case Nuisance.TwinAtFirst:
                HasTwinAtFirst = false;
                break;
            case Nuisance.RealJournal:
                SegmentBytes = 0;
                break;
            default:
                throw Unknown(nuisance);
        }
    }

    /// <summary>Voters.</summary>
    public int NodeCount { get; }

    /// <summary>Their names.</summary>
    public NodeId[] Nodes { get; }

    /// <summary>Lease duration.</summary>
    public long LeaseTicks { get; }

    /// <summary>Heartbeat.</summary>
    public long HeartbeatTicks { get; }

    /// <summary>How often a node is ticked.</summary>
    public long TickTicks { get; }

    /// <summary>Resend.</summary>
    public long ResendTicks { get; }

    /// <summary>Entries of a batch.</summary>
    public int BatchEntries { get; }

    /// <summary>Bytes of a batch.</summary>
    public int BatchBytes { get; }

    /// <summary>Entries of a window.</summary>
    public int WindowEntries { get; }

    /// <summary>Bytes under way.</summary>
    public long InFlightBytes { get; }

    /// <summary>Linger.</summary>
    public long LingerTicks { get; }

    /// <summary>Batches that may await their commit.</summary>
    public int PipelineBatches { get; }

    /// <summary>Mean delay of a message.</summary>
    public long DelayTicks { get; }

    /// <summary>Mean delay of a journal write.</summary>
    public long JournalTicks { get; }

    /// <summary>Share of messages lost.</summary>
    public double Loss { get; private set; }

    /// <summary>Share of messages that arrive twice.</summary>
    public double Duplication { get; private set; }

    /// <summary>Share of messages that arrive leases later.</summary>
    public double LongDelay { get; private set; }

    /// <summary>Share of batches whose bytes arrive damaged.</summary>
    public double Corruption { get; private set; }

    /// <summary>How likely a node truncates its log in a tick.</summary>
    public double Truncation { get; private set; }

    /// <summary>
    /// Whether messages arrive in the order in which they were sent, as on a connection, but for those that are leases late.
    /// </summary>
    public bool KeepsOrder { get; }

    /// <summary>Clocks run at a rate of 1 plus or minus this.</summary>
    public double Drift { get; private set; }

    /// <summary>How likely a new Primary is met by a fault at once, and another node crowned.</summary>
    public double Ambush { get; private set; }

    /// <summary>Size of a segment of the product's own journal; 0: the journal is modelled.</summary>
    public int SegmentBytes { get; private set; }

    /// <summary>Whether the journal flushes every write, so that the power may fail; otherwise only processes end.</summary>
    public bool Flushes { get; }

    /// <summary>
    /// Whether the replicas carry an index with segments, shards and clients; otherwise they carry bytes that mean nothing.
    /// </summary>
    public bool HasIndex { get; private set; }

    /// <summary>Whether some name has two processes when the cluster is founded.</summary>
    public bool HasTwinAtFirst { get; private set; }

    /// <summary>Whole nodes: a round of checkpoints comes after so many bytes of log.</summary>
    public long CheckpointBytes { get; }

    /// <summary>Whole nodes: from one round of verification to the next; 0: no node verifies.</summary>
    public long VerificationTicks { get; private set; }

    /// <summary>Whole nodes: share of the partitions that a round compares.</summary>
    public double VerificationRatio { get; private set; }

    /// <summary>Whole nodes: how keys are compared.</summary>
    public DrillDownSettings DrillDown { get; private set; } = new(1, 0);

    /// <summary>Whole nodes: mean time from one fault in the memory of a Standby to the next; 0: there are none.</summary>
    public long StateFaultTicks { get; private set; }

    /// <summary>What clients have been told of leases and timeouts.</summary>
    public ShardSettings Times { get; }

    /// <summary>What reigns do.</summary>
    public ShardSettings ReignTimes => _bug switch
    {
        PlantedBug.EndLeasesEarly => Times with { LeaseTtl = Times.LeaseTtl / 3 },
        PlantedBug.FreeAbandonedPutsEarly => Times with { PutStartReleaseTimeout = Times.PutStartDiscardTimeout },
        _ => Times,
    };

    /// <summary>Mean time between proposals.</summary>
    public long ProposalTicks { get; }

    /// <summary>Mean time between faults.</summary>
    public long FaultTicks { get; }

    /// <summary>Mean time between the oracle's whims.</summary>
    public long CrownTicks { get; }

    /// <summary>Mean time between the operator's wishes that another node should lead; 0: there are none.</summary>
    public long SwitchoverTicks { get; private set; }

    /// <summary>Length of the phase with faults.</summary>
    public long DurationTicks { get; }

    /// <summary>How likely each fault is.</summary>
    public int[] Weights { get; }

    /// <summary>A new, empty journal. Mistakes that are planted in the modelled one are made there only.</summary>
    /// <param name="instead">The one that it replaces, if any.</param>
    public SimulatedJournal NewJournal(SimulatedJournal? instead = null)
    {
        var journal = new SimulatedJournal(_bug, ++_memories, SegmentBytes == 0
        || _bug is PlantedBug.CutCommittedSuffix or PlantedBug.ReuseEpoch or PlantedBug.VoteWithoutDisk
            ? null : new RealLog(SegmentBytes, Flushes));
        if (instead is not null && _bug == PlantedBug.VoteWithoutDisk)
            journal.VoteAs(instead);
        return journal;
    }

    /// <summary>How one node verifies.</summary>
    public VerifierSettings VerifierOf(NodeId node) => new()
    {
        Node = node,
        IsEnabled = VerificationTicks > 0,
        Interval = TimeSpan.FromTicks(Math.Max(1, VerificationTicks)),
        Ratio = VerificationRatio,
        DrillDown = DrillDown,
        AreFaultsAllowed = false,
    };

    /// <summary>The settings of one node.</summary>
    public ReplicaSettings SettingsOf(NodeId node) => new()
    {
        Self = node,
        Voters = Nodes,
        LeaseDurationTicks = LeaseTicks,
        DriftMarginTicks = _bug == PlantedBug.KeepNoDriftMargin ? 0 : LeaseTicks / 10,
        HeartbeatTicks = HeartbeatTicks,
        ResendTicks = ResendTicks,
        HandOverTicks = LeaseTicks,
        BatchEntries = BatchEntries,
        BatchBytes = BatchBytes,
        LingerTicks = LingerTicks,
        PipelineBatches = PipelineBatches,
        WindowEntries = WindowEntries,
        WindowBytes = WindowEntries * 100L,
        InFlightBytes = InFlightBytes,
        OwnVotes = _bug == PlantedBug.CountSelfTwice ? 2 : 1,
        CommitsOlderEpochs = _bug == PlantedBug.CommitOlderEpochs,
        Miscounts = _bug switch
        {
            PlantedBug.CountAnyLife => CountingBug.AnyLife,
            PlantedBug.WelcomeWithoutRevoking => CountingBug.BothLives,
            PlantedBug.IgnoreBirth => CountingBug.AnyBirth,
            PlantedBug.FoundByMajority => CountingBug.FoundByMajority,
            _ => CountingBug.None,
        },
    };

    /// <inheritdoc/>
    public override string ToString() =>
        $"nodes {NodeCount}, lease {LeaseTicks / TimeSpan.TicksPerMillisecond} ms, batch {BatchEntries}/{BatchBytes} B, "
        + $"window {WindowEntries}, loss {Loss}, duplication {Duplication}, long delay {LongDelay}, drift {Drift}, "
        + $"ambush {Ambush}, {(SwitchoverTicks == 0 ? "" : "switchovers, ")}"
        + $"{(SegmentBytes == 0 ? "modelled journal" : $"journal of {SegmentBytes} B")}{(HasIndex ? ", index" : "")}"
        + $"{(HasTwinAtFirst ? ", twin at first" : "")}{(VerificationTicks > 0 ? ", verification" : "")}"
        + $"{(StateFaultTicks > 0 ? " of what is wrong" : "")}, faults "
        + string.Join(' ', Enum.GetValues<Fault>().Select(fault => $"{fault}:{Weights[(int)fault]}"));
}

/// <summary>What can go wrong.</summary>
public enum Fault
{
    /// <summary>A node dies; unconfirmed writes may be lost.</summary>
    Crash,
    /// <summary>All nodes die at once.</summary>
    CrashAll,
    /// <summary>A dead node starts.</summary>
    Restart,
    /// <summary>A node's disk is replaced by an empty one, and the node starts.</summary>
    LoseDisk,
    /// <summary>A node does nothing while its clock runs.</summary>
    Pause,
    /// <summary>It goes on.</summary>
    Resume,
    /// <summary>One node is cut off from all others.</summary>
    Isolate,
    /// <summary>One direction of one link is cut.</summary>
    CutOneWay,
    /// <summary>Both directions of one link are cut.</summary>
    CutLink,
    /// <summary>Two groups.</summary>
    Split,
    /// <summary>A disk is full, or cannot flush: its node ends at the next write.</summary>
    BreakDisk,
    /// <summary>A disk loses or alters something that was once good: its node does not come back before somebody has emptied it.</summary>
    DamageDisk,
    /// <summary>
    /// A second process of a name starts, with an empty disk or with one that was replaced long ago; or one of two ends for good.
    /// </summary>
    Twin,
    /// <summary>A node of another cluster of the same name has dialled in.</summary>
    Intruder,
    /// <summary>All links work.</summary>
    Heal,
}
