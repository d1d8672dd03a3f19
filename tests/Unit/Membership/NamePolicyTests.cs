// Which of two processes of one name stays, without Akka. Node n1 is asked by a process that calls itself n2, at "b"; another n2 is at
// "a2".
using HotStandby.Core.Membership;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Membership;

namespace HotStandby.Tests.Unit.Membership;

public sealed class NamePolicyTests
{
    private const string First = "a2", Second = "b";
    private const ulong Incarnation = 1UL << 32;

    private static readonly ClusterShape Shape = new("c", "", 64, "Quorum", 2000);
    private static readonly string[] Seeds = ["a1", "a2", "a3"];
    private static readonly NodeId[] Voters = [new("n1"), new("n2"), new("n3")];
    private static readonly OwnClaim Own = new(new Life(1, Incarnation), 0);
    private static readonly Standing Member = new(true, 2, new HashSet<string>(["a1", First]))
    {
        Holders = [new(Voters[0], "a1", true), new(Voters[1], First, true)],
    };

    private readonly JoinPolicy _policy = new(Voters[0], "a1", Seeds, Voters, Incarnation);
    private long _now = 1_000_000_000;
    private ulong _question;

    [Fact]
    public void A_name_that_nobody_else_has_is_free() => Assert.Equal(NameStep.Free, Ask(Second, Standing.Outside).Step);

    [Fact]
    public void A_member_that_answers_keeps_its_name()
    {
        Assert.Equal(new NameVerdict(NameStep.Open, First), Ask(Second, Member));
        Answers(First, isMember: true);
        Assert.Equal(new NameVerdict(NameStep.Taken, First), Ask(Second, Member));
    }

    [Fact]
    public void What_a_member_has_answered_before_the_other_one_came_proves_nothing()
    {
        var early = _policy.Probe();
        Answers(First, isMember: true);
        Assert.Equal(NameStep.Open, Ask(Second, Member).Step);
        Hear(First, Said(isMember: true) with { Answers = early }); // it had been waiting in a buffer
        Assert.Equal(NameStep.Open, Ask(Second, Member).Step);
        Answers(First, isMember: true);
        Assert.Equal(NameStep.Taken, Ask(Second, Member).Step);
    }

    [Fact]
    public void Numbers_that_this_process_has_not_asked_prove_nothing()
    {
        Ask(Second, Member);
        Hear(First, Said(isMember: true) with { Answers = Incarnation + 1000 });
        Hear(First, Said(isMember: true) with { Answers = 5 });
        Assert.Equal(NameStep.Open, Ask(Second, Member).Step);
    }

    [Fact]
    public void A_silent_member_is_waited_for_until_it_is_out_of_the_cluster()
    {
        Assert.Equal(NameStep.Open, Ask(Second, Member).Step);
        for (var second = 0; second < 100; second++)
        {
            Pass(1);
            Assert.Equal(new NameVerdict(NameStep.Waits, First), Ask(Second, Member));
        }

        Assert.Equal(NameStep.Free, Ask(Second, Member with { Holders = [new(Voters[0], "a1", true)] }).Step);
    }

    [Fact]
    public void A_restart_at_the_same_address_is_no_second_process()
    {
        Assert.Equal(NameStep.Free, Ask(First, Member, life: new Life(2, 2UL << 32)).Step);
        Assert.Equal(NameStep.Free, Ask(First, Member, life: new Life(99, 1UL << 32)).Step); // with an empty directory
    }

    [Fact]
    public void Equal_memories_are_two_processes_all_the_same()
    {
        Ask(Second, Member, life: new Life(2, 2UL << 32));
        Hear(First, Said(isMember: true, life: new Life(2, 1UL << 32)) with { Answers = _policy.Probe() });
        Assert.Equal(NameStep.Taken, Ask(Second, Member, life: new Life(2, 2UL << 32)).Step);
    }

    [Fact]
    public void The_holder_itself_needs_no_other_proof()
    {
        var holder = new JoinPolicy(Voters[1], First, Seeds, Voters, Incarnation);
        var asks = Said();
        holder.Hear(Second, asks, _now);
        Assert.Equal(new NameVerdict(NameStep.Taken, First), holder.Judge(Second, asks, Own, Member, _now));
    }

    [Fact]
    public void Three_processes_of_one_name_are_one_and_two_that_go()
    {
        Ask(Second, Member);
        Ask("c", Member);
        Answers(First, isMember: true);
        Assert.Equal(new NameVerdict(NameStep.Taken, First), Ask(Second, Member));
        Assert.Equal(new NameVerdict(NameStep.Taken, First), Ask("c", Member));
    }

    [Fact]
    public void Of_two_members_of_one_name_the_older_one_stays_once_both_are_up()
    {
        Standing Both(bool areUp) =>
            Member with { Holders = [new(Voters[0], "a1", true), new(Voters[1], First, true), new(Voters[1], Second, areUp)] };
        Hear(Second, Said(isMember: true));
        Answers(First, isMember: true);
        Assert.Equal(NameStep.Free, Ask(Second, Both(areUp: false), isMember: true).Step);
        Assert.Equal(new NameVerdict(NameStep.Taken, First), Ask(Second, Both(areUp: true), isMember: true));
        Assert.Equal(NameStep.Free, Ask(First, Both(areUp: true), isMember: true).Step);
    }

    [Theory]
    [InlineData("a3", 9, 0, "b", 1, 7)] // a birth beats none,
    [InlineData("b", 1, 0, "a3", 9, 0)] // then the earlier seat,
    [InlineData("c", 9, 0, "b", 3, 0)] // then the lower memory,
    [InlineData("c", 3, 0, "b", 3, 0)] // then the lower address
    public void Outside_a_cluster_everybody_ranks_two_processes_alike(
        string loser, ulong memory, ulong birth, string winner, ulong winnersMemory, ulong winnersBirth)
    {
        Ask(winner, Standing.Outside, new Life(winnersMemory, 1), winnersBirth);
        Ask(loser, Standing.Outside, new Life(memory, 1), birth);
        Hear(winner, Said(life: new Life(winnersMemory, 1)) with { Birth = winnersBirth, Answers = _policy.Probe() });
        Assert.Equal(new NameVerdict(NameStep.Taken, winner), Ask(loser, Standing.Outside, new Life(memory, 1), birth));
        Assert.Equal(NameStep.Free, Ask(winner, Standing.Outside, new Life(winnersMemory, 1), winnersBirth).Step);
    }

    [Fact]
    public void Outside_a_cluster_a_process_that_fell_silent_is_forgotten()
    {
        Ask(First, Standing.Outside);
        Assert.Equal(new NameVerdict(NameStep.Open, First), Ask(Second, Standing.Outside));
        Pass(1);
        Assert.Equal(NameStep.Waits, Ask(Second, Standing.Outside).Step);
        Pass(1.1);
        Assert.Equal(NameStep.Free, Ask(Second, Standing.Outside).Step);
    }

    [Fact]
    public void A_newcomer_goes_when_it_is_told_so_in_answer_to_its_own_question()
    {
        var asked = _policy.Ask(_now);
        var taken = new NameTaken(Second, HolderLives: true, asked);
        Assert.True(_policy.MustGo("a2", taken, Standing.Outside, _now));
        Assert.False(_policy.MustGo("a2", taken with { HolderLives = false }, Standing.Outside, _now));
        Assert.False(_policy.MustGo("a2", taken with { Answers = asked + 1 }, Standing.Outside, _now));
        Assert.False(_policy.MustGo("a2", taken with { Holder = "a1" }, Standing.Outside, _now)); // its own address
        Pass(2.1);
        Assert.False(_policy.MustGo("a2", taken, Standing.Outside, _now)); // long ago
    }

    [Fact]
    public void One_that_is_let_in_believes_its_member_and_a_member_only_the_holder()
    {
        _policy.Hear("a3", Said(isMember: true) with { From = Voters[2], VotersInCluster = 2, Answers = _policy.Ask(_now) }, _now);
        Assert.Equal(JoinStep.Join, _policy.Decide(Standing.Outside, _now).Step);
        var taken = new NameTaken(Second, HolderLives: true, _policy.Ask(_now));
        Assert.False(_policy.MustGo("a2", taken, Standing.Outside, _now));
        Assert.True(_policy.MustGo("a3", taken, Standing.Outside, _now));
        Assert.True(_policy.MustGo(Second, taken, Standing.Outside, _now));

        _policy.Decide(Member, _now);
        Assert.False(_policy.MustGo(Second, taken, Member, _now)); // asked before it was let in
        var askedByMember = taken with { Answers = _policy.Ask(_now) };
        Assert.False(_policy.MustGo("a3", askedByMember, Member, _now));
        Assert.True(_policy.MustGo(Second, askedByMember, Member, _now));
    }

    private NameVerdict Ask(string from, Standing standing, Life? life = null, ulong birth = 0, bool isMember = false)
    {
        var asks = Said(isMember, life) with { Birth = birth, Question = ++_question };
        Hear(from, asks);
        return _policy.Judge(from, asks, Own, standing, _now);
    }

    private void Answers(string from, bool isMember) => Hear(from, Said(isMember) with { Answers = _policy.Probe() });

    private void Hear(string from, Hello hello) => _policy.Hear(from, hello, _now);

    private static Hello Said(bool isMember = false, Life? life = null) =>
        new(Voters[1], Shape, life ?? new Life(2, 1), 0, isMember, isMember ? 2U : 0, [], 1, 0);

    private void Pass(double seconds) => _now += TimeSpan.FromSeconds(seconds).Ticks;
}
