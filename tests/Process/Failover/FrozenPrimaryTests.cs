// A Primary that is stopped by SIGSTOP believes, when it goes on, that no time has passed. Its lease says otherwise.
using HotStandby.Lab.Cluster;
using HotStandby.Mooncake.Client;
using Xunit.Abstractions;

namespace HotStandby.Tests.Process.Failover;

public sealed class FrozenPrimaryTests(ITestOutputHelper output) : ClusterTest(output)
{
    // No call ends by its own time: what frees clients from a frozen node is that another one serves.
    private static readonly MasterConnectionSettings Endless = new() { ResponseTimeout = Deadline.Never };

    [Fact]
    public Task A_Primary_frozen_beyond_its_lease_serves_nobody_when_it_goes_on_and_follows_the_new_one() => WithClusterAsync(
        3, async (cluster, stop) =>
    {
        cluster.StartAll();
        var frozen = await cluster.WaitForPrimaryAsync(Patience, stop);
        await using var load = await Load.StartAsync(cluster, stop, Endless);
        await using var watch = new ServingWatch(cluster, stop);
        await load.WaitForMoreAsync(1000, stop);

        frozen.Send(NodeSignal.Stop);
        var successor = await WaitForSuccessorAsync(cluster, frozen, stop);
        // While the old one is still frozen: clients must not need its connections to break.
        await load.WaitForMoreAsync(1000, stop);
        frozen.Send(NodeSignal.Continue);

        await WaitUntilAsync(
            $"{frozen.Id} is a Standby", Patience,
            async () => await cluster.StatusAsync(frozen, stop) is { Role: "standby", AppliedSequence: > 0 } view
                && view.Leader == successor.Id, stop);
        Output.WriteLine($"{frozen.Id} was started again {frozen.Restarts} times");
        if (frozen.Restarts > 0)
            await WaitUntilAsync("its last words", Patience, () => Task.FromResult(SaysWhyItEnded(frozen)), stop);
        await load.WaitForMoreAsync(1000, stop);
        var report = await load.EndAsync();
        Output.WriteLine($"gap {report.LongestGap.TotalMilliseconds:0} ms, {load.Acknowledged} writes acknowledged");
        await load.NothingMustBeLostAsync(stop);
        await AllMustAgreeAsync(cluster, stop);
        await watch.OneAtATimeMustHaveServedAsync(reigns: 2);
    });

    private static bool SaysWhyItEnded(LocalNode node) =>
        File.ReadLines(node.LogFile).Any(line => line.StartsWith("hotstandby: ended: ", StringComparison.Ordinal));
}
