// A metric of the node's state, as it is now: a function from the sample to its series. Nothing remembers a series, so there are exactly
// those that there are, however many came and went. OpenTelemetry's instruments keep every label value that they have ever seen, and put
// one overflow series in the place of all when it is too many.
using System.Buffers;
using System.Globalization;
using System.Text;

namespace HotStandby.Host.Telemetry;

/// <summary>One series of a family.</summary>
/// <param name="Label">Value of the family's label; null where it has none.</param>
/// <param name="Value">Its value now.</param>
internal readonly record struct Series(string? Label, double Value);

/// <summary>A metric with all its series.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Description">One line.</param>
/// <param name="Label">Name of its label; null: it has none, and at most one series.</param>
/// <param name="Of">Its series in a sample.</param>
internal sealed record MetricFamily(string Name, string Description, string? Label, Func<NodeSample, IEnumerable<Series>> Of)
{
    /// <summary>It only grows, until the process ends.</summary>
    public bool IsCounter { get; init; }

    /// <summary>Labels that every series has with the same value.</summary>
    public IReadOnlyList<KeyValuePair<string, object?>> Constant { get; init; } = [];

    /// <summary>Writes families in Prometheus' text format; those without a series are left out.</summary>
    public static void Write(IBufferWriter<byte> output, IEnumerable<MetricFamily> families, NodeSample sample)
    {
        var text = new StringBuilder();
        foreach (var family in families)
        {
            family.Append(text, sample);
            // Surrogates without their other half become replacement characters.
            Encoding.UTF8.GetBytes(text.ToString(), output);
            text.Clear();
        }
    }

    private void Append(StringBuilder text, NodeSample sample)
    {
        var isFirst = true;
        foreach (var series in Of(sample))
        {
            if (isFirst)
                text.Append(CultureInfo.InvariantCulture, $"# TYPE {Name} {(IsCounter ? "counter" : "gauge")}\n")
                    .Append(CultureInfo.InvariantCulture, $"# HELP {Name} {Escaped(Description, quotes: false)}\n");
            isFirst = false;
            text.Append(Name).Append('{');
            if (Label is not null)
                text.Append(CultureInfo.InvariantCulture, $"{Label}=\"{Escaped(series.Label ?? "", quotes: true)}\"");
            text.AppendJoin(',', Constant.Select(static label => $"{label.Key}=\"{Escaped($"{label.Value}", quotes: true)}\""));
            text.Append("} ").Append(TextOf(series.Value)).Append('\n');
        }
    }

    private static string TextOf(double value) =>
        double.IsPositiveInfinity(value) ? "+Inf"
        : double.IsNegativeInfinity(value) ? "-Inf"
        : value.ToString("R", CultureInfo.InvariantCulture);

    private static string Escaped(string text, bool quotes)
    {
        var escaped = text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
        return quotes ? escaped.Replace("\"", "\\\"", StringComparison.Ordinal) : escaped;
    }
}
