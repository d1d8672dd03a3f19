// The C# client, told nothing but the discovery ports, under load: it follows the Primary through kill, switchover and freeze, and loses
// nothing that was acknowledged.
using HotStandby.CommandLine;
using HotStandby.Host.Commands;
using HotStandby.Lab.Cluster;
using HotStandby.Tests.Process.Failover;
using Xunit.Abstractions;

namespace HotStandby.Tests.Process.Discovery;

public sealed class DiscoveredLoadTests(ITestOutputHelper output) : ClusterTest(output)
{
    private const int Writes = 50;

    [Fact]
    public Task A_client_of_discovery_ports_follows_kill_switchover_and_freeze() => WithClusterAsync(3, async (cluster, stop) =>
    {
        cluster.StartAll();
        await using var load = await Load.StartAsync([cluster.DiscoveryAddress], stop);
        await load.WaitForMoreAsync(Writes, stop);
        var primary = await cluster.WaitForPrimaryAsync(Patience, stop);

        primary.Send(NodeSignal.Kill);
        await load.WaitForMoreAsync(Writes, stop);
        await primary.WaitForExitAsync(stop);
        primary.EnsureRunning();
        var second = await WaitForSuccessorAsync(cluster, primary, stop);
        await WaitUntilAsync(
            "the killed node is back", Patience, async () => await cluster.StatusAsync(primary, stop) is { Voting: true }, stop);

        await WaitUntilAsync("another node leads on request", Patience, async () =>
        {
            using var said = new StringWriter();
            string[] command = ["switchover", "--yes", .. cluster.Nodes.SelectMany(static node => new[] { "--http", node.HttpAddress })];
            return await CommandTree.RunAsync(command, new Terminal(said, said, false), null, stop) == ExitCode.Ok;
        }, stop);
        await load.WaitForMoreAsync(Writes, stop);

        var third = await cluster.WaitForPrimaryAsync(Patience, stop);
        third.Send(NodeSignal.Stop);
        await load.WaitForMoreAsync(Writes, stop); // its connections stay open and say nothing
        third.Send(NodeSignal.Continue);
        var report = await load.EndAsync();
        await load.NothingMustBeLostAsync(stop);
        Output.WriteLine($"{load.Acknowledged} acknowledged; {primary.Id} killed, {second.Id} and {third.Id} followed; {report}");
    });
}
