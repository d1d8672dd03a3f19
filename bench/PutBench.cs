// put: PutStart, then PutEnd of one object with one replica. Both are replicated before they are answered.
using System.Runtime.CompilerServices;
using HotStandby.Bench.Load;
using HotStandby.Lab.Load;
using HotStandby.Mooncake.Types;

namespace HotStandby.Bench;

internal static class PutBench
{
    public static readonly Benchmark Benchmark = new("put", "PutStart and PutEnd of one object: objects a second", RunAsync);

    /// <summary>Callers that put new objects one at a time.</summary>
    public static ICaller[] Callers(LoadCluster cluster, int count) => [.. Enumerable.Range(0, count).Select(i => new PutCaller(
        MeasuredLoad.SourceOf(cluster, i), cluster.Client, (ulong)i, LoadSettings.ObjectBytes, new WireReplicateConfig()))];

    private static async IAsyncEnumerable<Figure> RunAsync(LoadSettings settings, [EnumeratorCancellation] CancellationToken stop)
    {
        foreach (var inFlight in settings.InFlightOr(1, 16, 64, 256))
        {
            await using var cluster = await LoadCluster.StartAsync(settings, inFlight, stop);
            yield return await MeasuredLoad.MeasureAsync("put", cluster, Callers(cluster, inFlight), 1, settings, stop);
        }
    }
}
