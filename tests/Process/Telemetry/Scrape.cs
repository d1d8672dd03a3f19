// What a node answers to /metrics, taken apart: families with their samples.
using System.Globalization;
using System.Text.RegularExpressions;
using HotStandby.Lab.Cluster;

namespace HotStandby.Tests.Process.Telemetry;

/// <summary>One scrape.</summary>
/// <param name="Samples">Value by series, as <c>name{labels}</c>.</param>
/// <param name="Families">Every name that a TYPE line announces, with its type.</param>
internal sealed partial record Scrape(IReadOnlyDictionary<string, double> Samples, IReadOnlyDictionary<string, string> Families)
{
    private static readonly HttpClient Http = new() { Timeout = Deadline.Step };

    public static async Task<Scrape> OfAsync(LocalNode node, CancellationToken stop) =>
        Parse(await Http.GetStringAsync(new Uri($"http://{node.HttpAddress}/metrics"), stop));

    public static Scrape Parse(string text)
    {
        var samples = new Dictionary<string, double>();
        var families = new Dictionary<string, string>();
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (TypeLine().Match(line) is { Success: true } type)
                families[type.Groups[1].Value] = type.Groups[2].Value;
            else if (SampleLine().Match(line) is { Success: true } sample)
                samples[sample.Groups[1].Value] = double.Parse(sample.Groups[2].Value, CultureInfo.InvariantCulture);
            else
                Assert.StartsWith("#", line, StringComparison.Ordinal);
        }

        return new Scrape(samples, families);
    }

    /// <summary>The sum of the series of this name whose labels contain these words; 0 when there are none.</summary>
    public double this[string name, string labels = ""] => Samples
        .Where(sample => NameOf(sample.Key) == name && sample.Key.Contains(labels, StringComparison.Ordinal))
        .Sum(sample => sample.Value);

    /// <summary>The name of a series.</summary>
    public static string NameOf(string series) => series.Split('{')[0];

    [GeneratedRegex(@"^# TYPE (\S+) (\S+)$")]
    private static partial Regex TypeLine();

    // A label's value may have spaces and braces; a time stamp may follow.
    [GeneratedRegex(@"^([A-Za-z_:][\w:]*(?:\{.*\})?) (\S+)(?: \d+)?$")]
    private static partial Regex SampleLine();
}
