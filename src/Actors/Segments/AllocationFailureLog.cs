// Counts why puts found no memory, and says so in the log: once a second at most, since a writer that finds none asks again and again.
using Akka.Event;
using HotStandby.Actors.Gateway;
using HotStandby.Actors.Telemetry;
using HotStandby.Core.Segments;

namespace HotStandby.Actors.Segments;

/// <summary>The account of NO_AVAILABLE_HANDLE.</summary>
internal sealed class AllocationFailureLog(ILoggingAdapter log, TimeProvider time)
{
    private long _notBeforeTicks = long.MinValue;
    private long _sinceLastLine;

    /// <summary>A put found no memory.</summary>
    public void Note(in AllocationFailure failure)
    {
        NodeMetrics.FoundNoMemory(failure.Cause);
        _sinceLastLine++;
        var now = time.NowTicks();
        if (now < _notBeforeTicks)
            return;
        log.Warning(
            "No memory for {Failures} puts, the last of {LengthBytes} bytes: {Cause} ({FreeBytes} bytes free, {LargestFreeBytes} in one piece, {MissingNames} segment names missing)",
            _sinceLastLine, failure.LengthBytes, failure.Cause, failure.FreeBytes, failure.LargestFreeBytes, failure.MissingNames);
        (_notBeforeTicks, _sinceLastLine) = (now + TimeSpan.TicksPerSecond, 0);
    }
}
