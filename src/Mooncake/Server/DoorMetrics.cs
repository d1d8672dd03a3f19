// What the door counts. Instruments of the runtime's own metrics; whoever exports them listens to the meter's name.
using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using HotStandby.Messages.Calls;
using HotStandby.Mooncake.Generations;

namespace HotStandby.Mooncake.Server;

/// <summary>Counters of the clients' door.</summary>
public sealed class DoorMetrics : IDisposable
{
    /// <summary>The meter's name.</summary>
    public const string MeterName = "HotStandby.Mooncake";

    /// <summary>Why frames are refused: all reasons.</summary>
    internal static readonly string[] Reasons =
        [Malformed, TooLarge, UnknownFunction, InvalidArguments, FrameProgress.Busy, FrameProgress.Unfinished];

    internal const string Malformed = "malformed";
    internal const string TooLarge = "too large";
    internal const string UnknownFunction = "unknown function";
    internal const string InvalidArguments = "invalid arguments";

    private static readonly ConcurrentDictionary<DoorMetrics, byte> Open = new();

    private readonly Meter _meter = new(MeterName);
    private readonly Counter<long> _refused;
    private readonly Counter<long> _calls;
    private readonly Counter<long> _abandoned;
    private readonly CallMetrics _answered;

    /// <summary>Creates the instruments.</summary>
    public DoorMetrics()
    {
        _refused = _meter.CreateCounter<long>("hotstandby_refused_frames", "{frame}", "Frames that were not taken, by reason");
        _calls = _meter.CreateCounter<long>("hotstandby_client_calls", "{call}", "Calls taken");
        _abandoned = _meter.CreateCounter<long>(
            "hotstandby_abandoned_connections", "{connection}", "Connections closed because an outcome stayed unknown");
        _answered = new CallMetrics(_meter);
        Open.TryAdd(this, 0);
    }

    /// <summary>
    /// An exporter has begun to listen: makes the counters of every open port appear with 0, since a rise from nothing is no rise.
    /// </summary>
    public static void ShowZeros()
    {
        foreach (var door in Open.Keys)
        {
            foreach (var reason in Reasons)
                door._refused.Add(0, new KeyValuePair<string, object?>("reason", reason));
            door._calls.Add(0);
            door._abandoned.Add(0);
            door._answered.ShowZeros();
        }
    }

    /// <summary>A call is answered.</summary>
    /// <param name="rpc">Which function.</param>
    /// <param name="call">The call.</param>
    /// <param name="took">From its arrival to its answer.</param>
    public void Answered(Rpc rpc, MasterCall call, TimeSpan took) => _answered.Answered(rpc, call, took);

    /// <summary>A frame was refused.</summary>
    public void Refused(string reason) => _refused.Add(1, new KeyValuePair<string, object?>("reason", reason));

    /// <summary>A call was taken.</summary>
    public void Taken() => _calls.Add(1);

    /// <summary>A connection was closed because an outcome stayed unknown.</summary>
    public void Abandoned() => _abandoned.Add(1);

    /// <inheritdoc/>
    public void Dispose()
    {
        Open.TryRemove(this, out _);
        _meter.Dispose();
    }
}
