// Puts a Primary that has lost its lease out of the cluster, so that the oracle looks for another node at once and does not wait for
// the split-brain resolver. That it has lost it is the replicas' finding (LapsedGrants); this only carries the news to the membership.
using Akka.Actor;
using Akka.Cluster;
using Akka.Event;
using HotStandby.Actors.Gateway;
using HotStandby.Actors.Settings;
using HotStandby.Core.Replication;
using HotStandby.Messages.Identity;

namespace HotStandby.Actors.Leadership;

/// <summary>One a node. Follows the replica's <see cref="PrimaryLost"/> on the event stream.</summary>
/// <param name="time">The clock of the replica.</param>
public sealed class DowningActor(TimeProvider time) : UntypedActor
{
    // One node suffices, and the one that will also remove the member is the quickest. The others follow when it does not.
    private static readonly TimeSpan OthersFollowAfter = TimeSpan.FromMilliseconds(300);

    private readonly Cluster _cluster = Cluster.Get(Context.System);
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Dictionary<UniqueAddress, (NodeId Node, long SinceTicks)> _members = [];
    private (ulong Epoch, long FirstTicks) _news;

    /// <summary>How to make one.</summary>
    public static Props Props(TimeProvider time) => Akka.Actor.Props.Create(() => new DowningActor(time));

    /// <inheritdoc/>
    protected override void PreStart()
    {
        _cluster.Subscribe(Self, ClusterEvent.InitialStateAsEvents, typeof(ClusterEvent.IMemberEvent));
        Context.System.EventStream.Subscribe(Self, typeof(PrimaryLost));
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
            case ClusterEvent.MemberRemoved removed:
                _members.Remove(removed.Member.UniqueAddress);
                break;
            case ClusterEvent.IMemberEvent happened:
                _members.TryAdd(happened.Member.UniqueAddress, (NodeConfiguration.NodeOf(happened.Member.Roles), time.NowTicks()));
                break;
            case PrimaryLost lost:
                OnLost(lost);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void OnLost(PrimaryLost lost)
    {
        var now = time.NowTicks();
        if (lost.Epoch != _news.Epoch)
            _news = (lost.Epoch, now);
        if (_cluster.State.Leader != _cluster.SelfAddress && now - _news.FirstTicks < OthersFollowAfter.Ticks)
            return;
        // A life of the Primary's node that joined after the Primary was last heard is another one.
        var member = _members.FirstOrDefault(each => each.Value.Node == lost.Primary && each.Value.SinceTicks <= lost.HeardAtTicks).Key;
        if (member is null)
            return;
        Down(lost.Primary, member.Address, $"no majority grants it epoch {lost.Epoch} any more");
        // Who cannot be reached keeps the others from agreeing that the Primary is gone, until it is out as well.
        foreach (var other in _cluster.State.Unreachable)
        {
            if (other.UniqueAddress != member && other.Status != MemberStatus.Down)
                Down(NodeConfiguration.NodeOf(other.Roles), other.Address, "it cannot be reached, and the Primary is lost");
        }
    }

    private void Down(NodeId node, Address address, string reason)
    {
        _log.Warning("{0} ({1}) is put out of the cluster: {2}", node, address, reason);
        _cluster.Down(address);
    }
}
