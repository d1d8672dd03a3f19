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
using HotStandby.Core.Shards;
using HotStandby.Core.Verification;
using HotStandby.Messages;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;
using HotStandby.Messages.Replication;
using HotStandby.Messages.Verification;

namespace HotStandby.Tests.Simulation.Nodes;

/// <summary>All cells of one process.</summary>
public sealed class CellProcess : SimulatedProcess, IReplicaObserver, INodeMemory
{
    /// <summary>Shards of every simulated cluster.</summary>
    public const int ShardCount = 2;

    private readonly RecoveredJournal _found;
    private readonly CellSaboteur _saboteur;
    private readonly StateFaults _faults;
    private readonly CellCarrier _cells;
    private readonly ReplicaCell _replica;
    private readonly Dictionary<(CellAddress From, CellAddress To), long> _arrivals = [];
    private readonly CellAddress _oracle = new(CellKind.Asker, Who: new Asker());
    private ulong _appliedSequence;
    private int _appended; // letters of the replica that the log has heard of
    private Link[] _brought = [];
    private NodePhase _phase;

    /// <summary>A process; nothing has been received yet.</summary>
    public CellProcess(Simulation world, SimulatedNode node, RecoveredJournal found, Life life)
        : base(world, node)
    {
        (_found, Life, _faults) = (found, life, new StateFaults(world, node));
        _cells = new CellCarrier(this, Scenario);
        _saboteur = new CellSaboteur(world.Bug, _cells.StateOf);
        var settings = new ReplicaCellSettings(
            Scenario.SettingsOf(node.Id), ShardCount, TimeSpan.FromTicks(Scenario.TickTicks), long.MaxValue, Scenario.CheckpointBytes,
            Scenario.LeaseTicks * 4, Scenario.CheckpointBytes / 2)
        {
            EntriesPerExtentReport = 20,
        };
        _replica = _cells.Make(settings, SegmentsOf(), Scenario.VerifierOf(node.Id), world.NextIncarnation() << 32);
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

    /// <summary>The time as the node sees it.</summary>
    internal Moment Now => new(Node.Clock, 0);

    /// <summary>A fault was put into some partition, and is still there.</summary>
    public bool HasFault => _faults.Any;

    /// <inheritdoc/>
    public override void Begin()
    {
        // Now and then an image is damaged, both of a partition are, or an operator finds that the state is wrong.
        if (World.Nodes.Length > 1
            && World.Random.Chance(0.15) && _found.Log.BaseSequence > 0 && World.OthersAreWhole(Node, _found.Log.BaseSequence))
            Node.Journal.Snapshots.Spoil(World.Random);
        foreach (var (address, (cell, _)) in _cells.All)
            cell.Receive(HotStandby.Core.Cells.Begin.Instance, address, Now);
        _cells.CarryOut(CellAddress.Verifier);
        Take(CellAddress.Replica, new OpLogRecovered(_found), CellAddress.OpLog);
        Take(CellAddress.Replica, new PeersAre([.. Scenario.Nodes.Where(each => each != Node.Id)]), default);
        if (World.Nodes.Length > 1 && World.Random.Chance(0.03) && World.OthersAreWhole(Node, _found.Log.BaseSequence))
            Deliver(CellAddress.Replica, new RunNodeCommand(NodeCommand.FullSync), new CellAddress(CellKind.Asker, Who: new Asker()));
    }

    /// <inheritdoc/>
    public override void End() => _cells.Stop();

    /// <inheritdoc/>
    public override void Crown() => Take(CellAddress.Replica, HotStandby.Core.Node.Crown.Instance, _oracle);

    /// <inheritdoc/>
    public override void Uncrown() => Take(CellAddress.Replica, HotStandby.Core.Node.Uncrown.Instance, _oracle);

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

    /// <inheritdoc/>
    public override void Receive(VerificationMessage message, SimulatedNode from) =>
        Take(CellAddress.Verifier, message, CellAddress.Asker(from));

    /// <summary>A client's call arrives at the node's door.</summary>
    public void Submit(MasterCall call) => CallEntry.Submit(call, _cells);

    /// <summary>What this process holds of a key; null: nothing.</summary>
    public ObjectRecord? Find(in ObjectKey key) => _cells.StateOf(Partition.ShardOf(key.Hash, ShardCount)).Find(key);

    /// <summary>Something in the memory of a Standby is wrong from now on; where it is none, nothing is done.</summary>
    public void PutFaultIn(int shard, VerifyFault fault)
    {
        var (cell, letters) = _cells.All[CellAddress.Of(Partition.OfShard(shard))];
        if (_replica.Phase is NodePhase.Following)
            _faults.Put(new InjectFault(Partition.OfShard(shard), fault), cell, letters, Now);
    }

    private SegmentSettings SegmentsOf() => new()
    {
        ClientTtl = TimeSpan.FromDays(1000),
        ClientSuspectTime = TimeSpan.FromDays(1000),
        PutStartReleaseTimeout = Scenario.ReignTimes.PutStartReleaseTimeout,
        ExpiryInterval = TimeSpan.FromTicks(Scenario.TickTicks * 4),
        Seed = (ulong)Node.Index,
        Eviction = Eviction,
    };

    /// <summary>A message gets into a mailbox, and out of it after a while.</summary>
    internal void Deliver(CellAddress to, object message, CellAddress from)
    {
        ref var last = ref System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(_arrivals, (from, to), out _);
        last = Math.Max(last, World.NowTicks + (World.Random.Chance(0.8) ? 0 : World.Random.Exponential(Scenario.JournalTicks)));
        World.AfterTrueTicks(last - World.NowTicks, Node, Node.Incarnation, () => Take(to, message, from));
    }

    /// <summary>A timer of this process.</summary>
    internal void After(TimeSpan time, Action then) => World.AfterTrueTicks(time.Ticks, Node, Node.Incarnation, then);

    /// <summary>One turn of one cell.</summary>
    internal void Take(CellAddress to, object message, CellAddress from)
    {
        if (Node.Process != this || !_cells.All.TryGetValue(to, out var at) || (World.VerifiersRest && message is RoundDue))
            return; // among others, a scan that has ended
        var (cell, letters) = at;
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
        catch (InvariantViolation broken) when (broken.Number == 7 && to.Kind == CellKind.Partition && _faults.AreIn(to.Number))
        {
            World.Trace(Node, $"stops: {broken.Message}");
            Node.EndAndComeBack();
            return;
        }

        if (cell == _replica)
            AfterReplica();
        if (Node.Process != this)
            return;
        _appended = 0;
        _cells.CarryOut(to);
        if (to.Kind == CellKind.Partition && Node.Process == this && _replica.Phase is NodePhase.Following or NodePhase.Campaigning)
            _faults.Look(cell, letters, Now);
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
        if (!_faults.Any || _phase is NodePhase.Following or NodePhase.Restoring)
            return;
        // A Primary is taken to be right: what it holds is what verification makes the others hold.
        World.Trace(Node, "ends: it has a fault and must not lead");
        Node.EndAndComeBack();
    }

    /// <summary>A letter for a place that is no cell of this process.</summary>
    internal void Leave(CellAddress from, in Letter letter)
    {
        switch (letter.To.Kind)
        {
            case CellKind.Operators:
                World.Checker.KeysRepaired += letter.Message is KeyRepaired ? 1 : 0;
                if (World.IsVerbose)
                    World.Trace(Node, letter.Message.ToString()!);
                break;
            case CellKind.Peer:
                var message = (ReplicationMessage)letter.Message;
                if (message is GrantInquiry inquiry)
                    World.AsksForGrants(Node, inquiry);
                World.Network.Send(Node, new NodeId((string)letter.To.Who!), message);
                break;
            case CellKind.PeerVerifier:
                World.Network.Send(Node, new NodeId((string)letter.To.Who!), Encoded((VerificationMessage)letter.Message));
                break;
            case CellKind.Asker when letter.To.Who is SimulatedNode asker:
                World.Network.SendTo(Node, asker, letter.Message is VerificationMessage said ? Encoded(said) : letter.Message);
                break;
            case CellKind.Asker when letter.To.Who is ScanCall:
                break; // it has ended
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
            case CellKind.Node:
                OnNeedsFullSync((PartitionNeedsFullSync)letter.Message);
                break;
            case CellKind.Scans:
                _cells.EndScan(from);
                break;
            case CellKind.Door:
                break;
            default:
                throw new InvalidOperationException($"no way to {letter.To}");
        }
    }

    /// <summary>A letter for a cell of this process.</summary>
    internal void Pass(CellAddress from, CellAddress to, in Letter letter)
    {
        foreach (var (place, says) in _saboteur.Says(to, letter.Message))
        {
            var instead = _faults.Hears(says);
            // A deposed Primary that has slept may still try, with what was free once: nothing of it is ever committed.
            if (instead is KeyedItems items && from == CellAddress.SegmentTable && Node.HoldsLease)
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

    // A node asks for a sync as soon as verification says so. Here it does not hear of it while its own state may be the last whole one.
    private void OnNeedsFullSync(PartitionNeedsFullSync needed)
    {
        World.Trace(Node, $"{needed.Partition} is beyond repair: {needed.Reason}");
        if (World.MayBeSynced(Node))
            Deliver(CellAddress.Replica, new RunNodeCommand(NodeCommand.FullSync), new CellAddress(CellKind.Asker, Who: new Asker()));
    }

    private static VerificationMessage Encoded(VerificationMessage message) =>
        VerificationCodec.TryEncode(message, out var bytes, out var problem)
        && VerificationCodec.Decode(VerificationCodec.ManifestOf(message), bytes, out problem) is { } read
            ? read : throw new InvalidOperationException(problem);

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

    private sealed class Asker
    {
        public object? Answer { get; set; }
    }
}
