// Several JoinPolicies that talk to each other in virtual time: whatever the order of starts and the speed of messages, one of them
// founds and the others join it. What JoinActor does around the policy is played here.
using HotStandby.Core.Membership;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Membership;
using Xunit;
using Xunit.Abstractions;

namespace HotStandby.Tests.Simulation.Membership;

public sealed class FoundingTests(ITestOutputHelper output)
{
    private const int Histories = 3000;
    private const int SpeakMilliseconds = 200;
    private const int LatestStartMilliseconds = 3000;
    private const int EndMilliseconds = 12_000;
    private const int EndMillisecondsWithIslands = 40_000;
    private const int RestartMilliseconds = 500;
    private const int LongestFreezeMilliseconds = 6000;

    [Fact]
    public void Nodes_that_start_at_any_times_found_one_cluster_and_all_join_it()
    {
        var seed = Random.Shared.Next();
        for (var history = 0; history < Histories; history++)
        {
            var network = new Network(new Random(unchecked(seed + history)), nodes: history % 2 == 0 ? 3 : 5);
            network.Run(EndMilliseconds);
            if (network.Founders.Count != 1 || network.Members != network.Nodes)
            {
                Assert.Fail($"seed {unchecked(seed + history)}, {network.Nodes} nodes: "
                    + $"founded by [{string.Join(", ", network.Founders)}], {network.Members} members\n{network.Story}");
            }
        }

        output.WriteLine($"seed {seed}");
    }

    [Fact]
    public void Nodes_of_which_one_freezes_and_two_never_hear_each_other_end_in_one_cluster_all_the_same()
    {
        var seed = Random.Shared.Next();
        var islands = 0;
        for (var history = 0; history < Histories; history++)
        {
            var network = new Network(new Random(unchecked(seed + history)), nodes: history % 2 == 0 ? 3 : 5) { HasFaults = true };
            network.Run(EndMillisecondsWithIslands);
            if (network.Clusters != 1 || network.Members != network.Nodes)
            {
                Assert.Fail($"seed {unchecked(seed + history)}, {network.Nodes} nodes: {network.Clusters} clusters, "
                    + $"{network.Members} members\n{network.Story}");
            }

            islands += network.Islands;
        }

        output.WriteLine($"seed {seed}, {islands} islands");
        Assert.True(islands > 0, $"seed {seed}: no island came about, so nothing was shown");
    }

    /// <summary>Nodes, messages under way, and a clock in milliseconds.</summary>
    private sealed class Network
    {
        private static readonly ClusterShape Shape = new("c", "", 64, "Quorum", 2000);

        private readonly PriorityQueue<Action, (long At, int Order)> _events = new();
        private readonly Random _random;
        private readonly Peer[] _peers;
        private readonly int _slowestMilliseconds;
        private readonly (int One, int Other) _cut;
        private readonly Peer _frozen;
        private readonly int _frozenFromMilliseconds;
        private readonly int _frozenUntilMilliseconds;
        private readonly System.Text.StringBuilder _story = new();
        private long _nowMilliseconds;
        private int _order;

        public Network(Random random, int nodes)
        {
            _random = random;
            _slowestMilliseconds = random.Next(1, 150);
            var ids = Enumerable.Range(1, nodes).Select(number => new NodeId($"n{number}")).ToArray();
            var seeds = ids.Select(id => $"a{id}").ToArray();
            _peers = [.. ids.Select((id, seat) =>
                new Peer(id, seeds[seat], life => new JoinPolicy(id, seeds[seat], seeds, ids, (ulong)life << 32)))];
            _cut = (random.Next(nodes), random.Next(nodes));
            _frozen = _peers[random.Next(nodes)];
            _frozenFromMilliseconds = random.Next(LatestStartMilliseconds + 1000);
            _frozenUntilMilliseconds = _frozenFromMilliseconds + random.Next(LongestFreezeMilliseconds);
            foreach (var peer in _peers)
                After(random.Next(LatestStartMilliseconds), () => Start(peer));
        }

        /// <summary>
        /// Two of the nodes hear nothing of each other, ever; one stands still for a while, and what it was told meanwhile reaches it late;
        /// and an island that must be left is left.
        /// </summary>
        public bool HasFaults { get; init; }

        public int Islands { get; private set; }

        public List<NodeId> Founders { get; } = [];

        public int Clusters => _peers.Where(peer => peer.Cluster is not null).Select(peer => peer.Cluster).Distinct().Count();

        public int Nodes => _peers.Length;

        public int Members => _peers.Count(peer => peer.Cluster is not null);

        public string Story => _story.ToString();

        private long NowTicks => TimeSpan.FromMilliseconds(_nowMilliseconds + 1_000_000).Ticks;

        public void Run(int untilMilliseconds)
        {
            while (_events.TryDequeue(out var happens, out var when) && when.At < untilMilliseconds)
            {
                _nowMilliseconds = when.At;
                happens();
            }
        }

        private void Start(Peer peer)
        {
            Tell($"{peer.Id} starts");
            peer.Start();
            Speak(peer, peer.Life);
        }

        private void Speak(Peer peer, int life)
        {
            if (!peer.IsUp || peer.Life != life || IsPutOff(peer, () => Speak(peer, life)))
                return;
            Follow(peer);
            var question = peer.Policy.Ask(NowTicks);
            foreach (var other in peer.Policy.Asks(StandingOf(peer)) ? _peers : [])
            {
                if (other != peer && !(peer.Cluster is not null && peer.Cluster == other.Cluster))
                    Send(peer, other, question, answers: 0);
            }

            After(peer.Cluster is null ? SpeakMilliseconds : 5 * SpeakMilliseconds, () => Speak(peer, life));
        }

        private void Send(Peer from, Peer to, ulong question, ulong answers)
        {
            var standing = StandingOf(from);
            if (!from.IsUp || IsCut(from, to) || !from.Policy.MaySpeakTo(to.Address, standing, NowTicks))
                return;
            var hello = new Hello(
                from.Id, Shape, new Life((ulong)from.Id.Name.Length, (ulong)from.Life << 32), 0, standing.IsMember,
                (uint)standing.VotersInCluster, from.Policy.Heard(NowTicks), question, answers);
            After(_random.Next(_slowestMilliseconds), () => Arrive(from, to, hello));
        }

        private void Arrive(Peer from, Peer to, Hello hello)
        {
            if (!to.IsUp || IsPutOff(to, () => Arrive(from, to, hello)))
                return;
            to.Policy.Hear(from.Address, hello, NowTicks);
            Follow(to);
            if (hello.WantsAnswer)
                Send(to, from, to.Policy.AsksBack(hello) ? to.Policy.Probe() : 0, hello.Question);
        }

        private void Follow(Peer peer)
        {
            var decision = peer.Policy.Decide(StandingOf(peer), NowTicks);
            if (decision == peer.Doing)
                return;
            peer.Doing = decision;
            Tell($"{peer.Id}: {decision.Step} {decision.Address}");
            switch (decision.Step)
            {
                case JoinStep.Found:
                    Founders.Add(peer.Id);
                    Enter(peer, () => $"{peer.Id}/{peer.Life}");
                    break;
                case JoinStep.Join:
                    Enter(peer, () => _peers.Single(other => other.Address == decision.Address).Cluster);
                    break;
                case JoinStep.Leave:
                    Assert.True(HasFaults, $"{peer.Id} had to leave an island\n{Story}");
                    Islands++;
                    peer.Stop();
                    After(RestartMilliseconds, () => Start(peer));
                    break;
                default:
                    break;
            }
        }

        private void Enter(Peer peer, Func<string?> cluster)
        {
            var life = peer.Life;
            After(_random.Next(300), () =>
            {
                if (peer.IsUp && peer.Life == life)
                    peer.Cluster ??= cluster();
            });
        }

        private bool IsPutOff(Peer peer, Action happens)
        {
            var isFrozen = HasFaults && peer == _frozen
                && _nowMilliseconds >= _frozenFromMilliseconds && _nowMilliseconds < _frozenUntilMilliseconds;
            if (isFrozen)
                After((int)(_frozenUntilMilliseconds - _nowMilliseconds), happens);
            return isFrozen;
        }

        private bool IsCut(Peer one, Peer other) =>
            HasFaults
                && ((_peers[_cut.One] == one && _peers[_cut.Other] == other) || (_peers[_cut.One] == other && _peers[_cut.Other] == one));

        private Standing StandingOf(Peer peer)
        {
            if (peer.Cluster is null)
                return Standing.Outside;
            var members = _peers.Where(other => other.Cluster == peer.Cluster).ToArray();
            return new Standing(true, members.Length, members.Select(member => member.Address).ToHashSet(StringComparer.Ordinal));
        }

        private void After(int milliseconds, Action happens) => _events.Enqueue(happens, (_nowMilliseconds + milliseconds, _order++));

        private void Tell(string what) =>
            _story.Append(System.Globalization.CultureInfo.InvariantCulture, $"{_nowMilliseconds,6} ms  {what}\n");
    }

    private sealed class Peer(NodeId id, string address, Func<int, JoinPolicy> policy)
    {
        public NodeId Id { get; } = id;

        public string Address { get; } = address;

        public JoinPolicy Policy { get; private set; } = policy(0);

        public bool IsUp { get; private set; }

        /// <summary>Which of its processes this is.</summary>
        public int Life { get; private set; }

        public string? Cluster { get; set; }

        public JoinDecision Doing { get; set; }

        public void Start()
        {
            Life++;
            (IsUp, Cluster, Doing, Policy) = (true, null, default, policy(Life));
        }

        public void Stop() => (IsUp, Cluster) = (false, null);
    }
}
