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

    /// <inheritdoc/>
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case PrimaryLost lost when lost.Epoch > _lostEpoch: // it is found again and again until another one leads
                _lostEpoch = lost.Epoch;
                _log.Info("The grants of a majority to {0} in epoch {1} have lapsed: it has no lease any more", lost.Primary, lost.Epoch);
                break;
            case PrimaryLost:
                break;
            case MajoritySealed won:
                _log.Info("A majority is sealed for epoch {0}, the best log is that of {1}", won.Epoch, won.TailFrom);
                break;
            case ServiceBegan { IsFirst: true } first:
                _log.Info("The cluster serves for the first time: node {0}, epoch {1}", first.Node, first.Epoch);
                break;
            case ServiceBegan began when began.Before == NodeId.None:
                _log.Info("Service begins on node {0} in epoch {1}: it has heard of no service since its start", began.Node, began.Epoch);
                break;
            case ServiceBegan began:
                _log.Info(
                    "Service is back after {0} ms: node {1} serves in epoch {2}; node {3} served before and {4}", began.AwayMilliseconds,
                    began.Node, began.Epoch, began.Before, began.WasHandedOver ? "handed over" : "lost its lease");
                break;
            case ClusterEvent.UnreachableMember unreachable:
                _log.Warning("{0} ({1}) cannot be reached", NodeConfiguration.NodeOf(unreachable.Member.Roles), unreachable.Member.Address);
                break;
            case ClusterEvent.ReachableMember reachable:
                _log.Info("{0} ({1}) is reached again", NodeConfiguration.NodeOf(reachable.Member.Roles), reachable.Member.Address);
                break;
            case ClusterEvent.MemberUp up:
                _log.Info("{0} ({1}) is in the cluster", NodeConfiguration.NodeOf(up.Member.Roles), up.Member.Address);
                break;
            case ClusterEvent.MemberRemoved removed:
                _log.Info("{0} ({1}) is no longer in the cluster", NodeConfiguration.NodeOf(removed.Member.Roles), removed.Member.Address);
                break;
            default:
                Unhandled(message);
                break;
        }
    }
}
