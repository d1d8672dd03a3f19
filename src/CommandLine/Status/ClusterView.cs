// The configured voters as one node sees them, in /status and /health/cluster. A node makes it in src/Host/Http/ClusterViews.cs.
namespace HotStandby.CommandLine.Status;

/// <summary>A configured voter.</summary>
/// <param name="Node">Its node-id.</param>
/// <param name="State">One of the words of <see cref="VoterStates"/>.</param>
public sealed record VoterView(string Node, string State);

/// <summary>What a voter may be.</summary>
public static class VoterStates
{
    /// <summary>It is the Primary, and serves.</summary>
    public const string Serves = "serves";

    /// <summary>It has a vote, and is heard.</summary>
    public const string Votes = "votes";

    /// <summary>It is a member that can be reached; this node does not know whether it has a vote.</summary>
    public const string Reached = "reached";

    /// <summary>It is heard and has lost its vote: it is being brought up to date.</summary>
    public const string NoVote = "no vote";

    /// <summary>It is heard, and its data directory has never held anything.</summary>
    public const string NeverVoted = "never voted";

    /// <summary>It is a member, and is not heard.</summary>
    public const string Silent = "silent";

    /// <summary>It is no member of the cluster.</summary>
    public const string Absent = "absent";

    /// <summary>It still reads its journal.</summary>
    public const string Reading = "reads its journal";
}

/// <summary>The cluster, by its configured voters.</summary>
/// <param name="Verdict">One of the words of <see cref="Verdicts"/>.</param>
/// <param name="Voters">How many are configured.</param>
/// <param name="Counted">How many of them count now.</param>
/// <param name="Needed">How many must count for service.</param>
/// <param name="Summary">One sentence: how many may be lost or, when no node serves, why.</param>
/// <param name="Configured">Each of them.</param>
public sealed record ClusterView(
    string Verdict, int Voters, int Counted, int Needed, string Summary, IReadOnlyList<VoterView> Configured);

/// <summary>What a cluster may be.</summary>
public static class Verdicts
{
    /// <summary>A node serves, and every configured voter counts.</summary>
    public const string Ok = "ok";

    /// <summary>A node serves, and a configured voter is missing.</summary>
    public const string Degraded = "degraded";

    /// <summary>No node serves.</summary>
    public const string Down = "down";

    /// <summary>The node that was asked still reads its journal.</summary>
    public const string Unknown = "unknown";
}

/// <summary>What /health/cluster answers.</summary>
/// <param name="Node">The node that says it.</param>
/// <param name="Serving">Whether it serves.</param>
/// <param name="Cluster">The cluster as it sees it.</param>
public sealed record HealthView(string Node, bool Serving, ClusterView Cluster);
