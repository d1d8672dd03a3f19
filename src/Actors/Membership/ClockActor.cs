// Asks the other members what their wall clocks say, and warns when they differ (ClockComparison). Its end or a failure changes nothing.
using Akka.Actor;
using Akka.Cluster;
using Akka.Event;
using HotStandby.Actors.Gateway;
using HotStandby.Actors.Settings;
using HotStandby.Core.Membership;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Membership;

namespace HotStandby.Actors.Membership;

/// <summary>How far the wall clocks of the other nodes differ. Written by <see cref="ClockActor"/>, read by any thread.</summary>
public sealed class NodeClocks
{
    private volatile IReadOnlyList<ClockDifference> _differences = [];

    /// <summary>One for each node that has answered.</summary>
    public IReadOnlyList<ClockDifference> Differences
    {
        get => _differences;
        internal set => _differences = value;
    }
}

/// <summary>One a node, at <see cref="Name"/> below the user guardian.</summary>
public sealed class ClockActor : UntypedActor, IWithTimers
{
    /// <summary>Its name, the same on every node.</summary>
    public const string Name = "clocks";

    private sealed record Look : INoSerializationVerificationNeeded
    {
        public static readonly Look Instance = new();
    }

    private readonly Cluster _cluster = Cluster.Get(Context.System);
    private readonly IActorRefProvider _provider = ((ExtendedActorSystem)Context.System).Provider;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly ClockComparison _comparison = new();
    private readonly NodeClocks _clocks;
    private readonly TimeProvider _time;

    /// <summary>Use <see cref="Props"/>.</summary>
    public ClockActor(NodeClocks clocks, TimeProvider time) => (_clocks, _time) = (clocks, time);

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    private long WallTicks => _time.GetUtcNow().UtcTicks;

    /// <summary>How to make one.</summary>
    /// <param name="clocks">What it finds out.</param>
    /// <param name="time">Both clocks of this node.</param>
    public static Props Props(NodeClocks clocks, TimeProvider time) => Akka.Actor.Props.Create(() => new ClockActor(clocks, time));

    /// <inheritdoc/>
    protected override void PreStart() =>
        Timers.StartPeriodicTimer("look", Look.Instance, TimeSpan.FromSeconds(1), ClockComparison.Interval);

    /// <inheritdoc/>
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case ClockReading { WallTicks: 0 } question:
                Sender.Tell(question with { WallTicks = WallTicks }, Self);
                break;
            case ClockReading answer:
                if (NodeAt(Sender.Path.Address) is { } node)
                    _comparison.Hear(node, answer.Question, answer.WallTicks, WallTicks, _time.NowTicks());
                break;
            case Look:
                Tell();
                Ask();
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private NodeId? NodeAt(Address address) =>
        Others().Where(member => member.Address == address).Select(static member => (NodeId?)NodeConfiguration.NodeOf(member.Roles))
            .FirstOrDefault();

    private IEnumerable<Member> Others() => _cluster.State.Members.Where(
        member => member.Status == MemberStatus.Up && member.UniqueAddress != _cluster.SelfUniqueAddress);

    private void Ask()
    {
        foreach (var member in Others())
        {
            var node = NodeConfiguration.NodeOf(member.Roles);
            if (node != NodeId.None)
                _provider.ResolveActorRef(new RootActorPath(member.Address) / "user" / Name)
                    .Tell(new ClockReading(_comparison.Ask(node, _time.NowTicks()), 0), Self);
        }
    }

    private void Tell()
    {
        var members = Others().Select(static member => NodeConfiguration.NodeOf(member.Roles)).ToHashSet();
        foreach (var gone in _comparison.Differences().Where(each => !members.Contains(each.Node)))
            _comparison.Forget(gone.Node);
        _clocks.Differences = _comparison.Differences();
        foreach (var difference in _clocks.Differences)
        {
            if (!_comparison.IsNews(difference, _time.NowTicks()))
                continue;
            var offset = difference.OffsetTicks / TimeSpan.TicksPerMillisecond;
            var error = difference.ErrorTicks / TimeSpan.TicksPerMillisecond;
            if (difference.IsTooLarge)
                _log.Warning(
                    "The wall clock of {Node} differs from this node's by {OffsetMilliseconds} ms, measured to {ErrorMilliseconds} ms: "
                        + "let NTP set both",
                    difference.Node, offset, error);
            else
                _log.Info(
                    "The wall clock of {Node} agrees with this node's again: they differ by {OffsetMilliseconds} ms",
                    difference.Node, offset);
        }
    }
}
