// What real clients saw of a cluster whose Primary is killed, terminated and frozen, judged as a whole: there must be an order that explains
// every answer.
using HotStandby.Host.Cluster;
using HotStandby.Host.Histories;
using HotStandby.Tests.Process.Failover;
using Xunit.Abstractions;

namespace HotStandby.Tests.Process.Histories;

public sealed class ClusterHistoryTests(ITestOutputHelper output) : ClusterTest(output)
{
    private const int Enough = 600;

    // Short leases, so that readers and removers without force meet.
    private const string ShortLeases = "hotstandby.objects.lease-ttl = 200ms";

    [Fact]
    public Task The_history_of_a_cluster_whose_Primaries_are_killed_one_after_the_other_has_an_order() => JudgeAsync(async (cluster, history, stop) =>
    {
        for (var round = 0; round < 2; round++)
        {
            var primary = await cluster.WaitForPrimaryAsync(Patience, stop);
            await HistoryJudge.WaitForMoreAsync(history, Enough, stop);
            primary.Send(NodeSignal.Kill);
            await WaitForExitCodeAsync(primary, Patience, stop);
            await WaitForSuccessorAsync(cluster, primary, stop);
            await HistoryJudge.WaitForMoreAsync(history, Enough, stop);
            primary.Start();
        }
    });

    [Fact]
    public Task The_history_of_a_cluster_whose_Primaries_hand_over_has_an_order() => JudgeAsync(async (cluster, history, stop) =>
    {
        for (var round = 0; round < 3; round++)
        {
            var primary = await cluster.WaitForPrimaryAsync(Patience, stop);
            await HistoryJudge.WaitForMoreAsync(history, Enough, stop);
            primary.Send(NodeSignal.Terminate);
            Assert.Equal(0, await WaitForExitCodeAsync(primary, Patience, stop));
            await WaitForSuccessorAsync(cluster, primary, stop);
            await HistoryJudge.WaitForMoreAsync(history, Enough, stop);
            primary.Start();
        }
    });

    [Fact]
    public Task The_history_of_a_cluster_whose_Primary_is_frozen_and_goes_on_has_an_order() => JudgeAsync(async (cluster, history, stop) =>
    {
        var frozen = await cluster.WaitForPrimaryAsync(Patience, stop);
        await HistoryJudge.WaitForMoreAsync(history, Enough, stop);
        frozen.Send(NodeSignal.Stop);
        await WaitForSuccessorAsync(cluster, frozen, stop);
        await HistoryJudge.WaitForMoreAsync(history, Enough, stop);
        // Clients that know no other node still wait for it: whatever it answers now belongs to the past.
        frozen.Send(NodeSignal.Continue);
        await HistoryJudge.WaitForMoreAsync(history, Enough, stop);
        await WaitUntilAsync($"{frozen.Id} is a Standby", Patience, async () => await cluster.StatusAsync(frozen, stop) is { Role: "standby" }, stop);
        await HistoryJudge.WaitForMoreAsync(history, Enough, stop);
    });

    [Fact]
    public Task The_history_of_a_cluster_that_is_killed_as_a_whole_has_an_order() => JudgeAsync(async (cluster, history, stop) =>
    {
        await HistoryJudge.WaitForMoreAsync(history, Enough, stop);
        foreach (var node in cluster.Nodes)
            node.Send(NodeSignal.Kill);
        foreach (var node in cluster.Nodes)
            await WaitForExitCodeAsync(node, Patience, stop);
        cluster.StartAll();
        await HistoryJudge.WaitForMoreAsync(history, Enough, stop);
    });

    [Fact]
    public Task What_an_asynchronous_cluster_loses_is_found_in_its_history() => WithClusterAsync(
        3,
        async (cluster, stop) =>
        {
            cluster.StartAll();
            var primary = await cluster.WaitForPrimaryAsync(Patience, stop);
            var standbys = cluster.Nodes.Where(node => node != primary).ToArray();
            var (seed, history) = await HistoryJudge.RecordAsync(cluster.ClientAddresses, async history =>
            {
                await HistoryJudge.WaitForMoreAsync(history, Enough, stop);
                foreach (var standby in standbys)
                    standby.Send(NodeSignal.Stop);
                // Acknowledged by a Primary whose Standbys hear nothing; its lease still lasts for a while.
                await HistoryJudge.WaitForMoreAsync(history, Enough / 4, stop);
                primary.Send(NodeSignal.Kill);
                foreach (var standby in standbys)
                    standby.Send(NodeSignal.Continue);
                await HistoryJudge.WaitForMoreAsync(history, Enough, stop);
            }, stop);
            var verdict = LinearizabilityChecker.Check(history);
            Output.WriteLine($"seed {seed}: {verdict}");
            Assert.Equal(VerdictKind.Violation, verdict.Kind);
        },
        "hotstandby { commit = async, max-replication-lag = 10s }");

    private Task JudgeAsync(Func<LocalCluster, History, CancellationToken, Task> faults) => WithClusterAsync(
        3,
        async (cluster, stop) =>
        {
            cluster.StartAll();
            await cluster.WaitForPrimaryAsync(Patience, stop);
            await HistoryJudge.JudgeAsync(cluster.ClientAddresses, Output, history => faults(cluster, history, stop), stop);
        },
        ShortLeases);
}
