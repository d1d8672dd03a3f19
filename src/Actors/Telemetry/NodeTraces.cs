// Spans of what took this node time: a batch until its commit, a failover with its phases. Made afterwards, from measured times, and only
// when somebody listens to the source: otherwise a call costs one comparison.
using System.Diagnostics;

namespace HotStandby.Actors.Telemetry;

/// <summary>The spans of the node in this process.</summary>
public static class NodeTraces
{
    /// <summary>The source's name.</summary>
    public const string SourceName = "HotStandby";

    private static readonly ActivitySource Source = new(SourceName);

    /// <summary>The commit has advanced on the Primary: one span from the oldest proposal on.</summary>
    /// <param name="sequence">Everything up to here is committed.</param>
    /// <param name="waitedTicks">For how long its oldest entry has waited, in units of 100 ns; 0 when none has.</param>
    public static void Committed(ulong sequence, long waitedTicks)
    {
        if (!Source.HasListeners() || waitedTicks <= 0)
            return;
        using var span = Past("batch", DateTimeOffset.UtcNow, waitedTicks);
        span?.SetTag("hotstandby.sequence", sequence);
    }

    /// <summary>This node serves: one span from the last word of the leader before it, or from where it became a candidate.</summary>
    /// <param name="cause">Why it was promoted.</param>
    /// <param name="epoch">The epoch that it opens.</param>
    /// <param name="tookTicks">In units of 100 ns.</param>
    public static void FailedOver(string cause, ulong epoch, long tookTicks)
    {
        if (!Source.HasListeners())
            return;
        using var span = Past("failover", DateTimeOffset.UtcNow, tookTicks);
        span?.SetTag("hotstandby.cause", cause).SetTag("hotstandby.epoch", epoch);
    }

    // No actor runs inside another span: each begins a trace.
    private static Activity? Past(string name, DateTimeOffset now, long tookTicks) => Source.StartActivity(
        name, ActivityKind.Internal, default(ActivityContext), null, null, now - TimeSpan.FromTicks(tookTicks));
}
