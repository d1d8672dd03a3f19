// The verifier of a node. On a Standby it walks the partitions in rounds: asks the Primary for verification points, carries drill-downs
// to the Primary and back, counts. On the Primary it hands what the others ask to its partitions. It compares nothing itself and
// decides on nothing: what it finds is reported, and a partition that is beyond repair is its parent's business.
using Akka.Actor;
using Akka.Cluster;
using Akka.Event;
using HotStandby.Actors.Gateway;
using HotStandby.Actors.Replication;
using HotStandby.Actors.Settings;
using HotStandby.Core.Cells;
using HotStandby.Core.Partitions;
using HotStandby.Core.Replication;
using HotStandby.Core.Verification;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Verification;

namespace HotStandby.Actors.Verification;

/// <summary>The verifier of a node; lives as long as the node.</summary>
public sealed class VerifierActor : UntypedActor, IWithTimers
{
    /// <summary>Its name below the node's actor, the same on every node.</summary>
    public const string Name = "verifier";

    private const string RoundKey = "round";
    private const string RunKey = "run";

    // While somebody waits: points are asked for again so often, since an answer may have been lost.
    private static readonly TimeSpan RunInterval = TimeSpan.FromMilliseconds(500);

    // A point that is asked for out of turn, after a drill-down; so many in a row, then the next cycle must do.
    private const int MostPointsOutOfTurn = 3;

    // Rounds without an answer after which a drill-down is forgotten.
    private const int MostSilentRounds = 2;

    private static readonly string[] Path = ["user", "node", Name];

    private sealed record Round : INoSerializationVerificationNeeded
    {
        public static readonly Round Instance = new();
    }

    private sealed record RunGoesOn : INoSerializationVerificationNeeded
    {
        public static readonly RunGoesOn Instance = new();
    }

    private sealed class Asking(VerificationRequest request)
    {
        public VerificationRequest Request => request;

        public int SilentRounds { get; set; }
    }

    private readonly NodeId _node;
    private readonly VerificationSettings _settings;
    private readonly bool _areFaultsAllowed;
    private readonly IActorRef _replica;
    private readonly IReadOnlyList<IActorRef> _partitions;
    private readonly TimeProvider _time;
    private readonly VerificationLedger _ledger;
    private readonly PeerDirectory _peers = new((ExtendedActorSystem)Context.System, Path);
    private readonly Dictionary<Partition, Asking> _asking = [];
    private readonly int[] _outOfTurn;
    private readonly LineLimit _strangerLines = new();
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private NodeId _primary = NodeId.None;
    private (VerifyNow Wanted, IActorRef Asker)? _wanted;
    private VerifyRun? _run;

    public VerifierActor(HotStandbySettings settings, IActorRef replica, IReadOnlyList<IActorRef> partitions, TimeProvider time)
    {
        (_node, _settings, _areFaultsAllowed) = (settings.NodeId, settings.Verification, settings.Testing.AreFaultsAllowed);
        (_replica, _partitions, _time) = (replica, partitions, time);
        _ledger = new VerificationLedger(partitions.Count, settings.Verification.Ratio);
        _outOfTurn = new int[partitions.Count];
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <summary>The child of the node's actor.</summary>
    /// <param name="settings">The node's settings.</param>
    /// <param name="replica">Tells who leads.</param>
    /// <param name="partitions">By partition number.</param>
    /// <param name="time">The monotonic clock.</param>
    public static Props Props(HotStandbySettings settings, IActorRef replica, IReadOnlyList<IActorRef> partitions, TimeProvider time) =>
        Akka.Actor.Props.Create(() => new VerifierActor(settings, replica, partitions, time));

    /// <inheritdoc/>
    protected override void PreStart()
    {
        Cluster.Get(Context.System).Subscribe(Self, ClusterEvent.InitialStateAsEvents, typeof(ClusterEvent.IMemberEvent));
        var bounds = _settings.IsEnabled ? new DrillDownSettings(_settings.KeysPerRequest, _settings.RepairThreshold) : null;
        foreach (var partition in _partitions)
            partition.Tell(new VerifierIs(_node, bounds));
        if (bounds is null)
            return;
        Timers.StartPeriodicTimer(RoundKey, Round.Instance, _settings.Interval);
    }

    /// <inheritdoc/>
    protected override void PostStop() => Cluster.Get(Context.System).Unsubscribe(Self);

    /// <inheritdoc/>
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Round:
                _replica.Tell(ReportReplica.Instance, Self);
                break;
            case ReplicaStatus status:
                OnRound(status);
                break;
            case VerificationMessage said:
                OnMessage(said);
                break;
            case PartitionCompared compared:
                OnCompared(compared);
                break;
            case DrillDownAsks asks:
                _asking[asks.Request.Partition] = new Asking(asks.Request);
                ToPrimary(asks.Request);
                break;
            case MismatchesFound found:
                _run?.Found(found);
                _ledger.Repaired(found.Mismatched, found.Repaired);
                break;
            case DrillDownEnded ended:
                OnEnded(ended);
                break;
            case VerifyNow wanted:
                OnWanted(wanted);
                break;
            case RunGoesOn:
                GoOn();
                break;
            case ReportVerification:
                Sender.Tell(Report());
                break;
            case InjectFault inject:
                OnFault(inject);
                break;
            case ClusterEvent.IMemberEvent member:
                _peers.Note(member);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void OnRound(ReplicaStatus status)
    {
        _primary = status.Role == ReplicaRole.Standby && status.Leader != _node ? status.Leader : NodeId.None;
        Array.Clear(_outOfTurn);
        BeginRun();
        if (_primary == NodeId.None)
            return;
        foreach (var (partition, asking) in _asking.ToArray())
            AskAgain(partition, asking);
        foreach (var partition in _ledger.NextRound())
            ToPrimary(new VerificationPointRequest(_node, partition));
    }

    private void AskAgain(Partition partition, Asking asking)
    {
        if (++asking.SilentRounds <= MostSilentRounds)
        {
            ToPrimary(asking.Request);
            return;
        }

        _asking.Remove(partition);
        _partitions[partition.Value].Tell(AbandonDrillDown.Instance);
    }

    // The answer to a request goes from the Primary's shard straight to the verifier that asked.
    private void OnMessage(VerificationMessage message)
    {
        if (message.Partition.Value >= _partitions.Count)
        {
            if (_strangerLines.IsDue(_time.NowTicks()))
                _log.Warning("{0} speaks of {1}, and there are {2} partitions here", message.From, message.Partition, _partitions.Count);
            return;
        }

        var partition = _partitions[message.Partition.Value];
        switch (message)
        {
            case VerificationPointRequest:
                partition.Tell(ProposeVerificationMarker.Instance, Self);
                break;
            case VerificationRequest when message.Partition.IsShard:
                partition.Forward(message);
                break;
            case VerificationResponse when message.Partition.IsShard:
                _asking.Remove(message.Partition);
                partition.Tell(message, Self);
                break;
        }
    }

    private void OnCompared(PartitionCompared compared)
    {
        if (!compared.Verdict.IsComparable)
        {
            _log.Info("{0}: the marker {1} was computed in another way and is passed over", compared.Partition, compared.MarkerSequence);
            return;
        }

        if (compared.Verdict.IsClean && _ledger[compared.Partition] is PartitionStanding.Different or PartitionStanding.NeedsFullSync)
            _log.Info("{0} is equal to the Primary again, at seq {1}", compared.Partition, compared.MarkerSequence);
        _ledger.Compared(compared.Partition, compared.Verdict.IsClean, compared.Keys, _time.NowTicks());
        _run?.Compared(compared);
        if (compared.Verdict.IsClean)
            _asking.Remove(compared.Partition);
        else if (!compared.Partition.IsShard)
            BeyondRepair(compared.Partition, $"the segment table differs at seq {compared.MarkerSequence}");
        EndRun();
    }

    // Whatever came of it, the next point tells whether the two are equal now.
    private void OnEnded(DrillDownEnded ended)
    {
        _asking.Remove(ended.Partition);
        if (ended.State == DrillDownState.NeedsFullSync)
        {
            BeyondRepair(ended.Partition, ended.Reason);
            return;
        }

        if (ended.State == DrillDownState.Superseded)
            _log.Info("{0}: the comparison of its keys begins anew: {1}", ended.Partition, ended.Reason);
        if (_outOfTurn[ended.Partition.Value]++ < MostPointsOutOfTurn)
            ToPrimary(new VerificationPointRequest(_node, ended.Partition));
    }

    private void BeyondRepair(Partition partition, string reason)
    {
        _log.Error("{0} needs a full sync: {1}", partition, reason);
        _ledger.NeedsFullSync(partition);
        _run?.NeedsFullSync(partition);
        EndRun();
        Context.Parent.Tell(new PartitionNeedsFullSync(partition, reason));
    }

    // Who leads is asked first: what the last round knew may be old.
    private void OnWanted(VerifyNow wanted)
    {
        var refusal = !_settings.IsEnabled ? "hotstandby.verification is off on this node"
            : _run is not null || _wanted is not null ? "a verification that somebody waits for is under way"
            : wanted.Partitions.Any(each => each.Value >= _partitions.Count) ? $"there are {_partitions.Count - 1} shards, 0 to {_partitions.Count - 2}"
            : null;
        if (refusal is not null)
        {
            Sender.Tell(new VerifyNowAnswer([], refusal));
            return;
        }

        _wanted = (wanted, Sender);
        _replica.Tell(ReportReplica.Instance, Self);
    }

    private void BeginRun()
    {
        if (_wanted is not var (wanted, asker))
            return;
        _wanted = null;
        if (_primary == NodeId.None)
        {
            asker.Tell(new VerifyNowAnswer([], "this node leads, or knows nobody who does: a Standby compares itself with its Primary"));
            return;
        }

        var partitions = wanted.Partitions.Count > 0 ? wanted.Partitions : Enumerable.Range(0, _partitions.Count).Select(at => new Partition((ushort)at));
        _run = new VerifyRun(asker, partitions, _time.NowTicks() + wanted.Patience.Ticks);
        GoOn();
    }

    private void GoOn()
    {
        EndRun();
        if (_run is null)
            return;
        foreach (var partition in _run.Open)
            ToPrimary(new VerificationPointRequest(_node, partition));
        Timers.StartSingleTimer(RunKey, RunGoesOn.Instance, RunInterval);
    }

    private void EndRun()
    {
        if (_run?.IsOver(_time.NowTicks()) != true)
            return;
        _run.Answer();
        _run = null;
        Timers.Cancel(RunKey);
    }

    private void OnFault(InjectFault inject)
    {
        var refusal = !_areFaultsAllowed ? "hotstandby.testing.faults is off"
            : !inject.Partition.IsShard || inject.Partition.Value >= _partitions.Count ? $"{inject.Partition} is no shard of this node"
            : null;
        if (refusal is null)
        {
            _partitions[inject.Partition.Value].Forward(inject);
            return;
        }

        _log.Error("The fault {0} for {1} was refused: {2}", inject.Fault, inject.Partition, refusal);
        Sender.Tell(new FaultInjected(0, refusal));
    }

    private VerificationReport Report() => new(
        _settings.IsEnabled, _ledger.Counts,
        _ledger.LastCycleTicks is { } last ? (_time.NowTicks() - last) / TimeSpan.TicksPerMillisecond : null, _ledger.IsClean, _ledger.Unclean);

    private void ToPrimary(VerificationMessage message) => _peers[_primary]?.Tell(message, Self);
}
