// How many of the configured voters count, and why no node serves: what a node makes of what it knows.
using HotStandby.Actors.Node;
using HotStandby.Actors.Replication;
using HotStandby.CommandLine.Status;
using HotStandby.Core.Replication;
using HotStandby.Host.Events;
using HotStandby.Host.Http;
using HotStandby.Messages.Identity;
using HotStandby.Tests.Process.Trace;
using Microsoft.Extensions.Logging;
using static HotStandby.Tests.Process.Http.AdminServerFixture;

namespace HotStandby.Tests.Process.Http;

public sealed class ClusterViewTests
{
    private static readonly NodeId[] Three = [new("n1"), new("n2"), new("n3")];
    private static readonly NodeId[] Five = [.. Three, new("n4"), new("n5")];

    [Fact]
    public void With_all_voters_the_primary_says_how_many_may_be_lost()
    {
        var view = Of(Primary(Standby("n2"), Standby("n3")), serves: true, Members("n1", "n2", "n3"));
        Assert.Equal((Verdicts.Ok, 3, 3, 2), (view.Verdict, view.Voters, view.Counted, view.Needed));
        Assert.Equal("3 of 3 voters; service survives the loss of 1", view.Summary);
    }

    [Fact]
    public void A_voter_that_is_gone_for_good_is_named_and_the_next_loss_stops_service()
    {
        var view = Of(Primary(Standby("n2"), Standby("n3", silent: 60_000)), serves: true, Members("n1", "n2"));
        Assert.Equal(Verdicts.Degraded, view.Verdict);
        Assert.Equal("2 of 3 voters; the next loss stops service: n3 is not in the cluster", view.Summary);
        Assert.Equal([VoterStates.Serves, VoterStates.Votes, VoterStates.Absent], view.Configured.Select(static voter => voter.State));
    }

    [Fact]
    public void Of_five_voters_one_more_may_be_lost()
    {
        var report = Primary(Standby("n2"), Standby("n3"), Standby("n4", votes: false), Standby("n5"));
        var view = Of(report, serves: true, Members("n1", "n2", "n3", "n4", "n5"), Five);
        Assert.Equal("4 of 5 voters; service survives the loss of 1 more: n4 has no vote yet", view.Summary);
    }

    [Fact]
    public void A_standby_goes_by_its_primary_and_the_membership()
    {
        var report = WithPeers(Report(), new PeerHeard(new("n2"), 10, true, false, Serves: true));
        Assert.Equal(Verdicts.Ok, Of(report, serves: false, Members("n1", "n2", "n3")).Verdict);
        var alone = Of(report, serves: false, Members("n1", "n2"));
        Assert.Equal("2 of 3 voters; the next loss stops service: n3 is not in the cluster", alone.Summary);
    }

    [Fact]
    public void A_first_start_names_the_voters_that_it_waits_for()
    {
        var empty = Report(leader: null, voting: false, applied: 0, committed: 0);
        Assert.Equal(
            "no node serves: waiting for n3: a first start needs every voter", Of(empty, false, Members("n1", "n2")).Summary);
        Assert.Equal(
            "no node serves: waiting for n2 and n3: a first start needs every voter", Of(empty, false, []).Summary);
        Assert.Equal(
            "no node serves: the cluster is being founded, every voter is here", Of(empty, false, Members("n1", "n2", "n3")).Summary);
    }

    [Fact]
    public void A_survivor_says_that_the_others_have_never_voted()
    {
        var report = WithPeers(
            Report(ReplicaRole.Candidate, leader: null), new PeerHeard(new("n2"), 10, false, true, false),
            new PeerHeard(new("n3"), 20, false, true, false));
        var view = Of(report, serves: false, Members("n1", "n2", "n3"));
        Assert.Equal(
            "no node serves: 1 of 3 voters can vote, 2 are needed: n2 and n3 have never voted "
                + "(docs/operations.md, Disaster: the majority is lost)", view.Summary);
    }

    [Fact]
    public void Without_a_majority_the_missing_voters_are_named()
    {
        var view = Of(Report(leader: null), serves: false, [.. Members("n1"), Member("n2", isReachable: false)]);
        Assert.Equal(
            "no node serves: 1 of 3 voters can vote, 2 are needed: n2 is silent, n3 is not in the cluster", view.Summary);
    }

    [Fact]
    public void A_node_that_reads_its_journal_says_so()
    {
        var view = ClusterViews.Of(new ClusterSight(new("n1"), Three, TimeSpan.FromSeconds(2), false, null, Members("n1", "n2", "n3")));
        Assert.Equal((Verdicts.Unknown, "n1 still reads its journal"), (view.Verdict, view.Summary));
    }

    [Fact]
    public void The_log_says_what_lasts_and_no_more_than_once_a_minute()
    {
        var (time, lines) = (new SteppedTime(), new Lines());
        var watch = new ClusterWatch(lines, time);
        var whole = Of(Primary(Standby("n2"), Standby("n3")), serves: true, Members("n1", "n2", "n3"));
        var missing = Of(Primary(Standby("n2"), Standby("n3", silent: 60_000)), serves: true, Members("n1", "n2"));
        void Pass(ClusterView view, int seconds)
        {
            for (var i = 0; i < seconds; i++)
            {
                time.Advance(TimeSpan.FromSeconds(1));
                watch.Note(view, serves: true);
            }
        }

        Pass(whole, 20);
        Pass(missing, 4);
        Assert.Empty(lines.Said);
        Pass(missing, 40);
        Assert.Equal([missing.Summary], lines.Said);
        Pass(missing, 40);
        Assert.Equal(2, lines.Said.Count);
        Pass(whole, 20);
        Assert.Equal($"Every voter counts again: {whole.Summary}", lines.Said[^1]);
        Assert.Equal(3, lines.Said.Count);
    }

    private static ClusterView Of(NodeReport report, bool serves, IReadOnlyList<MemberReport> members, NodeId[]? voters = null) =>
        ClusterViews.Of(new ClusterSight(new("n1"), voters ?? Three, TimeSpan.FromSeconds(2), serves, report, members));

    private static NodeReport Primary(params StandbyStatus[] standbys) => Report(ReplicaRole.Primary, true, "n1", standbys: standbys);

    private static StandbyStatus Standby(string node, bool votes = true, long silent = 10) =>
        new(new(node), LinkState.Stream, 100, 100, 0, votes, silent);

    private static NodeReport WithPeers(NodeReport report, params PeerHeard[] peers) =>
        report with { Replica = report.Replica with { Peers = peers } };

    private static MemberReport[] Members(params string[] nodes) => [.. nodes.Select(static node => Member(node))];

    private static MemberReport Member(string node, bool isReachable = true) => new(new(node), "", "Up", isReachable, "");

    private sealed class Lines : ILogger
    {
        public List<string> Said { get; } = [];

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Said.Add(formatter(state, exception));
    }
}
