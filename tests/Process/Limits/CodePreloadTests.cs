// Which code a node has loaded before its ports open.
using HotStandby.Host.Cluster;
using HotStandby.Host.Limits;
using HotStandby.Tests.Process.Failover;
using Xunit;
using Xunit.Abstractions;

namespace HotStandby.Tests.Process.Limits;

public sealed class CodePreloadTests(ITestOutputHelper output) : ClusterTest(output)
{
    [Fact]
    public Task A_node_opens_no_assembly_while_it_serves() => WithClusterAsync(1, async (cluster, stop) =>
    {
        var node = cluster.Nodes[0];
        node.Start();
        await cluster.WaitForPrimaryAsync(Patience, stop);
        var loaded = Assemblies(node);
        Assert.Contains(loaded, static path => path.EndsWith("/System.Net.Http.dll", StringComparison.Ordinal)); // which a node seldom needs
        using var http = new HttpClient { BaseAddress = new Uri($"http://{node.HttpAddress}") };
        foreach (var path in (string[])["/metrics", "/status", "/replication", "/openapi.json", "/"])
            Assert.True((await http.GetAsync(new Uri(path, UriKind.Relative), stop)).IsSuccessStatusCode, path);
        Assert.Equal(loaded, Assemblies(node));
    });

    [Fact]
    public void All_that_a_program_refers_to_is_loaded_once()
    {
        var count = CodePreload.LoadAllOf(typeof(LocalNode).Assembly);
        Assert.InRange(count, 50, 1000);
        Assert.Equal(count, CodePreload.LoadAllOf(typeof(LocalNode).Assembly));
        Assert.Contains(AppDomain.CurrentDomain.GetAssemblies(), static each => each.GetName().Name == "Spectre.Console");
    }

    private static SortedSet<string> Assemblies(LocalNode node) => [.. File.ReadLines($"/proc/{node.ProcessId}/maps")
        .Select(static line => line[(line.LastIndexOf(' ') + 1)..]).Where(static path => path.EndsWith(".dll", StringComparison.Ordinal))];
}
