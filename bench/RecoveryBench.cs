// restart and full-sync: how long a Standby of a cluster with a million objects takes from the start of its process to being in sync
// again, with its disk and without, while a client goes on writing.
using System.Diagnostics;
using System.Runtime.CompilerServices;
using HotStandby.Bench.Load;
using HotStandby.Lab.Cluster;
using HotStandby.Lab.Load;

namespace HotStandby.Bench;

internal static class RecoveryBench
{
    public static readonly Benchmark Restart = new(
        "restart", "seconds from a node's start to being in sync again, 1 M objects", RestartAsync);

    public static readonly Benchmark FullSync = new("full-sync", "the same for a node with an empty disk, by a full sync", FullSyncAsync);

    private const int Objects = 1_000_000;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan WriteInterval = TimeSpan.FromMilliseconds(5);

    private static async IAsyncEnumerable<Figure> RestartAsync(LoadSettings settings, [EnumeratorCancellation] CancellationToken stop)
    {
        await using var cluster = await FilledAsync(settings, stop);
        var standby = cluster.Standbys.First();
        await foreach (var figure in MeasureAsync("restart", cluster, standby, wipe: false, stop))
            yield return figure;
    }

    private static async IAsyncEnumerable<Figure> FullSyncAsync(LoadSettings settings, [EnumeratorCancellation] CancellationToken stop)
    {
        await using var cluster = await FilledAsync(settings, stop);
        var standby = cluster.Standbys.First();
        await foreach (var figure in MeasureAsync("full-sync", cluster, standby, wipe: true, stop))
            yield return figure;
    }

    // Every node's journal begins later than its first entry: nobody can be brought up by entries alone.
    private static async Task<LoadCluster> FilledAsync(LoadSettings settings, CancellationToken stop)
    {
        if (settings.Nodes < 3)
            throw new LoadFailedException("these figures need three nodes");
        var cluster = await LoadCluster.StartAsync(
            settings with { ExtraHocon = "hotstandby.journal.retain-bytes = 0\n" + settings.ExtraHocon },
            LoadSettings.MaximumConnections, stop);
        await NumberedWriter.FillAsync(cluster, Objects, stop);
        var nodes = cluster.Standbys.Prepend(cluster.Primary).ToArray();
        await UntilAsync("every journal is cut behind checkpoints", async () =>
            (await Task.WhenAll(nodes.Select(node => cluster.StatusAsync(node, stop)))).All(view =>
                view.State is { BaseSequence: > 0 }), stop);
        return cluster;
    }

    private static async IAsyncEnumerable<Figure> MeasureAsync(
        string name, LoadCluster cluster, LocalNode node, bool wipe, [EnumeratorCancellation] CancellationToken stop)
    {
        node.Send(NodeSignal.Kill);
        await node.WaitForExitAsync(stop);
        if (wipe)
            Directory.Delete(node.DataDirectory, recursive: true);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var latencies = new Latencies();
        var writing = WriteAsync(cluster, latencies, ended.Token);
        var began = Stopwatch.GetTimestamp();
        node.Start();
        TimeSpan? answers = null, syncs = null, whole = null;
        await UntilAsync($"{node.Id} is in sync", async () =>
        {
            var view = await cluster.TryStatusAsync(node, stop);
            if (view is null)
                return false;
            answers ??= Stopwatch.GetElapsedTime(began);
            if (view.State is { Sync: not null })
                syncs ??= Stopwatch.GetElapsedTime(began);
            if (view.State is not { IsWhole: true } || view.CommittedSequence == 0)
                return false;
            whole ??= Stopwatch.GetElapsedTime(began);
            var primary = await cluster.StatusAsync(cluster.Primary, stop);
            return primary.Standbys.Any(seen =>
                seen.Node == node.Id && seen.Voting && primary.AppendedSequence - seen.AppliedSequence < LoadSettings.BatchObjects * 8);
        }, stop);
        var inSync = Stopwatch.GetElapsedTime(began);
        await ended.CancelAsync();
        await writing;
        yield return Seconds($"{name}: the process answers", answers!.Value);
        yield return Seconds($"{name}: its state is whole", whole!.Value);
        if (syncs is { } from)
            yield return Seconds($"{name}: from the first progress of the sync to whole", whole.Value - from);
        yield return Seconds($"{name}: in sync and voting", inSync);
        yield return latencies.ToFigure($"{name}: batch puts meanwhile");
    }

    // A client that writes a batch now and then: what it waits is what the others feel.
    private static async Task WriteAsync(LoadCluster cluster, Latencies latencies, CancellationToken ended)
    {
        var writer = new NumberedWriter(cluster, cluster.Connections[0], NumberedKey.Added, 0);
        while (!ended.IsCancellationRequested)
        {
            var called = Stopwatch.GetTimestamp();
            await writer.PutBatchAsync();
            latencies.Since(called);
            await Task.Delay(WriteInterval, CancellationToken.None);
        }
    }

    private static async Task UntilAsync(string what, Func<Task<bool>> reached, CancellationToken stop)
    {
        var began = Stopwatch.GetTimestamp();
        while (!await reached())
        {
            if (Stopwatch.GetElapsedTime(began) > Patience)
                throw new LoadFailedException($"{what}: not within {Patience.TotalSeconds:0} s");
            await Task.Delay(PollInterval, stop);
        }
    }

    private static Figure Seconds(string name, TimeSpan time) =>
        new(name, Math.Round(time.TotalSeconds, 3), "s", null, null, null, null, null);
}
