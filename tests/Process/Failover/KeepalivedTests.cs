// The shipped keepalived.conf beside real nodes, each on a machine of its own (a namespace), with clients that know the virtual address
// alone.
using HotStandby.Lab.Chaos;
using HotStandby.Lab.Cluster;
using HotStandby.Lab.Failover;
using HotStandby.Tests.Process.Chaos;
using Xunit.Abstractions;

namespace HotStandby.Tests.Process.Failover;

public sealed class KeepalivedTests(ITestOutputHelper output) : OneAddressTest(output)
{
    private const int Nodes = 3;
    private const int ClientPort = 50051;
    private const string Token = "of-this-test-alone";

    [FactInNamespaces("keepalived")]
    public async Task Clients_with_a_virtual_address_go_on_after_a_kill_and_a_switchover_and_lose_nothing()
    {
        await using var namespaces = await NodeNamespaces.MakeAsync(Nodes);
        await using var cluster = LocalCluster.Create(
            Nodes, Lasting + $"hotstandby {{ client.host = \"0.0.0.0\", http.admin-token = {Token} }}", behindProxies: true, namespaces,
            ClientPort);
        var token = Path.Combine(cluster.DirectoryPath, "token");
        await File.WriteAllTextAsync(token, Token);
        await using var network = new FaultNetwork(cluster, namespaces);
        await WithClusterAsync(cluster, async (_, stop) =>
        {
            cluster.StartAll();
            await cluster.WaitForPrimaryAsync(Patience, stop);
            await using var front = await Keepalived.StartAsync(cluster, namespaces);
            await GoOnAsync(
                cluster, front.Address, () => OnlyTheServingNodeHasTheAddressAsync(cluster, front, stop), stop, "--token-file", token);
        });
    }

    private static Task OnlyTheServingNodeHasTheAddressAsync(LocalCluster cluster, Keepalived front, CancellationToken stop) =>
        WaitUntilAsync("the node that serves has the virtual address, and no other", Patience, async () =>
        {
            var serves = await cluster.WaitForPrimaryAsync(Patience, stop);
            var holders = await front.HoldersAsync();
            return holders is [var only] && cluster.Nodes[only] == serves;
        }, stop);
}
