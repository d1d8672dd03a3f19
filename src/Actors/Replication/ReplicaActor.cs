// Carries the replica's cell: the members of the cluster reach it from here, its letters to other nodes, to the journal and to the door
// leave from here. It decides nothing.
using Akka.Actor;
using Akka.Cluster;
using HotStandby.Actors.Cells;
using HotStandby.Actors.Checkpoints;
using HotStandby.Actors.Gateway;
using HotStandby.Actors.Journal;
using HotStandby.Actors.OpLog;
using HotStandby.Actors.Telemetry;
using HotStandby.Core.Cells;
using HotStandby.Core.Node;
using HotStandby.Messages.Identity;
using ICell = HotStandby.Core.Cells.ICell;

namespace HotStandby.Actors.Replication;

/// <summary>The replica of one node; lives as long as the node.</summary>
internal sealed class ReplicaActor : CellActor
{
    /// <summary>The dispatcher of the replica and its journal, whose short turns run on the thread that brings something.</summary>
    public const string DispatcherName = "hotstandby.replication-dispatcher";

    private readonly ReplicaOptions _options;
    private readonly NodeRoutes _routes;
    private readonly ServingState _serving;
    private readonly TimeProvider _time;
    private readonly ReplicaCell _replica;
    private readonly ReignLedger _ledger;
    private readonly PeerDirectory _peers = new((ExtendedActorSystem)Context.System);

    /// <summary>Use <see cref="Props"/>.</summary>
    public ReplicaActor(ReplicaOptions options, DataDirectory directory, NodeRoutes routes, ServingState serving, TimeProvider time)
        : this(options, directory, routes, serving, time, new ReignLedger(options.Cell.Protocol.Self))
    {
    }

    private ReplicaActor(
        ReplicaOptions options, DataDirectory directory, NodeRoutes routes, ServingState serving, TimeProvider time, ReignLedger ledger)
        : base(outbox => new ReplicaCell(options.Cell, directory, ledger, outbox), routes, time)
    {
        (_options, _routes, _serving, _time, _ledger) = (options, routes, serving, time, ledger);
        _replica = (ReplicaCell)Cell;
    }

    /// <summary>How to start it; then send it <see cref="NodeIsMade"/>.</summary>
    /// <param name="options">Settings.</param>
    /// <param name="directory">The node's.</param>
    /// <param name="routes">To the node's other actors; those below this one are filled in here.</param>
    /// <param name="serving">What connections read.</param>
    /// <param name="time">The clocks.</param>
    public static Props Props(
        ReplicaOptions options, DataDirectory directory, NodeRoutes routes, ServingState serving, TimeProvider time) =>
        Akka.Actor.Props.Create(() => new ReplicaActor(options, directory, routes, serving, time)).WithDispatcher(DispatcherName);

    /// <inheritdoc/>
    protected override void PreStart()
    {
        _routes.Replica = Self;
        Cluster.Get(Context.System).Subscribe(Self, ClusterEvent.InitialStateAsEvents, typeof(ClusterEvent.IMemberEvent));
    }

    /// <inheritdoc/>
    protected override void PostStop()
    {
        Cluster.Get(Context.System).Unsubscribe(Self);
        base.PostStop();
    }

    /// <inheritdoc/>
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(_ => Directive.Escalate);

    /// <inheritdoc/>
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case NodeIsMade:
                MakeChildren();
                break;
            case ClusterEvent.IMemberEvent member:
                _peers.Note(member);
                base.OnReceive(new PeersAre([.. _options.Cell.Protocol.Peers.Where(peer => _peers[peer] is not null)]));
                break;
            case ReportReplica when _replica.Replica is null:
                break; // nothing to tell yet: who asks, asks again
            case ReportReplica:
                Sender.Tell(ReplicaReport.Of(_replica, _time.NowTicks(), _serving.MayServe, _ledger));
                break;
            case Terminated:
                throw new JournalFailedException("the OpLog stopped");
            default:
                base.OnReceive(message);
                break;
        }

        if (_ledger.TakeNews() is { } began) // the first reign is that which the log begins with
            Context.System.EventStream.Publish(began with { IsFirst = _replica.Replica?.State.Log.EpochOf(1) == began.Epoch });
        _serving.ExtendLease(_replica.LeaseUntilTicks);
        if (_replica.Replica is { } replica)
            _serving.Views.Note(replica.ServiceAt(_time.NowTicks()), _peers);
    }

    /// <inheritdoc/>
    protected override void Send(in CellAddress to, object message, IActorRef from)
    {
        switch (to.Kind)
        {
            case CellKind.Peer:
                _peers[new NodeId((string)to.Who!)]?.Tell(message, from);
                break;
            case CellKind.Membership:
                Context.System.EventStream.Publish(message);
                break;
            default:
                base.Send(to, message, from);
                break;
        }
    }

    private void MakeChildren()
    {
        var self = _options.Cell.Protocol.Self;
        var partitions = 1 + _options.Cell.Shards;
        _routes.Snapshots = Context.ActorOf(SnapshotsActor.Props(self, _options.SnapshotPluginId), "snapshots");
        _routes.Checkpoints = Carry(outbox => new CheckpointCell(partitions, outbox), "checkpoints");
        var firstImage = (ulong)Random.Shared.NextInt64(1, long.MaxValue); // an earlier life's images must not be mistaken for this one's
        _routes.SyncSource = Carry(outbox => new SyncSourceCell(self, firstImage, outbox), "sync-source");
        _routes.Sync = Carry(outbox => new SyncCell(self, partitions, outbox), "sync");
        _routes.OpLog = Context.Watch(Context.ActorOf(OpLogActor.Props(self, _options.JournalPluginId), "oplog"));
    }

    private IActorRef Carry(Func<Outbox, ICell> newCell, string name) => Context.ActorOf(CellActor.Props(newCell, _routes, _time), name);
}

/// <summary>The node to its replica, once: all cells are there, read the journal.</summary>
internal sealed record NodeIsMade : INoSerializationVerificationNeeded
{
    /// <summary>The only one.</summary>
    public static readonly NodeIsMade Instance = new();
}
