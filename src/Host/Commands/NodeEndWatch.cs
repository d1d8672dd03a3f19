// Listens inside a node for what a person wants to know when the node ends by itself, or does not get on: who quarantined it,
// whom it has lost, whom it waits for. Decides nothing.
using Akka.Actor;
using Akka.Cluster;
using Akka.Remote;
using HotStandby.Actors.Leadership;
using HotStandby.Actors.Settings;
using HotStandby.Host.Logging;
using Microsoft.Extensions.Logging;

namespace HotStandby.Host.Commands;

/// <summary>What a node knows of its own end.</summary>
internal sealed class NodeEndReason
{
    private volatile string? _quarantinedBy;
    private volatile string? _ownReason;
    private volatile string _lost = "";

    /// <summary>The peer that will not talk to this node again.</summary>
    public string? QuarantinedBy { set => _quarantinedBy = value; }

    /// <summary>Why the node removed itself.</summary>
    public string? OwnReason { set => _ownReason = value; }

    /// <summary>The members that cannot be reached, separated by commas; empty when all can.</summary>
    public string Lost { set => _lost = value; }

    /// <summary>One sentence, for an actor system that ended by itself.</summary>
    /// <param name="reason">What the shutdown was started with; null when it was not started through it.</param>
    public string Describe(CoordinatedShutdown.Reason? reason)
    {
        if (_quarantinedBy is { } peer)
            return $"ended: quarantined by {peer}, which took this node for dead; start it again";
        return reason switch
        {
            CoordinatedShutdown.ClusterDowningReason when _ownReason is { } own =>
                $"ended: this node removed itself from the cluster: {own}"
                + $"{(_lost.Length > 0 ? $"; it cannot reach {_lost}" : "")}; start it again",
            CoordinatedShutdown.ClusterDowningReason => _lost.Length > 0
                ? $"ended: removed from the cluster, which goes on without this node; lost {_lost}; start it again"
                : "ended: removed from the cluster by the other nodes, which took it for dead; start it again",
            CoordinatedShutdown.ClusterJoinUnsuccessfulReason =>
                "ended: no cluster could be joined in time; start the other nodes, then this one again",
            CoordinatedShutdown.ClusterLeavingReason => "ended: it has left the cluster; start it again",
            _ => $"ended: the actor system stopped ({reason?.GetType().Name ?? "no reason given"}); start it again",
        };
    }
}

/// <summary>Keeps a <see cref="NodeEndReason"/>, and says whom a node waits for until it is a member.</summary>
internal sealed class NodeEndWatch : UntypedActor, IWithTimers
{
    private static readonly TimeSpan WaitingLineInterval = TimeSpan.FromSeconds(5);
    private static readonly object LookAgain = new();

    private readonly Akka.Cluster.Cluster _cluster = Akka.Cluster.Cluster.Get(Context.System);
    private readonly HashSet<Address> _unreachable = [];
    private readonly HotStandbySettings _settings;
    private readonly ILogger _log;
    private readonly NodeEndReason _reason;

    public NodeEndWatch(HotStandbySettings settings, ILogger log, NodeEndReason reason) =>
        (_settings, _log, _reason) = (settings, log, reason);

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart()
    {
        Context.System.EventStream.Subscribe(Self, typeof(ThisActorSystemQuarantinedEvent));
        Context.System.EventStream.Subscribe(Self, typeof(LeavesByItself));
        _cluster.Subscribe(Self, ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents, typeof(ClusterEvent.IReachabilityEvent),
            typeof(ClusterEvent.MemberRemoved));
        Timers.StartPeriodicTimer(LookAgain, LookAgain, WaitingLineInterval);
    }

    protected override void PostStop()
    {
        Context.System.EventStream.Unsubscribe(Self);
        _cluster.Unsubscribe(Self);
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case ThisActorSystemQuarantinedEvent quarantined:
                _reason.QuarantinedBy = quarantined.RemoteAddress.ToString();
                break;
            case LeavesByItself leaves:
                _reason.OwnReason = leaves.Reason;
                break;
            case ClusterEvent.UnreachableMember lost:
                _unreachable.Add(lost.Member.Address);
                Note();
                break;
            case ClusterEvent.ReachableMember back:
                _unreachable.Remove(back.Member.Address);
                Note();
                break;
            case ClusterEvent.MemberRemoved removed when removed.Member.Address != _cluster.SelfAddress:
                _unreachable.Remove(removed.Member.Address);
                Note();
                break;
            case ClusterEvent.MemberRemoved:
                break;
            case var _ when ReferenceEquals(message, LookAgain):
                SayWhatIsMissing();
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void Note() => _reason.Lost = string.Join(", ", _unreachable);

    private void SayWhatIsMissing()
    {
        var up = _cluster.State.Members.Count(member => member.Status == MemberStatus.Up);
        if (up > _settings.Voters.Count / 2 && _cluster.SelfMember.Status == MemberStatus.Up)
        {
            Timers.Cancel(LookAgain);
            return;
        }
        HostEvents.WaitsForNodes(_log, _settings.NodeId.Name, up, _settings.Voters.Count, string.Join(", ", _settings.Voters));
    }
}
