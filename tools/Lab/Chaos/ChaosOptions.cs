// What a chaos run is told, and what it reports.
namespace HotStandby.Lab.Chaos;

/// <summary>How to run.</summary>
/// <param name="Duration">Of the faults and the load; what heals and checks afterwards comes on top.</param>
/// <param name="Seed">Decides the schedule and the load.</param>
/// <param name="Nodes">3 to 9.</param>
/// <param name="Kinds">At least one; all of them can be injected here.</param>
internal sealed record ChaosOptions(TimeSpan Duration, ulong Seed, int Nodes, IReadOnlyList<FaultKind> Kinds)
{
    /// <summary>History and audit are checked and dropped in pieces of this length.</summary>
    public TimeSpan Slice { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>From the end of a step's faults to service.</summary>
    public TimeSpan RecoveryPatience { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// For how long clients may find no service at all: the longest faults of a step, one after the other, and the recovery.
    /// </summary>
    public TimeSpan Patience => RecoveryPatience + FaultSchedule.LongestFault + FaultSchedule.LongestFault;
}

/// <summary>What came out.</summary>
/// <param name="Steps">Of the schedule.</param>
/// <param name="Faults">How many of each kind.</param>
/// <param name="Reigns">Nodes that were seen to serve, one after the other.</param>
/// <param name="Acknowledged">Audited writes.</param>
/// <param name="FreshReads">Answered reads of what had just been acknowledged.</param>
/// <param name="LongestGap">Without an acknowledged write.</param>
/// <param name="Histories">Recorded calls, of which all answers are explained unless there are violations.</param>
/// <param name="Violations">Empty when all is as it should be.</param>
internal sealed record ChaosReport(
    int Steps, IReadOnlyDictionary<FaultKind, int> Faults, int Reigns, long Acknowledged, long FreshReads, TimeSpan LongestGap,
    HistoryTotals Histories, IReadOnlyList<string> Violations);
