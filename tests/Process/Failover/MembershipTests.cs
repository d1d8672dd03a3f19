// Which nodes form a cluster: any majority of the voters, and none alone.
using HotStandby.Lab.Cluster;
using Xunit.Abstractions;

namespace HotStandby.Tests.Process.Failover;

public sealed class MembershipTests(ITestOutputHelper output) : ClusterTest(output)
{
    [Fact]
    public Task A_majority_without_the_first_seed_node_serves_and_the_first_seed_node_joins_it_later() => WithClusterAsync(
        3, async (cluster, stop) =>
    {
        cluster.StartAll();
        await cluster.WaitForPrimaryAsync(Patience, stop);
        await using var load = await Load.StartAsync(cluster, stop);
        await load.WaitForMoreAsync(1000, stop);
        foreach (var node in cluster.Nodes)
            node.Send(NodeSignal.Kill);
        foreach (var node in cluster.Nodes)
            await WaitForExitCodeAsync(node, Patience, stop);

        cluster.Nodes[1].Start();
        cluster.Nodes[2].Start();
        await cluster.WaitForPrimaryAsync(Patience, stop);
        await load.WaitForMoreAsync(1000, stop);
        cluster.Nodes[0].Start();
        await load.EndAsync();
        await load.NothingMustBeLostAsync(stop);
        await WaitUntilAsync(
            "the first node is back", Patience, async () => await cluster.StatusAsync(cluster.Nodes[0], stop) is { Role: "standby" }, stop);
        await AllMustAgreeAsync(cluster, stop);
    });

    [Fact]
    public Task A_first_seed_node_that_hears_nobody_founds_no_cluster_of_its_own() => WithClusterAsync(3, async (cluster, stop) =>
    {
        cluster.StartAll();
        await cluster.WaitForPrimaryAsync(Patience, stop);
        await using var load = await Load.StartAsync(cluster, stop);
        await load.WaitForMoreAsync(1000, stop);
        var (first, others) = (cluster.Nodes[0], cluster.Nodes.Skip(1).ToArray());
        first.Send(NodeSignal.Kill);
        await WaitForExitCodeAsync(first, Patience, stop);
        await WaitForSuccessorAsync(cluster, first, stop);

        foreach (var node in others)
            node.Send(NodeSignal.Stop);
        var waits = Waits(first);
        first.Start();
        await WaitUntilAsync("the first node runs", Patience, async () => await cluster.StatusAsync(first, stop) is not null, stop);
        var epoch = (await ViewOfAsync(cluster, first, stop)).Epoch;
        // It says so every 5 s: by then more than a lease has passed for it, too.
        await WaitUntilAsync("it says that it waits", Patience, () => Task.FromResult(Waits(first) > waits), stop);
        Assert.Equal(epoch, (await ViewOfAsync(cluster, first, stop)).Epoch); // it does not even campaign
        foreach (var node in others)
            node.Send(NodeSignal.Continue);

        // The others may have been started afresh: a Primary that was frozen for so long stops by itself.
        await WaitUntilAsync("all are in one cluster", Patience, async () =>
        {
            var views = await Task.WhenAll(cluster.Nodes.Select(node => cluster.StatusAsync(node, stop)));
            return views.Count(view => view is { Serving: true }) == 1 && views.Count(view => view is { Role: "standby" }) == 2;
        }, stop);
        await load.WaitForMoreAsync(1000, stop);
        await load.EndAsync();
        await load.NothingMustBeLostAsync(stop);
        await AllMustAgreeAsync(cluster, stop);
    });

    [Fact]
    public Task A_node_that_hears_no_majority_ends_with_75_and_says_so() => WithClusterAsync(3, async (cluster, stop) =>
    {
        cluster.StartAll();
        var primary = await cluster.WaitForPrimaryAsync(Patience, stop);
        await WaitUntilAsync("all are in the cluster", Patience, async () =>
            (await Task.WhenAll(cluster.Nodes.Select(node => cluster.StatusAsync(node, stop)))).All(static view =>
                view is { Voting: true, IsSettled: true }), stop);
        var alone = cluster.Nodes.First(node => node != primary);
        var others = cluster.Nodes.Where(node => node != alone).ToArray();
        foreach (var node in others)
            node.Send(NodeSignal.Stop);
        await WaitUntilAsync("it has ended", Patience, () => Task.FromResult(alone.ExitCodes.Count > 0), stop);
        foreach (var node in others)
            node.Send(NodeSignal.Continue);
        Assert.Equal(75, alone.ExitCodes[0]);
        await WaitUntilAsync("its last words", Patience, async () => (await File.ReadAllLinesAsync(alone.LogFile, stop)).Any(line =>
            line.StartsWith("hotstandby: ended: this node removed itself from the cluster: it hears no majority of the voters",
                StringComparison.Ordinal)), stop);
    });

    [Fact]
    public Task A_node_with_other_settings_of_the_cluster_is_refused_with_78() => WithClusterAsync(3, async (cluster, stop) =>
    {
        cluster.StartAll();
        await cluster.WaitForPrimaryAsync(Patience, stop);
        var stranger = cluster.Nodes[2];
        stranger.Send(NodeSignal.Kill);
        await WaitForExitCodeAsync(stranger, Patience, stop);
        stranger.WriteConfig(cluster.Nodes, "hotstandby.shards = 16");
        stranger.Start();
        Assert.Equal(78, await WaitForExitCodeAsync(stranger, Patience, stop));
        Assert.Contains(
            "hotstandby.shards is 16 here and 64 there", await File.ReadAllTextAsync(stranger.LogFile, stop), StringComparison.Ordinal);
    });

    [Fact]
    public Task A_remoting_port_that_another_node_has_is_refused_with_74_and_that_node_goes_on() => WithClusterAsync(
        2, async (cluster, stop) =>
    {
        var (first, second) = (cluster.Nodes[0], cluster.Nodes[1]);
        first.WriteConfig([first], "");
        first.Start();
        await WaitUntilAsync("a Primary", Patience, async () => await cluster.StatusAsync(first, stop) is { Serving: true }, stop);
        var port = first.SeedAddress[(first.SeedAddress.LastIndexOf(':') + 1)..];
        second.WriteConfig([second], $"hotstandby.remoting.port = {port}");
        second.Start();
        Assert.Equal(74, await WaitForExitCodeAsync(second, Patience, stop));
        Assert.True((await ViewOfAsync(cluster, first, stop)).Serving, "the rightful owner must go on");
    });

    private static int Waits(LocalNode node) =>
        File.ReadLines(node.LogFile).Count(line => line.Contains("is waiting for other nodes", StringComparison.Ordinal));
}
