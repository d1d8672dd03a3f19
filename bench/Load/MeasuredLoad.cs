// Measures a closed loop on a cluster of this benchmark: what every figure of a rate does.
using System.Globalization;
using HotStandby.Lab.Load;

namespace HotStandby.Bench.Load;

/// <summary>Makes figures of closed loops.</summary>
internal static class MeasuredLoad
{
    /// <summary>The masters to call, one for each caller in turn.</summary>
    /// <param name="cluster">The cluster.</param>
    /// <param name="caller">The caller's number.</param>
    public static MasterSource SourceOf(LoadCluster cluster, int caller)
    {
        var master = cluster.Connections[caller % cluster.Connections.Count];
        return () => ValueTask.FromResult(master);
    }

    /// <summary>Warms up, then measures.</summary>
    /// <param name="name">Of the figure, whose value is objects a second.</param>
    /// <param name="cluster">Where the callers call.</param>
    /// <param name="callers">As many as operations shall be in flight.</param>
    /// <param name="objects">Objects of one operation.</param>
    /// <param name="settings">How long.</param>
    /// <param name="stop">Gives up.</param>
    public static async Task<Figure> MeasureAsync(
        string name, LoadCluster cluster, IReadOnlyList<ICaller> callers, int objects, LoadSettings settings, CancellationToken stop)
    {
        await using var loop = ClosedLoop.Start(callers, countsFailures: false, stop);
        var warm = await loop.WarmUpAsync(settings.WarmUpFor);
        if (warm.Rates.Count > 0)
            await Console.Error.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
                $"{name}: {(warm.IsSteady ? "steady" : "NOT steady")} after {warm.Time.TotalSeconds} s, operations a second before: ")
                + string.Join(' ', warm.Rates.Select(static each => each.ToString("0", CultureInfo.InvariantCulture))));
        GC.Collect();
        var start = ProcessorClock.Read(cluster);
        var measured = await loop.MeasureAsync(settings.Measured);
        stop.ThrowIfCancellationRequested(); // a figure is of the time that was asked for
        var end = ProcessorClock.Read(cluster);
        var seconds = measured.Time.TotalSeconds;
        var conditions = new FigureSettings(
            settings.Nodes, callers.Count, cluster.Connections.Count, objects, warm.Time.TotalSeconds, Math.Round(seconds, 2),
            settings.ExtraHocon);
        return new Figure(
            name, Math.Round(measured.Operations * objects / seconds), "objects/s", measured.P50Microseconds, measured.P99Microseconds,
            measured.P999Microseconds, conditions, end.Since(start, measured.Operations));
    }
}
