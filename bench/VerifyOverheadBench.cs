// verify-overhead: batch puts a second with verification off and on, in turn, so that a machine whose speed changes changes both.
using System.Runtime.CompilerServices;
using HotStandby.Bench.Load;

namespace HotStandby.Bench;

internal static class VerifyOverheadBench
{
    public static readonly Benchmark Benchmark = new(
        "verify-overhead", "throughput of batch puts with verification on, in % of that without", RunAsync);

    private const int Pairs = 5;
    private const int InFlight = 16;

    private static async IAsyncEnumerable<Figure> RunAsync(LoadSettings settings, [EnumeratorCancellation] CancellationToken stop)
    {
        // By default a cycle takes two and a half minutes, of which a measurement would see next to nothing: once with a cycle of 10 s.
        foreach (var (name, on) in ((string, string)[])[("defaults", "enabled = on"),
            ("a cycle in 10 s", "enabled = on, interval = 1s, ratio = 0.1")])
            foreach (var figure in await MeasureAsync($"verify-overhead, {name}", on, settings, stop))
                yield return figure;
    }

    private static async Task<IReadOnlyList<Figure>> MeasureAsync(string name, string on, LoadSettings settings, CancellationToken stop)
    {
        var figures = new List<Figure>();
        var ratios = new List<double>();
        for (var pair = 0; pair < Pairs; pair++)
        {
            var without = await PutAsync($"{name}: off", "enabled = off", settings, stop);
            var with = await PutAsync($"{name}: on", on, settings, stop);
            figures.Add(without);
            figures.Add(with);
            ratios.Add(100 * with.Value / without.Value);
        }

        ratios.Sort();
        foreach (var (
            which, ratio) in (ReadOnlySpan<(string, double)>)[("least", ratios[0]), ("median", ratios[Pairs / 2]), ("most", ratios[^1])])
            figures.Add(new Figure($"{name}: on in % of off, {which}", Math.Round(ratio, 1), "%", null, null, null, null, null));
        return figures;
    }

    private static async Task<Figure> PutAsync(string name, string verification, LoadSettings settings, CancellationToken stop)
    {
        var hocon = $"hotstandby.verification {{ {verification} }}\n{settings.ExtraHocon}";
        await using var cluster = await LoadCluster.StartAsync(settings with { ExtraHocon = hocon }, InFlight, stop);
        return await MeasuredLoad.MeasureAsync(
            name, cluster, BatchPutBench.Callers(cluster, InFlight), LoadSettings.BatchObjects,
            settings with { ExtraHocon = hocon }, stop);
    }
}
