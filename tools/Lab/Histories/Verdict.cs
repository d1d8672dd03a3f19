// What the checker says of a history.
namespace HotStandby.Lab.Histories;

/// <summary>Is there an order that explains every answer?</summary>
internal enum VerdictKind
{
    /// <summary>Yes, for every key.</summary>
    Linearizable,
    /// <summary>No.</summary>
    Violation,
    /// <summary>It was not found out within the bounds.</summary>
    Undecided,
}

/// <summary>The checker's verdict.</summary>
/// <param name="Kind">Yes, no, or not found out.</param>
/// <param name="Key">The key whose calls no order explains, or that was not decided; null when all is well.</param>
/// <param name="Explanation">Why, with those calls of the key that matter as a time line. A sentence when all is well.</param>
internal sealed record Verdict(VerdictKind Kind, string? Key, string Explanation)
{
    /// <summary>Keys that were looked at.</summary>
    public int Keys { get; init; }

    /// <summary>Calls of the history.</summary>
    public int Operations { get; init; }

    /// <summary>Of these, with unknown outcome.</summary>
    public int UnknownOutcomes { get; init; }

    /// <summary>True when every answer is explained.</summary>
    public bool IsLinearizable => Kind == VerdictKind.Linearizable;

    /// <inheritdoc/>
    public override string ToString() =>
        $"{Kind}: {Operations} calls of {Keys} keys, {UnknownOutcomes} with unknown outcome. {Explanation}";
}

/// <summary>Bounds of the checker, and what the model must know of the cluster's settings.</summary>
internal sealed record CheckerSettings
{
    /// <summary>All defaults.</summary>
    public static readonly CheckerSettings Default = new();

    /// <summary>For a whole history; then the verdict is Undecided. Default 30 s.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Configurations of one key that are remembered at once; with more the verdict is Undecided. Default 500,000.</summary>
    public int MaximumConfigurations { get; init; } = 500_000;

    /// <summary>
    /// <c>objects.put-start-discard-timeout</c>: another may start to write a key when its last start is this old. Default 30 s.
    /// </summary>
    public TimeSpan PutStartDiscardTimeout { get; init; } = TimeSpan.FromSeconds(30);
}
