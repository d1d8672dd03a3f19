// One process of the in-process cluster: the product's own cells, and between them what its actors carry. Every letter arrives, in the order
// in which it was sent; the journal writes at once. The gateway is the product's.
using HotStandby.Actors.Gateway;
using HotStandby.Actors.Scans;
using HotStandby.Actors.Telemetry;
using HotStandby.Core;
using HotStandby.Core.Cells;
using HotStandby.Core.Checkpoints;
using HotStandby.Core.Eviction;
using HotStandby.Core.Node;
using HotStandby.Core.Partitions;
using HotStandby.Core.Partitions.Segments;
using HotStandby.Core.Partitions.Shards;
using HotStandby.Core.Replication;
using HotStandby.Core.Shards;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Replication;

namespace HotStandby.Tests.Scenarios.Drivers;

/// <summary>All cells of one process.</summary>
internal sealed class InProcessNode : ICallMailboxes
{
    private static readonly TimeSpan TickInterval = TimeSpan.FromMilliseconds(20);

    // A search is never too slow here: the machine's time is nothing that a scenario may depend on.
    private static readonly ScanSettings Scans = new() { MatchTimeout = System.Text.RegularExpressions.Regex.InfiniteMatchTimeout };

    private readonly InProcessMaster _master;
    private readonly NodeDisk _disk;
    private readonly Dictionary<CellAddress, (ICell Cell, Outbox Letters)> _cells = [];
    private readonly Dictionary<(CellAddress Of, Type Message), ulong> _timers = [];
    private readonly ServingState _serving;
    private readonly ClientWatch _clients;
    private readonly ReplicaCell _replica;
    private ulong _timerNumber;

    public InProcessNode(InProcessMaster master, NodeId name, NodeDisk disk)
    {
        (_master, _disk, Name) = (master, disk, name);
        (_serving, _clients) = (new ServingState(master.Time), new ClientWatch(master.Time));
        Gateway = new MasterGateway(_serving, _clients, this);
        // Each entry is committed by itself, so a Primary may die behind any of them.
        var protocol = new ReplicaSettings { Self = name, Voters = InProcessMaster.Names, BatchEntries = 1 };
        var settings = new ReplicaCellSettings(
            protocol, InProcessMaster.Shards, TickInterval, long.MaxValue, CheckpointBytes: long.MaxValue,
            CheckpointIntervalTicks: long.MaxValue, RetainBytes: long.MaxValue);
        _replica = Add(CellAddress.Replica, letters => new ReplicaCell(settings, disk, new ReignLedger(), letters));
        var segments = new SegmentSettings { Seed = ObjectKey.From(name.Name).Hash };
        Add(CellAddress.SegmentTable, letters => SegmentPartition.NewCell(Count, segments, letters));
        for (var i = 0; i < Count; i++)
        {
            var shard = Partition.OfShard(i);
            Add(CellAddress.Of(shard), letters => ShardPartition.NewCell(shard, Count, ShardSettings.Default, ReplyAfter.Commit, letters));
        }

        Add(CellAddress.Evictor, letters => new EvictorCell(Count, EvictionSettings.Default, EvictorCell.DefaultCycleTimeout, letters));
        Add(CellAddress.Checkpoints, letters => new CheckpointCell(1 + Count, letters));
        Add(CellAddress.SyncSource, letters => new SyncSourceCell(name, 1, letters));
        Add(CellAddress.Sync, letters => new SyncCell(name, 1 + Count, letters));
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
    public int Count => InProcessMaster.Shards;

    /// <summary>What its partitions hold.</summary>
    public IEnumerable<PartitionDigest> Digests => Enumerable.Range(0, 1 + Count).Select(partition =>
    {
        var (cell, letters) = _cells[new CellAddress(CellKind.Partition, partition)];
        cell.Receive(ReportPartition.Instance, CellAddress.None, _master.Now);
        var report = (PartitionReport)letters.Letters[0].Message;
        letters.Clear();
        return report.Digest;
    });

    public void Begin()
    {
        foreach (var address in _cells.Keys)
            Post(address, Core.Cells.Begin.Instance);
        Post(CellAddress.Replica, new OpLogRecovered(_disk.Open()));
        Post(CellAddress.Replica, new PeersAre([.. InProcessMaster.Names.Where(other => other != Name)]));
    }

    /// <summary>The process is killed.</summary>
    public void End()
    {
        foreach (var (cell, _) in _cells.Values)
            cell.Stop();
        _disk.Close();
    }

    /// <inheritdoc/>
    public void Send(int shard, ICellMessage message) => Post(CellAddress.Of(Partition.OfShard(shard)), message);

    /// <inheritdoc/>
    public void Send(in CellAddress to, ICellMessage message)
    {
        if (message is ScanRequest request)
            Begin(request.Call);
        else
            Post(to, message);
    }

    /// <summary>Puts a message into the mailbox of a cell.</summary>
    public void Post(CellAddress to, object message, CellAddress from = default) => _master.Post(this, to, message, from);

    /// <summary>One turn of one cell.</summary>
    public void Take(CellAddress to, object message, CellAddress from)
    {
        if (!_cells.TryGetValue(to, out var at))
            return; // a scan that has ended
        if (!at.Cell.Receive(message, from, _master.Now) && message is not Core.Cells.Begin)
            throw new InvalidOperationException($"{to} knows no {message.GetType().Name}");
        foreach (ref readonly var letter in at.Letters.Letters)
            CarryOut(to, letter);
        at.Letters.Clear();
        if (at.Cell == _replica)
            _serving.ExtendLease(_replica.LeaseUntilTicks);
    }

    private T Add<T>(CellAddress address, Func<Outbox, T> newCell)
        where T : ICell
    {
        var letters = new Outbox();
        var cell = newCell(letters);
        _cells[address] = (cell, letters);
        return cell;
    }

    private void Begin(ScanCall call)
    {
        var address = CellAddress.Asker(call);
        Add(address, letters => new ScanCell(
            call, _master.Now.Ticks + Scans.Timeout.Ticks, Count, Scans, new TimedPattern(Scans.MatchTimeout, _master.Time),
            new LotSink(this, address), letters));
        Post(address, Core.Cells.Begin.Instance);
    }

    private void CarryOut(CellAddress from, in Letter letter)
    {
        switch (letter.To.Kind)
        {
            case CellKind.Timers:
                Set(from, letter.Message);
                break;
            case CellKind.Operators:
            case CellKind.Membership: // the scenario says which node leads
                break;
            case CellKind.Caller:
                ((MasterCall)letter.Message).Settle(letter.To.Number);
                break;
            case CellKind.Self:
                Post(from, letter.Message, from);
                break;
            case CellKind.AllShards:
                for (var shard = 0; shard < Count; shard++)
                    Post(CellAddress.Of(Partition.OfShard(shard)), letter.Message, from);
                break;
            case CellKind.Peer:
                _master.Carry(this, new NodeId((string)letter.To.Who!), (ReplicationMessage)letter.Message);
                break;
            case CellKind.OpLog:
                OnOpLog(letter.Message);
                break;
            case CellKind.Snapshots:
                Post(CellAddress.Checkpoints, _disk.AskSnapshots(letter.Message), CellAddress.Snapshots);
                break;
            case CellKind.Door:
                OnDoor(letter.Message);
                break;
            case CellKind.Scans:
                _cells.Remove(from);
                break;
            default:
                if (!_cells.ContainsKey(letter.To))
                    throw new InvalidOperationException($"no way to {letter.To}");
                Post(letter.To, letter.Message, letter.From == default ? from : letter.From);
                break;
        }
    }

    private void OnOpLog(object message)
    {
        switch (message)
        {
            case JournalWrite write:
                _disk.Write(write);
                Post(CellAddress.Replica, JournalWritten.Instance, CellAddress.OpLog);
                break;
            case GetEntriesSince request:
                Post(CellAddress.Replica, new EntriesSince(_disk.Read(request.FromSequence), request.Purpose), CellAddress.OpLog);
                break;
            default:
                throw new InvalidOperationException($"the journal knows no {message.GetType().Name}");
        }
    }

    private void OnDoor(object message)
    {
        switch (message)
        {
            case DoorOpens opens:
                _serving.Open(opens.Reign);
                break;
            case DoorStops:
                _serving.StopAccepting();
                break;
            case DoorCloses:
                _serving.Close();
                break;
            case ClientsAre are:
                _clients.Publish(are.Clients);
                break;
            case MountedChanged changed:
                _clients.Show(changed.Directory);
                break;
            default:
                throw new InvalidOperationException($"the door knows no {message.GetType().Name}");
        }
    }

    private void Set(CellAddress of, object timer)
    {
        switch (timer)
        {
            case StartTimer start:
                var number = _timers[(of, start.Message.GetType())] = ++_timerNumber;
                Wait(of, start, number);
                break;
            case StopTimer stop:
                _timers.Remove((of, stop.Message.GetType()));
                break;
            default:
                throw new InvalidOperationException($"no such timer: {timer}");
        }
    }

    private void Wait(CellAddress of, StartTimer timer, ulong number) => _master.After(this, timer.After, () =>
    {
        if (_timers.GetValueOrDefault((of, timer.Message.GetType())) != number)
            return;
        if (!timer.IsOnce)
            Wait(of, timer, number);
        Take(of, timer.Message, from: default);
    });
}
