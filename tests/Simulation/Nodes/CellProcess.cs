// A process that is a whole node: the product's own cells, and between them what its actors carry. Letters of one sender to one receiver
// keep their order, as in a mailbox; apart from that any letter may overtake any other, by the seed. Journal, snapshot store, network and
// clients are modelled.
using HotStandby.Core.Membership;
using HotStandby.Core.Cells;
using HotStandby.Core.Checkpoints;
using HotStandby.Core.Eviction;
using HotStandby.Core.Node;
using HotStandby.Core.Partitions;
using HotStandby.Core.Partitions.Segments;
using HotStandby.Core.Partitions.Shards;
using HotStandby.Core.Replication;
using HotStandby.Core.Segments;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;
using HotStandby.Messages.Replication;

namespace HotStandby.Tests.Simulation.Nodes;

/// <summary>All cells of one process.</summary>
public sealed class CellProcess : SimulatedProcess, IReplicaObserver, INodeMemory
{
    /// <summary>Shards of every simulated cluster.</summary>
    public const int ShardCount = 2;

    private readonly RecoveredJournal _found;
    private readonly CellSaboteur _saboteur;
    private readonly ShardPartition[] _shards = new ShardPartition[ShardCount];
    private readonly Carrier _cells;
    private readonly ReplicaCell _replica;
    private readonly Dictionary<(CellAddress From, CellAddress To), long> _arrivals = [];
    private ulong _appliedSequence;
    private int _appended; // letters of the replica that the log has heard of
    private Link[] _brought = [];
    private NodePhase _phase;

    /// <summary>A process; nothing has been received yet.</summary>
    public CellProcess(Simulation world, SimulatedNode node, RecoveredJournal found, Life life)
        : base(world, node)
    {
        (_found, Life, _saboteur) = (found, life, new CellSaboteur(world.Bug, shard => _shards[shard]));
        var settings = new ReplicaCellSettings(
            Scenario.SettingsOf(node.Id), ShardCount, TimeSpan.FromTicks(Scenario.TickTicks), long.MaxValue, Scenario.CheckpointBytes,
            Scenario.LeaseTicks * 4, Scenario.CheckpointBytes / 2);
        _cells = new Carrier(this);
        _replica = _cells.Make(settings, world.NextIncarnation() << 32);
    }

    /// <inheritdoc/>
    public override Replica Replica => _replica.Replica!;

    /// <inheritdoc/>
    public override bool Reigns => _replica.Phase is NodePhase.Serving;

    /// <inheritdoc/>
    public Life Life { get; private set; }

    /// <inheritdoc/>
    public ulong Birth => Node.Journal.Birth;

    /// <inheritdoc/>
    public ulong FirstMemory => Node.Journal.Memory;

    /// <inheritdoc/>
    public bool NeedsFullSync => Node.Journal.NeedsFullSync;

    private static EvictionSettings Eviction { get; } = EvictionSettings.Default with { HighWatermark = 0.7, Ratio = 0.2, Headroom = 0.05 };

    private Moment Now => new(Node.Clock, 0);

    /// <inheritdoc/>
    public override void Begin()
    {
        // Now and then an image is damaged, both of a partition are, or an operator finds that the state is wrong.
        if (World.Nodes.Length > 1
            && World.Random.Chance(0.15) && _found.Log.BaseSequence > 0 && World.OthersAreWhole(Node, _found.Log.BaseSequence))
            Node.Journal.Snapshots.Spoil(World.Random);
        foreach (var (address, (cell, _)) in _cells.All)
            cell.Receive(HotStandby.Core.Cells.Begin.Instance, address, Now);
        Take(CellAddress.Replica, new OpLogRecovered(_found), CellAddress.OpLog);
        Take(CellAddress.Replica, new PeersAre([.. Scenario.Nodes.Where(each => each != Node.Id)]), default);
        if (World.Nodes.Length > 1 && World.Random.Chance(0.03) && World.OthersAreWhole(Node, 0))
            Deliver(CellAddress.Replica, new RunNodeCommand(NodeCommand.FullSync), default);
    }

    /// <inheritdoc/>
    public override void End() => _cells.Stop();

    /// <inheritdoc/>
    public override void Crown() => Take(CellAddress.Replica, HotStandby.Core.Node.Crown.Instance, default);

    /// <inheritdoc/>
    public override void Uncrown() => Take(CellAddress.Replica, HotStandby.Core.Node.Uncrown.Instance, default);

    /// <inheritdoc/>
    public override string? SwitchOver(NodeId to)
    {
        var asker = new Asker();
        Take(CellAddress.Replica, new SwitchOver(to), CellAddress.Asker(asker));
        return ((NodeCommandAnswer)asker.Answer!).Refusal;
    }

    /// <inheritdoc/>
    public override ulong Propose(int entries)
    {
        Deliver(CellAddress.SegmentTable, ProposeVerificationMarker.Instance, default);
        return Replica.LastProposed + 1;
    }

    /// <inheritdoc/>
    public override void Receive(ReplicationMessage message, SimulatedNode? from)
    {
        object said = message is AppendBatch { Batch: not null } append && World.Random.Chance(Scenario.Corruption)
            ? new CorruptAppend(append, "by the seed") : message;
        Take(CellAddress.Replica, said, from is null ? default : CellAddress.Asker(from));
    }

    /// <summary>A client's call arrives at the node's door.</summary>
    public void Submit(MasterCall call) => CallEntry.Submit(call, _cells);

    private SegmentSettings SegmentsOf() => new()
    {
        ClientTtl = TimeSpan.FromDays(1000),
        ClientSuspectTime = TimeSpan.FromDays(1000),
        PutStartReleaseTimeout = Scenario.ReignTimes.PutStartReleaseTimeout,
        ExpiryInterval = TimeSpan.FromTicks(Scenario.TickTicks * 4),
        Seed = (ulong)Node.Index,
        Eviction = Eviction,
    };

    private void Deliver(CellAddress to, object message, CellAddress from)
    {
        ref var last = ref System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(_arrivals, (from, to), out _);
        last = Math.Max(last, World.NowTicks + (World.Random.Chance(0.8) ? 0 : World.Random.Exponential(Scenario.JournalTicks)));
        World.AfterTrueTicks(last - World.NowTicks, Node, Node.Incarnation, () => Take(to, message, from));
    }

    // One turn of one cell.
    private void Take(CellAddress to, object message, CellAddress from)
    {
        if (Node.Process != this)
            return;
        var (cell, letters) = _cells.All[to];
        try
        {
            if (!cell.Receive(_saboteur.Hears(to, message), from, _saboteur.Looks(to, message, Now, Scenario)))
                throw new InvalidOperationException($"{to} knows no {message.GetType().Name}");
        }
        catch (SupersededException superseded)
        {
            World.Trace(Node, superseded.Message);
            Node.EndSuperseded();
            return;
        }

        if (cell == _replica)
            AfterReplica();
        _appended = 0;
        _cells.CarryOut(to);
        if (to.Kind == CellKind.Partition)
            Look(cell, to, letters);
    }

    /// <summary>The observer hears of all that this process knows to be committed, before a client does.</summary>
    public void TellCommitted()
    {
        AppendWhatIsSaid();
        if (Replica.State.CommitSequence is var committed && committed > _appliedSequence)
        {
            World.Checker.Commits(Node.Id, Replica.Epoch, Node.Log, _appliedSequence, committed);
            _appliedSequence = committed;
            World.Trace(Node, $"commits {committed}");
            if (Replica.Role == ReplicaRole.Primary && !Reigns)
                World.Faults.Ambush(Node);
        }
    }

    // The observer hears of the log before it hears of what rests on it.
    private void AppendWhatIsSaid()
    {
        var letters = _cells.All[CellAddress.Replica].Letters.Letters;
        for (; _appended < letters.Length; _appended++)
        {
            if (letters[_appended].Message is not JournalWrite write)
                continue;
            if (write is WriteReset reset)
                _brought = World.Checker.CommittedUpTo(reset.Below[^1].LastSequence);
            Node.Append(write, _brought);
        }
    }

    private void AfterReplica()
    {
        TellCommitted();
        InvariantChecker.Goes(Node.Id, _phase, _replica.Phase);
        _phase = _replica.Phase;
    }

    private void Leave(CellAddress from, in Letter letter)
    {
        switch (letter.To.Kind)
        {
            case CellKind.Operators:
                if (World.IsVerbose)
                    World.Trace(Node, letter.Message.ToString()!);
                break;
            case CellKind.Peer:
                var message = (ReplicationMessage)letter.Message;
                if (message is GrantInquiry inquiry)
                    World.AsksForGrants(Node, inquiry);
                World.Network.Send(Node, new NodeId((string)letter.To.Who!), message);
                break;
            case CellKind.Asker when letter.To.Who is SimulatedNode asker:
                World.Network.SendTo(Node, asker, (ReplicationMessage)letter.Message);
                break;
            case CellKind.Asker:
                ((Asker)letter.To.Who!).Answer = letter.Message;
                break;
            case CellKind.OpLog:
                OnOpLog(letter.Message);
                break;
            case CellKind.Snapshots:
                OnSnapshots(letter.Message);
                break;
            case CellKind.Membership:
                if (letter.Message is PrimaryLost lost)
                    World.LosesPrimary(Node, lost);
                break;
            case CellKind.Door or CellKind.None or CellKind.Verifier:
                break;
            default:
                throw new InvalidOperationException($"no way to {letter.To}");
        }
    }

    private void Pass(CellAddress from, CellAddress to, in Letter letter)
    {
        foreach (var (place, instead) in _saboteur.Says(to, letter.Message))
        {
            if (instead is KeyedItems items && from == CellAddress.SegmentTable)
                MustBeFree(items);
            Deliver(place, instead, letter.From == default ? from : letter.From);
        }
    }

    // Invariant 5: a buffer that is given to a writer has no other user.
    private void MustBeFree(KeyedItems items)
    {
        for (var i = 0; i < items.Count; i++)
            foreach (var place in items.Call.Placements.AsSpan(items[i] * items.Call.PlacementStride, items.Call.PlacementStride))
                if (place.LengthBytes > 0)
                    World.Checker.Takes(Node, place);
    }

    private void OnOpLog(object message)
    {
        switch (message)
        {
            case JournalWrite write:
                Node.Persist(write, _brought, () => Deliver(CellAddress.Replica, JournalWritten.Instance, CellAddress.OpLog));
                break;
            case GetEntriesSince request:
                Node.Read(request.FromSequence, World.Random.Between(1, 5), batches =>
                    Deliver(CellAddress.Replica, new EntriesSince(batches, request.Purpose), CellAddress.OpLog));
                break;
            default:
                throw new InvalidOperationException($"the journal knows no {message.GetType().Name}");
        }
    }

    private void OnSnapshots(object message) => World.AfterTrueTicks(
        World.Random.Exponential(Scenario.JournalTicks * 4), Node, Node.Incarnation,
        () => Deliver(CellAddress.Checkpoints, Node.Journal.Snapshots.Answer(message, World.Bug), CellAddress.Snapshots));

    // Invariant 7: a partition that follows holds, at the seq of its last entry, what every other one does.
    private void Look(ICell cell, CellAddress at, Outbox letters)
    {
        if (_replica.Phase is not (NodePhase.Following or NodePhase.Campaigning))
            return;
        var asker = new Asker();
        cell.Receive(ReportPartition.Instance, CellAddress.Asker(asker), Now);
        var report = (PartitionReport)letters.Letters[0].Message;
        letters.Clear();
        if (report.Uncommitted == 0)
            World.Checker.Holds(Node.Id, at.Number, report.AppliedSequence, report.Digest);
    }

    /// <inheritdoc/>
    Life INodeMemory.RenewMemory()
    {
        Node.Journal.Renew(World.NextIncarnation());
        return Life = Life with { Memory = Node.Journal.Memory };
    }

    /// <inheritdoc/>
    void INodeMemory.StoreBirth(ulong birth) => Node.Journal.Birth = birth;

    /// <inheritdoc/>
    void INodeMemory.NoteFullSync(bool isNeeded) => Node.Journal.NeedsFullSync = isNeeded;

    /// <inheritdoc/>
    void IReplicaObserver.Heard(ReplicationMessage message, long nowTicks)
    {
    }

    /// <inheritdoc/>
    void IReplicaObserver.Committed(ulong sequence, long proposedAtTicks, long nowTicks)
    {
    }

    /// <inheritdoc/>
    void IReplicaObserver.Applied(ulong sequence, long nowTicks)
    {
    }

    /// <inheritdoc/>
    void IReplicaObserver.Became(RoleChanged changed, long nowTicks)
    {
        AppendWhatIsSaid();
        World.Became(Node, changed);
    }

    /// <inheritdoc/>
    void IReplicaObserver.Serves(long nowTicks) => World.Checker.Serves(Node.Id, Replica.Epoch);

    private sealed class Carrier(CellProcess process) : CarriedCells
    {
        public override int Count => ShardCount;

        public IReadOnlyDictionary<CellAddress, (ICell Cell, Outbox Letters)> All => Cells;

        protected override Moment Now => process.Now;

        public ReplicaCell Make(ReplicaCellSettings settings, ulong firstSync) => AddNode(
            settings, process.SegmentsOf(), process.Scenario.ReignTimes, TimeSpan.FromTicks(process.Scenario.LeaseTicks), process,
            process, firstSync);

        public override void Post(CellAddress to, object message, CellAddress from) => process.Deliver(to, message, from);

        public override void Take(CellAddress to, object message, CellAddress from) => process.Take(to, message, from);

        public void CarryOut(CellAddress from) => CarryOut(from, Cells[from].Letters);

        protected override PartitionCell NewShard(Partition shard, int shards, Core.Shards.ShardSettings settings, Outbox letters) =>
            new(shard, process._shards[shard.ShardIndex] = new ShardPartition(shard, shards, settings, ReplyAfter.Commit,
                letters), letters);

        protected override void After(TimeSpan time, Action then) =>
            process.World.AfterTrueTicks(time.Ticks, process.Node, process.Node.Incarnation, then);

        protected override void Pass(CellAddress from, CellAddress to, in Letter letter) => process.Pass(from, to, letter);

        protected override void Leave(CellAddress from, in Letter letter) => process.Leave(from, letter);
    }

    private sealed class Asker
    {
        public object? Answer { get; set; }
    }
}
