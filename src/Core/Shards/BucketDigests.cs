// The digest of a shard in parts: one for each bucket of keys, one for the parked puts. Changed by ShardState with every change of its
// content, at the cost of one addition; so that two nodes that differ find out where, without walking what is equal.
namespace HotStandby.Core.Shards;

/// <summary>Digests by the hash of the key. Their combination is the digest of the shard. Not thread-safe.</summary>
public sealed class BucketDigests
{
    /// <summary>Buckets of a shard. The same on every node: a marker carries one digest for each.</summary>
    public const int Count = 64;

    private readonly PartitionDigest[] _buckets = new PartitionDigest[Count];
    private PartitionDigest _parked;

    /// <summary>The digest of one bucket: its objects and their transfers.</summary>
    public PartitionDigest this[int bucket] => _buckets[bucket];

    /// <summary>The digest of the parked puts.</summary>
    public PartitionDigest ParkedPuts => _parked;

    /// <summary>The digest of everything.</summary>
    public PartitionDigest Whole
    {
        get
        {
            var whole = _parked;
            foreach (var bucket in _buckets)
                whole = whole.And(bucket);
            return whole;
        }
    }

    internal ref PartitionDigest Parked => ref _parked;

    /// <summary>The bucket of a key. The lowest bits decide, since the highest have chosen the shard.</summary>
    public static int BucketOf(ulong keyHash) => (int)(keyHash % Count);

    /// <summary>Counts a thing that belongs to a key in, or out.</summary>
    internal void Change(ulong keyHash, ulong hash, bool isLess)
    {
        ref var bucket = ref _buckets[BucketOf(keyHash)];
        bucket = isLess ? bucket.Minus(hash) : bucket.Plus(hash);
    }

    /// <summary>A digest that was computed anew.</summary>
    internal void Set(int bucket, PartitionDigest digest) => _buckets[bucket] = digest;
}
