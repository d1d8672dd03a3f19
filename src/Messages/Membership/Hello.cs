// What nodes say to each other before they are members of one cluster, and its binary form. Bytes from outside never make it throw.
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;

namespace HotStandby.Messages.Membership;

/// <summary>The settings that must be the same on every node of a cluster.</summary>
/// <param name="ClusterId">Its name.</param>
/// <param name="Voters">The configured voters, sorted and joined by commas.</param>
/// <param name="Shards">Number of shards.</param>
/// <param name="Commit">The commit policy.</param>
/// <param name="LeaseMilliseconds">How long a grant runs: a Primary counts on what the others have granted.</param>
public sealed record ClusterShape(string ClusterId, string Voters, uint Shards, string Commit, uint LeaseMilliseconds)
{
    /// <summary>The first setting in which another node differs, with both values; null when it does not.</summary>
    public string? DifferenceTo(ClusterShape other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (other.ClusterId != ClusterId)
            return $"hotstandby.cluster-id is {ClusterId} here and {other.ClusterId} there";
        if (other.Voters != Voters)
            return $"hotstandby.voters is [{Voters}] here and [{other.Voters}] there";
        if (other.Shards != Shards)
            return $"hotstandby.shards is {Shards} here and {other.Shards} there";
        if (other.Commit != Commit)
            return $"hotstandby.commit is {Commit} here and {other.Commit} there";
        return other.LeaseMilliseconds == LeaseMilliseconds
            ? null
            : $"hotstandby.lease.duration is {LeaseMilliseconds} ms here and {other.LeaseMilliseconds} ms there";
    }
}

/// <summary>A node that somebody has heard of lately.</summary>
/// <param name="Node">Its id.</param>
/// <param name="Address">Its remoting address.</param>
public readonly record struct HeardNode(NodeId Node, string Address);

/// <summary>Node to node: I am here, and this is how far I am.</summary>
/// <param name="From">Who.</param>
/// <param name="Shape">Its settings of the cluster.</param>
/// <param name="IsMember">It is a member of a cluster.</param>
/// <param name="VotersInCluster">How many voters that cluster has as members; 0 when it is none.</param>
/// <param name="Heard">Whom it has heard of lately, itself not included.</param>
/// <param name="WantsAnswer">True for a question; its answer is false.</param>
public sealed record Hello(
    NodeId From, ClusterShape Shape, bool IsMember, uint VotersInCluster, IReadOnlyList<HeardNode> Heard, bool WantsAnswer)
{
    /// <summary>Kind and version of the encoding: H1. A layout never changes; another layout is another version.</summary>
    public const string Manifest = "H1";

    /// <summary>
    /// Name, cluster id, voters (each u16 length and UTF-8), shards u32, commit as text, lease u32 (ms), flags u8 (bit 0 member, bit 1 wants an answer),
    /// voters in its cluster u32, then u16 count of pairs of texts: name and address.
    /// </summary>
    public byte[] Encode()
    {
        var writer = new PayloadWriter();
        writer.Text(From.Name);
        writer.Text(Shape.ClusterId);
        writer.Text(Shape.Voters);
        writer.UInt32(Shape.Shards);
        writer.Text(Shape.Commit);
        writer.UInt32(Shape.LeaseMilliseconds);
        writer.Byte((byte)((IsMember ? 1 : 0) | (WantsAnswer ? 2 : 0)));
        writer.UInt32(VotersInCluster);
        writer.Count(Heard.Count);
        foreach (var (node, address) in Heard)
        {
            writer.Text(node.Name);
            writer.Text(address);
        }

        return writer.Written.ToArray();
    }

    /// <summary>Reads it; false when its bounds are impossible.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, out Hello hello)
    {
        var reader = new PayloadReader(bytes);
        var from = new NodeId(reader.Text());
        var shape = new ClusterShape(reader.Text(), reader.Text(), reader.UInt32(), reader.Text(), reader.UInt32());
        var (flags, voters, count) = (reader.Byte(), reader.UInt32(), reader.Count());
        var heard = new List<HeardNode>();
        for (var i = 0; i < count && !reader.HasFailed; i++)
            heard.Add(new HeardNode(new NodeId(reader.Text()), reader.Text()));
        hello = new Hello(from, shape, (flags & 1) != 0, voters, heard, (flags & 2) != 0);
        return reader.IsWhole;
    }
}
