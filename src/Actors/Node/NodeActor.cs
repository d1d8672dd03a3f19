// Parent of everything that holds the node's state. Nothing below it is ever restarted: an actor that failed has lost the
// thread of the log, so the process ends, its supervisor starts it again, and it recovers from its journal.
using Akka.Actor;
using Akka.Event;
using HotStandby.Actors.Cells;
using HotStandby.Actors.Checkpoints;
using HotStandby.Actors.Gateway;
using HotStandby.Actors.Journal;
using HotStandby.Actors.Replication;
using HotStandby.Actors.Scans;
using HotStandby.Actors.Settings;
using HotStandby.Actors.Verification;
using HotStandby.Core.Cells;
using HotStandby.Core.Eviction;
using HotStandby.Core.Node;
using HotStandby.Core.Partitions;
using HotStandby.Core.Partitions.Segments;
using HotStandby.Core.Partitions.Shards;
using HotStandby.Core.Replication;
using HotStandby.Core.Segments;
using HotStandby.Core.Shards;
using HotStandby.Core.Verification;
using HotStandby.Messages.Identity;
using ICell = HotStandby.Core.Cells.ICell;

namespace HotStandby.Actors.Node;

/// <summary>Creates replica, segment table and shards, and tells them of each other.</summary>
internal sealed class NodeActor : UntypedActor
{
    // Fine enough for heartbeats and lease, coarse enough to cost nothing.
    private static readonly TimeSpan TickInterval = TimeSpan.FromMilliseconds(20);

    private readonly Action<Exception> _onFatal;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly IActorRef _replica;

    public NodeActor(
        HotStandbySettings settings, DataDirectory directory, ServingState serving, TimeProvider time, Action<Exception> onFatal,
        TaskCompletionSource<NodeActors> created)
    {
        _onFatal = onFatal;
        try
        {
            Context.System.EventStream.Subscribe(Self, typeof(JournalFault));
            var made = Make(settings, directory, serving, time);
            _replica = made.Replica;
            created.SetResult(made);
        }
        catch (Exception error)
        {
            created.TrySetException(error); // else the start of the node never returns
            throw;
        }
    }

    public static Props Props(
        HotStandbySettings settings, DataDirectory directory, ServingState serving, TimeProvider time, Action<Exception> onFatal,
        TaskCompletionSource<NodeActors> created) =>
        Akka.Actor.Props.Create(() => new NodeActor(settings, directory, serving, time, onFatal, created));

    // Not logged here: the code that ends the process logs why, with details only where they help.
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(
        maxNrOfRetries: -1, withinTimeMilliseconds: -1,
        failure =>
        {
            _onFatal(failure);
            return Directive.Stop;
        },
        loggingEnabled: false);

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case JournalFault fault:
                _onFatal(new JournalFaultException(fault));
                break;
            case PartitionNeedsFullSync needed:
                _log.Error(
                    "{Partition} differs from the Primary beyond repair, this node must be synced: {Reason}",
                    needed.Partition, needed.Reason);
                _replica.Tell(new RunNodeCommand(NodeCommand.FullSync), Self);
                break;
            case NodeCommandAnswer { Refusal: { } refusal }:
                _log.Warning("No full sync begins now, verification asks again: {Reason}", refusal);
                break;
            case NodeCommandAnswer:
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private static NodeActors Make(HotStandbySettings settings, DataDirectory directory, ServingState serving, TimeProvider time)
    {
        var clients = new ClientWatch(time);
        var routes = new NodeRoutes(settings.Shards, new Door(serving, clients)) { Node = Context.Self };
        routes.Replica = Context.ActorOf(ReplicaActor.Props(ReplicaOptionsOf(settings), directory, routes, serving, time), "replica");
        var replyAfter = settings.Commit == CommitPolicy.Async ? ReplyAfter.Durable : ReplyAfter.Commit;
        var (eviction, segments, shards) = (EvictionSettingsOf(settings), SegmentSettingsOf(settings), ShardSettingsOf(settings));
        routes.Evictor = Carry(outbox => new EvictorCell(settings.Shards, eviction, EvictorCell.DefaultCycleTimeout, outbox), "evictor");
        routes.Add(Partition.SegmentTable, Carry(outbox => SegmentPartition.NewCell(settings.Shards, segments, outbox), "segments"));
        for (var i = 0; i < settings.Shards; i++)
        {
            var shard = Partition.OfShard(i);
            routes.Add(shard, Carry(outbox => ShardPartition.NewCell(shard, settings.Shards, shards, replyAfter, outbox), $"shard-{i}"));
        }

        routes.Scans = Context.ActorOf(ScansActor.Props(routes, new ScanSettings(), time), "scans");
        routes.Verifier = Context.ActorOf(
            VerifierActor.Props(VerifierSettingsOf(settings), routes.Partitions.Count, routes, time), VerifierActor.Name);
        routes.Replica.Tell(NodeIsMade.Instance); // the way to every cell is known: the first of them may speak
        var pulse = new NodePulse(time);
        Context.ActorOf(PulseActor.Props(routes.Replica, routes.Verifier, pulse), PulseActor.Name);
        var gateway = new MasterGateway(serving, clients, routes);
        return new NodeActors(routes.Replica, routes.Verifier, routes.Partitions, pulse, clients, gateway);

        IActorRef Carry(Func<Outbox, ICell> newCell, string name) => Context.ActorOf(CellActor.Props(newCell, routes, time), name);
    }

    private static ReplicaOptions ReplicaOptionsOf(HotStandbySettings settings) => new(
        new ReplicaCellSettings(
            ProtocolOf(settings), settings.Shards, TickInterval, settings.MaximumReplicationLag.Ticks, settings.Checkpoints.EveryBytes,
            settings.Checkpoints.Every.Ticks, settings.Journal.RetainBytes),
        settings.Journal.Plugin, settings.Checkpoints.Plugin);

    private static ReplicaSettings ProtocolOf(HotStandbySettings settings) => new()
    {
        Self = settings.NodeId,
        Voters = settings.Voters,
        LeaseDurationTicks = settings.Lease.Duration.Ticks,
        DriftMarginTicks = settings.Lease.DriftMargin.Ticks,
        HeartbeatTicks = settings.Lease.HeartbeatInterval.Ticks,
        HandOverTicks = settings.Lease.HandOverTimeout.Ticks,
        ResendTicks = settings.Link.ResendTimeout.Ticks,
        BatchEntries = settings.OpLog.BatchMaximumEntries,
        BatchBytes = settings.OpLog.BatchMaximumBytes,
        LingerTicks = settings.OpLog.Linger.Ticks,
        // Async replies wait for the local journal only: no batch may wait for the commit of another.
        PipelineBatches = settings.Commit == CommitPolicy.Async ? int.MaxValue : settings.OpLog.PipelineBatches,
        WindowEntries = settings.OpLog.WindowMaximumEntries,
        WindowBytes = settings.OpLog.WindowMaximumBytes,
        InFlightBytes = settings.Link.MaximumInFlightBytes,
    };

    private static SegmentSettings SegmentSettingsOf(HotStandbySettings settings) => new()
    {
        ClientTtl = settings.Objects.ClientTtl,
        ClientSuspectTime = settings.Objects.ClientSuspectTime,
        PutStartReleaseTimeout = settings.Objects.PutStartReleaseTimeout,
        Strategy = settings.Allocation.Strategy switch
        {
            AllocationStrategy.FreeRatioFirst => PlacementStrategies.FreeRatioFirst,
            AllocationStrategy.PowerOfTwo => PlacementStrategies.PowerOfTwo,
            _ => PlacementStrategies.Random,
        },
        Eviction = EvictionSettingsOf(settings),
        Seed = ObjectKey.From(settings.NodeId.Name).Hash,
    };

    private static EvictionSettings EvictionSettingsOf(HotStandbySettings settings) => new()
    {
        HighWatermark = settings.Eviction.HighWatermark,
        Ratio = settings.Eviction.Ratio,
        Headroom = settings.Eviction.Headroom,
        AllowSoftPinned = settings.Eviction.AllowSoftPinned,
        MaximumVictims = settings.Eviction.MaximumVictims,
    };

    internal static VerifierSettings VerifierSettingsOf(HotStandbySettings settings) => new()
    {
        Node = settings.NodeId,
        IsEnabled = settings.Verification.IsEnabled,
        Interval = settings.Verification.Interval,
        Ratio = settings.Verification.Ratio,
        DrillDown = new DrillDownSettings(settings.Verification.KeysPerRequest, settings.Verification.RepairThreshold),
        AreFaultsAllowed = settings.Testing.AreFaultsAllowed,
    };

    private static ShardSettings ShardSettingsOf(HotStandbySettings settings) => new()
    {
        LeaseTtl = settings.Objects.LeaseTtl,
        PutStartDiscardTimeout = settings.Objects.PutStartDiscardTimeout,
        PutStartReleaseTimeout = settings.Objects.PutStartReleaseTimeout,
        TransferTimeout = settings.Objects.TransferTimeout,
        DefaultSoftPinTtl = settings.Objects.DefaultSoftPinTtl,
        MaximumSoftPinTtl = settings.Objects.MaximumSoftPinTtl,
    };
}

/// <summary>What a started node is made of.</summary>
internal sealed record NodeActors(
    IActorRef Replica, IActorRef Verifier, IReadOnlyList<IActorRef> Partitions, NodePulse Pulse, ClientWatch Clients,
    MasterGateway Gateway);

/// <summary>The journal cannot be used (any more): what happened, and the exit code that says so.</summary>
public sealed class JournalFaultException(JournalFault fault, Exception? cause = null)
    : Exception($"{fault?.Kind}: {fault?.Reason} ({fault?.File})", cause)
{
    /// <summary>What happened.</summary>
    public JournalFault Fault { get; } = fault;
}
