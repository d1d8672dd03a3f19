// The figures of a series of trials, as Markdown for docs/failover-report.md: by kind of fault the distribution of the gap, and what was
// lost.
using System.Globalization;

namespace HotStandby.Lab.Failover;

/// <summary>A finished series.</summary>
/// <param name="Title">What was tried, in a few words.</param>
/// <param name="Settings">What differs from the defaults; empty: nothing.</param>
/// <param name="Results">All trials, in their order.</param>
internal sealed record FailoverReport(string Title, string Settings, IReadOnlyList<TrialResult> Results)
{
    /// <summary>True when nothing acknowledged was lost.</summary>
    public bool LostNothing => Results.All(static result => result.Lost == 0);

    /// <summary>One row a kind of fault: headings first.</summary>
    public IReadOnlyList<IReadOnlyList<string>> Rows() =>
    [
        .. Results.GroupBy(static result => result.Kind).Select(static kind =>
        {
            var gaps = kind.Select(static result => result.Gap.TotalSeconds).Order().ToArray();
            return (IReadOnlyList<string>)
            [
                NameOf(kind.Key), Number(gaps.Length, "0"), Number(gaps[0], "0.000"), Number(ReportChapter.Quantile(gaps, 0.5), "0.000"),
                Number(ReportChapter.Quantile(gaps, 0.99), "0.000"),
                Number(gaps[^1], "0.000"), Number(kind.Sum(static result => result.Writes), "0"),
                Number(kind.Sum(static result => result.Lost), "0"),
                Number(kind.Max(static result => result.LostFor.TotalSeconds), "0.000"),
            ];
        }),
    ];

    /// <summary>Headings of <see cref="Rows"/>.</summary>
    public static IReadOnlyList<string> Headings { get; } =
        ["the Primary was", "trials", "RTO least, s", "median", "p99", "longest", "writes acknowledged", "lost", "RPO, s"];

    /// <summary>A chapter of Markdown.</summary>
    public string ToMarkdown() => ReportChapter.Of(Title, Settings, Headings, Rows()).ToString();

    private static string NameOf(FailoverKind kind) => kind switch
    {
        FailoverKind.Kill => "killed with -9",
        FailoverKind.Switch => "terminated (SIGTERM)",
        FailoverKind.Freeze => "frozen (SIGSTOP)",
        FailoverKind.Partition => "cut off from the other nodes",
        _ => kind.ToString(),
    };

    private static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
