// Strangers at the ports of a Primary under load: clients and nodes that belong there do not notice.
using HotStandby.Lab.Cluster;
using HotStandby.Tests.Process.Failover;
using Xunit.Abstractions;

namespace HotStandby.Tests.Process.Hostile;

public sealed class HostileInputTests(HostileInputTests.Visited visited, ITestOutputHelper output)
    : ClusterTest(output), IClassFixture<HostileInputTests.Visited>
{
    public sealed class Visited() : SharedCluster(3, Unhurried);

    private const int Strangers = 8;
    private const int VisitsEach = 13 * 20; // each kind twenty times
    private const int Silent = 100;
    private const long AllowedGrowthBytes = 200L << 20;

    // A Standby's log may tell of a heartbeat that came late.
    private const int AllowedOtherLines = 20;

    [Fact]
    public Task Strangers_at_the_port_of_the_nodes_are_shown_the_door() => VisitAsync(node => node.RemotingAddress);

    [Fact]
    public Task Strangers_at_the_port_of_the_clients_are_shown_the_door() => VisitAsync(node => node.ClientAddress);

    [Fact]
    public Task Strangers_at_the_port_of_the_operators_are_shown_the_door() => VisitAsync(node => node.HttpAddress);

    [Fact]
    public Task Strangers_that_stay_and_say_nothing_are_sent_away() => WithClusterAsync(1, async (cluster, stop) =>
    {
        cluster.StartAll();
        var node = await cluster.WaitForPrimaryAsync(Patience, stop);
        var lines = LinesOf(node).Length;
        await Task.WhenAll(Enumerable.Range(0, Silent).Select(async stranger =>
        {
            using var connection = await RawConnection.OpenAsync(node.RemotingAddress, stop);
            if (stranger % 2 == 0)
                await connection.SendAsync(new byte[] { 0, 0, 1, 0, 77 }, stop); // the beginning of a message, and no more
            await connection.MustEndAsync(stop);
        })).WaitAsync(Patience, stop);
        var said = LinesOf(node)[lines..];
        Output.WriteLine(string.Join('\n', said.Take(40)));
        Assert.True(said.Length <= AllowedOtherLines, $"{said.Length} lines for {Silent} connections");
        Assert.True((await ViewOfAsync(cluster, node, stop)).Serving);
    }, "akka.remote.dot-netty.tcp.connection-timeout = 2s");

    private Task VisitAsync(Func<LocalNode, string> door) => WithClusterAsync(visited, async (cluster, primary, stop) =>
    {
        var epoch = (await ViewOfAsync(cluster, primary, stop)).Epoch;
        await using var load = await Load.StartAsync(cluster, stop);
        await load.WaitForMoreAsync(400, stop);
        var (bytes, lines) = (primary.ResidentBytes, LinesOf(primary).Length);

        var seed = Random.Shared.Next();
        Output.WriteLine($"seed {seed}");
        await Task.WhenAll(Enumerable.Range(0, Strangers).Select(async stranger =>
        {
            var random = new Random(seed + stranger);
            for (var visit = 0; visit < VisitsEach; visit++)
                await Scanner.PayAsync(Scanner.Visits[visit % Scanner.Visits.Count], door(primary), random, stop);
        }));

        await load.WaitForMoreAsync(400, stop);
        await load.EndAsync();
        await load.NothingMustBeLostAsync(stop);
        Assert.True(await ViewOfAsync(cluster, primary, stop) is { Serving: true } view && view.Epoch == epoch, "the Primary was deposed");
        Assert.Equal(0, primary.Restarts);
        var said = LinesOf(primary)[lines..];
        Output.WriteLine($"{Strangers * VisitsEach} visits, {said.Length} lines, {(primary.ResidentBytes - bytes) >> 20} MiB more");
        Output.WriteLine(string.Join('\n', said.Take(40)));
        Assert.True(said.Length <= AllowedOtherLines, $"{said.Length} lines for {Strangers * VisitsEach} visits");
        Assert.True(primary.ResidentBytes - bytes < AllowedGrowthBytes, $"{primary.ResidentBytes - bytes} bytes more than before");
        await AllMustAgreeAsync(cluster, stop);
    });

    private static string[] LinesOf(LocalNode node) => File.ReadAllLines(node.LogFile);
}
