// What the reports of docs/failover-report.md have in common: the shape of a chapter, and how a quantile is taken.
using System.Globalization;
using System.Text;

namespace HotStandby.Lab.Failover;

/// <summary>Parts of a report.</summary>
internal static class ReportChapter
{
    /// <summary>A chapter of Markdown: title, settings, table.</summary>
    /// <param name="title">What was tried, in a few words.</param>
    /// <param name="settings">What differs from the defaults; empty: nothing.</param>
    /// <param name="headings">Of the table's columns.</param>
    /// <param name="rows">A cell for each heading.</param>
    public static StringBuilder Of(
        string title, string settings, IReadOnlyList<string> headings, IReadOnlyList<IReadOnlyList<string>> rows)
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"## {title}").AppendLine();
        if (settings.Length > 0)
            text.AppendLine("```hocon").AppendLine(settings.Trim()).AppendLine("```").AppendLine();
        text.AppendLine($"| {string.Join(" | ", headings)} |");
        text.AppendLine($"|{string.Concat(headings.Select(static _ => "---|"))}");
        foreach (var row in rows)
            text.AppendLine($"| {string.Join(" | ", row)} |");
        return text;
    }

    /// <summary>The nearest rank: the p99 of fifty figures is the largest of them.</summary>
    /// <param name="sorted">Ascending; one at least.</param>
    /// <param name="share">Above 0, 1 at most.</param>
    public static double Quantile(double[] sorted, double share) => sorted[(int)Math.Ceiling(share * sorted.Length) - 1];
}
