// What clients saw of three nodes in one process, of which the Primary hands over again and again.
using HotStandby.Host.Histories;
using HotStandby.Tests.Process.Failover;
using Xunit.Abstractions;

namespace HotStandby.Tests.Process.Histories;

public sealed class InProcessHistoryTests(ITestOutputHelper output) : ClusterTest(output)
{
    private const int Handovers = 4;
    private const int Enough = 400;

    [Fact]
    public async Task The_history_of_a_cluster_in_one_process_has_an_order()
    {
        using var stop = new CancellationTokenSource(TestPatience);
        await using var cluster = await InProcessCluster.StartAsync("hotstandby.objects.lease-ttl = 200ms");
        await HistoryJudge.JudgeAsync(cluster.ClientAddresses, Output, async history =>
        {
            for (var round = 0; round < Handovers; round++)
            {
                await WaitUntilAsync("a Primary", Patience, () => Task.FromResult(cluster.Primary is not null), stop.Token);
                var primary = cluster.Primary!.Value;
                await HistoryJudge.WaitForMoreAsync(history, Enough, stop.Token);
                await cluster.StopAsync(primary);
                await HistoryJudge.WaitForMoreAsync(history, Enough, stop.Token);
                await cluster.StartAsync(primary);
            }
        }, stop.Token);
        cluster.NoneMustHaveFailed();
    }
}
