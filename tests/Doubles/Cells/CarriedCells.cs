// Carries all cells of one node as its actors do. The subclasses say when a letter arrives, how time passes, and where those letters go
// that are for no cell of the node.
using HotStandby.Core.Cells;
using HotStandby.Core.Node;
using HotStandby.Core.Partitions;
using HotStandby.Core.Partitions.Segments;
using HotStandby.Core.Partitions.Shards;
using HotStandby.Core.Shards;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;

namespace HotStandby.Tests.Doubles;

/// <summary>The cells of one node, without its actors.</summary>
public abstract class CarriedCells : ICallMailboxes
{
    private readonly Dictionary<CellAddress, (ICell Cell, Outbox Letters)> _cells = [];
    private readonly Dictionary<(CellAddress Of, Type Message), ulong> _timers = [];
    private ulong _timerNumber;

    /// <inheritdoc/>
    public abstract int Count { get; }

    /// <summary>The time, as the node sees it.</summary>
    protected abstract Moment Now { get; }

    /// <summary>All cells.</summary>
    protected IReadOnlyDictionary<CellAddress, (ICell Cell, Outbox Letters)> Cells => _cells;

    /// <inheritdoc/>
    public void Send(int shard, ICellMessage message) => Post(CellAddress.Of(Partition.OfShard(shard)), message, from: default);

    /// <inheritdoc/>
    public virtual void Send(in CellAddress to, ICellMessage message) => Post(to, message, from: default);

    /// <summary>Puts a message into the mailbox of a cell.</summary>
    public abstract void Post(CellAddress to, object message, CellAddress from);

    /// <summary>One turn of one cell.</summary>
    public virtual void Take(CellAddress to, object message, CellAddress from)
    {
        var (cell, letters) = _cells[to];
        if (!cell.Receive(message, from, Now) && message is not Begin)
            throw new InvalidOperationException($"{to} knows no {message.GetType().Name}");
        CarryOut(to, letters);
    }

    /// <summary>The process has ended.</summary>
    public virtual void Stop()
    {
        foreach (var (cell, _) in _cells.Values)
            cell.Stop();
    }

    /// <summary>Does something after a while, if the process still runs then.</summary>
    protected abstract void After(TimeSpan time, Action then);

    /// <summary>Takes a letter for a place that is no cell of the node.</summary>
    protected abstract void Leave(CellAddress from, in Letter letter);

    /// <summary>Takes a letter for another cell, or for the same.</summary>
    protected virtual void Pass(CellAddress from, CellAddress to, in Letter letter) =>
        Post(to, letter.Message, letter.From == default ? from : letter.From);

    /// <summary>Makes the cells that every node has.</summary>
    protected ReplicaCell AddNode(
        ReplicaCellSettings settings, SegmentSettings segments, ShardSettings shards, TimeSpan evictionTimeout, INodeMemory memory,
        IReplicaObserver observer, ulong firstSync)
    {
        var replica = Add(CellAddress.Replica, letters => new ReplicaCell(settings, memory, observer, letters));
        Add(CellAddress.SegmentTable, letters => SegmentPartition.NewCell(settings.Shards, segments, letters));
        for (var i = 0; i < settings.Shards; i++)
        {
            var shard = Partition.OfShard(i);
            Add(CellAddress.Of(shard), letters => NewShard(shard, settings.Shards, shards, letters));
        }

        var (self, partitions) = (settings.Protocol.Self, 1 + settings.Shards);
        Add(CellAddress.Evictor, letters => new EvictorCell(settings.Shards, segments.Eviction, evictionTimeout, letters));
        Add(CellAddress.Checkpoints, letters => new CheckpointCell(partitions, letters));
        Add(CellAddress.SyncSource, letters => new SyncSourceCell(self, firstSync, letters));
        Add(CellAddress.Sync, letters => new SyncCell(self, partitions, letters));
        return replica;
    }

    /// <summary>Makes a shard.</summary>
    protected virtual PartitionCell NewShard(Partition shard, int shards, ShardSettings settings, Outbox letters) =>
        ShardPartition.NewCell(shard, shards, settings, ReplyAfter.Commit, letters);

    /// <summary>Makes one cell.</summary>
    protected T Add<T>(CellAddress address, Func<Outbox, T> newCell)
        where T : ICell
    {
        var letters = new Outbox();
        var cell = newCell(letters);
        _cells[address] = (cell, letters);
        return cell;
    }

    /// <summary>A cell has ended.</summary>
    protected void Remove(CellAddress address) => _cells.Remove(address);

    /// <summary>Does what lies in an outbox.</summary>
    protected void CarryOut(CellAddress from, Outbox letters)
    {
        var all = letters.Letters.ToArray(); // what a letter leads to at once may be another turn of this cell
        letters.Clear();
        foreach (ref readonly var letter in all.AsSpan())
            CarryOut(from, letter);
    }

    private void CarryOut(CellAddress from, in Letter letter)
    {
        switch (letter.To.Kind)
        {
            case CellKind.Timers:
                Set(from, letter.Message);
                break;
            case CellKind.Caller:
                ((MasterCall)letter.Message).Settle(letter.To.Number);
                break;
            case CellKind.Self:
                Pass(from, from, letter);
                break;
            case CellKind.AllShards:
                for (var shard = 0; shard < Count; shard++)
                    Pass(from, CellAddress.Of(Partition.OfShard(shard)), letter);
                break;
            default:
                if (_cells.ContainsKey(letter.To))
                    Pass(from, letter.To, letter);
                else
                    Leave(from, letter);
                break;
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

    private void Wait(CellAddress of, StartTimer timer, ulong number) => After(timer.After, () =>
    {
        if (_timers.GetValueOrDefault((of, timer.Message.GetType())) != number || !_cells.ContainsKey(of))
            return;
        if (!timer.IsOnce)
            Wait(of, timer, number);
        Take(of, timer.Message, from: default);
    });
}
