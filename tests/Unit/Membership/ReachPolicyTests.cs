// Several ReachPolicies that tell each other whom they hear, in virtual time, over links that are cut one by one: who is put out, who
// leaves, and that whoever belongs to a majority in which all hear each other stays.
using CsCheck;
using HotStandby.Core.Membership;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Membership;

namespace HotStandby.Tests.Unit.Membership;

public sealed class ReachPolicyTests
{
    private static readonly TimeSpan StableAfter = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(30);

    // From the cut: it is forgotten, it is found, and it has been so for long enough.
    private static readonly TimeSpan Soon = ReachPolicy.Memory + StableAfter + (2 * ReachPolicy.Interval);

    [Fact]
    public void A_node_that_died_is_put_out_by_the_others_and_not_before_its_time()
    {
        var network = new Network(3);
        network.Kill(0);
        network.Run(StableAfter);
        Assert.Empty(network.Out);
        network.Run(Soon - StableAfter);
        Assert.Equal(["1 puts out 0", "2 puts out 0"], network.Out);
    }

    [Fact]
    public void Both_ends_of_one_broken_link_stay()
    {
        var network = new Network(3);
        network.Cut(0, 1);
        network.Run(Long);
        Assert.Empty(network.Out);
    }

    [Fact]
    public void A_node_alone_is_put_out_and_leaves()
    {
        var network = new Network(3);
        network.Cut(0, 1);
        network.Cut(0, 2);
        network.Run(Soon);
        Assert.Equal(["0 leaves", "1 puts out 0", "2 puts out 0"], network.Out);
    }

    [Fact]
    public void A_node_that_nobody_hears_is_put_out()
    {
        var network = new Network(3);
        network.CutOneWay(0, 1);
        network.CutOneWay(0, 2);
        network.Run(Soon);
        Assert.Equal(["1 puts out 0", "2 puts out 0"], network.Out);
    }

    [Fact]
    public void A_node_that_hears_nobody_leaves()
    {
        var network = new Network(3);
        network.CutOneWay(1, 0);
        network.CutOneWay(2, 0);
        network.Run(Soon);
        Assert.Equal(["0 leaves"], network.Out);
    }

    [Fact]
    public void The_smaller_part_of_five_leaves_and_is_put_out()
    {
        var network = new Network(5);
        foreach (var one in (int[])[0, 1])
            foreach (var other in (int[])[2, 3, 4])
                network.Cut(one, other);
        network.Run(Soon);
        Assert.Equal(
            ["0 leaves", "1 leaves", .. Enumerable.Range(2, 3).SelectMany(node => (string[])[$"{node} puts out 0", $"{node} puts out 1"])],
            network.Out);
    }

    [Fact]
    public void The_last_one_of_three_leaves_and_puts_out_nobody()
    {
        var network = new Network(3);
        network.Kill(0);
        network.Kill(1);
        network.Run(Soon);
        Assert.Equal(["2 leaves"], network.Out);
    }

    [Fact]
    public void A_link_that_comes_back_in_time_costs_nothing()
    {
        var network = new Network(3);
        for (var i = 0; i < 10; i++)
        {
            network.Cut(0, 1);
            network.Cut(0, 2);
            network.Run(StableAfter);
            network.Heal();
            network.Run(ReachPolicy.Interval);
        }

        Assert.Empty(network.Out);
    }

    [Fact]
    public void A_node_that_the_failure_detector_alone_holds_for_lost_stays()
    {
        var network = new Network(3) { Suspected = [0] };
        network.Run(Long);
        Assert.Empty(network.Out);
    }

    [Fact]
    public void An_earlier_life_of_a_node_is_put_out_while_the_later_one_is_heard()
    {
        var earlier = new NodeLife(new NodeId("n0"), "elsewhere", 77);
        var network = new Network(3) { Gone = [earlier] };
        network.Run(StableAfter + ReachPolicy.Interval);
        Assert.Equal(["0 puts out n0 elsewhere", "1 puts out n0 elsewhere", "2 puts out n0 elsewhere"], network.Out);
    }

    [Fact]
    public void Whoever_is_in_a_majority_that_hears_itself_stays() =>
        Gen.Select(Gen.Int[2, 4].Select(half => (half * 2) - 1), Gen.Bool.Array[81], Gen.Int[0, 80]).Sample((nodes, links, most) =>
        {
            var network = new Network(nodes);
            var cuts = 0;
            foreach (var from in Enumerable.Range(0, nodes))
                foreach (var to in Enumerable.Range(0, nodes).Where(to => to != from && links[(from * 9) + to] && cuts++ < most))
                    network.CutOneWay(from, to);
            network.Run(Soon);
            foreach (var together in Subsets(nodes)
                .Where(set => set.Length > nodes / 2 && set.All(one => set.All(other => network.Reaches(one, other)))))
                Assert.DoesNotContain(network.Out, said =>
                    together.Any(node => said.EndsWith($"puts out {node}", StringComparison.Ordinal) || said == $"{node} leaves"));
        }, iter: 2000);

    [Theory]
    [InlineData(3, 0, "")] // the lost Primary was one end: the other one stays
    [InlineData(5, 4, "1")] // of two others that do not hear each other, the later
    public void Who_goes_with_a_lost_Primary_is_one_of_those_who_do_not_hear_each_other(int nodes, int primary, string goes)
    {
        var network = new Network(nodes);
        network.Cut(0, 1);
        network.Run(Long);
        network.Kill(primary);
        network.Run(ReachPolicy.Memory + ReachPolicy.Interval);
        for (var node = 2; node < nodes; node++)
        {
            if (node != primary)
                Assert.Equal(goes, string.Join(' ', network.GoWith(node, primary)));
        }
    }

    private static IEnumerable<int[]> Subsets(int nodes) =>
        Enumerable.Range(1, (1 << nodes) - 1).Select(bits => Enumerable.Range(0, nodes).Where(node => (bits >> node & 1) != 0).ToArray());

    /// <summary>Nodes 0, 1, … that are all voters, with what Akka's membership would say of them.</summary>
    private sealed class Network
    {
        private readonly NodeLife[] _lives;
        private readonly ReachPolicy[] _policies;
        private readonly bool[,] _cut;
        private readonly HashSet<int> _dead = [];
        private readonly SortedSet<string> _out = new(StringComparer.Ordinal);
        private long _now = 1;

        public Network(int nodes)
        {
            NodeId[] ids = [.. Enumerable.Range(0, nodes).Select(node => new NodeId($"n{node}"))];
            _lives = [.. ids.Select((id, node) => new NodeLife(id, $"host-{node}", node))];
            _policies = [.. ids.Select(id => new ReachPolicy(id, ids, StableAfter))];
            _cut = new bool[nodes, nodes];
            Run(ReachPolicy.Memory); // all have heard all
        }

        /// <summary>Held for unreachable whatever the links say.</summary>
        public int[] Suspected { get; init; } = [];

        /// <summary>Members that are no nodes any more.</summary>
        public NodeLife[] Gone { get; init; } = [];

        /// <summary>What was decided, each once.</summary>
        public IEnumerable<string> Out => _out;

        public void Kill(int node) => _dead.Add(node);

        public void CutOneWay(int from, int to) => _cut[from, to] = true;

        public void Cut(int one, int other) => (_cut[one, other], _cut[other, one]) = (true, true);

        public void Heal() => Array.Clear(_cut);

        public bool Reaches(int from, int to) => !_cut[from, to] && !_dead.Contains(from) && !_dead.Contains(to);

        public void Run(TimeSpan time)
        {
            for (var end = _now + time.Ticks; _now < end;)
            {
                _now += ReachPolicy.Interval.Ticks;
                foreach (var from in Living())
                {
                    var presence = new Presence(_lives[from], _policies[from].Heard(_now));
                    foreach (var to in Living().Where(to => to != from && Reaches(from, to)))
                        _policies[to].Hear(presence, _now);
                }

                foreach (var node in Living())
                {
                    var verdict = _policies[node].Judge(Unreachable(node), _now);
                    foreach (var life in verdict.PutOut)
                        _out.Add($"{node} puts out {NameOf(life)}");
                    if (verdict.Leave)
                        _out.Add($"{node} leaves");
                }
            }
        }

        public IEnumerable<string> GoWith(int node, int primary) =>
            _policies[node].GoWith(_lives[primary], Unreachable(node), _lives[node], _now).Select(NameOf);

        private string NameOf(NodeLife life) =>
            Array.IndexOf(_lives, life) is var node and >= 0 ? $"{node}" : $"{life.Node} {life.Address}";

        private IEnumerable<int> Living() => Enumerable.Range(0, _lives.Length).Where(node => !_dead.Contains(node));

        // Akka: whoever has an end of a link that does not answer, in whichever direction it is cut. Nobody is told so of himself.
        private NodeLife[] Unreachable(int self) =>
        [
            .. Enumerable.Range(0, _lives.Length)
                .Where(node => node != self && (_dead.Contains(node)
                    || Suspected.Contains(node) || Living().Any(other => other != node && !(Reaches(node, other) && Reaches(other, node)))))
                .Select(node => _lives[node]),
            .. Gone,
        ];
    }
}
