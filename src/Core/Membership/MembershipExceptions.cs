// Why a node ends before it joins its cluster, or as a member. Each is expected: its message is all that an operator needs, in one line.
namespace HotStandby.Core.Membership;

/// <summary>The process ends, and says why in one line.</summary>
/// <param name="message">The line.</param>
/// <param name="mayComeBack">True: another start may succeed (exit code 75). False: an operator has to act first (78).</param>
public abstract class MembershipException(string message, bool mayComeBack) : Exception(message)
{
    /// <summary>True when a supervisor should start it again.</summary>
    public bool MayComeBack { get; } = mayComeBack;
}

/// <summary>The node sits in a cluster of its own beside a larger one: a fresh start joins that one.</summary>
public sealed class IslandException(string message) : MembershipException(message, mayComeBack: true);

/// <summary>
/// The log now gives this node's name to another memory. The next start comes back without a vote, or learns which process has the name.
/// </summary>
public sealed class SupersededException(string message) : MembershipException(message, mayComeBack: true);

/// <summary>The node's settings are not those of the cluster that it wants to join.</summary>
public sealed class ClusterShapeException(string message) : MembershipException(message, mayComeBack: false);

/// <summary>Another living process has this node's name.</summary>
public sealed class NameTakenException(string message) : MembershipException(message, mayComeBack: false);

/// <summary>The cluster that answers was born at another time than the one to which this data directory belongs.</summary>
public sealed class ForeignClusterException(string message) : MembershipException(message, mayComeBack: false);
