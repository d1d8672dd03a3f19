// Why a node ends at the door of its cluster, or inside. Each is expected: its message is all that an operator needs, in one line.
namespace HotStandby.Actors.Membership;

/// <summary>The process ends, and says why in one line.</summary>
/// <param name="message">The line.</param>
/// <param name="mayComeBack">True: a start may succeed (exit code 75). False: somebody has to look first (78).</param>
public abstract class MembershipException(string message, bool mayComeBack) : Exception(message)
{
    /// <summary>Whether a supervisor shall start it again.</summary>
    public bool MayComeBack { get; } = mayComeBack;
}

/// <summary>The node sits in a cluster of its own beside a larger one: a fresh start joins that one.</summary>
public sealed class IslandException(string message) : MembershipException(message, mayComeBack: true);

/// <summary>Another memory has this node's name in the log by now: a fresh start comes back without a vote, or is told who has the name.</summary>
public sealed class SupersededException(string message) : MembershipException(message, mayComeBack: true);

/// <summary>The node's settings are not those of the cluster that it wants to join.</summary>
public sealed class ClusterShapeException(string message) : MembershipException(message, mayComeBack: false);

/// <summary>Another living process has this node's name.</summary>
public sealed class NameTakenException(string message) : MembershipException(message, mayComeBack: false);

/// <summary>The cluster that answers was born at another time than the one to which this data directory belongs.</summary>
public sealed class ForeignClusterException(string message) : MembershipException(message, mayComeBack: false);
