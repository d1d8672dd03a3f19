// How many of the configured voters count, and why no node serves: made from what a node knows anyway. The Primary knows of every vote; a
// Standby hears the Primary alone, and takes the others for what the cluster's membership says.
using System.Globalization;
using HotStandby.Actors.Node;
using HotStandby.CommandLine.Status;
using HotStandby.Core.Node;
using HotStandby.Core.Replication;
using HotStandby.Messages.Identity;

namespace HotStandby.Host.Http;

/// <summary>What a view of the cluster is made from.</summary>
/// <param name="Self">The node that looks.</param>
/// <param name="Voters">The configured voters.</param>
/// <param name="Lease">A voter that was not heard for so long does not count.</param>
/// <param name="Serves">The node serves.</param>
/// <param name="Report">What it says of itself; null: it reads its journal.</param>
/// <param name="Members">The cluster's members.</param>
internal sealed record ClusterSight(
    NodeId Self, IReadOnlyList<NodeId> Voters, TimeSpan Lease, bool Serves, NodeReport? Report, IReadOnlyList<MemberReport> Members);

/// <summary>Views of the cluster.</summary>
internal static class ClusterViews
{
    /// <summary>The view of a node; null where no voters are configured.</summary>
    public static ClusterView? Of(AdminNode node, NodeReport? report) => node.Options.Voters.Count == 0
        ? null
        : Of(new ClusterSight(
            new NodeId(node.Options.NodeName), node.Options.Voters, node.Options.LeaseDuration, node.Serves, report, node.Members()));

    /// <summary>The view.</summary>
    public static ClusterView Of(ClusterSight sight)
    {
        var voters = sight.Voters.Select(voter => new VoterView(voter.Name, StateOf(sight, voter))).ToArray();
        var (needed, counted) = ((voters.Length / 2) + 1, voters.Count(static voter => Counts(voter.State)));
        var (verdict, summary) = voters.Any(static voter => voter.State == VoterStates.Serves)
            ? (counted == voters.Length ? Verdicts.Ok : Verdicts.Degraded, Redundancy(voters, counted, needed))
            : sight.Report is null
                ? (Verdicts.Unknown, $"{sight.Self.Name} still reads its journal")
                : (Verdicts.Down, $"no node serves: {WhyNot(sight, voters, counted, needed)}");
        return new ClusterView(verdict, voters.Length, counted, needed, summary, voters);
    }

    private static bool Counts(string state) => state is VoterStates.Serves or VoterStates.Votes or VoterStates.Reached;

    private static bool IsMissing(string state) => state is VoterStates.Silent or VoterStates.Absent;

    private static string StateOf(ClusterSight sight, NodeId voter)
    {
        if (sight.Report is not { Replica: var replica })
            return voter == sight.Self ? VoterStates.Reading : ByMembership(sight, voter) ?? VoterStates.Reached;
        if (voter == sight.Self)
            return sight.Serves ? VoterStates.Serves : VoteOf(replica.Voting, replica.AppendedSequence == 0);
        if (replica.Role == ReplicaRole.Primary)
        {
            var standby = replica.Standbys.FirstOrDefault(each => each.Node == voter);
            return standby is { SilentMilliseconds: >= 0 and var silent } && silent <= sight.Lease.TotalMilliseconds
                ? VoteOf(standby.Voting, hasNothing: false)
                : ByMembership(sight, voter) ?? VoterStates.Silent;
        }

        var heard = replica.Peers.FirstOrDefault(each => each.Node == voter);
        if (heard is not null && heard.SilentMilliseconds <= sight.Lease.TotalMilliseconds)
            return heard.Serves ? VoterStates.Serves : VoteOf(heard.Votes, heard.HasNeverVoted);
        return ByMembership(sight, voter) ?? (heard is null ? VoterStates.Reached : VoteOf(heard.Votes, heard.HasNeverVoted));
    }

    private static string VoteOf(bool votes, bool hasNothing) =>
        votes ? VoterStates.Votes : hasNothing ? VoterStates.NeverVoted : VoterStates.NoVote;

    // Null: it is a member, and is reached.
    private static string? ByMembership(ClusterSight sight, NodeId voter)
    {
        var lives = sight.Members.Where(member => member.Node == voter).ToArray();
        return lives.Length == 0 ? VoterStates.Absent : lives.Any(static life => life.Reachable) ? null : VoterStates.Silent;
    }

    private static string Redundancy(VoterView[] voters, int counted, int needed)
    {
        var spare = counted - needed;
        var missing = Missing(voters);
        var more = missing.Length > 0 ? " more" : "";
        return string.Create(CultureInfo.InvariantCulture, $"{counted} of {voters.Length} voters; ")
            + (spare > 0
                ? string.Create(CultureInfo.InvariantCulture, $"service survives the loss of {spare}{more}")
                : "the next loss stops service")
            + (missing.Length > 0 ? $": {missing}" : "");
    }

    private static string WhyNot(ClusterSight sight, VoterView[] voters, int counted, int needed)
    {
        var replica = sight.Report!.Replica;
        var absent = voters.Where(static voter => IsMissing(voter.State)).Select(static voter => voter.Node).ToArray();
        var isFirstStart = replica is { Voting: false, AppendedSequence: 0 }
            && !voters.Any(static voter => voter.State is VoterStates.Votes or VoterStates.Serves);
        if (isFirstStart)
            return absent.Length > 0
                ? $"waiting for {Listed(absent)}: a first start needs every voter" : "the cluster is being founded, every voter is here";
        if (counted < needed)
            return string.Create(CultureInfo.InvariantCulture, $"{counted} of {voters.Length} voters can vote, {needed} are needed: ")
                + Missing(voters) + (absent.Length == 0 && !voters.Any(static voter => voter.State == VoterStates.NoVote)
                    ? " (docs/operations.md, Disaster: the majority is lost)" : "");
        if (replica.Role == ReplicaRole.Primary)
            return replica.Phase == NodePhase.HandingOver
                ? $"{sight.Self.Name} hands over"
                : string.Create(CultureInfo.InvariantCulture, $"{sight.Self.Name} leads epoch {replica.Epoch} and prepares to serve");
        return "a new Primary is being chosen";
    }

    // The voters that do not count, those of one state together.
    private static string Missing(VoterView[] voters) => string.Join(", ", voters.Where(static voter => !Counts(voter.State))
        .GroupBy(static voter => voter.State).Select(static group =>
        {
            var names = group.Select(static voter => voter.Node).ToArray();
            var (be, have) = names.Length == 1 ? ("is", "has") : ("are", "have");
            return $"{Listed(names)} " + group.Key switch
            {
                VoterStates.NeverVoted => $"{have} never voted",
                VoterStates.NoVote => $"{have} no vote yet",
                VoterStates.Absent => $"{be} not in the cluster",
                VoterStates.Reading => "still reads its journal",
                _ => $"{be} silent",
            };
        }));

    private static string Listed(string[] names) =>
        names.Length < 2 ? string.Concat(names) : $"{string.Join(", ", names[..^1])} and {names[^1]}";
}
