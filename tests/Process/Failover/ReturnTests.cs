// Clients that all come back at once after a kill of the Primary: each of them puts, gets and has its segment again, and is refused nothing
// but what a cluster without a Primary must refuse. How long it takes is failover-report's to say.
using HotStandby.Lab.Failover;
using HotStandby.Messages;
using Xunit.Abstractions;

namespace HotStandby.Tests.Process.Failover;

public sealed class ReturnTests(ITestOutputHelper output) : ClusterTest(output)
{
    private const int Clients = 30;

    // A node that does not serve (any more, or not yet), and connections that it closes.
    private static readonly string[] Expected =
    [
        StockClient.NotConnected, StockClient.Closed, $"{ErrorCode.UnavailableInCurrentMode} ({(int)ErrorCode.UnavailableInCurrentMode})",
    ];

    [Fact]
    public Task Every_client_comes_back_with_its_segment_after_a_kill_and_is_refused_nothing_else() => WithClusterAsync(
        3, async (cluster, stop) =>
    {
        cluster.StartAll();
        await cluster.WaitForPrimaryAsync(Patience, stop);
        await using var view = new ServingView(cluster);
        await using var fleet = new StockFleet(cluster, Clients, TimeSpan.FromMilliseconds(100), () => view.Address);
        var result = await new ReturnTrial(cluster, view, fleet, Patience).RunAsync(stop);
        var report = new ReturnReport($"{Clients} clients", "", [result]);
        Output.WriteLine(report.ToMarkdown());
        Assert.Equal((Clients, Clients, Clients), (result.FirstPuts.Count, result.FirstGets.Count, result.Mounted.Count));
        Assert.Empty(result.Refusals.Keys.Except(Expected));
        Assert.Equal(0, result.Lost);
        Assert.True(result.Writes >= 2 * Clients, $"only {result.Writes} writes were acknowledged");
        Assert.True(report.LostNothing);
        await AllMustAgreeAsync(cluster, stop);
    }, "hotstandby.objects.client-ttl = 10min"); // no machine is so slow that a client counts as dead meanwhile
}
