// One span a client call, from its arrival to its answer: made when the answer is written, and only when somebody listens to the source.
// Otherwise a call costs one comparison. It never sees keys or clients.
using System.Diagnostics;
using HotStandby.Mooncake.Generations;

namespace HotStandby.Mooncake.Server;

/// <summary>The spans of the clients' door.</summary>
public static class DoorTraces
{
    /// <summary>The source's name.</summary>
    public const string SourceName = "HotStandby.Mooncake";

    private static readonly ActivitySource Source = new(SourceName);

    /// <summary>A call is answered.</summary>
    /// <param name="rpc">Which function.</param>
    /// <param name="arrivedAt">Timestamp of its arrival, by <paramref name="time"/>.</param>
    /// <param name="time">The door's clock.</param>
    public static void Answered(Rpc rpc, long arrivedAt, TimeProvider time)
    {
        if (!Source.HasListeners())
            return;
        var began = time.GetUtcNow() - time.GetElapsedTime(arrivedAt);
        using var span = Source.StartActivity("call", ActivityKind.Server, default(ActivityContext), null, null, began);
        span?.SetTag("rpc.method", rpc.ToString());
    }
}
