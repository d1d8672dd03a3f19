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
/// <param name="MultiTenants">Whether tenants have keys of their own: it decides under which key an object lies.</param>
public sealed record ClusterShape(
    string ClusterId, string Voters, uint Shards, string Commit, uint LeaseMilliseconds, bool MultiTenants = false)
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
        if (other.LeaseMilliseconds != LeaseMilliseconds)
            return $"hotstandby.lease.duration is {LeaseMilliseconds} ms here and {other.LeaseMilliseconds} ms there";
        return other.MultiTenants == MultiTenants
            ? null
            : $"hotstandby.objects.multi-tenants is {SwitchOf(MultiTenants)} here and {SwitchOf(other.MultiTenants)} there";
    }

    private static string SwitchOf(bool value) => value ? "on" : "off";
}

/// <summary>A node that somebody has heard of lately.</summary>
/// <param name="Node">Its id.</param>
/// <param name="Address">Its remoting address.</param>
public readonly record struct HeardNode(NodeId Node, string Address);

/// <summary>Node to node: I am here, and this is how far I am.</summary>
/// <param name="From">Who.</param>
/// <param name="Shape">Its settings of the cluster.</param>
/// <param name="Life">
/// Which process it is, among all that have had its name. <see cref="Life.None"/>: it speaks the earlier version of this message.
/// </param>
/// <param name="Birth">The birth of the cluster that its data directory belongs to; 0: it has not met one yet.</param>
/// <param name="IsMember">It is a member of a cluster.</param>
/// <param name="VotersInCluster">How many voters that cluster has as members; 0 when it is none.</param>
/// <param name="Heard">The nodes that it has heard of lately, itself not included.</param>
/// <param name="Question">Number of the question that this is; 0: none. Its answer repeats it.</param>
/// <param name="Answers">Number of the question that this answers; 0: none.</param>
public sealed record Hello(
    NodeId From, ClusterShape Shape, Life Life, ulong Birth, bool IsMember, uint VotersInCluster, IReadOnlyList<HeardNode> Heard,
    ulong Question, ulong Answers)
{
    /// <summary>Kind and version of the encoding: H2. A layout never changes; another layout is another version.</summary>
    public const string Manifest = "H2";

    /// <summary>The earlier version: read, so that its sender can be named, and never written.</summary>
    public const string EarlierManifest = "H1";

    /// <summary>Most nodes that one can have heard of.</summary>
    public const int MaximumHeard = 64;

    private const int MaximumName = 128;
    private const int MaximumAddress = 512;
    private const int MaximumVoters = 4096;

    /// <summary>True for a question.</summary>
    public bool WantsAnswer => Question != 0;

    /// <summary>
    /// Name, cluster id, voters (each u16 length and UTF-8), shards u32, commit as text, lease u32 (ms), flags u8 (bit 0 member,
    /// bit 1 multi-tenants), voters in its cluster u32, memory u64, incarnation u64, birth u64, question u64, answers u64, then u16 count
    /// of pairs of texts: name and address. H1 had bit 1 of the flags for a question, and nothing between the voters and the pairs.
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
        writer.Byte((byte)((IsMember ? 1 : 0) | (Shape.MultiTenants ? 2 : 0)));
        writer.UInt32(VotersInCluster);
        writer.UInt64(Life.Memory);
        writer.UInt64(Life.Incarnation);
        writer.UInt64(Birth);
        writer.UInt64(Question);
        writer.UInt64(Answers);
        writer.Count(Heard.Count);
        foreach (var (node, address) in Heard)
        {
            writer.Text(node.Name);
            writer.Text(address);
        }

        return writer.Written.ToArray();
    }

    /// <summary>Reads it; false when its bounds are impossible.</summary>
    /// <param name="bytes">What came.</param>
    /// <param name="isEarlier">It is in the layout of <see cref="EarlierManifest"/>.</param>
    /// <param name="hello">What was read.</param>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, bool isEarlier, out Hello hello)
    {
        var reader = new PayloadReader(bytes);
        var from = new NodeId(reader.Text());
        var shape = new ClusterShape(reader.Text(), reader.Text(), reader.UInt32(), reader.Text(), reader.UInt32());
        var (flags, voters) = (reader.Byte(), reader.UInt32());
        var (life, birth, question, answers) = isEarlier
            ? (Life.None, 0UL, (flags & 2UL) >> 1, 0UL)
            : (new Life(reader.UInt64(), reader.UInt64()), reader.UInt64(), reader.UInt64(), reader.UInt64());
        var count = reader.Count();
        var heard = new List<HeardNode>();
        for (var i = 0; i < count && !reader.HasFailed; i++)
            heard.Add(new HeardNode(new NodeId(reader.Text()), reader.Text()));
        if (!isEarlier)
            shape = shape with { MultiTenants = (flags & 2) != 0 };
        hello = new Hello(from, shape, life, birth, (flags & 1) != 0, voters, heard, question, answers);
        return reader.IsWhole && (isEarlier || life.Memory != 0) && count <= MaximumHeard
            && IsText(from.Name, MaximumName) && IsText(shape.ClusterId, MaximumName)
            && IsText(shape.Voters, MaximumVoters) && IsText(shape.Commit, MaximumName)
            && heard.TrueForAll(static node => IsText(node.Node.Name, MaximumName) && IsText(node.Address, MaximumAddress));
    }

    // A stranger wrote these texts, and they are written to the log.
    private static bool IsText(string text, int maximum) => text.Length <= maximum && !text.Any(char.IsControl);
}
