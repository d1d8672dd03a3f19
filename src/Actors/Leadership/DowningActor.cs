// Puts members out of the cluster: a Primary that has lost its lease, so that the oracle looks for another node at once, and whoever a
// majority cannot hear. The first is the replicas' finding (LapsedGrants), the second ReachPolicy's; this only carries them to the
// membership.
using Akka.Actor;
using Akka.Cluster;
using Akka.Event;
using HotStandby.Actors.Gateway;
using HotStandby.Actors.Settings;
using HotStandby.Core.Membership;
using HotStandby.Core.Replication;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Membership;

namespace HotStandby.Actors.Leadership;

/// <summary>
/// One a node, at <see cref="Name"/> below the user guardian. Follows the replica's <see cref="PrimaryLost"/> on the event stream.
/// </summary>
internal sealed class DowningActor : UntypedActor, IWithTimers
{
    /// <summary>Its name, the same on every node.</summary>
    public const string Name = "downing";

    // One node suffices, and the one that will also remove the member is the quickest. The others follow when it does not.
    private static readonly TimeSpan OthersFollowAfter = TimeSpan.FromMilliseconds(300);

    private sealed record Look : INoSerializationVerificationNeeded
    {
        public static readonly Look Instance = new();
    }

    private readonly Cluster _cluster = Cluster.Get(Context.System);
    private readonly IActorRefProvider _provider = ((ExtendedActorSystem)Context.System).Provider;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Dictionary<UniqueAddress, (NodeLife Life, IActorRef Peer, long SinceTicks)> _members = [];
    private readonly HashSet<NodeLife> _said = [];
    private readonly TimeProvider _time;
    private readonly bool _downsLostPrimary;
    private readonly NodeLife _own;
    private readonly ReachPolicy _policy;
    private (ulong Epoch, long FirstTicks) _news;

    /// <summary>Use <see cref="Props"/>.</summary>
    public DowningActor(HotStandbySettings settings, TimeProvider time)
    {
        (_time, _downsLostPrimary) = (time, settings.Lease.DownsLostPrimary);
        _own = LifeOf(settings.NodeId, _cluster.SelfUniqueAddress);
        _policy = new ReachPolicy(settings.NodeId, settings.Voters, settings.Membership.StableAfter);
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    private long NowTicks => _time.NowTicks();

    /// <summary>How to make one.</summary>
    /// <param name="settings">The node's settings.</param>
    /// <param name="time">The clock of the replica.</param>
    public static Props Props(HotStandbySettings settings, TimeProvider time) =>
        Akka.Actor.Props.Create(() => new DowningActor(settings, time));

    /// <inheritdoc/>
    protected override void PreStart()
    {
        _cluster.Subscribe(Self, ClusterEvent.InitialStateAsEvents, typeof(ClusterEvent.IMemberEvent));
        Context.System.EventStream.Subscribe(Self, typeof(PrimaryLost));
        Timers.StartPeriodicTimer("look", Look.Instance, ReachPolicy.Interval);
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
                if (_members.Remove(removed.Member.UniqueAddress, out var gone))
                    _said.Remove(gone.Life);
                break;
            case ClusterEvent.IMemberEvent happened:
                Add(happened.Member);
                break;
            case Presence presence:
                _policy.Hear(presence, NowTicks);
                break;
            case Look:
                LookAround();
                break;
            case PrimaryLost lost:
                OnLost(lost);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private static NodeLife LifeOf(NodeId node, UniqueAddress address) => new(node, address.Address.ToString(), address.Uid);

    private void Add(Member member)
    {
        if (!_members.ContainsKey(member.UniqueAddress))
            _members.Add(member.UniqueAddress, (
                LifeOf(NodeConfiguration.NodeOf(member.Roles), member.UniqueAddress),
                _provider.ResolveActorRef(new RootActorPath(member.Address) / "user" / Name), NowTicks));
    }

    private void LookAround()
    {
        var presence = new Presence(_own, _policy.Heard(NowTicks));
        foreach (var (address, member) in _members)
        {
            if (address != _cluster.SelfUniqueAddress)
                member.Peer.Tell(presence, Self);
        }

        var verdict = _policy.Judge(Unreachable(), NowTicks);
        foreach (var life in verdict.PutOut)
            PutOut(life, "a majority of the voters does not hear it");
        if (verdict.Leave)
            PutOut(_own, "it hears no majority of the voters");
    }

    private void OnLost(PrimaryLost lost)
    {
        if (!_downsLostPrimary)
            return;
        var now = NowTicks;
        if (lost.Epoch != _news.Epoch)
            _news = (lost.Epoch, now);
        if (_cluster.State.Leader != _cluster.SelfAddress && now - _news.FirstTicks < OthersFollowAfter.Ticks)
            return;
        // A life of the Primary's node that joined after the Primary was last heard is another one.
        if (_members.Values.FirstOrDefault(
            each => each.Life.Node == lost.Primary && each.SinceTicks <= lost.HeardAtTicks) is not { Peer: not null } primary)
            return;
        PutOut(primary.Life, $"no majority grants it epoch {lost.Epoch} any more");
        foreach (var life in _policy.GoWith(primary.Life, Unreachable(), _own, now))
            PutOut(life, "the Primary is lost, and who leaves could not be agreed on with it");
    }

    private NodeLife[] Unreachable() =>
    [
        .. _cluster.State.Unreachable.Where(
            static member => member.Status is not (MemberStatus.Down or MemberStatus.Exiting or MemberStatus.Removed))
            .Select(static member => LifeOf(NodeConfiguration.NodeOf(member.Roles), member.UniqueAddress)),
    ];

    private void PutOut(NodeLife life, string reason)
    {
        // It is asked for until the member is removed, some times in vain.
        if (_said.Add(life))
            _log.Warning("{Node} ({Address}) is removed from the cluster: {Reason}", life.Node, life.Address, reason);
        if (life == _own)
            Context.System.EventStream.Publish(new LeavesByItself(reason));
        _cluster.Down(Address.Parse(life.Address));
    }
}

/// <summary>This node removes itself from the cluster; published on the event stream before it does.</summary>
/// <param name="Reason">Why, as a sentence whose subject is the node.</param>
public sealed record LeavesByItself(string Reason) : INoSerializationVerificationNeeded;
