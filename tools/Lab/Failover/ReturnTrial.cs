// A kill of the Primary as many clients meet it, each with a segment: when each of them puts, gets and mounts again, and what it
// was told.
using System.Diagnostics;
using HotStandby.Lab.Cluster;

namespace HotStandby.Lab.Failover;

/// <summary>What a trial showed. Times from the kill.</summary>
/// <param name="Served">When the new Primary was seen to serve.</param>
/// <param name="FirstPuts">Of every client.</param>
/// <param name="FirstGets">Of every client.</param>
/// <param name="Mounted">Of every client.</param>
/// <param name="Refusals">What failed calls were told, and how many; until all were back.</param>
/// <param name="RefusalsInService">Those of them that began to fail when the new Primary served.</param>
/// <param name="NodeProcessor">Processor time of the nodes that were left, from the kill until all clients were back.</param>
/// <param name="ClientProcessor">Of the clients, which are all one process.</param>
/// <param name="Writes">Acknowledged since the clients began.</param>
/// <param name="Lost">How many of them are gone.</param>
internal sealed record ReturnResult(
    TimeSpan Served, IReadOnlyList<TimeSpan> FirstPuts, IReadOnlyList<TimeSpan> FirstGets, IReadOnlyList<TimeSpan> Mounted,
    IReadOnlyDictionary<string, int> Refusals, IReadOnlyDictionary<string, int> RefusalsInService, TimeSpan NodeProcessor,
    TimeSpan ClientProcessor, int Writes, int Lost);

/// <summary>Runs trials on one cluster with one fleet.</summary>
/// <param name="cluster">Whose Primary is killed.</param>
/// <param name="view">Who serves.</param>
/// <param name="fleet">What measures.</param>
/// <param name="patience">With each step.</param>
internal sealed class ReturnTrial(LocalCluster cluster, ServingView view, StockFleet fleet, TimeSpan patience)
{
    /// <summary>One kill; the cluster is whole again afterwards.</summary>
    /// <exception cref="TimeoutException">The cluster, or a client, did not come back.</exception>
    /// <exception cref="IOException">What was acknowledged could not be looked up.</exception>
    public async Task<ReturnResult> RunAsync(CancellationToken stop)
    {
        fleet.Begin();
        await WaitAsync("every client at work", () => fleet.Clients.All(static client => client.FirstGetTicks != 0), stop);
        var primary = await cluster.WaitForPrimaryAsync(patience, stop);
        LocalNode[] left = [.. cluster.Nodes.Where(node => node != primary)];
        var (nodesBefore, clientsBefore) = (ProcessorOf(left), OwnProcessor());
        fleet.Begin();
        var killed = Stopwatch.GetTimestamp();
        primary.Send(NodeSignal.Kill);
        await WaitAsync("a new Primary", () => view.SuccessorSince(primary) is not null, stop);
        var served = view.SuccessorSince(primary)!.Value;
        var before = new Dictionary<string, int>(fleet.Refusals);
        await WaitAsync("every client back", () => fleet.Clients.All(static client => client.IsBack), stop);
        var refusals = new Dictionary<string, int>(fleet.Refusals);
        var (nodes, clients) = (ProcessorOf(left) - nodesBefore, OwnProcessor() - clientsBefore);
        await primary.WaitForExitAsync(stop);
        primary.Start();
        await FailoverTrial.WaitUntilWholeAsync(cluster, patience, stop);
        var (writes, lost) = await fleet.FindLostAsync(patience, stop);
        return new ReturnResult(
            Stopwatch.GetElapsedTime(killed, served),
            Since(static client => client.FirstPutTicks), Since(static client => client.FirstGetTicks),
            Since(static client => client.MountedTicks), refusals,
            refusals.Where(pair => pair.Value > before.GetValueOrDefault(pair.Key))
                .ToDictionary(pair => pair.Key, pair => pair.Value - before.GetValueOrDefault(pair.Key)),
            nodes, clients, writes, lost.Count);

        TimeSpan[] Since(Func<StockClient, long> ticks) =>
            [.. fleet.Clients.Select(client => Stopwatch.GetElapsedTime(killed, ticks(client)))];
    }

    private static TimeSpan ProcessorOf(LocalNode[] nodes) =>
        nodes.Aggregate(TimeSpan.Zero, static (sum, node) => sum + node.ProcessorTime);

    private static TimeSpan OwnProcessor()
    {
        using var own = Process.GetCurrentProcess();
        return own.TotalProcessorTime;
    }

    private async Task WaitAsync(string what, Func<bool> reached, CancellationToken stop)
    {
        var began = Stopwatch.GetTimestamp();
        while (!reached())
        {
            if (Stopwatch.GetElapsedTime(began) > patience)
                throw new TimeoutException(
                    $"{what}: not within {patience.TotalSeconds:0} s; failed calls: {ReturnReport.Print(fleet.Refusals)}");
            await Task.Delay(TimeSpan.FromMilliseconds(10), stop);
        }
    }
}
