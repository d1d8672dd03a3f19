// One fault and what clients saw of it. Faults are of the kinds that take the Primary away; the cluster is whole again before the next.
using System.Diagnostics;
using HotStandby.CommandLine.Status;
using HotStandby.Lab.Chaos;
using HotStandby.Lab.Cluster;

namespace HotStandby.Lab.Failover;

/// <summary>What happens to the Primary.</summary>
internal enum FailoverKind
{
    /// <summary>kill -9.</summary>
    Kill,
    /// <summary>SIGTERM: it hands over and ends.</summary>
    Switch,
    /// <summary>It is frozen (SIGSTOP) until another one serves.</summary>
    Freeze,
    /// <summary>It is cut off from the other nodes, both ways, until another one serves; clients reach it all the time.</summary>
    Partition,
}

/// <summary>What a trial showed.</summary>
/// <param name="Kind">The fault.</param>
/// <param name="Gap">The longest time in which no write was acknowledged to anybody.</param>
/// <param name="Writes">Acknowledged in the trial.</param>
/// <param name="Lost">How many of them are gone.</param>
/// <param name="LostFor">For how long the first lost one had been acknowledged when service ended; zero when none is lost.</param>
internal sealed record TrialResult(FailoverKind Kind, TimeSpan Gap, int Writes, int Lost, TimeSpan LostFor);

/// <summary>Runs trials on one cluster under one load.</summary>
/// <param name="cluster">Whose Primary is taken away.</param>
/// <param name="network">What its nodes talk through; null: nothing that could be cut.</param>
/// <param name="load">What measures.</param>
internal sealed class FailoverTrial(LocalCluster cluster, FaultNetwork? network, WriterLoad load)
{
    private const int Enough = 100;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>One fault.</summary>
    /// <exception cref="TimeoutException">The cluster did not come back.</exception>
    /// <exception cref="IOException">What was acknowledged could not be looked up.</exception>
    public async Task<TrialResult> RunAsync(FailoverKind kind, CancellationToken stop)
    {
        var primary = await cluster.WaitForPrimaryAsync(Patience, stop);
        load.Begin();
        await WaitForWritesAsync(Enough, stop);
        var faultAt = Stopwatch.GetTimestamp();
        var mend = await StrikeAsync(primary, kind, stop);
        await WaitForWritesAsync(load.Acknowledged + Enough, stop);
        // Before the node is back, so that its catching up is no part of the gap.
        var gap = load.LongestGap();
        mend();
        var (writes, lost, lostFor) = await load.FindLostAsync(faultAt, stop);
        await WaitUntilWholeAsync(cluster, Patience, stop);
        return new TrialResult(kind, gap, writes, lost, lostFor);
    }

    // What undoes it.
    private async Task<Action> StrikeAsync(LocalNode primary, FailoverKind kind, CancellationToken stop)
    {
        switch (kind)
        {
            case FailoverKind.Kill:
                primary.Send(NodeSignal.Kill);
                await primary.WaitForExitAsync(stop);
                return primary.Start;
            case FailoverKind.Switch:
                primary.Send(NodeSignal.Terminate);
                await primary.WaitForExitAsync(stop);
                return primary.Start;
            case FailoverKind.Freeze:
                primary.Send(NodeSignal.Stop);
                return () => primary.Send(NodeSignal.Continue);
            case FailoverKind.Partition when network is not null:
                int[] nodes = [.. Enumerable.Range(0, cluster.Nodes.Count)];
                var own = Array.FindIndex(nodes, node => cluster.Nodes[node] == primary);
                return Undo.All([.. nodes.Where(node => node != own).Select(node => network.Cut(own, node))]).Dispose;
            default:
                throw new ArgumentOutOfRangeException(nameof(kind), kind, null);
        }
    }

    private Task WaitForWritesAsync(int count, CancellationToken stop) =>
        WaitAsync($"{count} acknowledged writes", Patience, () => Task.FromResult(load.Acknowledged >= count), stop);

    /// <summary>Waits until one node serves, and sees every other one in step and counted.</summary>
    /// <exception cref="TimeoutException">It did not come to that.</exception>
    public static Task WaitUntilWholeAsync(LocalCluster cluster, TimeSpan patience, CancellationToken stop) =>
        WaitAsync("the whole cluster", patience, async () =>
    {
        var views = await Task.WhenAll(cluster.Nodes.Select(node => cluster.StatusAsync(node, stop)));
        return views.OfType<NodeView>().SingleOrDefault(static view => view.Serving) is { } leads
            && leads.Standbys.Count == cluster.Nodes.Count - 1
            && leads.Standbys.All(static standby => standby is { Voting: true, State: "Stream", SilentMilliseconds: >= 0 and < 1000 });
    }, stop);

    private static async Task WaitAsync(string what, TimeSpan patience, Func<Task<bool>> reached, CancellationToken stop)
    {
        var began = Stopwatch.GetTimestamp();
        while (!await reached())
        {
            if (Stopwatch.GetElapsedTime(began) > patience)
                throw new TimeoutException($"{what}: not within {patience.TotalSeconds:0} s");
            await Task.Delay(TimeSpan.FromMilliseconds(10), stop);
        }
    }
}
