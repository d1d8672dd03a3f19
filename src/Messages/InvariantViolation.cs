namespace HotStandby.Messages;

/// <summary>
/// An invariant of docs/protocol.md is broken. It is never caught on the way: the process ends with its documented exit
/// code, its supervisor restarts it, its peers carry on.
/// </summary>
/// <param name="number">Number of the invariant in docs/protocol.md (1 to 9).</param>
/// <param name="facts">What was seen.</param>
public sealed class InvariantViolation(int number, string facts) : Exception($"invariant {number} is broken: {facts}")
{
    /// <summary>Number of the invariant in docs/protocol.md.</summary>
    public int Number { get; } = number;
}
