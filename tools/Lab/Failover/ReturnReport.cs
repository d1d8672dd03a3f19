// The figures of kills that many clients met, as Markdown for docs/failover-report.md.
using System.Globalization;

namespace HotStandby.Lab.Failover;

/// <summary>A finished series.</summary>
/// <param name="Title">What was tried, in a few words.</param>
/// <param name="Settings">What differs from the defaults; empty: nothing.</param>
/// <param name="Results">All trials, in their order; one at least.</param>
internal sealed record ReturnReport(string Title, string Settings, IReadOnlyList<ReturnResult> Results)
{
    private static readonly double[] Shares = [0.5, 0.99, 1];

    /// <summary>Headings of <see cref="Rows"/>.</summary>
    public static IReadOnlyList<string> Headings { get; } =
        ["", "from the kill, s: median", "p99", "longest", "from service, s: median", "p99", "longest"];

    /// <summary>True when nothing acknowledged was lost.</summary>
    public bool LostNothing => Results.All(static result => result.Lost == 0);

    /// <summary>One row for each thing that clients do.</summary>
    public IReadOnlyList<IReadOnlyList<string>> Rows() =>
    [
        Row("a new Primary serves", static result => [result.Served]),
        Row("first good put of a client", static result => result.FirstPuts),
        Row("first good get", static result => result.FirstGets),
        Row("its segment mounted again", static result => result.Mounted),
    ];

    /// <summary>What the table does not say, a line each.</summary>
    public IReadOnlyList<string> Notes() =>
    [
        $"Calls that failed: {Print(Sum(static result => result.Refusals))}.",
        $"Of these after the new Primary was seen to serve: {Print(Sum(static result => result.RefusalsInService))}.",
        string.Create(
            CultureInfo.InvariantCulture,
            $"Processor time from the kill until all clients were back, for each kill: {Mean(static result => result.NodeProcessor):0.0} s "
            + $"of the two nodes, {Mean(static result => result.ClientProcessor):0.0} s of the clients."),
        string.Create(CultureInfo.InvariantCulture, $"{Results[^1].Writes} acknowledged writes, {Results[^1].Lost} lost."),
    ];

    /// <summary>A chapter of Markdown.</summary>
    public string ToMarkdown() =>
        ReportChapter.Of(Title, Settings, Headings, Rows()).AppendLine().AppendJoin('\n', Notes()).AppendLine().ToString();

    /// <summary>What calls were told, the most frequent first.</summary>
    public static string Print(IReadOnlyDictionary<string, int> refusals) => refusals.Count == 0
        ? "none"
        : string.Join(", ", refusals.OrderByDescending(static pair => pair.Value).Select(static pair => $"{pair.Value} {pair.Key}"));

    private string[] Row(string what, Func<ReturnResult, IReadOnlyList<TimeSpan>> times) =>
        [what, .. Figures(static _ => TimeSpan.Zero, times), .. Figures(static result => result.Served, times)];

    private string[] Figures(Func<ReturnResult, TimeSpan> from, Func<ReturnResult, IReadOnlyList<TimeSpan>> times)
    {
        // A client may be served before it was seen that a node serves.
        double[] sorted = [.. Results.SelectMany(result => times(result), Since).Order()];
        return [.. Shares.Select(share => ReportChapter.Quantile(sorted, share).ToString("0.000", CultureInfo.InvariantCulture))];

        double Since(ReturnResult result, TimeSpan time) => Math.Max(0, (time - from(result)).TotalSeconds);
    }

    private double Mean(Func<ReturnResult, TimeSpan> of) => Results.Average(result => of(result).TotalSeconds);

    private Dictionary<string, int> Sum(Func<ReturnResult, IReadOnlyDictionary<string, int>> of) => Results.SelectMany(result => of(result))
        .GroupBy(static pair => pair.Key).ToDictionary(static kind => kind.Key, static kind => kind.Sum(static pair => pair.Value));
}
