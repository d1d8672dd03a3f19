// What a node's verifier and its partitions say to each other. None of these leaves the process; what does is in Messages.Verification.
//
//   Standby                                   Primary
//   verifier ──VerificationPointRequest──►    verifier ──ProposeVerificationMarker──► partition ──► the log
//   partition, applying the marker: ──PartitionCompared──► verifier
//   shard ──DrillDownAsks──► verifier ──VerificationRequest──► verifier ──► shard ──VerificationResponse──► verifier ──► shard
//   shard ──DrillDownEnded──► verifier
using HotStandby.Core.Cells;
using HotStandby.Core.Verification;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Verification;

namespace HotStandby.Core.Partitions;

/// <summary>Verifier to partition, once: from now on it hears of comparisons.</summary>
/// <param name="Node">This node.</param>
/// <param name="Settings">Bounds of drill-downs; null: this node compares nothing.</param>
public sealed record VerifierIs(NodeId Node, DrillDownSettings? Settings) : ICellMessage;

/// <summary>Verifier to a partition of the Primary: propose a marker. A partition that does not lead is silent.</summary>
public sealed record ProposeVerificationMarker : ICellMessage
{
    /// <summary>The only one.</summary>
    public static readonly ProposeVerificationMarker Instance = new();
}

/// <summary>Partition to verifier: a marker was compared.</summary>
/// <param name="Partition">Which partition.</param>
/// <param name="MarkerSequence">Seq of the marker.</param>
/// <param name="Verdict">What came of it.</param>
/// <param name="Keys">Objects, parked puts and the like that it covered.</param>
public sealed record PartitionCompared(Partition Partition, ulong MarkerSequence, MarkerVerdict Verdict, long Keys)
    : ICellMessage;

/// <summary>Shard to verifier: ask the Primary this.</summary>
public sealed record DrillDownAsks(VerificationRequest Request) : ICellMessage;

/// <summary>Shard to verifier: a part of a drill-down is done.</summary>
/// <param name="Partition">Which shard.</param>
/// <param name="Mismatched">Mismatches found since the last of these.</param>
/// <param name="Repaired">How many of them were repaired.</param>
public sealed record MismatchesFound(Partition Partition, int Mismatched, int Repaired) : ICellMessage;

/// <summary>Shard to verifier: a drill-down has ended.</summary>
/// <param name="Partition">Which shard.</param>
/// <param name="State">How.</param>
/// <param name="Reason">Why it was not finished.</param>
public sealed record DrillDownEnded(Partition Partition, DrillDownState State, string Reason) : ICellMessage;

/// <summary>Verifier to shard: the drill-down is not answered; forget it.</summary>
public sealed record AbandonDrillDown : ICellMessage
{
    /// <summary>The only one.</summary>
    public static readonly AbandonDrillDown Instance = new();
}

/// <summary>Verifier to the node: this partition cannot be repaired key by key.</summary>
/// <param name="Partition">Which.</param>
/// <param name="Reason">For people.</param>
public sealed record PartitionNeedsFullSync(Partition Partition, string Reason) : ICellMessage;

/// <summary>Anyone to the verifier: report. Answered with <see cref="VerificationReport"/>.</summary>
public sealed record ReportVerification : ICellMessage
{
    /// <summary>The only one.</summary>
    public static readonly ReportVerification Instance = new();
}

/// <summary>What a node has verified since its start.</summary>
/// <param name="IsEnabled">Whether it verifies while it is a Standby.</param>
/// <param name="Counts">Sums.</param>
/// <param name="LastCycleAgeMilliseconds">Since the last full cycle was complete; null before the first.</param>
/// <param name="IsClean">False: a partition differed when it was compared last. Null: none did, but not all have been compared yet.</param>
/// <param name="Unclean">The partitions that differed.</param>
public sealed record VerificationReport(
    bool IsEnabled, VerificationCounts Counts, long? LastCycleAgeMilliseconds, bool? IsClean, IReadOnlyList<Partition> Unclean)
    : ICellMessage;

/// <summary>Anyone to the verifier, and it to a shard: put a fault into your state. Answered with <see cref="FaultInjected"/>.</summary>
/// <param name="Partition">Which shard.</param>
/// <param name="Fault">What.</param>
public sealed record InjectFault(Partition Partition, VerifyFault Fault) : ICellMessage;

/// <summary>What came of <see cref="InjectFault"/>.</summary>
/// <param name="Affected">Things that are wrong now.</param>
/// <param name="Refusal">Why nothing was done; null when it was.</param>
public sealed record FaultInjected(int Affected, string? Refusal) : ICellMessage;
