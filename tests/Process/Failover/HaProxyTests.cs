// The shipped haproxy.cfg in front of real nodes, with clients that know its address alone.
using HotStandby.Lab.Cluster;
using HotStandby.Lab.Failover;
using Xunit.Abstractions;

namespace HotStandby.Tests.Process.Failover;

public sealed class HaProxyTests(ITestOutputHelper output) : OneAddressTest(output)
{
    [FactWith("haproxy")]
    public Task Clients_behind_haproxy_go_on_after_a_kill_and_a_switchover_and_lose_nothing() => WithClusterAsync(
        3, async (cluster, stop) =>
    {
        cluster.StartAll();
        await cluster.WaitForPrimaryAsync(Patience, stop);
        await using var front = await HaProxy.StartAsync(cluster, stop);
        await GoOnAsync(cluster, front.Address, () => OnlyTheServingNodeHasSessionsAsync(cluster, front, stop), stop);
    }, "hotstandby.objects.client-ttl = 10min"); // no machine is so slow that a client counts as dead meanwhile

    // No session stays with a node that does not serve, and none goes there.
    private static Task OnlyTheServingNodeHasSessionsAsync(LocalCluster cluster, HaProxy front, CancellationToken stop) =>
        WaitUntilAsync("haproxy has its sessions with the node that serves, and that one alone is up", Patience, async () =>
        {
            var serves = await cluster.WaitForPrimaryAsync(Patience, stop);
            return (await front.NodesAsync(stop)).All(node => node.Key == serves.Id
                ? node.Value is { IsUp: true, Sessions: >= Clients }
                : node.Value is { IsUp: false, Sessions: 0 });
        }, stop);
}
