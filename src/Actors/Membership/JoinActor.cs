// Brings this node into its cluster, in place of Akka's own joining by seed nodes: says hello to the seed addresses, answers hellos, and
// does what JoinPolicy decides. It goes on as a member, so that it notices when it sits on an island.
using HotStandby.Core.Membership;
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
internal sealed class JoinActor : UntypedActor, IWithTimers
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
    private readonly StrangerLog _strangers = new();
    private JoinDecision _doing;
    private long _doingSinceTicks;

    /// <summary>Use <see cref="Props"/>.</summary>
    public JoinActor(
        HotStandbySettings settings, DataDirectory directory, IReadOnlyList<string> seeds, TimeProvider time, Action<Exception> onFatal)
    {
        (_settings, _directory, _time, _onFatal) = (settings, directory, time, onFatal);
        _shape = new ClusterShape(
            settings.ClusterId, string.Join(',', settings.Voters.Select(voter => voter.Name).Order(StringComparer.Ordinal)),
            (uint)settings.Shards,
            settings.Commit.ToString(), (uint)settings.Lease.Duration.TotalMilliseconds, settings.Objects.Tenancy.IsolatesTenants);
        // Addresses are compared as texts from here on: as Akka prints them, not as somebody has written them.
        var addresses = seeds.Select(Address.Parse).ToArray();
        _seeds = [.. addresses.Where(seed => seed != _cluster.SelfAddress)];
        _policy = new JoinPolicy(
            settings.NodeId, _cluster.SelfAddress.ToString(), [.. addresses.Select(seed => seed.ToString())], settings.Voters,
            directory.Incarnation);
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    private long NowTicks => _time.NowTicks();

    private OwnClaim Own => new(_directory.Life, _directory.Memory.Birth);

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
                OnHello(hello, Sender.Path.Address.ToString());
                break;
            case NameTaken taken:
                OnNameTaken(taken, Sender.Path.Address.ToString());
                break;
            case Speak:
                SpeakUp();
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void OnHello(Hello hello, string from)
    {
        var standing = StandingNow();
        if (hello.Life == Life.None)
            OnEarlierVersion(hello, from);
        else if (_shape.DifferenceTo(hello.Shape) is { } difference)
            OnOtherShape(hello, from, difference, standing);
        else if (JoinPolicy.IsForeign(hello, Own.Birth))
            OnForeign(hello, from, standing);
        else
            OnFellow(hello, from, standing);
    }

    // It would not understand an answer: it waits until it is upgraded.
    private void OnEarlierVersion(Hello hello, string from)
    {
        if (IsNews(StrangerKind.EarlierVersion, from))
            _log.Warning(
                "Node {Node} at {Address} runs an earlier version, which does not understand this one: upgrade it",
                hello.From, from);
    }

    private void OnFellow(Hello hello, string from, Standing standing)
    {
        // First decide, then speak: what a hello says must still be true when it leaves.
        _policy.Hear(from, hello, NowTicks);
        Follow(standing);
        if (!hello.WantsAnswer || !_policy.MaySpeakTo(from, standing, NowTicks))
            return;
        var verdict = _policy.Judge(from, hello, Own, standing, NowTicks);
        switch (verdict.Step)
        {
            case NameStep.Free:
                Sender.Tell(Mine(standing, _policy.AsksBack(hello) ? _policy.Probe() : 0, hello.Question), Self);
                return;
            case NameStep.Open or NameStep.Waits:
                JoinerAt(verdict.Holder).Tell(Mine(standing, _policy.Probe(), answers: 0), Self);
                if (verdict.Step == NameStep.Open)
                    return;
                LogWaiting(hello.From, from, verdict.Holder);
                break;
            default:
                if (IsNews(StrangerKind.NameTaken, from))
                    _log.Warning(
                        "A second process that calls itself {Node}, at {Address}, is refused: {Holder} has the name and answers",
                        hello.From, from, verdict.Holder);
                break;
        }

        Sender.Tell(new NameTaken(verdict.Holder, verdict.Step == NameStep.Taken, hello.Question), Self);
    }

    private void OnNameTaken(NameTaken taken, string from)
    {
        if (_policy.MustGo(from, taken, StandingNow(), NowTicks))
            End(new NameTakenException(
                $"the node-id {_settings.NodeId} is taken by the living process at {taken.Holder}: stop that one first, or give this one "
                + "another node-id. If that one dies, this one is let in "
                + $"{_settings.Membership.StableAfter.TotalSeconds:0.#} s after it was found unreachable "
                + "(hotstandby.membership.stable-after)"));
        else if (!taken.HolderLives)
            LogWaiting(_settings.NodeId, _cluster.SelfAddress.ToString(), taken.Holder);
    }

    private void LogWaiting(NodeId node, string from, string holder)
    {
        if (IsNews(StrangerKind.NameAwaited, from))
            _log.Warning(
                "Node {Node} at {Address} waits: {Holder} has its name and is silent, but not out of the cluster yet",
                node, from, holder);
    }

    private void SpeakUp()
    {
        var standing = StandingNow();
        Follow(standing);
        var seeds = _policy.Asks(standing) ? _seeds.Select(seed => seed.ToString()).Where(seed => !standing.Members.Contains(seed)) : [];
        // Two processes of one name that two members have let in at the same time are both members: the older one tells the younger one.
        var own = _cluster.SelfAddress.ToString();
        var namesakes = standing.Holders.Where(holder => holder.Node == _settings.NodeId && holder.Address != own)
            .Select(holder => holder.Address);
        string[] asked = [.. seeds.Concat(namesakes).Where(address => _policy.MaySpeakTo(address, standing, NowTicks))];
        if (asked.Length > 0)
        {
            var hello = Mine(standing, _policy.Ask(NowTicks), answers: 0);
            foreach (var address in asked)
                JoinerAt(address).Tell(hello, Self);
        }

        if (_policy.Contested != NodeId.None && IsNews(StrangerKind.NameContested, _policy.Contested.Name))
            _log.Warning("No cluster is founded while two processes call themselves {Node}: stop one of them", _policy.Contested);
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
                _log.Info(
                    "Node {Node} founds the cluster: a majority of the voters is there, and none of them is in one",
                    _settings.NodeId);
                _cluster.Join(_cluster.SelfAddress);
                break;
            case JoinStep.Join:
                _log.Info("Node {Node} joins the cluster of {Address}", _settings.NodeId, decision.Address);
                _cluster.Join(Address.Parse(decision.Address));
                break;
            case JoinStep.Leave:
                End(new IslandException(
                    $"this node is alone or nearly so in its cluster, and {decision.Address} is in a larger one: "
                    + "it must be started again to join it"));
                break;
            default:
                break;
        }
    }

    // A member stays: it is the newcomer whose settings are wrong. Two newcomers that differ do not found anything together.
    private void OnOtherShape(Hello hello, string from, string difference, Standing standing)
    {
        if (IsNews(StrangerKind.OtherShape, from))
            _log.Warning("Node {Node} at {Address} cannot be in one cluster with this one: {Difference}", hello.From, from, difference);
        Answer(hello, standing);
        if (!standing.IsMember && hello.IsMember && _policy.IsAnswer(hello, NowTicks))
            End(new ClusterShapeException($"{difference} ({hello.From}, a member of the cluster)"));
    }

    private void OnForeign(Hello hello, string from, Standing standing)
    {
        if (IsNews(StrangerKind.OtherBirth, from))
            _log.Warning(
                "Node {Node} at {Address} is of another cluster of this name: that one was born as {Birth:x16}, this one as {OwnBirth:x16}",
                hello.From, from, hello.Birth, Own.Birth);
        Answer(hello, standing);
        if (_policy.MustGo(hello, standing, NowTicks))
            End(new ForeignClusterException(
                $"the cluster at {from} was born as {hello.Birth:x16}, and {_settings.DataDirectory} belongs to another cluster named "
                + $"{_settings.ClusterId}, born as {Own.Birth:x16}: "
                + "do akka.cluster.seed-nodes name the wrong cluster, or is this the wrong data-dir?"));
    }

    // The answer says which cluster this is, and not which nodes this node hears: the sender learns that it has the wrong address, and
    // nothing else.
    private void Answer(Hello hello, Standing standing)
    {
        if (hello.WantsAnswer)
            Sender.Tell(Mine(standing, question: 0, hello.Question) with { Heard = [] }, Self);
    }

    private bool IsNews(StrangerKind kind, string about)
    {
        var isNews = _strangers.IsNews(kind, about, NowTicks, out var skipped);
        if (skipped > 0)
            _log.Warning("{Skipped} hellos like the next one, from others, have come since the line about the last one", skipped);
        return isNews;
    }

    // The process ends. Where it does not at once, as in tests, this node says nothing more.
    private void End(MembershipException reason)
    {
        _onFatal(reason);
        Context.Stop(Self);
    }

    private static ActorSelection JoinerAt(string address) =>
        Context.ActorSelection(new RootActorPath(Address.Parse(address)) / "user" / Name);

    private Hello Mine(Standing standing, ulong question, ulong answers)
    {
        var own = Own;
        return new(
            _settings.NodeId, _shape, own.Life, own.Birth, standing.IsMember, (uint)standing.VotersInCluster, _policy.Heard(NowTicks),
            question, answers);
    }

    private Standing StandingNow()
    {
        if (!IsIn(_cluster.SelfMember))
            return Standing.Outside;
        var state = _cluster.State;
        var members = state.Members.Where(IsIn).ToArray();
        var voters = members.Select(member => NodeConfiguration.NodeOf(member.Roles)).Where(_settings.Voters.Contains).Distinct().Count();
        return new Standing(true, voters, members.Select(member => member.Address.ToString()).ToHashSet(StringComparer.Ordinal))
        {
            Holders =
            [
                .. state.Members.Where(static member => member.Status is not (MemberStatus.Down or MemberStatus.Removed))
                    .Order(Member.AgeOrdering)
                    .Select(static member => new NameHolder(
                        NodeConfiguration.NodeOf(member.Roles), member.Address.ToString(),
                        member.Status is not (MemberStatus.Joining or MemberStatus.WeaklyUp))),
            ],
        };

        static bool IsIn(Member member) => member.Status is MemberStatus.Joining or MemberStatus.WeaklyUp or MemberStatus.Up;
    }
}
