// The Primary's half of a drill-down: finds what a Standby does not hold, holds too much, or holds differently in a part of one bucket.
// Called by PrimaryVerification. Changes nothing but a digest of its own that does not fit its own content.
using HotStandby.Core.Checkpoints;
using HotStandby.Core.Shards;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Verification;

namespace HotStandby.Core.Verification;

internal static class PrimaryComparison
{
    // An answer that has come to so many bytes ends: it must not stand in the way of the batches, nor exceed the remoting frame.
    private const int MostContentBytes = 256 * 1024;

    private readonly record struct Difference(MismatchKind Kind, ObjectKey Key, ObjectRecord? Record);

    /// <summary>
    /// Compares as of the shard's applied seq: keys with a change that is not committed yet are passed over, and so are objects that an
    /// entry behind the marker has changed, as far as that is known. What is left may still have been removed since; only the Standby can
    /// tell.
    /// </summary>
    public static VerificationResponse Compare(ShardState state, PendingChanges pending, VerificationRequest request, NodeId self)
    {
        if (pending.SegmentDrops > 0 || request.Bucket >= BucketDigests.Count)
            return Answer(state, request, self, ComparisonOutcome.Busy, request.ThroughHash, []);
        if (request.FromHash == 0)
            MendDigest(state, request.Bucket);
        var differences = Find(state, pending, request);
        if (differences.Count(difference => difference.Kind != MismatchKind.Extra) > request.RepairThreshold)
            return Answer(state, request, self, ComparisonOutcome.NeedFullSync, request.ThroughHash, []);
        differences.Sort((one, other) => one.Key.Hash.CompareTo(other.Key.Hash));
        var (mismatches, bytes) = (new List<MismatchEntry>(), 0);
        foreach (var difference in differences)
        {
            // Keys with one hash are never told apart by a range: an answer ends between two hashes.
            var isFull = mismatches.Count >= request.MaximumMismatches || bytes >= MostContentBytes;
            if (isFull && mismatches.Count > 0 && mismatches[^1].Key.Hash != difference.Key.Hash)
                return Answer(state, request, self, ComparisonOutcome.Compared, mismatches[^1].Key.Hash, mismatches);
            mismatches.Add(Describe(state, difference));
            bytes += mismatches[^1].Content.Length + difference.Key.Bytes.Length;
        }

        return Answer(state, request, self, ComparisonOutcome.Compared, request.ThroughHash, mismatches);
    }

    private static List<Difference> Find(ShardState state, PendingChanges pending, VerificationRequest request)
    {
        var given = new Dictionary<ObjectKey, VerificationEntry>(request.Entries.Count);
        foreach (var entry in request.Entries)
            given[entry.Key] = entry;
        var differences = new List<Difference>();
        foreach (var (key, record) in state.Objects)
        {
            if (BucketDigests.BucketOf(key.Hash) != request.Bucket || key.Hash < request.FromHash || key.Hash > request.ThroughHash)
                continue;
            var isGiven = given.Remove(key, out var entry);
            if (pending.Concern(key) || record.LastSequence > request.MarkerSequence)
                continue;
            if (!isGiven)
                differences.Add(new Difference(MismatchKind.Missing, key, record));
            else if (entry.Checksum != state.ChecksumOf(record))
                differences.Add(new Difference(MismatchKind.Different, key, record));
        }

        foreach (var key in given.Keys)
        {
            if (!pending.Concern(key))
                differences.Add(new Difference(MismatchKind.Extra, key, null));
        }

        return differences;
    }

    // A digest that drifted from its content (this node was a Standby once) would make every Standby look wrong for ever.
    private static void MendDigest(ShardState state, int bucket)
    {
        var computed = state.ComputeDigests(1UL << bucket)[bucket];
        if (computed != state.Digests[bucket])
            state.Digests.Set(bucket, computed);
    }

    private static MismatchEntry Describe(ShardState state, in Difference difference)
    {
        if (difference.Record is not { } record)
            return new MismatchEntry(difference.Kind, difference.Key, 0, 0, default);
        using var content = new ImageWriter();
        state.WriteObject(content, record);
        return new MismatchEntry(
            difference.Kind, difference.Key, state.ChecksumOf(record), record.LastSequence, content.Written.ToArray());
    }

    private static VerificationResponse Answer(
        ShardState state, VerificationRequest request, NodeId self, ComparisonOutcome outcome, ulong throughHash,
        IReadOnlyList<MismatchEntry> mismatches) =>
        new(self, state.Partition, request.MarkerSequence, request.Bucket, request.FromHash, throughHash, outcome, state.AppliedSequence,
            mismatches);
}
