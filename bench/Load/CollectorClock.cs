// How often the Primary's garbage collector ran during a measurement, and for how long all of its threads stood still: no call is
// answered meanwhile, whatever the shards do.
using HotStandby.CommandLine.Status;
using HotStandby.Lab.Load;

namespace HotStandby.Bench.Load;

/// <summary>The Primary's collector at one time.</summary>
internal readonly record struct CollectorClock(CollectorView Then)
{
    /// <summary>Reads it.</summary>
    public static async Task<CollectorClock> ReadAsync(LoadCluster cluster, CancellationToken stop) => new(
        (await cluster.StatusAsync(cluster.Primary, stop)).Collector
            ?? throw new LoadFailedException("the Primary says nothing of its collector"));

    /// <summary>
    /// Figures of what it did until <paramref name="end"/>: pauses in all, collections of the oldest generation and of all, the longest of
    /// the last pauses.
    /// </summary>
    public IEnumerable<Figure> Until(CollectorClock end, string name) =>
    [
        Of($"{name}: paused by the collector", Math.Round(end.Then.PausedMilliseconds - Then.PausedMilliseconds, 1), "ms"),
        Of($"{name}: longest of the collector's last pauses", Math.Round(end.Then.LongestRecentPauseMilliseconds, 1), "ms"),
        Of($"{name}: collections", end.Then.Generation0 - Then.Generation0, "collections"),
        Of($"{name}: full collections", end.Then.Generation2 - Then.Generation2, "collections"),
    ];

    private static Figure Of(string name, double value, string unit) => new(name, value, unit, null, null, null, null, null);
}
