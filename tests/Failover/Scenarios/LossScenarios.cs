// Nodes that end, and come back with all, some or nothing of what they had. Written once, for every driver.
using HotStandby.CommandLine.Status;

namespace HotStandby.Tests.Failover.Scenarios;

internal static class LossScenarios
{
    // As long as may be: a successor that waits for the lease to run out is told from one that was invited, on any machine.
    private static readonly TimeSpan LongLease = TimeSpan.FromSeconds(60);

    /// <summary>The Primary dies in the middle of writes; another one serves; the dead one comes back and follows.</summary>
    public static FailoverScenario KilledPrimary { get; } = new(async run =>
    {
        var primary = await run.BeginAsync();
        await run.KillAsync(primary);
        var successor = await run.WaitForPrimaryAsync();
        await run.WriteMoreAsync();
        await run.StartAsync(primary);
        await run.WaitForFollowerAsync(primary, successor);
        await run.EndAsync(reigns: 2);
    });

    /// <summary>The Primary leaves in order: its lease is not waited for.</summary>
    public static FailoverScenario LeavingPrimary { get; } = new(async run =>
    {
        var primary = await run.BeginAsync();
        run.Say($"{primary.Id} leaves");
        await run.Cluster.LeaveAsync(primary, run.Stop);
        var successor = await run.WaitForPrimaryAsync();
        await run.WriteMoreAsync();
        await run.StartAsync(primary);
        await run.WaitForFollowerAsync(primary, successor);
        var gap = await run.EndAsync(reigns: 2);
        Assert.True(gap < LongLease, $"a lease was waited for: no node served for {gap.TotalMilliseconds:0} ms");
    }, """
        hotstandby.lease { duration = 60s, hand-over-timeout = 20s }
        hotstandby.membership.stable-after = 60s
        akka.cluster.failure-detector.acceptable-heartbeat-pause = 60s
        """);

    /// <summary>All nodes die at once and are started again.</summary>
    public static FailoverScenario FullRestart { get; } = new(async run =>
    {
        await run.BeginAsync();
        await run.KillAsync(run.Cluster.Nodes);
        await run.StartAsync(run.Cluster.Nodes);
        await run.WaitForPrimaryAsync();
        await run.EndAsync(reigns: 2);
    });

    /// <summary>
    /// A Standby misses writes that the other one has; then these two are all that is left. The one that missed them has the earlier seat,
    /// so it founds the cluster and is the first to be asked to lead. It must not lead with less than the other one has.
    /// </summary>
    public static FailoverScenario LaggingStandby { get; } = new(async run =>
    {
        var primary = await run.BeginAsync();
        var (lagging, ahead) = (run.Others(primary)[0], run.Others(primary)[1]);
        await run.KillAsync(lagging);
        var missedFrom = await ViewOfAsync(run, primary);
        await run.WriteMoreAsync(2 * FailoverRun.Enough);
        var had = await ViewOfAsync(run, ahead);
        Assert.True(had.AppendedSequence > missedFrom.AppendedSequence, "the Standby that is ahead is not");
        await run.KillAsync(primary, ahead);

        await run.StartAsync(lagging);
        await run.StartAsync(ahead);
        var successor = await run.WaitForPrimaryAsync();
        var now = await ViewOfAsync(run, successor);
        Assert.True(now.CommittedSequence > had.AppendedSequence,
            $"{successor.Id} leads with {now.CommittedSequence} of {had.AppendedSequence} entries");
        await run.StartAsync(primary);
        await run.EndAsync(reigns: 2);
    });

    /// <summary>
    /// A Standby loses its disk while the others' logs no longer reach back to their beginning. It is given the state, catches up, votes,
    /// and its vote is worth something: with it the cluster survives the loss of the Primary.
    /// </summary>
    public static FailoverScenario EmptyNode { get; } = new(async run =>
    {
        var primary = await run.BeginAsync();
        var empty = run.Others(primary)[0];
        await run.KillAsync(empty);
        await run.Cluster.LoseDiskAsync(empty, run.Stop);
        await run.WaitUntilAsync("the Primary's log is truncated", async () => await run.LookAsync(primary) is { State.BaseSequence: > 0 });
        await run.StartAsync(empty);
        await run.WaitUntilAsync(
            $"{empty.Id} votes, and its Primary counts it",
            async () => await run.LookAsync(empty) is { Voting: true, State.IsWhole: true }
                && await run.LookAsync(primary) is { Serving: true } view
                && view.Standbys.Any(standby => standby.Node == empty.Id && standby.Voting));
        await run.WriteMoreAsync();

        await run.KillAsync(primary);
        var successor = await run.WaitForPrimaryAsync();
        await run.WriteMoreAsync();
        await run.StartAsync(primary);
        await run.WaitForFollowerAsync(primary, successor);
        await run.EndAsync(reigns: 2);
    }, """
        hotstandby.checkpoints.every-bytes = 64KiB
        hotstandby.journal { segment-bytes = 64KiB, retain-bytes = 0 }
        """);

    private static async Task<NodeView> ViewOfAsync(FailoverRun run, FailoverNode node)
    {
        NodeView? view = null;
        await run.WaitUntilAsync($"{node.Id} answers", async () => (view = await run.LookAsync(node)) is not null);
        return view!;
    }
}
