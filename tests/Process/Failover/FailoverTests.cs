// Three real processes under load: what happens to the Primary, and what clients and the other nodes see of it.
using System.Globalization;
using HotStandby.Lab.Cluster;
using HotStandby.Tests.Process.Telemetry;
using Xunit.Abstractions;

namespace HotStandby.Tests.Process.Failover;

public sealed class FailoverTests(FailoverTests.Killed killed, ITestOutputHelper output)
    : ClusterTest(output), IClassFixture<FailoverTests.Killed>
{
    public sealed class Killed() : SharedCluster(3);

    private const int Enough = 1000;

    [Fact]
    public Task A_killed_Primary_costs_no_acknowledged_write_and_catches_up_when_it_returns() => WithClusterAsync(
        killed, async (cluster, primary, stop) =>
    {
        await using var load = await Load.StartAsync(cluster, stop);
        await load.WaitForMoreAsync(Enough, stop);

        primary.Send(NodeSignal.Kill);
        await WaitForExitCodeAsync(primary, Patience, stop);
        await WaitForSuccessorAsync(cluster, primary, stop);
        await load.WaitForMoreAsync(Enough, stop);
        primary.Start();
        await load.WaitForMoreAsync(Enough, stop);

        var report = await load.EndAsync();
        Output.WriteLine(
            $"gap {report.LongestGap.TotalMilliseconds:0} ms, {load.Acknowledged} writes acknowledged, {report.Retries} retries");
        await load.NothingMustBeLostAsync(stop);
        await WaitUntilAsync(
            $"{primary.Id} is back", Patience, async () => await cluster.StatusAsync(primary, stop) is { Role: "standby" }, stop);
        await AllMustAgreeAsync(cluster, stop);
    });

    [Fact]
    public Task A_terminated_Primary_hands_over_without_waiting_for_a_lease_and_exits_with_0() => WithClusterAsync(
        3, async (cluster, stop) =>
    {
        cluster.StartAll();
        var primary = await cluster.WaitForPrimaryAsync(Patience, stop);
        await using var load = await Load.StartAsync(cluster, stop);
        await load.WaitForMoreAsync(Enough, stop);

        primary.Send(NodeSignal.Terminate);
        Assert.Equal(0, await WaitForExitCodeAsync(primary, Patience, stop));
        // Its client port was open until now, and refused calls: a stock client needs seconds to leave one that is closed.
        var handedOver = File.ReadLines(primary.LogFile)
            .Last(static line => line.Contains(" 2202 ", StringComparison.Ordinal)).Split(' ')[0];
        Assert.True(
            DateTimeOffset.UtcNow - DateTimeOffset.Parse(handedOver, CultureInfo.InvariantCulture) >= TimeSpan.FromSeconds(2), handedOver);
        var successor = await WaitForSuccessorAsync(cluster, primary, stop);
        // It was told that the grants are released: that is what makes a hand-over fast, however fast the machine is.
        Assert.Equal(1, (await Scrape.OfAsync(successor, stop))["hotstandby_promotions_total", "handed_over"]);
        await load.WaitForMoreAsync(Enough, stop);
        primary.Start();
        await load.WaitForMoreAsync(Enough, stop);

        var report = await load.EndAsync();
        Output.WriteLine(
            $"gap {report.LongestGap.TotalMilliseconds:0} ms, {load.Acknowledged} writes acknowledged, {report.Retries} retries");
        Assert.True(
            report.LongestGap < UnhurriedLease, $"a lease was waited for: no node served for {report.LongestGap.TotalMilliseconds:0} ms");
        await load.NothingMustBeLostAsync(stop);
        await WaitUntilAsync(
            $"{primary.Id} is back", Patience, async () => await cluster.StatusAsync(primary, stop) is { Role: "standby" }, stop);
        await AllMustAgreeAsync(cluster, stop);
    }, Unhurried);

    [Fact]
    public Task Killing_all_nodes_at_once_loses_nothing_acknowledged() => WithClusterAsync(killed, async (cluster, _, stop) =>
    {
        await using var load = await Load.StartAsync(cluster, stop);
        await load.WaitForMoreAsync(2 * Enough, stop);

        foreach (var node in cluster.Nodes)
            node.Send(NodeSignal.Kill);
        foreach (var node in cluster.Nodes)
            await WaitForExitCodeAsync(node, Patience, stop);
        cluster.StartAll();
        await cluster.WaitForPrimaryAsync(Patience, stop);
        await load.WaitForMoreAsync(Enough, stop);

        var report = await load.EndAsync();
        Output.WriteLine($"gap {report.LongestGap.TotalMilliseconds:0} ms, {load.Acknowledged} writes acknowledged");
        await load.NothingMustBeLostAsync(stop);
        await AllMustAgreeAsync(cluster, stop);
    });

    [Fact]
    public Task A_Standby_that_lost_its_disk_learns_under_load_and_votes_again() => WithClusterAsync(
        killed, async (cluster, primary, stop) =>
    {
        await using var load = await Load.StartAsync(cluster, stop);
        await load.WaitForMoreAsync(Enough, stop);
        var standby = cluster.Nodes.First(node => node != primary);

        standby.Send(NodeSignal.Kill);
        await WaitForExitCodeAsync(standby, Patience, stop);
        Directory.Delete(standby.DataDirectory, recursive: true);
        await load.WaitForMoreAsync(Enough, stop);
        standby.Start();
        await WaitUntilAsync(
            $"{standby.Id} votes, and its Primary counts it", Patience,
            async () => await cluster.StatusAsync(standby, stop) is { Voting: true }
                && await cluster.StatusAsync(primary, stop) is { Serving: true } view
                && view.Standbys.Any(seen => seen.Node == standby.Id && seen.Voting),
            stop);
        await load.WaitForMoreAsync(Enough, stop);

        await load.EndAsync();
        await load.NothingMustBeLostAsync(stop);
        Assert.All(await AllMustAgreeAsync(cluster, stop), view => Assert.True(view.Voting));
    });
}
