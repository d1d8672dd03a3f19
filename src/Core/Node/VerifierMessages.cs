// What operators ask the verifier for and wait for; its settings, timers and facts. What it says to partitions is in VerificationMessages.
using HotStandby.Core.Cells;
using HotStandby.Core.Verification;
using HotStandby.Messages.Identity;

namespace HotStandby.Core.Node;

/// <summary>How a node verifies.</summary>
public sealed record VerifierSettings
{
    /// <summary>This node.</summary>
    public required NodeId Node { get; init; }

    /// <summary>Whether this node verifies while it is a Standby. It answers the others in any case.</summary>
    public required bool IsEnabled { get; init; }

    /// <summary>From round to round; positive.</summary>
    public required TimeSpan Interval { get; init; }

    /// <summary>Share of the partitions, 0 to 1, that one round compares; at least one partition.</summary>
    public required double Ratio { get; init; }

    /// <summary>Bounds of drill-downs.</summary>
    public required DrillDownSettings DrillDown { get; init; }

    /// <summary>Whether faults may be put into the state of this node.</summary>
    public required bool AreFaultsAllowed { get; init; }
}

/// <summary>
/// Anyone to the verifier of a Standby: compare these partitions with the Primary now. Answered with <see cref="VerifyNowAnswer"/>.
/// </summary>
/// <param name="Partitions">Which; empty: all.</param>
/// <param name="Patience">After so long the answer comes as it is then.</param>
public sealed record VerifyNow(IReadOnlyList<Partition> Partitions, TimeSpan Patience) : ICellMessage;

/// <summary>How one partition compared.</summary>
/// <param name="Partition">Which.</param>
/// <param name="Standing">Unknown: it was not compared in time. Clean, after mismatches: they were repaired.</param>
/// <param name="MarkerSequence">Seq of the last marker that was compared; 0: none.</param>
/// <param name="Keys">Objects that it covered.</param>
/// <param name="Mismatched">Keys that differed.</param>
/// <param name="Repaired">How many of them were repaired.</param>
public sealed record PartitionVerified(
    Partition Partition, PartitionStanding Standing, ulong MarkerSequence, long Keys, int Mismatched, int Repaired);

/// <summary>What came of <see cref="VerifyNow"/>.</summary>
/// <param name="Partitions">By number.</param>
/// <param name="Refusal">Why nothing was compared; null when it was.</param>
public sealed record VerifyNowAnswer(IReadOnlyList<PartitionVerified> Partitions, string? Refusal) : ICellMessage;

/// <summary>The verifier's timer: the next round begins.</summary>
public sealed record RoundDue : ICellMessage
{
    /// <summary>The only one.</summary>
    public static readonly RoundDue Instance = new();
}

/// <summary>The verifier's timer: while an operator waits, points are asked for again.</summary>
public sealed record RunGoesOn : ICellMessage
{
    /// <summary>The only one.</summary>
    public static readonly RunGoesOn Instance = new();
}

/// <summary>Another node speaks of a partition that does not exist here.</summary>
public sealed record PartitionUnknown(NodeId Node, Partition Partition, int Partitions) : Fact;

/// <summary>A marker was computed in another way, and is not compared.</summary>
public sealed record MarkerNotComparable(Partition Partition, ulong Sequence) : Fact;

/// <summary>A partition that differed from the Primary is equal to it again.</summary>
public sealed record PartitionEqualAgain(Partition Partition, ulong Sequence) : Fact;

/// <summary>The comparison of a partition's keys begins again.</summary>
public sealed record ComparisonBeginsAgain(Partition Partition, string Reason) : Fact;

/// <summary>A partition cannot be repaired key by key.</summary>
public sealed record PartitionBeyondRepair(Partition Partition, string Reason) : Fact;

/// <summary>A fault that was asked for was not put in.</summary>
public sealed record FaultRefused(VerifyFault Fault, Partition Partition, string Refusal) : Fact;
