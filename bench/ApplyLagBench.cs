// apply-lag: how long a committed entry takes from the Primary's commit to the partitions of a Standby, under single puts. The
// Standbys measure it themselves, each time they learn of a commit; the nodes are on one machine and share its clock. They report their
// last ten to twenty seconds, so the load lasts longer than that.
using System.Runtime.CompilerServices;
using HotStandby.Bench.Load;
using HotStandby.Lab.Load;

namespace HotStandby.Bench;

internal static class ApplyLagBench
{
    public static readonly Benchmark Benchmark = new(
        "apply-lag", "commit on the Primary to applied on a Standby, under puts: p99 of the worst Standby", RunAsync);

    // The warm-up is over, for all of what is reported.
    private static readonly TimeSpan Least = TimeSpan.FromSeconds(22);

    private static async IAsyncEnumerable<Figure> RunAsync(LoadSettings settings, [EnumeratorCancellation] CancellationToken stop)
    {
        if (settings.Nodes == 1)
            throw new LoadFailedException("apply-lag needs Standbys: --nodes 3");
        settings = settings with { Measured = settings.Measured > Least ? settings.Measured : Least };
        foreach (var inFlight in settings.InFlightOr(1, 16, 64, 256))
        {
            await using var cluster = await LoadCluster.StartAsync(settings, inFlight, stop);
            var load = await MeasuredLoad.MeasureAsync("put", cluster, PutBench.Callers(cluster, inFlight), 1, settings, stop);
            var views = await Task.WhenAll(cluster.Standbys.Select(node => cluster.StatusAsync(node, stop)));
            var worst = views.Select(view => view.ApplyLagMicroseconds).MaxBy(lag => lag.P99)!;
            if (worst.Count == 0)
                throw new LoadFailedException("a Standby has measured no commit");
            yield return load with
            {
                Name = "apply-lag",
                Value = worst.P99,
                Unit = "us",
                P50 = worst.P50,
                P99 = worst.P99,
                P999 = worst.P999,
            };
        }
    }
}
