// Lets one fault happen to a cluster and undoes it when its time is over, also when the run is cancelled. Whatever a fault has left, a node
// that ended for example, is gone when its step is over.
using System.Diagnostics;
using System.Globalization;
using HotStandby.Core.Segments;
using HotStandby.Lab.Cluster;

namespace HotStandby.Lab.Chaos;

/// <summary>Applies faults.</summary>
/// <param name="cluster">Whose nodes.</param>
/// <param name="network">Between them.</param>
/// <param name="disks">Below them, in their order; empty when there are none.</param>
/// <param name="log">Hears what happens.</param>
internal sealed class FaultInjector(LocalCluster cluster, FaultNetwork network, IReadOnlyList<FaultyDisk> disks, ChaosLog log)
{
    private static readonly TimeSpan EndPatience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan JoinPatience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(50);
    private readonly int[] _full = new int[cluster.Nodes.Count];

    /// <summary>True when a node's disk was full since this was asked last: its end with an error of the disk is as it should be.</summary>
    public bool TakeDiskWasFull(int node) => Interlocked.Exchange(ref _full[node], 0) != 0;

    /// <summary>Applies a fault, waits for its time, undoes it.</summary>
    /// <param name="fault">What.</param>
    /// <param name="order">The nodes: who leads first, then the others.</param>
    /// <param name="stop">Ends it early; it is undone all the same.</param>
    public async Task RunAsync(Fault fault, IReadOnlyList<int> order, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(fault);
        ArgumentNullException.ThrowIfNull(order);
        await Task.Delay(fault.Offset, stop);
        var victim = order[fault.Victim];
        var others = order.Where(node => node != victim).ToArray();
        log.Event(Describe(fault, victim, order[fault.Other]));
        await (fault.Kind switch
        {
            FaultKind.Kill => EndAsync([victim], NodeSignal.Kill, fault.Lasts, stop),
            FaultKind.Term => EndAsync([victim], NodeSignal.Terminate, fault.Lasts, stop),
            FaultKind.Pause => PauseAsync(victim, fault.Lasts, stop),
            FaultKind.Blackhole => HoldAsync(
                fault.Flag ? [.. others, network.Clients] : others, peer => network.Cut(victim, peer), fault.Lasts, stop),
            FaultKind.OneWay => HoldAsync(
                others, peer => fault.Flag ? network.CutOneWay(victim, peer) : network.CutOneWay(peer, victim), fault.Lasts, stop),
            FaultKind.Bridge => HoldAsync([order[fault.Other]], peer => network.Cut(victim, peer), fault.Lasts, stop),
            FaultKind.Delay => HoldAsync([.. others, network.Clients],
                peer => network.Delay(victim, peer, MostDelay(fault) / 10, MostDelay(fault)), fault.Lasts, stop),
            FaultKind.Stall => AgainAndAgainAsync(fault, random => StallAsync(victim, others, random, stop), stop),
            FaultKind.Reset => AgainAndAgainAsync(fault, random => ResetAsync(victim, [.. others, network.Clients], random, stop), stop),
            FaultKind.SlowDisk => AgainAndAgainAsync(fault, random => SlowDiskAsync(victim, random, stop), stop),
            FaultKind.DiskFull => DiskFullAsync(victim, fault.Lasts, stop),
            FaultKind.RestartAll => EndAsync(order, NodeSignal.Kill, fault.Lasts, stop),
            FaultKind.Rolling => RollAsync(fault.Flag ? order : [.. order.Reverse()], stop),
            var unknown => throw new ArgumentOutOfRangeException(nameof(fault), unknown, "no such fault"),
        });
        log.Event($"{FaultKinds.NameOf(fault.Kind)} of {NameOf(victim)} is over");
    }

    private static TimeSpan MostDelay(Fault fault) => TimeSpan.FromMilliseconds(2 + (fault.Strength * fault.Strength * 2000));

    private string Describe(Fault fault, int victim, int other) => string.Create(CultureInfo.InvariantCulture,
        $"{FaultKinds.NameOf(fault.Kind)} {NameOf(victim)}{fault.Kind switch
        {
            FaultKind.Bridge => $" from {NameOf(other)}",
            FaultKind.Blackhole => fault.Flag ? ", clients as well" : ", clients still reach it",
            FaultKind.OneWay => fault.Flag ? ", not heard by the others" : ", does not hear the others",
            FaultKind.Delay => string.Create(CultureInfo.InvariantCulture, $" by up to {MostDelay(fault).TotalMilliseconds:0} ms"),
            FaultKind.RestartAll => " and all others",
            FaultKind.Rolling => " and so on",
            _ => "",
        }} for {fault.Lasts.TotalSeconds:0.0} s");

    private string NameOf(int node) => cluster.Nodes[node].Id;

    private static async Task HoldAsync(IReadOnlyList<int> peers, Func<int, IDisposable> begin, TimeSpan time, CancellationToken stop)
    {
        using var fault = Undo.All([.. peers.Select(begin)]);
        await Task.Delay(time, stop);
    }

    private async Task EndAsync(IReadOnlyList<int> victims, NodeSignal signal, TimeSpan downtime, CancellationToken stop)
    {
        try
        {
            foreach (var node in victims)
                TrySend(node, signal);
            foreach (var node in victims)
                await WaitForEndAsync(node, stop);
            // One after the other, within the time: a cluster seldom starts as one.
            foreach (var node in victims)
            {
                await Task.Delay(downtime / victims.Count, stop);
                cluster.Nodes[node].EnsureRunning();
            }
        }
        finally
        {
            foreach (var node in victims)
                cluster.Nodes[node].EnsureRunning();
        }
    }

    private async Task PauseAsync(int node, TimeSpan time, CancellationToken stop)
    {
        TrySend(node, NodeSignal.Stop);
        try
        {
            await Task.Delay(time, stop);
        }
        finally
        {
            TrySend(node, NodeSignal.Continue);
        }
    }

    private async Task RollAsync(IReadOnlyList<int> order, CancellationToken stop)
    {
        foreach (var node in order)
        {
            await EndAsync([node], NodeSignal.Terminate, TimeSpan.Zero, stop);
            var began = Stopwatch.GetTimestamp();
            while (await cluster.StatusAsync(cluster.Nodes[node], stop) is not { Voting: true, Leader.Length: > 0, AppliedSequence: > 0 })
            {
                if (Stopwatch.GetElapsedTime(began) > JoinPatience)
                {
                    log.Violation($"{NameOf(node)} was not back within {JoinPatience.TotalSeconds:0} s of its restart");
                    return;
                }
                await Task.Delay(PollInterval, stop);
            }
        }
    }

    private static async Task AgainAndAgainAsync(Fault fault, Func<RandomSource, Task> moment, CancellationToken stop)
    {
        var random = new RandomSource((ulong)(fault.Strength * 1000) + 1);
        var began = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(began) < fault.Lasts)
        {
            await moment(random);
            await Task.Delay(random.Below(300), stop);
        }
    }

    private Task StallAsync(int victim, IReadOnlyList<int> others, RandomSource random, CancellationToken stop) =>
        HoldAsync(others, peer => network.Cut(victim, peer), TimeSpan.FromMilliseconds(20 + random.Below(1000)), stop);

    private async Task ResetAsync(int victim, IReadOnlyList<int> peers, RandomSource random, CancellationToken stop)
    {
        network.Reset(victim, peers[random.Below(peers.Count)]);
        await Task.Delay(random.Below(500), stop);
    }

    private Task SlowDiskAsync(int victim, RandomSource random, CancellationToken stop)
    {
        stop.ThrowIfCancellationRequested();
        return disks[victim].FreezeAsync(TimeSpan.FromMilliseconds(10 + (random.Below(5) == 0 ? random.Below(1500) : random.Below(200))));
    }

    private async Task DiskFullAsync(int victim, TimeSpan time, CancellationToken stop)
    {
        Interlocked.Exchange(ref _full[victim], 1);
        try
        {
            disks[victim].Fill();
            await Task.Delay(time, stop);
        }
        finally
        {
            disks[victim].Clear();
            cluster.Nodes[victim].EnsureRunning();
        }
    }

    // A node that ends by itself at this moment needs no signal.
    private void TrySend(int node, NodeSignal signal)
    {
        try
        {
            if (cluster.Nodes[node].IsRunning)
                cluster.Nodes[node].Send(signal);
        }
        catch (InvalidOperationException)
        {
            log.Event($"{NameOf(node)} has ended by itself before it could be sent {signal}");
        }
    }

    private async Task WaitForEndAsync(int node, CancellationToken stop)
    {
        try
        {
            await cluster.Nodes[node].WaitForExitAsync(stop).WaitAsync(EndPatience, stop);
        }
        catch (TimeoutException)
        {
            log.Violation($"{NameOf(node)} did not end within {EndPatience.TotalSeconds:0} s");
            TrySend(node, NodeSignal.Kill);
        }
    }
}
