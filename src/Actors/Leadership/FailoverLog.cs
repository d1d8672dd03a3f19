// Puts into the log what happens to the cluster's membership and to its lead, as far as nobody else does: who reads it later sees how a
// failover went, step by step. It changes nothing.
using Akka.Actor;
using Akka.Cluster;
using Akka.Event;
using HotStandby.Actors.Replication;
using HotStandby.Actors.Settings;
using HotStandby.Core.Replication;
using HotStandby.Messages.Identity;

namespace HotStandby.Actors.Leadership;

/// <summary>One a node.</summary>
internal sealed class FailoverLog : UntypedActor
{
    private readonly Cluster _cluster = Cluster.Get(Context.System);
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private ulong _lostEpoch;

    /// <summary>How to make one.</summary>
    public static Props Props() => Akka.Actor.Props.Create(static () => new FailoverLog());

    /// <inheritdoc/>
    protected override void PreStart()
    {
        _cluster.Subscribe(
            Self, ClusterEvent.InitialStateAsEvents, typeof(ClusterEvent.UnreachableMember), typeof(ClusterEvent.ReachableMember),
            typeof(ClusterEvent.MemberUp), typeof(ClusterEvent.MemberRemoved));
        Context.System.EventStream.Subscribe(Self, typeof(PrimaryLost));
        Context.System.EventStream.Subscribe(Self, typeof(MajoritySealed));
        Context.System.EventStream.Subscribe(Self, typeof(ServiceBegan));
    }

    /// <inheritdoc/>
    protected override void PostStop()
    {
        Context.System.EventStream.Unsubscribe(Self);
        _cluster.Unsubscribe(Self);
    }

    private bool IsLeaving => _cluster.SelfMember.Status is MemberStatus.Leaving or MemberStatus.Exiting or MemberStatus.Removed;

    /// <inheritdoc/>
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case PrimaryLost lost when lost.Epoch > _lostEpoch: // it is found again and again until another one leads
                _lostEpoch = lost.Epoch;
                _log.Info(
                    "The grants of a majority to {Node} in epoch {Epoch} have lapsed: it has no lease any more",
                    lost.Primary, lost.Epoch);
                break;
            case PrimaryLost:
                break;
            case MajoritySealed won:
                _log.Info("A majority is sealed for epoch {Epoch}, the best log is that of {BestLog}", won.Epoch, won.TailFrom);
                break;
            case ServiceBegan { IsFirst: true } first:
                _log.Info("The cluster serves for the first time: node {Node}, epoch {Epoch}", first.Node, first.Epoch);
                break;
            case ServiceBegan began when began.Before == NodeId.None:
                _log.Info(
                    "Service begins on node {Node} in epoch {Epoch}: it has heard of no service since its start",
                    began.Node, began.Epoch);
                break;
            case ServiceBegan began:
                _log.Info(
                    "Service is back after {AwayMilliseconds} ms: node {Node} serves in epoch {Epoch}; node {Before} served before and "
                        + "{How}",
                    began.AwayMilliseconds, began.Node, began.Epoch, began.Before, began.WasHandedOver ? "handed over" : "lost its lease");
                break;
            case ClusterEvent.UnreachableMember unreachable:
                _log.Warning(
                    "{Node} ({Address}) cannot be reached",
                    NodeConfiguration.NodeOf(unreachable.Member.Roles), unreachable.Member.Address);
                break;
            case ClusterEvent.ReachableMember reachable:
                _log.Info(
                    "{Node} ({Address}) is reached again",
                    NodeConfiguration.NodeOf(reachable.Member.Roles), reachable.Member.Address);
                break;
            case ClusterEvent.MemberUp up:
                _log.Info("{Node} ({Address}) is in the cluster", NodeConfiguration.NodeOf(up.Member.Roles), up.Member.Address);
                break;
            case ClusterEvent.MemberRemoved removed when removed.Member.Address != _cluster.SelfAddress && IsLeaving:
                break; // it is this node that is no longer there for them
            case ClusterEvent.MemberRemoved removed:
                _log.Info(
                    "{Node} ({Address}) is no longer in the cluster",
                    NodeConfiguration.NodeOf(removed.Member.Roles), removed.Member.Address);
                break;
            default:
                Unhandled(message);
                break;
        }
    }
}
