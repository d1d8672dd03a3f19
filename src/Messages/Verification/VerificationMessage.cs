// What verifiers of two nodes say to each other. Encoded by VerificationCodec; the order of things stands in docs/protocol.md,
// "Verification". A node that does not lead answers none of them.
using HotStandby.Messages.Identity;

namespace HotStandby.Messages.Verification;

/// <summary>Any message between verifiers.</summary>
/// <param name="From">The sender.</param>
/// <param name="Partition">What is compared.</param>
public abstract record VerificationMessage(NodeId From, Partition Partition);

/// <summary>Standby to Primary: place a marker with your digests in the log. Answered by the marker itself, to all Standbys.</summary>
/// <param name="From">The Standby.</param>
/// <param name="Partition">Of which partition.</param>
public sealed record VerificationPointRequest(NodeId From, Partition Partition) : VerificationMessage(From, Partition);

/// <summary>An object as a Standby holds it.</summary>
/// <param name="Key">Its key; all eight bytes of its hash are the prefix hash.</param>
/// <param name="Checksum">Of everything that is replicated of it; leases and pin deadlines are left out.</param>
/// <param name="LastSequence">Seq of the entry that changed it last; 0 when that is not known any more (it came with a checkpoint).</param>
public readonly record struct VerificationEntry(ObjectKey Key, ulong Checksum, ulong LastSequence);

/// <summary>Standby to Primary: all that I held in this range of one bucket when I had applied the marker.</summary>
/// <param name="From">The Standby.</param>
/// <param name="Partition">Which shard.</param>
/// <param name="MarkerSequence">Seq of the marker at which the bucket differed.</param>
/// <param name="Bucket">Which bucket; every key of it is in the range by its hash.</param>
/// <param name="FromHash">Lowest key hash of the range.</param>
/// <param name="ThroughHash">Highest key hash of the range.</param>
/// <param name="MaximumMismatches">Most mismatches in one answer, at least 1; the answer says how far it came.</param>
/// <param name="RepairThreshold">With more missing and different keys than this, answer
/// <see cref="ComparisonOutcome.NeedFullSync"/>.</param>
/// <param name="Entries">The objects, each once.</param>
public sealed record VerificationRequest(
    NodeId From, Partition Partition, ulong MarkerSequence, byte Bucket, ulong FromHash, ulong ThroughHash, int MaximumMismatches,
    int RepairThreshold, IReadOnlyList<VerificationEntry> Entries) : VerificationMessage(From, Partition);

/// <summary>How a comparison ended.</summary>
public enum ComparisonOutcome : byte
{
    /// <summary>The range was compared as far as the answer says.</summary>
    Compared = 1,
    /// <summary>Not now: an entry that touches many objects is not committed yet. Ask for another verification point.</summary>
    Busy = 2,
    /// <summary>Too many differences to repair one by one.</summary>
    NeedFullSync = 3,
}

/// <summary>What is wrong with a key on the Standby.</summary>
public enum MismatchKind : byte
{
    /// <summary>The Primary holds it, the Standby does not.</summary>
    Missing = 1,
    /// <summary>The Standby holds it, the Primary does not.</summary>
    Extra = 2,
    /// <summary>Both hold it, with different content.</summary>
    Different = 3,
}

/// <summary>A key on which the two did not agree.</summary>
/// <param name="Kind">How.</param>
/// <param name="Key">The key.</param>
/// <param name="Checksum">The Primary's; 0 for an extra key.</param>
/// <param name="LastSequence">The Primary's: no entry behind this seq has changed the object; 0 when not known, and for an extra
/// key.</param>
/// <param name="Content">The whole object as bytes, for the repair; empty for an extra key.</param>
public sealed record MismatchEntry(MismatchKind Kind, ObjectKey Key, ulong Checksum, ulong LastSequence, ReadOnlyMemory<byte> Content);

/// <summary>Primary to Standby: what differs in the range, as of a seq.</summary>
/// <param name="From">The Primary.</param>
/// <param name="Partition">As given.</param>
/// <param name="MarkerSequence">As given.</param>
/// <param name="Bucket">As given.</param>
/// <param name="FromHash">As given.</param>
/// <param name="ThroughHash">So far the answer goes; up to the end of the range that was asked for.</param>
/// <param name="Outcome">How it ended; there are mismatches only with <see cref="ComparisonOutcome.Compared"/>.</param>
/// <param name="AppliedSequence">The state is that after this committed entry of the partition.</param>
/// <param name="Mismatches">By ascending hash; among them may be keys that an entry between the marker and that seq has changed.</param>
public sealed record VerificationResponse(
    NodeId From, Partition Partition, ulong MarkerSequence, byte Bucket, ulong FromHash, ulong ThroughHash, ComparisonOutcome Outcome,
    ulong AppliedSequence, IReadOnlyList<MismatchEntry> Mismatches) : VerificationMessage(From, Partition);
