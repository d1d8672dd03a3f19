// Who wrote a data directory: stated in its node.identity file and repeated in every segment's header.
// Two directories swapped between nodes, or one restored from an older life of the same node, are told apart by it.

namespace HotStandby.Actors.Journal;

/// <summary>The owner of a data directory.</summary>
/// <param name="ClusterId">Name of the cluster, 1..128 printable characters.</param>
/// <param name="NodeId">Name of the node inside the cluster, 1..128 printable characters.</param>
/// <param name="Incarnation">Random, drawn when the directory was created: a node that lost its disk comes back with another one.</param>
public sealed record NodeIdentity(string ClusterId, string NodeId, Guid Incarnation)
{
    /// <summary>Longest cluster or node id, characters.</summary>
    public const int MaxIdLength = 128;

    /// <summary>Throws <see cref="ArgumentException"/> unless the id has 1..128 characters, none of them a control character.</summary>
    public static void RequireValidId(string id, string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(id, name);
        if (id.Length > MaxIdLength || id.Any(char.IsControl) || id.Trim().Length != id.Length)
            throw new ArgumentException($"must have 1..{MaxIdLength} characters, no control characters, no spaces around it", name);
    }
}
