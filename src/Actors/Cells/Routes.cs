using Akka.Actor;
using HotStandby.Actors.Gateway;
using HotStandby.Core.Cells;
using HotStandby.Core.Node;
using HotStandby.Core.Partitions;
using HotStandby.Messages.Identity;

namespace HotStandby.Actors.Cells;

/// <summary>Where the letters of cells go.</summary>
internal interface IRoutes
{
    /// <summary>Sends a letter.</summary>
    void Send(in CellAddress to, object message, IActorRef from);
}

/// <summary>The actors of one node. Each is filled in before the first message goes there, and not changed afterwards.</summary>
/// <param name="shardCount">Of the cluster.</param>
/// <param name="door">Of the same node.</param>
internal sealed class NodeRoutes(int shardCount, Door door) : IRoutes, ICallMailboxes
{
    private readonly IActorRef[] _partitions = new IActorRef[1 + shardCount];

    /// <summary>The segment table and the shards, by partition number.</summary>
    public IReadOnlyList<IActorRef> Partitions => _partitions;

    /// <summary>The segment table.</summary>
    public IActorRef Segments => _partitions[0];

    /// <inheritdoc/>
    public int Count => shardCount;

    /// <summary>The replica.</summary>
    public IActorRef Replica { get; set; } = ActorRefs.Nobody;

    /// <summary>The journal.</summary>
    public IActorRef OpLog { get; set; } = ActorRefs.Nobody;

    /// <summary>The evictor.</summary>
    public IActorRef Evictor { get; set; } = ActorRefs.Nobody;

    /// <summary>The verifier.</summary>
    public IActorRef Verifier { get; set; } = ActorRefs.Nobody;

    /// <summary>What runs the calls on many objects.</summary>
    public IActorRef Scans { get; set; } = ActorRefs.Nobody;

    /// <summary>What keeps the checkpoints.</summary>
    public IActorRef Checkpoints { get; set; } = ActorRefs.Nobody;

    /// <summary>The giving end of full syncs.</summary>
    public IActorRef SyncSource { get; set; } = ActorRefs.Nobody;

    /// <summary>The receiving end of full syncs.</summary>
    public IActorRef Sync { get; set; } = ActorRefs.Nobody;

    /// <summary>The snapshot store.</summary>
    public IActorRef Snapshots { get; set; } = ActorRefs.Nobody;

    /// <summary>What looks after all of them.</summary>
    public IActorRef Node { get; set; } = ActorRefs.Nobody;

    /// <summary>This is the actor of a partition.</summary>
    public void Add(Partition partition, IActorRef actor) => _partitions[partition.Value] = actor;

    /// <inheritdoc/>
    public void Send(int shard, ICellMessage message) => _partitions[1 + shard].Tell(message, ActorRefs.NoSender);

    /// <inheritdoc/>
    public void Send(in CellAddress to, ICellMessage message) => Send(to, message, ActorRefs.NoSender!);

    /// <inheritdoc/>
    public void Send(in CellAddress to, object message, IActorRef from)
    {
        switch (to.Kind)
        {
            case CellKind.Replica:
                Replica.Tell(message, from);
                break;
            case CellKind.Partition:
                _partitions[to.Number].Tell(message, from);
                break;
            case CellKind.AllShards:
                foreach (var shard in _partitions.AsSpan(1))
                    shard.Tell(message, from);
                break;
            case CellKind.OpLog:
                OpLog.Tell(message, from);
                break;
            case CellKind.Evictor:
                Evictor.Tell(message, from);
                break;
            case CellKind.Verifier:
                Verifier.Tell(message, from);
                break;
            case CellKind.Scans:
                Scans.Tell(message, from);
                break;
            case CellKind.Checkpoints:
                Checkpoints.Tell(message, from);
                break;
            case CellKind.SyncSource:
                SyncSource.Tell(message, from);
                break;
            case CellKind.Sync:
                Sync.Tell(message, from);
                break;
            case CellKind.Snapshots:
                Snapshots.Tell(message, from);
                break;
            case CellKind.Node:
                Node.Tell(message, from);
                break;
            case CellKind.Door:
                door.Take(message);
                break;
            default:
                throw new InvalidOperationException($"no way to {to}");
        }
    }
}
