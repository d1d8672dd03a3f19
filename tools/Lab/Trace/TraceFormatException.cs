namespace HotStandby.Lab.Trace;

/// <summary>A line of a trace file that is not what the format says.</summary>
/// <param name="line">Its number, from 1.</param>
/// <param name="reason">What is wrong with it.</param>
internal sealed class TraceFormatException(long line, string reason) : Exception($"line {line}: {reason}")
{
    /// <summary>The line's number, from 1.</summary>
    public long Line { get; } = line;

    /// <summary>What is wrong with it.</summary>
    public string Reason { get; } = reason;
}
