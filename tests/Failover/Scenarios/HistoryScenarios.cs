// Clients that get in each other's way on a few hot keys while Primaries leave, die and are cut off. All they saw is recorded and judged as
// a whole: there must be an order that explains every answer. Written once, for every driver.
using HotStandby.Lab.Histories;

namespace HotStandby.Tests.Failover.Scenarios;

internal static class HistoryScenarios
{
    // Answered calls before a fault and after it.
    private const int Enough = 600;

    // Short leases, so that readers and removers without force meet.
    private const string ShortLeases = "hotstandby.objects.lease-ttl = 200ms";

    /// <summary>One Primary hands over, the next one dies, and both come back.</summary>
    public static FailoverScenario LeavingAndKilledPrimary { get; } = Judged(async (run, history) =>
    {
        foreach (var end in (Func<FailoverNode, Task>[])[node => run.Cluster.LeaveAsync(node, run.Stop), node => run.KillAsync(node)])
        {
            var primary = await run.WaitForPrimaryAsync();
            await MoreAsync(run, history);
            await end(primary);
            await run.WaitForPrimaryAsync(primary);
            await MoreAsync(run, history);
            await run.StartAsync(primary);
        }
    });

    /// <summary>All nodes die at once and are started again.</summary>
    public static FailoverScenario FullRestart { get; } = Judged(async (run, history) =>
    {
        await MoreAsync(run, history);
        await run.KillAsync(run.Cluster.Nodes);
        await run.StartAsync(run.Cluster.Nodes);
        await MoreAsync(run, history);
    });

    /// <summary>The Primary is alone while clients reach everybody; then it is back and follows.</summary>
    public static FailoverScenario PrimaryAlone { get; } = Judged(async (run, history) =>
    {
        var primary = await run.WaitForPrimaryAsync();
        await MoreAsync(run, history);
        await run.CutOffAsync(primary, run.Others(primary));
        var successor = await run.WaitForPrimaryAsync(primary);
        await MoreAsync(run, history);
        await run.HealAsync();
        await run.WaitForFollowerAsync(primary, successor);
        await MoreAsync(run, history);
    });

    private static Task MoreAsync(FailoverRun run, History history) => HistoryJudge.WaitForMoreAsync(history, Enough, run.Stop);

    private static FailoverScenario Judged(Func<FailoverRun, History, Task> faults) => new(
        async run =>
        {
            await run.StartAsync(run.Cluster.Nodes);
            await run.WaitForPrimaryAsync();
            await HistoryJudge.JudgeAsync(
                [.. run.Cluster.Nodes.Select(node => node.ClientAddress)], run.Say, history => faults(run, history), run.Stop);
            Assert.Empty(run.Cluster.Broken);
        },
        ShortLeases);
}
