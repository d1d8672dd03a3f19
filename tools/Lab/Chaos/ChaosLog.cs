// What a chaos run says while it runs: one line an event with its time, and the violations, which decide how the run ends. The same lines
// go into a file beside the nodes' logs.
using System.Diagnostics;
using System.Globalization;

namespace HotStandby.Lab.Chaos;

/// <summary>The record of a run. Safe for use by many threads.</summary>
/// <param name="output">Where the lines go.</param>
/// <param name="file">The copy.</param>
internal sealed class ChaosLog(TextWriter output, string file)
{
    private const int MostKept = 100;

    private readonly Lock _lock = new();
    private readonly long _began = Stopwatch.GetTimestamp();
    private readonly List<string> _violations = [];

    /// <summary>Since the run began.</summary>
    public TimeSpan Elapsed => Stopwatch.GetElapsedTime(_began);

    /// <summary>What must not have happened; the first hundred.</summary>
    public IReadOnlyList<string> Violations
    {
        get
        {
            lock (_lock)
                return [.. _violations];
        }
    }

    /// <summary>Something happened.</summary>
    public void Event(string text)
    {
        var line = string.Create(CultureInfo.InvariantCulture, $"{DateTime.UtcNow:HH:mm:ss.fff} +{Elapsed.TotalSeconds:0.0}s {text}");
        lock (_lock)
        {
            output.WriteLine(line);
            output.Flush();
            File.AppendAllText(file, line + '\n');
        }
    }

    /// <summary>Something happened that must not.</summary>
    public void Violation(string text)
    {
        lock (_lock)
        {
            if (_violations.Count < MostKept)
                _violations.Add(text);
        }
        Event($"VIOLATION: {text}");
    }
}
