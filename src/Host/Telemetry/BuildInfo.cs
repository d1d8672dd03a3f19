// What runs here: version, node and cluster, and since when.
using System.Diagnostics;
using System.Reflection;

namespace HotStandby.Host.Telemetry;

/// <summary>What runs here.</summary>
/// <param name="Node">The node-id.</param>
/// <param name="ClusterId">The cluster-id.</param>
internal sealed record BuildInfo(string Node, string ClusterId)
{
    private static readonly long Known = Stopwatch.GetTimestamp();
    private static readonly TimeSpan Before = SinceStart();

    /// <summary>The program's version.</summary>
    public static string Version { get; } =
        (typeof(BuildInfo).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "").Split('+')[0];

    /// <summary>Since the process was started; steps of the wall clock do not change it.</summary>
    public static TimeSpan Uptime => Before + Stopwatch.GetElapsedTime(Known);

    /// <summary>As labels. Not <c>cluster</c>: that is what a scrape calls the cluster.</summary>
    public IReadOnlyList<KeyValuePair<string, object?>> Labels =>
        [new("version", Version), new("node", Node), new("cluster_id", ClusterId)];

    private static TimeSpan SinceStart()
    {
        using var process = Process.GetCurrentProcess();
        var since = DateTime.Now - process.StartTime;
        return since > TimeSpan.Zero ? since : TimeSpan.Zero;
    }
}
