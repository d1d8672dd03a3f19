// Whom a node joins and when it founds a cluster, without Akka.
using HotStandby.Actors.Membership;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Membership;

namespace HotStandby.Tests.Actors.Membership;

public sealed class JoinPolicyTests
{
    private static readonly ClusterShape Shape = new("c", "", 64, "Quorum", 2000);
    private static readonly string[] Seeds = ["a1", "a2", "a3"];
    private static readonly NodeId[] Voters = [new("n1"), new("n2"), new("n3")];

    private long _now = 1_000_000_000;

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
        Hear(policy, 3, heard: [new HeardNode(new NodeId("n1"), "a1")]);
        Pass(1.5);
        Hear(policy, 3, heard: [new HeardNode(new NodeId("n1"), "a1")]);
        Assert.Equal(JoinStep.None, policy.Decide(Standing.Outside, _now).Step);
    }

    [Fact]
    public void A_node_that_is_no_voter_does_not_count()
    {
        var policy = Node(1);
        policy.Hear("a9", new Hello(new NodeId("stranger"), Shape, false, 0, [], true), _now);
        Pass(1.5);
        policy.Hear("a9", new Hello(new NodeId("stranger"), Shape, false, 0, [], true), _now);
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
        Assert.Equal(JoinStep.Found, new JoinPolicy(Voters[0], "a1", ["a1"], [Voters[0]]).Decide(Standing.Outside, _now).Step);

    [Fact]
    public void A_node_that_is_no_seed_founds_nothing()
    {
        var policy = new JoinPolicy(Voters[0], "a9", Seeds, Voters);
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
        var (first, second) = (Node(1), Node(2));
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

    private static JoinPolicy Node(int number) => new(Voters[number - 1], Seeds[number - 1], Seeds, Voters);

    private void Hear(JoinPolicy policy, int number, int votersInCluster = 0, IReadOnlyList<HeardNode>? heard = null) => policy.Hear(
        Seeds[number - 1], new Hello(Voters[number - 1], Shape, votersInCluster > 0, (uint)votersInCluster, heard ?? [], true), _now);

    private void Pass(double seconds) => _now += TimeSpan.FromSeconds(seconds).Ticks;
}
