// Nodes that listen on one address and announce another, and nodes that have IPv6 addresses alone.
using System.Net;
using System.Net.Sockets;
using HotStandby.Lab.Chaos;
using HotStandby.Lab.Cluster;
using HotStandby.Tests.Process.Chaos;
using Xunit.Abstractions;

namespace HotStandby.Tests.Process.Failover;

public sealed class AnnouncedAddressTests(ITestOutputHelper output) : ClusterTest(output)
{
    private const int Nodes = 3;

    [Fact]
    public Task Nodes_find_each_other_where_they_announce_themselves_and_listen_where_bind_host_says() =>
        FormsAsync("127.0.0.2", ("0.0.0.0", "127.0.0.3"), ("::0", "127.0.0.3"), ("", "127.0.0.2"));

    [Fact]
    public Task Nodes_with_IPv6_addresses_form_a_cluster() => FormsAsync("::1", ("", "::1"), ("", "::1"), ("", "::1"));

    [FactInNamespaces]
    public async Task A_node_whose_name_has_an_IPv6_address_alone_starts()
    {
        using var stop = new CancellationTokenSource(TestPatience);
        await using var namespaces = await NodeNamespaces.MakeAsync(1);
        // What a namespace finds in place of /etc/hosts.
        var files = Directory.CreateDirectory(Path.Combine("/etc/netns", NodeNamespaces.LauncherOf(0)[^1]));
        try
        {
            await File.WriteAllTextAsync(Path.Combine(files.FullName, "hosts"), "::1 six.example\n", stop.Token);
            await using var cluster = LocalCluster.Create(
                1, "hotstandby.remoting { host = six.example, bind-host = \"\" }\nakka.cluster.seed-nodes = []", behindProxies: true,
                namespaces);
            cluster.StartAll();
            await cluster.WaitForPrimaryAsync(Patience, stop.Token);
        }
        finally
        {
            files.Delete(recursive: true);
        }
    }

    [FactInNamespaces]
    public async Task Nodes_behind_address_translation_form_a_cluster()
    {
        using var stop = new CancellationTokenSource(TestPatience);
        await using var namespaces = await NodeNamespaces.MakeAsync(Nodes);
        // Inside a namespace a node has no interface with the address that it announces; its port is another one as well.
        await using var cluster = LocalCluster.Create(
            Nodes, "hotstandby.remoting.bind-host = \"0.0.0.0\"", behindProxies: true, namespaces);
        await using var translation = new FaultNetwork(cluster, namespaces);
        Assert.All(cluster.Nodes, node => Assert.NotEqual(node.RemotingAddress, node.AnnouncedAddress));
        cluster.StartAll();
        var primary = await cluster.WaitForPrimaryAsync(Patience, stop.Token);
        await cluster.WaitForAgreementAsync(Patience, stop.Token);
        primary.Send(NodeSignal.Kill);
        await WaitForSuccessorAsync(cluster, primary, stop.Token);
    }

    [Fact]
    public Task What_Akka_does_not_take_is_refused_with_78_and_all_of_it_at_once() => WithClusterAsync(1, async (cluster, stop) =>
    {
        var node = cluster.Nodes[0];
        node.WriteConfig(cluster.Nodes, """
            akka { loglevel = LOUD, actor.provider = local, cluster.downing-provider-class = "My.Provider, Mine" }
            akka.cluster.failure-detector { heartbeat-interval = 5 minuts, treshold = 8 }
            hotstandby.data-dir = ${NO_SUCH_VARIABLE_HERE}
            """);
        node.Start();
        Assert.Equal(78, await WaitForExitCodeAsync(node, Patience, stop));
        await MustSayAsync(node, stop, "line", "NO_SUCH_VARIABLE_HERE");

        node.WriteConfig(cluster.Nodes, """
            akka { loglevel = LOUD, actor.provider = local, cluster.downing-provider-class = "My.Provider, Mine" }
            akka.cluster.failure-detector { heartbeat-interval = 5 minuts, treshold = 8 }
            """);
        node.Start();
        Assert.Equal(78, await WaitForExitCodeAsync(node, Patience, stop));
        await MustSayAsync(
            node, stop, "akka.loglevel = LOUD", "akka.actor.provider = local", "downing-provider-class", "heartbeat-interval = 5 minuts",
            "did you mean akka.cluster.failure-detector.threshold?");
        Assert.DoesNotContain("   at ", await File.ReadAllTextAsync(node.LogFile, stop), StringComparison.Ordinal);
    });

    // All announce one address; each listens at one of its own, and is reached there.
    private Task FormsAsync(string announced, params (string Bound, string Reached)[] places) => WithClusterAsync(
        places.Length, async (cluster, stop) =>
    {
        var bracketed = announced.Contains(':', StringComparison.Ordinal) ? $"[{announced}]" : announced;
        var seeds = string.Join(
            ", ", cluster.Nodes.Select(node => $"\"akka.tcp://hotstandby@{bracketed}:{IPEndPoint.Parse(node.AnnouncedAddress).Port}\""));
        foreach (var (node, place) in cluster.Nodes.Zip(places))
            node.WriteConfig(
                cluster.Nodes,
                $"hotstandby.remoting {{ host = \"{announced}\", bind-host = \"{place.Bound}\" }}\nakka.cluster.seed-nodes = [{seeds}]");
        cluster.StartAll();
        await cluster.WaitForPrimaryAsync(Patience, stop);
        await cluster.WaitForAgreementAsync(Patience, stop);
        foreach (var (node, place) in cluster.Nodes.Zip(places))
        {
            using var connection = new TcpClient(IPAddress.Parse(place.Reached).AddressFamily);
            await connection.ConnectAsync(place.Reached, IPEndPoint.Parse(node.AnnouncedAddress).Port, stop);
            // The warning is about the address that it listens on, not the one that it announces; there is no other.
            string[] warnings = [.. File.ReadLines(node.LogFile)
                .Where(static line => line.Contains(" 1011 Host: ", StringComparison.Ordinal))];
            Assert.Equal(place.Bound is "0.0.0.0" or "::0" ? 1 : 0, warnings.Length);
            Assert.All(warnings, static line => Assert.Contains("hotstandby.remoting.port = ", line, StringComparison.Ordinal));
        }
    });

    private static Task MustSayAsync(LocalNode node, CancellationToken stop, params string[] words) => WaitUntilAsync(
        $"{node.Id} says all of '{string.Join("', '", words)}'", Patience,
        async () => File.Exists(node.LogFile) && await File.ReadAllTextAsync(node.LogFile, stop) is var said && words.All(word =>
            said.Contains(word, StringComparison.Ordinal)), stop);
}
