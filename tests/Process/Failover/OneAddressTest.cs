// Clients that know one address, in front of all nodes: whatever keeps it, they go on after a kill and after a switchover, and lose
// nothing.
using System.Net;
using HotStandby.CommandLine;
using HotStandby.Host.Commands;
using HotStandby.Lab.Cluster;
using HotStandby.Lab.Failover;
using Xunit.Abstractions;

namespace HotStandby.Tests.Process.Failover;

public abstract class OneAddressTest(ITestOutputHelper output) : ClusterTest(output)
{
    protected const int Clients = 4;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    /// <summary>Kills the Primary, later switches over; prints the longest time that a client was without a put.</summary>
    /// <param name="cluster">Serves.</param>
    /// <param name="front">What clients are told.</param>
    /// <param name="settled">Waits until the front knows who serves, and sends clients nowhere else.</param>
    /// <param name="stop">Gives up.</param>
    /// <param name="access">What an operator's command line needs beside the nodes' addresses.</param>
    private protected async Task GoOnAsync(
        LocalCluster cluster, IPEndPoint front, Func<Task> settled, CancellationToken stop, params string[] access)
    {
        await using var fleet = new StockFleet(cluster, Clients, Pause, () => front);
        await AllAreBackAsync(fleet, "at work", stop);
        await settled();

        fleet.TakeLongestGap();
        var first = await cluster.WaitForPrimaryAsync(Patience, stop);
        first.Send(NodeSignal.Kill);
        await first.WaitForExitAsync(stop);
        await AllAreBackAsync(fleet, "back after the kill", stop);
        Output.WriteLine($"kill -9: no client was without a put for longer than {fleet.TakeLongestGap().TotalMilliseconds:0} ms");
        first.Start();
        await FailoverTrial.WaitUntilWholeAsync(cluster, Patience, stop);
        await settled();

        fleet.TakeLongestGap();
        await WaitUntilAsync("the switchover is taken", Patience, async () =>
        {
            using var said = new StringWriter();
            string[] command =
                ["switchover", "--yes", .. access, .. cluster.Nodes.SelectMany(static node => new[] { "--http", node.HttpAddress })];
            return await CommandTree.RunAsync(command, new Terminal(said, said, false), null, stop) == ExitCode.Ok;
        }, stop);
        await AllAreBackAsync(fleet, "back after the switchover", stop);
        Output.WriteLine($"switchover: no client was without a put for longer than {fleet.TakeLongestGap().TotalMilliseconds:0} ms");
        await settled();

        await fleet.EndAsync();
        var (writes, lost) = await fleet.FindLostAsync(Patience, stop);
        Assert.Empty(lost);
        Assert.True(writes >= 3 * Clients, $"only {writes} writes were acknowledged");
        await AllMustAgreeAsync(cluster, stop);
    }

    // From here on each of them has put and got.
    private static async Task AllAreBackAsync(StockFleet fleet, string what, CancellationToken stop)
    {
        fleet.Begin();
        await WaitUntilAsync(
            $"every client {what}", Patience, () => Task.FromResult(fleet.Clients.All(static client => client.FirstGetTicks != 0)), stop);
    }
}
