// Latencies of one kind of call during one phase. What ClosedLoop keeps for itself, for benchmarks in which callers differ.
using System.Diagnostics;
using HdrHistogram;

namespace HotStandby.Bench.Load;

/// <summary>A histogram of microseconds, and the exact maximum. One writer at a time.</summary>
internal sealed class Latencies
{
    private const long HighestMicroseconds = 60_000_000;

    private readonly LongHistogram _histogram = new(1, HighestMicroseconds, 3);

    /// <summary>The slowest, in microseconds.</summary>
    public long Maximum { get; private set; }

    /// <summary>How many.</summary>
    public long Count => _histogram.TotalCount;

    /// <summary>Something that began then has ended.</summary>
    public void Since(long beganTimestamp)
    {
        var microseconds = Math.Clamp((long)Stopwatch.GetElapsedTime(beganTimestamp).TotalMicroseconds, 1, HighestMicroseconds);
        _histogram.RecordValue(microseconds);
        Maximum = Math.Max(Maximum, microseconds);
    }

    /// <summary>A figure whose value is the maximum.</summary>
    public Figure ToFigure(string name, FigureSettings? settings = null, Observation? observed = null) => new(
        name, Maximum, "us, maximum", _histogram.GetValueAtPercentile(50), _histogram.GetValueAtPercentile(99),
        _histogram.GetValueAtPercentile(99.9), settings, observed);
}
