// Counts how often a port cannot take more connections, and logs it once a minute. Called by the port, on any thread.
using HotStandby.Actors.Telemetry;
using HotStandby.Host.Logging;
using Microsoft.Extensions.Logging;

namespace HotStandby.Host.Limits;

/// <summary>The watch over one port.</summary>
/// <param name="door">Its name, in logs and metrics.</param>
/// <param name="log">The node's log.</param>
/// <param name="time">The clock.</param>
internal sealed class DoorWatch(string door, ILogger log, TimeProvider time)
{
    /// <summary>The same thing is said again after this.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private (long Times, long SaidAt) _paused;
    private (long Times, long SaidAt) _full;

    /// <summary>Accepting has paused.</summary>
    public void Paused(string reason)
    {
        NodeMetrics.AcceptPaused(door);
        if (TimesToLog(ref _paused) is var times and > 0)
            HostEvents.AcceptPaused(log, door, times, reason);
    }

    /// <summary>A connection was closed because all places are taken.</summary>
    public void Full(int most)
    {
        NodeMetrics.ConnectionRefused(door);
        if (TimesToLog(ref _full) is var times and > 0)
            HostEvents.DoorFull(log, door, most, times);
    }

    // How often it has happened, when a line is due; else 0.
    private long TimesToLog(ref (long Times, long SaidAt) happened)
    {
        lock (_lock)
        {
            happened.Times++;
            if (happened.Times > 1 && time.GetElapsedTime(happened.SaidAt) < Interval)
                return 0;
            happened.SaidAt = time.GetTimestamp();
            return happened.Times;
        }
    }
}
