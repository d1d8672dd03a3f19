// One process of the in-process cluster: its cells, its gateway and its journal are the product's. Letters arrive in the order in which
// they were sent; the journal writes at once.
using HotStandby.Actors.Gateway;
using HotStandby.Actors.Scans;
using HotStandby.Actors.Telemetry;
using HotStandby.Core;
using HotStandby.Core.Cells;
using HotStandby.Core.Node;
using HotStandby.Core.Partitions;
using HotStandby.Core.Partitions.Segments;
using HotStandby.Core.Replication;
using HotStandby.Core.Shards;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Replication;

namespace HotStandby.Tests.Scenarios.Drivers;

/// <summary>One process.</summary>
internal sealed class InProcessNode : CarriedCells
{
    private static readonly TimeSpan TickInterval = TimeSpan.FromMilliseconds(20);

    // A search is never too slow here: the machine's time is nothing that a scenario may depend on.
    private static readonly ScanSettings Scans = new() { MatchTimeout = System.Text.RegularExpressions.Regex.InfiniteMatchTimeout };

    private readonly InProcessMaster _master;
    private readonly NodeDisk _disk;
    private readonly ServingState _serving;
    private readonly Door _door;
    private readonly ReplicaCell _replica;

    public InProcessNode(InProcessMaster master, NodeId name, NodeDisk disk)
    {
        (_master, _disk, Name) = (master, disk, name);
        _serving = new ServingState(master.Time);
        var clients = new ClientWatch(master.Time);
        _door = new Door(_serving, clients);
        Gateway = new MasterGateway(_serving, clients, this);
        // Each entry is committed by itself, so a Primary may die behind any of them. No round of checkpoints begins.
        var protocol = new ReplicaSettings { Self = name, Voters = InProcessMaster.Names, BatchEntries = 1 };
        var settings = new ReplicaCellSettings(
            protocol, Count, TickInterval, MaximumReplicationLagTicks: long.MaxValue, CheckpointBytes: long.MaxValue,
            CheckpointIntervalTicks: long.MaxValue, RetainBytes: 0);
        var segments = new SegmentSettings { Seed = ObjectKey.From(name.Name).Hash };
        _replica = AddNode(
            settings, segments, ShardSettings.Default, EvictorCell.DefaultCycleTimeout, disk, new ReignLedger(), firstSync: 1);
    }

    public NodeId Name { get; }

    /// <summary>The way in for clients.</summary>
    public MasterGateway Gateway { get; }

    /// <summary>The seq of the last entry that it has proposed or stored.</summary>
    public ulong LastSequence => _replica.Replica!.LastProposed;

    /// <summary>It has applied everything up to here.</summary>
    public ulong AppliedSequence => _replica.AppliedSequence;

    public NodePhase Phase => _replica.Phase;

    /// <inheritdoc/>
    public override int Count => InProcessMaster.Shards;

    /// <summary>What its partitions hold.</summary>
    public IEnumerable<PartitionDigest> Digests => Enumerable.Range(0, 1 + Count).Select(partition =>
    {
        var (cell, letters) = Cells[new CellAddress(CellKind.Partition, partition)];
        cell.Receive(ReportPartition.Instance, CellAddress.None, Now);
        var report = (PartitionReport)letters.Letters[0].Message;
        letters.Clear();
        return report.Digest;
    });

    /// <inheritdoc/>
    protected override Moment Now => _master.Now;

    public void Start()
    {
        foreach (var address in Cells.Keys)
            Post(address, Begin.Instance, from: default);
        Post(CellAddress.Replica, new OpLogRecovered(_disk.Open()), CellAddress.OpLog);
        Post(CellAddress.Replica, new PeersAre([.. InProcessMaster.Names.Where(other => other != Name)]), from: default);
    }

    /// <inheritdoc/>
    public override void Stop()
    {
        base.Stop();
        _disk.Close();
    }

    /// <inheritdoc/>
    public override void Send(in CellAddress to, ICellMessage message)
    {
        if (message is ScanRequest request)
            Run(request.Call);
        else
            Post(to, message, from: default);
    }

    /// <inheritdoc/>
    public override void Post(CellAddress to, object message, CellAddress from) => _master.Post(this, to, message, from);

    /// <inheritdoc/>
    public override void Take(CellAddress to, object message, CellAddress from)
    {
        if (!Cells.ContainsKey(to))
            return; // a scan that has ended
        base.Take(to, message, from);
        if (to == CellAddress.Replica)
            _serving.ExtendLease(_replica.LeaseUntilTicks);
    }

    /// <inheritdoc/>
    protected override void After(TimeSpan time, Action then) => _master.After(this, time, then);

    /// <inheritdoc/>
    protected override void Leave(CellAddress from, in Letter letter)
    {
        switch (letter.To.Kind)
        {
            case CellKind.Operators or CellKind.Membership:
                break; // there are none: the scenario says which node leads
            case CellKind.Peer:
                _master.Carry(this, new NodeId((string)letter.To.Who!), (ReplicationMessage)letter.Message);
                break;
            case CellKind.OpLog:
                Post(CellAddress.Replica, OnOpLog(letter.Message), CellAddress.OpLog);
                break;
            case CellKind.Snapshots:
                Post(from, _disk.AskSnapshots(letter.Message), CellAddress.Snapshots);
                break;
            case CellKind.Door:
                _door.Take(letter.Message);
                break;
            case CellKind.Scans:
                Remove(from);
                break;
            default:
                throw new InvalidOperationException($"no way to {letter.To}");
        }
    }

    private void Run(ScanCall call)
    {
        var address = CellAddress.Asker(call);
        Add(address, letters => new ScanCell(
            call, Now.Ticks + Scans.Timeout.Ticks, Count, Scans, new TimedPattern(Scans.MatchTimeout, _master.Time),
            new LotSink(this, address), letters));
        Post(address, Begin.Instance, from: default);
    }

    private ICellMessage OnOpLog(object message)
    {
        switch (message)
        {
            case JournalWrite write:
                _disk.Write(write);
                return JournalWritten.Instance;
            case GetEntriesSince request:
                return new EntriesSince(_disk.Read(request.FromSequence), request.Purpose);
            default:
                throw new InvalidOperationException($"the journal knows no {message.GetType().Name}");
        }
    }
}
