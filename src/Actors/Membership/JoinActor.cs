// Brings this node into its cluster, in place of Akka's own joining by seed nodes: says hello to the seed addresses, answers hellos, and
// does what JoinPolicy decides. It goes on as a member, so that it notices when it sits on an island.
using Akka.Actor;
using Akka.Cluster;
using Akka.Event;
using HotStandby.Actors.Gateway;
using HotStandby.Actors.Journal;
using HotStandby.Actors.Settings;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Membership;

namespace HotStandby.Actors.Membership;

/// <summary>One a node, at <see cref="Name"/> below the user guardian.</summary>
public sealed class JoinActor : UntypedActor, IWithTimers
{
    /// <summary>Its name, the same on every node.</summary>
    public const string Name = "join";

    private static readonly TimeSpan StrangersInterval = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan MembersInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan JoinPatience = TimeSpan.FromSeconds(3);

    private sealed record Speak : INoSerializationVerificationNeeded
    {
        public static readonly Speak Instance = new();
    }

    private readonly Cluster _cluster = Cluster.Get(Context.System);
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly HotStandbySettings _settings;
    private readonly DataDirectory _directory;
    private readonly ClusterShape _shape;
    private readonly IReadOnlyList<Address> _seeds;
    private readonly TimeProvider _time;
    private readonly Action<Exception> _onFatal;
    private readonly JoinPolicy _policy;
    private readonly HashSet<NodeId> _strangers = [];
    private JoinDecision _doing;
    private long _doingSinceTicks;

    /// <summary>Use <see cref="Props"/>.</summary>
    public JoinActor(HotStandbySettings settings, DataDirectory directory, IReadOnlyList<string> seeds, TimeProvider time, Action<Exception> onFatal)
    {
        (_settings, _directory, _time, _onFatal) = (settings, directory, time, onFatal);
        _shape = new ClusterShape(
            settings.ClusterId, string.Join(',', settings.Voters.Select(voter => voter.Name).Order(StringComparer.Ordinal)), (uint)settings.Shards,
            settings.Commit.ToString(), (uint)settings.Lease.Duration.TotalMilliseconds);
        // Addresses are compared as texts from here on: as Akka prints them, not as somebody has written them.
        var addresses = seeds.Select(Address.Parse).ToArray();
        _seeds = [.. addresses.Where(seed => seed != _cluster.SelfAddress)];
        _policy = new JoinPolicy(settings.NodeId, _cluster.SelfAddress.ToString(), [.. addresses.Select(seed => seed.ToString())], settings.Voters);
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    private long NowTicks => _time.NowTicks();

    /// <summary>How to make one.</summary>
    /// <param name="settings">The node's settings.</param>
    /// <param name="directory">What this node is.</param>
    /// <param name="seeds">Addresses of the seed nodes, in their order; at least one.</param>
    /// <param name="time">The monotonic clock.</param>
    /// <param name="onFatal">The node cannot go on.</param>
    public static Props Props(
        HotStandbySettings settings, DataDirectory directory, IReadOnlyList<string> seeds, TimeProvider time, Action<Exception> onFatal) =>
        Akka.Actor.Props.Create(() => new JoinActor(settings, directory, seeds, time, onFatal));

    /// <inheritdoc/>
    protected override void PreStart() => Self.Tell(Speak.Instance);

    /// <inheritdoc/>
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Hello hello:
                OnHello(hello);
                break;
            case Speak:
                SpeakUp();
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void OnHello(Hello hello)
    {
        var standing = StandingNow();
        if (_shape.DifferenceTo(hello.Shape) is { } difference)
        {
            OnStranger(hello, difference, standing);
            return;
        }

        // First decide, then speak: what a hello says must still be true when it leaves.
        _policy.Hear(Sender.Path.Address.ToString(), hello, NowTicks);
        Follow(standing);
        if (hello.WantsAnswer && _policy.MaySpeakTo(Sender.Path.Address.ToString(), standing, NowTicks))
            Sender.Tell(Mine(standing, _policy.AsksBack(hello)), Self);
    }

    private void SpeakUp()
    {
        var standing = StandingNow();
        Follow(standing);
        var hello = Mine(standing, wantsAnswer: true);
        foreach (var seed in _policy.Asks(standing) ? _seeds : [])
        {
            if (!standing.Members.Contains(seed.ToString()) && _policy.MaySpeakTo(seed.ToString(), standing, NowTicks))
                Context.ActorSelection(new RootActorPath(seed) / "user" / Name).Tell(hello, Self);
        }

        Timers.StartSingleTimer("speak", Speak.Instance, standing.IsMember ? MembersInterval : StrangersInterval);
    }

    private void Follow(Standing standing)
    {
        var decision = _policy.Decide(standing, NowTicks);
        if (decision == _doing && NowTicks - _doingSinceTicks < JoinPatience.Ticks)
            return;
        (_doing, _doingSinceTicks) = (decision, NowTicks);
        switch (decision.Step)
        {
            case JoinStep.Found:
                _log.Info("Node {0} founds the cluster: a majority of the voters is there, and none of them is in one", _settings.NodeId);
                _cluster.Join(_cluster.SelfAddress);
                break;
            case JoinStep.Join:
                _log.Info("Node {0} joins the cluster of {1}", _settings.NodeId, decision.Address);
                _cluster.Join(Address.Parse(decision.Address));
                break;
            case JoinStep.Leave:
                _onFatal(new IslandException($"this node is alone or nearly so in its cluster, and {decision.Address} is in a larger one: it must start afresh to join it"));
                break;
            default:
                break;
        }
    }

    // A member stays: it is the newcomer whose settings are wrong. Two newcomers that differ do not found anything together.
    private void OnStranger(Hello hello, string difference, Standing standing)
    {
        if (_strangers.Add(hello.From))
            _log.Error("Node {0} at {1} cannot be in one cluster with this one: {2}", hello.From, Sender.Path.Address, difference);
        if (hello.WantsAnswer)
            Sender.Tell(Mine(standing, wantsAnswer: false), Self);
        if (!standing.IsMember && hello.IsMember)
            _onFatal(new ClusterShapeException($"{difference} ({hello.From}, a member of the cluster)"));
    }

    private Hello Mine(Standing standing, bool wantsAnswer) =>
        new(_settings.NodeId, _shape, standing.IsMember, (uint)standing.VotersInCluster, _policy.Heard(NowTicks), wantsAnswer);

    private Standing StandingNow()
    {
        if (_cluster.SelfMember.Status is not (MemberStatus.Joining or MemberStatus.WeaklyUp or MemberStatus.Up))
            return Standing.Outside;
        var members = _cluster.State.Members.Where(member => member.Status is MemberStatus.Joining or MemberStatus.WeaklyUp or MemberStatus.Up).ToArray();
        var voters = members.Select(member => NodeConfiguration.NodeOf(member.Roles)).Where(_settings.Voters.Contains).Distinct().Count();
        return new Standing(true, voters, members.Select(member => member.Address.ToString()).ToHashSet(StringComparer.Ordinal));
    }
}

/// <summary>The node sits in a cluster of its own beside a larger one: the process ends (exit code 75), its supervisor restarts it.</summary>
public sealed class IslandException(string message) : Exception(message);

/// <summary>The node's settings are not those of the cluster that it wants to join (exit code 78).</summary>
public sealed class ClusterShapeException(string message) : Exception(message);
