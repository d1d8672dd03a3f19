// The shipped haproxy.cfg in front of real nodes, with clients that know its address alone.
using HotStandby.CommandLine;
using HotStandby.Host.Commands;
using HotStandby.Lab.Cluster;
using HotStandby.Lab.Failover;
using Xunit.Abstractions;

namespace HotStandby.Tests.Process.Failover;

public sealed class HaProxyTests(ITestOutputHelper output) : ClusterTest(output)
{
    private const int Clients = 4;

    [FactWith("haproxy")]
    public Task Clients_behind_haproxy_go_on_after_a_kill_and_a_switchover_and_lose_nothing() => WithClusterAsync(
        3, async (cluster, stop) =>
    {
        cluster.StartAll();
        var first = await cluster.WaitForPrimaryAsync(Patience, stop);
        await using var front = await HaProxy.StartAsync(cluster, stop);
        await using var fleet = new StockFleet(cluster, Clients, TimeSpan.FromMilliseconds(20), () => front.Address);
        await AllAreBackAsync(fleet, "at work", stop);
        await OnlyTheServingNodeHasSessionsAsync(cluster, front, stop);

        fleet.TakeLongestGap();
        first.Send(NodeSignal.Kill);
        await first.WaitForExitAsync(stop);
        await AllAreBackAsync(fleet, "back after the kill", stop);
        Output.WriteLine($"kill -9: no client was without a put for longer than {fleet.TakeLongestGap().TotalMilliseconds:0} ms");
        first.Start();
        await FailoverTrial.WaitUntilWholeAsync(cluster, Patience, stop);
        await OnlyTheServingNodeHasSessionsAsync(cluster, front, stop);

        fleet.TakeLongestGap();
        await WaitUntilAsync("the switchover is taken", Patience, async () =>
        {
            using var said = new StringWriter();
            string[] command = ["switchover", "--yes", .. cluster.Nodes.SelectMany(node => new[] { "--http", node.HttpAddress })];
            return await CommandTree.RunAsync(command, new Terminal(said, said, false), null, stop) == ExitCode.Ok;
        }, stop);
        await AllAreBackAsync(fleet, "back after the switchover", stop);
        Output.WriteLine($"switchover: no client was without a put for longer than {fleet.TakeLongestGap().TotalMilliseconds:0} ms");
        await OnlyTheServingNodeHasSessionsAsync(cluster, front, stop);

        await fleet.EndAsync();
        var (writes, lost) = await fleet.FindLostAsync(Patience, stop);
        Assert.Empty(lost);
        Assert.True(writes >= 3 * Clients, $"only {writes} writes were acknowledged");
        await AllMustAgreeAsync(cluster, stop);
    }, "hotstandby.objects.client-ttl = 10min"); // no machine is so slow that a client counts as dead meanwhile

    // From here on each of them has put and got.
    private static async Task AllAreBackAsync(StockFleet fleet, string what, CancellationToken stop)
    {
        fleet.Begin();
        await WaitUntilAsync(
            $"every client {what}", Patience, () => Task.FromResult(fleet.Clients.All(static client => client.FirstGetTicks != 0)), stop);
    }

    // No session stays with a node that does not serve, and none goes there.
    private static Task OnlyTheServingNodeHasSessionsAsync(LocalCluster cluster, HaProxy front, CancellationToken stop) =>
        WaitUntilAsync("haproxy has its sessions with the node that serves, and that one alone is up", Patience, async () =>
        {
            var serves = await cluster.WaitForPrimaryAsync(Patience, stop);
            return (await front.NodesAsync(stop)).All(node => node.Key == serves.Id
                ? node.Value is { IsUp: true, Sessions: >= Clients }
                : node.Value is { IsUp: false, Sessions: 0 });
        }, stop);
}
