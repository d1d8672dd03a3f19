// The node's state, ready to be read: probes come often, from many callers, and must cost the node nothing. Ten times a second this asks
// the replica and the verifier, which have the answer at hand, and puts it where any thread can read it. It never asks the partitions.
using Akka.Actor;
using HotStandby.Actors.Gateway;
using HotStandby.Actors.Replication;
using HotStandby.Core.Partitions;

namespace HotStandby.Actors.Node;

/// <summary>The node's last report about itself. Written by <see cref="PulseActor"/>, read by any thread.</summary>
/// <param name="time">The monotonic clock.</param>
public sealed class NodePulse(TimeProvider time)
{
    /// <summary>An older report is not shown: the node is silent, for example because it reads its journal.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private volatile Beat? _beat;

    /// <summary>The node's report without its partitions, at most <see cref="Patience"/> old; null while it is silent.</summary>
    public NodeReport? Latest => _beat is { } beat && time.NowTicks() - beat.Ticks < Patience.Ticks ? beat.Report : null;

    internal void Publish(NodeReport report) => _beat = new Beat(report, time.NowTicks());

    private sealed record Beat(NodeReport Report, long Ticks);
}

/// <summary>Keeps the pulse.</summary>
internal sealed class PulseActor : UntypedActor, IWithTimers
{
    public const string Name = "pulse";

    private const string BeatKey = "beat";
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private readonly IActorRef _replica;
    private readonly IActorRef _verifier;
    private readonly NodePulse _pulse;
    private VerificationReport? _verified;

    public PulseActor(IActorRef replica, IActorRef verifier, NodePulse pulse) => (_replica, _verifier, _pulse) = (replica, verifier, pulse);

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(IActorRef replica, IActorRef verifier, NodePulse pulse) =>
        Akka.Actor.Props.Create(() => new PulseActor(replica, verifier, pulse));

    protected override void PreStart() => Timers.StartPeriodicTimer(BeatKey, Beat.Instance, TimeSpan.Zero, Interval);

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Beat:
                _verifier.Tell(ReportVerification.Instance, Self);
                _replica.Tell(ReportReplica.Instance, Self);
                break;
            case VerificationReport verified:
                _verified = verified;
                break;
            case ReplicaReport replica when _verified is not null:
                _pulse.Publish(new NodeReport(replica, [], _verified));
                break;
            case ReplicaReport:
                break; // the verifier has not said anything yet
            default:
                Unhandled(message);
                break;
        }
    }

    private sealed record Beat : INoSerializationVerificationNeeded
    {
        public static readonly Beat Instance = new();
    }
}
