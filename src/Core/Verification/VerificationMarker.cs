// The marker: what a Primary's partition says of its content at one seq, and how a Standby's partition, when it has applied exactly
// that much, finds out where the two differ.
using HotStandby.Core.Segments;
using HotStandby.Core.Shards;
using HotStandby.Messages.OpLog;
using HotStandby.Messages.Verification;

namespace HotStandby.Core.Verification;

/// <summary>What came of a marker.</summary>
/// <param name="IsComparable">False: the marker's digests were computed in another way (another version of this project).</param>
/// <param name="DifferingBuckets">A bit for each bucket of a shard that differs.</param>
/// <param name="IsRestDifferent">Something differs that cannot be repaired key by key: parked puts, counters, the segment table.</param>
public readonly record struct MarkerVerdict(bool IsComparable, ulong DifferingBuckets, bool IsRestDifferent)
{
    /// <summary>True when both hold the same.</summary>
    public bool IsClean => IsComparable && DifferingBuckets == 0 && !IsRestDifferent;
}

/// <summary>Writes markers and compares them.</summary>
public static class VerificationMarker
{
    /// <summary>
    /// Of the way in which digests are computed: ContentHash, the buckets, the segments' hashes. Changes with any of them.
    /// </summary>
    public const byte DigestVersion = 2;

    private const int ShardDigests = BucketDigests.Count + 1;

    /// <summary>Adds a marker of a shard behind everything that was proposed. The caller applies it.</summary>
    public static void Draft(ShardState shard, DraftBuffer drafts)
    {
        ArgumentNullException.ThrowIfNull(shard);
        ArgumentNullException.ThrowIfNull(drafts);
        var payload = drafts.Add(OpType.VerificationMarker, [], 0, VerificationMarkerPayload.SizeOf(ShardDigests));
        VerificationMarkerPayload.Write(payload, DigestVersion, ShardDigests, shard.ReplicasNumbered, shard.NextParkedPut);
        for (var i = 0; i < BucketDigests.Count; i++)
            Write(payload, i, shard.Digests[i]);
        Write(payload, BucketDigests.Count, shard.Digests.ParkedPuts);
    }

    /// <summary>The same of the segment table.</summary>
    public static void Draft(SegmentTable table, DraftBuffer drafts)
    {
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(drafts);
        var payload = drafts.Add(OpType.VerificationMarker, [], 0, VerificationMarkerPayload.SizeOf(1));
        VerificationMarkerPayload.Write(payload, DigestVersion, 1, 0, 0);
        Write(payload, 0, table.Digest);
    }

    /// <summary>Compares a shard that has applied everything up to the marker and nothing behind it.</summary>
    public static MarkerVerdict Compare(ShardState shard, in OpLogEntry marker)
    {
        ArgumentNullException.ThrowIfNull(shard);
        if (!TryRead(marker, ShardDigests, out var payload))
            return default;
        var differing = 0UL;
        for (var i = 0; i < BucketDigests.Count; i++)
            differing |= Read(payload, i) == shard.Digests[i] ? 0 : 1UL << i;
        var isRestDifferent = Read(payload, BucketDigests.Count) != shard.Digests.ParkedPuts
            || payload.NextReplica != shard.ReplicasNumbered || payload.NextParkedPut != shard.NextParkedPut;
        return new MarkerVerdict(true, differing, isRestDifferent);
    }

    /// <summary>The same for the segment table, which is compared as a whole.</summary>
    public static MarkerVerdict Compare(SegmentTable table, in OpLogEntry marker)
    {
        ArgumentNullException.ThrowIfNull(table);
        return TryRead(marker, 1, out var payload) ? new MarkerVerdict(true, 0, Read(payload, 0) != table.Digest) : default;
    }

    /// <summary>What a marker says of one bucket.</summary>
    internal static PartitionDigest BucketOf(in OpLogEntry marker, int bucket) =>
        TryRead(marker, ShardDigests, out var payload) ? Read(payload, bucket) : default;

    private static bool TryRead(in OpLogEntry marker, int digests, out VerificationMarkerPayload payload) =>
        VerificationMarkerPayload.TryRead(marker.Payload, out payload)
            && payload.DigestVersion == DigestVersion && payload.DigestCount == digests;

    private static PartitionDigest Read(in VerificationMarkerPayload payload, int index)
    {
        var (count, sum) = payload.Digest(index);
        return new PartitionDigest(count, sum);
    }

    private static void Write(Span<byte> payload, int index, PartitionDigest digest) =>
        VerificationMarkerPayload.WriteDigest(payload, index, digest.Count, digest.Sum);
}
