// failover: from a kill -9 of the Primary of a full cluster to the moment at which another node serves, and how much of that is the new
// Primary's opening: what may grow with the number of objects.
using System.Diagnostics;
using System.Runtime.CompilerServices;
using HotStandby.Bench.Load;
using HotStandby.Lab.Cluster;
using HotStandby.Lab.Load;

namespace HotStandby.Bench;

internal static class FailoverBench
{
    public static readonly Benchmark Benchmark = new(
        "failover", "seconds from a kill -9 of the Primary to the next one that serves, by the number of objects", MeasureAsync);

    private const int Kills = 5;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(5);

    private static async IAsyncEnumerable<Figure> MeasureAsync(LoadSettings settings, [EnumeratorCancellation] CancellationToken stop)
    {
        if (settings.Nodes < 3)
            throw new LoadFailedException("a failover needs three nodes");
        foreach (var objects in settings.ObjectsOr(10_000, 1_000_000))
        {
            await using var cluster = await LoadCluster.StartAsync(settings, LoadSettings.MaximumConnections, stop);
            await NumberedWriter.FillAsync(cluster, objects, stop);
            var (primary, served, opened) = (cluster.Primary, new List<double>(), new List<double>());
            for (var kill = 0; kill < Kills; kill++)
            {
                await cluster.WaitForAgreementAsync(stop);
                var (next, serving, opening) = await KillAsync(cluster, primary, stop);
                served.Add(serving);
                opened.Add(opening);
                primary.Start();
                primary = next;
            }

            yield return Seconds($"failover: {objects:N0} objects: kill -9 to serving, median of {Kills}", Median(served));
            yield return Seconds($"failover: {objects:N0} objects: kill -9 to serving, longest", served.Max());
            yield return Seconds($"failover: {objects:N0} objects: of that seen opening, longest", opened.Max());
        }
    }

    private static async Task<(LocalNode Next, double Serving, double Opening)> KillAsync(
        LoadCluster cluster, LocalNode primary, CancellationToken stop)
    {
        var others = cluster.Nodes.Where(node => node != primary).ToArray();
        var killed = Stopwatch.GetTimestamp();
        primary.Send(NodeSignal.Kill);
        await primary.WaitForExitAsync(stop);
        TimeSpan? opens = null;
        while (Stopwatch.GetElapsedTime(killed) < Patience)
        {
            foreach (var node in others)
            {
                var view = await cluster.TryStatusAsync(node, stop);
                if (view is { Serving: true })
                {
                    var serves = Stopwatch.GetElapsedTime(killed);
                    return (node, serves.TotalSeconds, (serves - (opens ?? serves)).TotalSeconds);
                }

                if (view is { Phase: "opening" })
                    opens ??= Stopwatch.GetElapsedTime(killed);
            }

            await Task.Delay(PollInterval, stop);
        }

        throw new LoadFailedException($"no node served within {Patience.TotalSeconds:0} s of the kill");
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    private static Figure Seconds(string name, double seconds) => new(name, Math.Round(seconds, 3), "s", null, null, null, null, null);
}
