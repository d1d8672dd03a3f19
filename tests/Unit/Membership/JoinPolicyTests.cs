// Whom a node joins and when it founds a cluster, without Akka.
using HotStandby.Core.Membership;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Membership;

namespace HotStandby.Tests.Unit.Membership;

public sealed class JoinPolicyTests
{
    private static readonly ClusterShape Shape = new("c", "", 64, "Quorum", 2000);
    private static readonly string[] Seeds = ["a1", "a2", "a3"];
    private static readonly NodeId[] Voters = [new("n1"), new("n2"), new("n3")];

    private const ulong Incarnation = 1UL << 32;

    private long _now = 1_000_000_000;
    private HeardNode _listener;

    [Fact]
    public void Nobody_founds_alone()
    {
        var policy = Node(1);
        Pass(60);
        Assert.Equal(JoinStep.None, policy.Decide(Standing.Outside, _now).Step);
    }

    [Fact]
    public void The_first_seed_founds_at_once_when_all_voters_are_there()
    {
        var policy = Node(1);
        Hear(policy, 2);
        Assert.Equal(JoinStep.None, policy.Decide(Standing.Outside, _now).Step);
        Hear(policy, 3);
        Assert.Equal(JoinStep.Found, policy.Decide(Standing.Outside, _now).Step);
    }

    [Fact]
    public void A_majority_founds_when_the_others_have_had_their_time()
    {
        var policy = Node(2);
        Hear(policy, 3);
        Assert.Equal(JoinStep.None, policy.Decide(Standing.Outside, _now).Step);
        Pass(1);
        Hear(policy, 3);
        Assert.Equal(JoinStep.Found, policy.Decide(Standing.Outside, _now).Step);
    }

    [Fact]
    public void Whoever_comes_later_in_the_seed_list_waits_for_the_earlier_one()
    {
        var policy = Node(3);
        Hear(policy, 2);
        Pass(1.5);
        Hear(policy, 2);
        Assert.Equal(JoinStep.None, policy.Decide(Standing.Outside, _now).Step);
    }

    [Fact]
    public void An_earlier_one_that_only_others_hear_is_waited_for_too()
    {
        var policy = Node(2);
        Hear(policy, 3, heard: [Heard(1), Heard(2)]);
        Pass(1.5);
        Hear(policy, 3, heard: [Heard(1), Heard(2)]);
        Assert.Equal(JoinStep.None, policy.Decide(Standing.Outside, _now).Step);
    }

    [Fact]
    public void A_node_that_is_no_voter_does_not_count()
    {
        var policy = Node(1);
        var stranger = Said(1, 0, []) with { From = new NodeId("stranger") };
        policy.Hear("a9", stranger, _now);
        Pass(1.5);
        policy.Hear("a9", stranger, _now);
        Assert.Equal(JoinStep.None, policy.Decide(Standing.Outside, _now).Step);
    }

    [Fact]
    public void A_cluster_that_is_there_is_joined_and_the_larger_one_first()
    {
        var policy = Node(1);
        Hear(policy, 2, votersInCluster: 1);
        Assert.Equal(new JoinDecision(JoinStep.Join, "a2"), policy.Decide(Standing.Outside, _now));
        Hear(policy, 3, votersInCluster: 2);
        Assert.Equal(new JoinDecision(JoinStep.Join, "a3"), policy.Decide(Standing.Outside, _now));
    }

    [Fact]
    public void What_was_said_long_ago_counts_no_more()
    {
        var policy = Node(1);
        Hear(policy, 2, votersInCluster: 2);
        Pass(2.1);
        Assert.Equal(JoinStep.None, policy.Decide(Standing.Outside, _now).Step);
        Assert.Empty(policy.Heard(_now));
    }

    [Fact]
    public void The_only_voter_founds_at_once() =>
        Assert.Equal(JoinStep.Found, new JoinPolicy(Voters[0], "a1", ["a1"], [Voters[0]], Incarnation).Decide(Standing.Outside, _now).Step);

    [Fact]
    public void A_node_that_is_no_seed_founds_nothing()
    {
        var policy = new JoinPolicy(Voters[0], "a9", Seeds, Voters, Incarnation);
        Hear(policy, 2);
        Hear(policy, 3);
        Assert.Equal(JoinStep.None, policy.Decide(Standing.Outside, _now).Step);
    }

    [Fact]
    public void An_island_is_left_when_a_larger_cluster_has_been_there_for_a_while()
    {
        var policy = Node(1);
        var alone = new Standing(true, 1, new HashSet<string> { "a1" });
        for (var i = 0; i < 5; i++)
        {
            Hear(policy, 2, votersInCluster: 2);
            Assert.Equal(JoinStep.None, policy.Decide(alone, _now).Step);
            Pass(1);
        }

        Hear(policy, 2, votersInCluster: 2);
        Assert.Equal(new JoinDecision(JoinStep.Leave, "a2"), policy.Decide(alone, _now));
    }

    [Fact]
    public void Of_two_equal_islands_that_with_the_earlier_seat_stays()
    {
        var (first, second) = (NodeAt(1), NodeAt(2));
        Hear(first, 2, votersInCluster: 1);
        Hear(second, 1, votersInCluster: 1);
        first.Decide(new Standing(true, 1, new HashSet<string> { "a1" }), _now);
        second.Decide(new Standing(true, 1, new HashSet<string> { "a2" }), _now);
        Pass(5);
        Hear(first, 2, votersInCluster: 1);
        Hear(second, 1, votersInCluster: 1);
        Assert.Equal(JoinStep.None, first.Decide(new Standing(true, 1, new HashSet<string> { "a1" }), _now).Step);
        Assert.Equal(JoinStep.Leave, second.Decide(new Standing(true, 1, new HashSet<string> { "a2" }), _now).Step);
    }

    [Fact]
    public void A_majority_is_no_island_whatever_others_say()
    {
        var policy = Node(1);
        var standing = new Standing(true, 2, new HashSet<string> { "a1", "a3" });
        for (var i = 0; i < 10; i++)
        {
            Hear(policy, 2, votersInCluster: 3);
            Assert.Equal(JoinStep.None, policy.Decide(standing, _now).Step);
            Pass(1);
        }
    }

    [Fact]
    public void Who_does_not_hear_this_node_is_nobody_to_found_with()
    {
        var policy = Node(1);
        for (var i = 0; i < 10; i++)
        {
            Hear(policy, 2, heard: [Heard(3)]);
            Hear(policy, 3, heard: [Heard(2)]);
            Assert.Equal(JoinStep.None, policy.Decide(Standing.Outside, _now).Step);
            Pass(1);
        }

        Assert.True(policy.AsksBack(Said(2, 0, [Heard(3)])));
        Assert.False(policy.AsksBack(Said(2, 0, [Heard(1)])));
        Assert.False(policy.AsksBack(Said(2, 2, [])));
    }

    [Fact]
    public void A_founder_goes_through_with_it_and_is_silent_until_it_is_a_member()
    {
        var policy = Node(2);
        Hear(policy, 3);
        Assert.Equal(JoinStep.None, policy.Decide(Standing.Outside, _now).Step);
        Assert.True(policy.MaySpeakTo("a1", Standing.Outside, _now));
        Pass(1);
        Hear(policy, 3);
        Assert.Equal(JoinStep.Found, policy.Decide(Standing.Outside, _now).Step);
        Hear(policy, 1);
        Assert.Equal(JoinStep.Found, policy.Decide(Standing.Outside, _now).Step);
        Assert.False(policy.MaySpeakTo("a1", Standing.Outside, _now));
        var founded = new Standing(true, 1, new HashSet<string> { "a2" });
        Assert.Equal(JoinStep.None, policy.Decide(founded, _now).Step);
        Assert.True(policy.MaySpeakTo("a1", founded, _now));
    }

    [Fact]
    public void A_node_that_joins_speaks_only_to_members()
    {
        var policy = Node(3);
        Hear(policy, 1);
        Hear(policy, 2, votersInCluster: 1);
        Assert.Equal(new JoinDecision(JoinStep.Join, "a2"), policy.Decide(Standing.Outside, _now));
        Assert.False(policy.MaySpeakTo("a1", Standing.Outside, _now));
        Assert.True(policy.MaySpeakTo("a2", Standing.Outside, _now));
        Pass(2.1);
        Assert.Equal(JoinStep.None, policy.Decide(Standing.Outside, _now).Step); // nobody to join any more
        Assert.True(policy.MaySpeakTo("a1", Standing.Outside, _now));
    }

    [Fact]
    public void A_member_that_only_asks_is_not_joined_before_it_has_answered()
    {
        var policy = Node(1);
        policy.Hear("a2", Said(2, 2, [_listener]), _now);
        Assert.Equal(JoinStep.None, policy.Decide(Standing.Outside, _now).Step);
        policy.Hear("a2", Said(2, 2, [_listener]) with { Answers = 7 }, _now); // a question that this process has not asked
        Assert.Equal(JoinStep.None, policy.Decide(Standing.Outside, _now).Step);
        Hear(policy, 2, votersInCluster: 2);
        Assert.Equal(new JoinDecision(JoinStep.Join, "a2"), policy.Decide(Standing.Outside, _now));
    }

    [Fact]
    public void Nothing_is_founded_while_a_name_is_contested()
    {
        var policy = Node(1);
        for (var i = 0; i < 10; i++)
        {
            Hear(policy, 2);
            Hear(policy, 3, heard: [_listener, new HeardNode(Voters[1], "a9")]);
            Assert.Equal(JoinStep.None, policy.Decide(Standing.Outside, _now).Step);
            Assert.Equal(Voters[1], policy.Contested);
            Pass(1);
        }

        Pass(1.5);
        Hear(policy, 2);
        Hear(policy, 3);
        Assert.Equal(JoinStep.Found, policy.Decide(Standing.Outside, _now).Step);
        Assert.Equal(NodeId.None, policy.Contested);
    }

    [Fact]
    public void No_more_nodes_are_remembered_than_a_hello_can_tell_of()
    {
        var policy = Node(1);
        for (var i = 0; i < 1000; i++)
            policy.Hear($"x{i}", Said(2, 0, []), _now);
        Assert.Equal(Hello.MaximumHeard, policy.Heard(_now).Count);
        Pass(2.1);
        Hear(policy, 2);
        Assert.Single(policy.Heard(_now));
    }

    [Theory]
    [InlineData(0, 0, false)]
    [InlineData(0, 7, false)]
    [InlineData(7, 0, false)]
    [InlineData(7, 7, false)]
    [InlineData(7, 8, true)]
    public void Two_births_that_are_known_and_differ_are_two_clusters(ulong own, ulong other, bool isForeign) =>
        Assert.Equal(isForeign, JoinPolicy.IsForeign(Said(2, 1, []) with { Birth = other }, own));

    [Fact]
    public void Only_foreign_members_that_answer_and_answer_alone_end_a_newcomer()
    {
        var policy = Node(1);
        var foreign = Said(2, 3, []) with { Birth = 8 };
        for (var i = 0; i < 5; i++)
        {
            Assert.False(policy.MustGo(foreign, Standing.Outside, _now), "it only asks");
            Assert.False(
                policy.MustGo(foreign with { IsMember = false, Answers = policy.Ask(_now) }, Standing.Outside, _now), "it is no member");
            Pass(1);
        }

        Assert.False(policy.MustGo(foreign with { Answers = policy.Ask(_now) }, Standing.Outside, _now), "its own may answer yet");
        Pass(0.5);
        Hear(policy, 3, votersInCluster: 2);
        Pass(0.6);
        Assert.False(policy.MustGo(foreign with { Answers = policy.Ask(_now) }, Standing.Outside, _now), "its own answer");
        Pass(2.1);
        Assert.True(policy.MustGo(foreign with { Answers = policy.Ask(_now) }, Standing.Outside, _now));

        policy.Decide(new Standing(true, 1, new HashSet<string> { "a1" }), _now);
        Assert.False(policy.MustGo(foreign with { Answers = policy.Ask(_now) }, new Standing(true, 1, new HashSet<string> { "a1" }), _now),
            "a member stays");
    }

    [Fact]
    public void A_foreign_cluster_does_not_end_a_node_that_hears_others_of_its_own_birth_in_a_total_restart()
    {
        var policy = Node(1);
        for (var i = 0; i < 5; i++)
        {
            policy.Hear("a3", Said(3, 0, []) with { Birth = 7 }, _now);
            Assert.False(policy.MustGo(Said(2, 3, []) with { Birth = 8, Answers = policy.Ask(_now) }, Standing.Outside, _now));
            Pass(1);
        }

        Pass(2.1);
        Assert.False(
            policy.MustGo(Said(2, 3, []) with { Birth = 8, Answers = policy.Ask(_now) }, Standing.Outside, _now), "they may answer yet");
        Pass(1.1);
        Assert.True(policy.MustGo(Said(2, 3, []) with { Birth = 8, Answers = policy.Ask(_now) }, Standing.Outside, _now), "it is alone");
    }

    [Fact]
    public void A_node_that_leaves_its_cluster_neither_speaks_nor_founds_nor_joins()
    {
        var policy = Node(1);
        policy.Decide(new Standing(true, 3, new HashSet<string>(Seeds)), _now);
        Hear(policy, 2, votersInCluster: 2);
        Hear(policy, 3);
        Assert.Equal(JoinStep.None, policy.Decide(Standing.Outside, _now).Step);
        Assert.False(policy.Asks(Standing.Outside));
        Assert.False(policy.MaySpeakTo("a2", Standing.Outside, _now));
    }

    [Fact]
    public void A_majority_answers_only_and_a_smaller_cluster_asks()
    {
        var policy = Node(1);
        Assert.True(policy.Asks(Standing.Outside));
        Assert.True(policy.Asks(new Standing(true, 1, new HashSet<string> { "a1" })));
        var majority = new Standing(true, 2, new HashSet<string> { "a1", "a2" });
        Assert.False(policy.Asks(majority));
        Assert.True(policy.MaySpeakTo("a3", majority, _now));
    }

    private JoinPolicy Node(int number)
    {
        _listener = Heard(number);
        return NodeAt(number);
    }

    private static JoinPolicy NodeAt(int number) => new(Voters[number - 1], Seeds[number - 1], Seeds, Voters, Incarnation);

    // Unless it is said otherwise, the speaker answers the listener and hears the nodes of the test: none before the listener.
    private void Hear(JoinPolicy policy, int number, int votersInCluster = 0, IReadOnlyList<HeardNode>? heard = null) => policy.Hear(
        Seeds[number - 1], Said(number, votersInCluster, heard ?? [_listener]) with { Answers = policy.Ask(_now) }, _now);

    private static Hello Said(int number, int votersInCluster, IReadOnlyList<HeardNode> heard) =>
        new(Voters[number - 1], Shape, new Life((ulong)number, 1), 0, votersInCluster > 0, (uint)votersInCluster, heard, 1, 0);

    private static HeardNode Heard(int number) => new(Voters[number - 1], Seeds[number - 1]);

    private void Pass(double seconds) => _now += TimeSpan.FromSeconds(seconds).Ticks;
}
