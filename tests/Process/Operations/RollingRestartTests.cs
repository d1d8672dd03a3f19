// What docs/operations.md says under "Upgrade without downtime", step by step, while clients write: no acknowledged write is lost, and no
// write fails for good.
using HotStandby.Lab.Cluster;
using HotStandby.Tests.Process.Failover;
using Xunit.Abstractions;

namespace HotStandby.Tests.Process.Operations;

public sealed class RollingRestartTests(ITestOutputHelper output) : ClusterTest(output)
{
    private const int WritesBetweenSteps = 100;

    private static readonly HttpClient Http = new() { Timeout = Deadline.Step };

    [Fact]
    public Task Three_nodes_restart_one_after_the_other_under_load_and_no_acknowledged_operation_fails() => WithClusterAsync(
        3, async (cluster, stop) =>
    {
        cluster.StartAll();
        var primary = await cluster.WaitForPrimaryAsync(Patience, stop);
        await using var load = await Load.StartAsync(cluster, stop);
        await load.WaitForMoreAsync(WritesBetweenSteps, stop);

        // Standbys first, the Primary last.
        foreach (var node in cluster.Nodes.Where(node => node != primary).Append(primary))
        {
            await WaitUntilAsync("1: all voters vote, no lag", Patience, () => AllVoteAsync(cluster, stop), stop);
            var epoch = (await ViewOfAsync(cluster, await cluster.WaitForPrimaryAsync(Patience, stop), stop)).Epoch;
            node.Send(NodeSignal.Terminate);
            Assert.Equal(0, await WaitForExitCodeAsync(node, Patience, stop));
            node.Start();
            await WaitUntilAsync($"3: {node.Id} is ready", Patience, () => IsReadyAsync(node, stop), stop);
            await WaitUntilAsync(
                "3: the Primary shows it with its vote and without lag", Patience, () => AllVoteAsync(cluster, stop), stop);
            await load.WaitForMoreAsync(WritesBetweenSteps, stop);
            var leads = await cluster.WaitForPrimaryAsync(Patience, stop);
            Assert.Equal(node == primary, leads != primary); // only the Primary's own restart hands over
            Output.WriteLine($"{node.Id} restarted; {leads.Id} leads, epoch {epoch} before");
        }

        var report = await load.EndAsync();
        Assert.Equal(0, report.NotStored);
        await load.NothingMustBeLostAsync(stop);
        await AllMustAgreeAsync(cluster, stop);
        Assert.All(cluster.Nodes, node => Assert.Equal([0], node.ExitCodes));
        Output.WriteLine($"{load.Acknowledged} writes acknowledged, longest gap {report.LongestGap.TotalMilliseconds:0} ms");
    }, Unhurried);

    private static async Task<bool> AllVoteAsync(LocalCluster cluster, CancellationToken stop)
    {
        foreach (var node in cluster.Nodes)
            if (await cluster.StatusAsync(node, stop) is { Serving: true } leads)
                return leads.Voting && leads.Standbys.Count == cluster.Nodes.Count - 1
                    && leads.Standbys.All(standby => standby is { Voting: true, LagEntries: < 100 }); // under load it is never 0 for long
        return false;
    }

    private static async Task<bool> IsReadyAsync(LocalNode node, CancellationToken stop)
    {
        try
        {
            using var answer = await Http.GetAsync(new Uri($"http://{node.HttpAddress}/ready"), stop);
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false; // its door is not open yet
        }
    }
}
