namespace HotStandby.Core;

/// <summary>
/// What a partition holds, in a form that two nodes can compare at the same seq: the number of its things and the sum
/// (mod 2^64) of their hashes, so that the order in which they came does not matter. Lease and pin deadlines are left out.
/// </summary>
public readonly record struct PartitionDigest(long Count, ulong Sum)
{
    /// <summary>With one thing more.</summary>
    public PartitionDigest Plus(ulong hash) => new(Count + 1, unchecked(Sum + hash));

    /// <summary>With one thing less.</summary>
    public PartitionDigest Minus(ulong hash) => new(Count - 1, unchecked(Sum - hash));

    /// <summary>Of the things of both.</summary>
    public PartitionDigest And(PartitionDigest other) => new(Count + other.Count, unchecked(Sum + other.Sum));

    /// <inheritdoc/>
    public override string ToString() => $"{Count}:{Sum:x16}";
}
