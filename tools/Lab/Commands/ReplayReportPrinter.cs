// A replay's report as tables.
using System.Globalization;
using HotStandby.CommandLine;
using HotStandby.Lab.Replay;

namespace HotStandby.Lab.Commands;

/// <summary>Prints replay reports.</summary>
internal static class ReplayReportPrinter
{
    private static readonly string[] FigureHeadings = ["figure", "value"];
    private static readonly string[] LatencyHeadings = ["call", "calls", "p50", "p99", "p99.9", "max"];
    private static readonly string[] ErrorHeadings = ["error", "code", "times"];

    public static void Print(Terminal terminal, ReplayReport report)
    {
        terminal.WriteTable("Replay", FigureHeadings, Figures(report));
        terminal.WriteTable("Latency in ms", LatencyHeadings,
            [.. report.Latencies.Select(pair => (IReadOnlyList<string>)[
                pair.Key.ToString(), Number(pair.Value.Calls), Milliseconds(pair.Value.MedianMicroseconds),
                Milliseconds(pair.Value.P99Microseconds),
                Milliseconds(pair.Value.P999Microseconds), Milliseconds(pair.Value.MaximumMicroseconds)])]);
        if (report.Errors.Count > 0)
            terminal.WriteTable("Errors", ErrorHeadings,
                [.. report.Errors.Select(pair => (IReadOnlyList<string>)[pair.Key.ToString(), Number((int)pair.Key), Number(pair.Value)])]);
    }

    private static List<IReadOnlyList<string>> Figures(ReplayReport report) =>
    [
        ["requests", Number(report.Requests)],
        ["block hits", Number(report.Hits)],
        ["block misses", Number(report.Misses)],
        ["hit rate", string.Create(CultureInfo.InvariantCulture, $"{report.HitRate:P2}")],
        ["misses stored", Number(report.Stored)],
        ["misses being written by another", Number(report.WrittenByAnother)],
        ["misses not stored", Number(report.NotStored)],
        ["operations", Number(report.Operations)],
        ["operations/s", string.Create(CultureInfo.InvariantCulture, $"{report.OperationsPerSecond:0}")],
        ["retries", Number(report.Retries)],
        ["duration", Seconds(report.Duration)],
        ["longest gap without service", $"{Seconds(report.LongestGap)}, at {Seconds(report.LongestGapAt)}"],
    ];

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Milliseconds(long microseconds) => string.Create(CultureInfo.InvariantCulture, $"{microseconds / 1000.0:0.000}");

    private static string Seconds(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.000} s");
}
