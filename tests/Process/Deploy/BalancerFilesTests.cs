// The files that put one address in front of the nodes: the programs that read them take them, and they fit the nodes' own files.
using System.Net;
using System.Text.RegularExpressions;
using HotStandby.Lab.Chaos;
using HotStandby.Lab.Cluster;
using HotStandby.Lab.Failover;

namespace HotStandby.Tests.Process.Deploy;

public sealed partial class BalancerFilesTests
{
    private static readonly string HaProxyFile = InRepository("deploy", "haproxy", "haproxy.cfg");
    private static readonly string ClientsFile = InRepository("deploy", "kubernetes", "clients.yaml");
    private static readonly string NodesFile = InRepository("deploy", "kubernetes", "hotstandby.yaml");
    private static readonly string KeepalivedFile = InRepository("deploy", "keepalived", "keepalived.conf");

    [FactWith("haproxy")]
    public async Task HAProxy_takes_its_file_and_the_one_for_Kubernetes()
    {
        await SystemTool.RunAsync("haproxy", "-c", "-f", HaProxyFile);
        var directory = Directory.CreateTempSubdirectory("haproxy-").FullName;
        try
        {
            var file = Path.Combine(directory, "haproxy.cfg");
            var inNamespace = KubernetesConfiguration().Replace("${NAMESPACE}", "default", StringComparison.Ordinal);
            await File.WriteAllTextAsync(file, inNamespace);
            await SystemTool.RunAsync("haproxy", "-c", "-f", file);
            await File.WriteAllTextAsync(file, inNamespace.Replace("httpchk GET", "httpcheck GET", StringComparison.Ordinal));
            await Assert.ThrowsAsync<IOException>(() => SystemTool.RunAsync("haproxy", "-c", "-f", file)); // so it does read them
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public void The_front_in_Kubernetes_is_the_shipped_one_with_names_that_are_resolved_again()
    {
        string[] added =
        [
            "resolvers cluster", "parse-resolv-conf", "hold valid 1s", "resolve_retries 3", "timeout resolve 1s", "timeout retry 1s",
            "frontend ready", "mode http", "timeout client 5s", "bind :8404", "monitor-uri /",
            "default-server resolvers cluster init-addr none",
        ];
        var shipped = Directives(File.ReadAllText(HaProxyFile));
        var kubernetes = Directives(KubernetesConfiguration());
        Assert.Equal(shipped.Where(IsNoServer), kubernetes.Where(IsNoServer).Except(added));
        Assert.Equal(
            Enumerable.Range(0, 3).Select(
                static i => $"server node{i + 1} \"hotstandby-{i}.hotstandby.${{NAMESPACE}}.svc.cluster.local:50051\""),
            kubernetes.Where(static line => !IsNoServer(line)));
    }

    [Fact]
    public void Kubernetes_nodes_are_found_before_they_are_ready_and_are_ready_as_Standbys()
    {
        var nodes = File.ReadAllText(NodesFile);
        var clients = File.ReadAllText(ClientsFile);
        Assert.Contains("publishNotReadyAddresses: true", nodes, StringComparison.Ordinal);
        // A rolling update and the disruption budget wait for nodes that are ready: all must be, not only the one that serves.
        Assert.Contains("readinessProbe:\n            httpGet: {path: /ready, port: http}", nodes, StringComparison.Ordinal);
        Assert.DoesNotContain("path: /health/primary", nodes, StringComparison.Ordinal);
        // The clients' Service has no node in it, whatever that node's state is.
        Assert.Contains("\n  selector: {app.kubernetes.io/name: mooncake}\n", clients, StringComparison.Ordinal);
        Assert.DoesNotContain("app.kubernetes.io/name: hotstandby", clients, StringComparison.Ordinal);
        Assert.DoesNotContain("kind: Role", clients, StringComparison.Ordinal);
        // Every probe and port of it is one that haproxy opens.
        var opened = Directives(KubernetesConfiguration()).Where(static line => line.StartsWith("bind ", StringComparison.Ordinal))
            .Select(static line => line.Split(':')[1]);
        Assert.Equal(opened.Order(), ContainerPort().Matches(clients).Select(static port => port.Groups[1].Value).Order());
    }

    [Fact]
    public async Task The_front_of_a_cluster_has_its_addresses_and_nothing_else_changed()
    {
        await using var cluster = LocalCluster.Create(3);
        var lines = Directives(HaProxy.ConfigurationFor(cluster.Nodes, new IPEndPoint(IPAddress.Loopback, 4711)));
        var shipped = Directives(File.ReadAllText(HaProxyFile));
        Assert.Equal(
            shipped.Where(IsNoServer).Select(static line => line == "bind :50051" ? "bind 127.0.0.1:4711" : line), lines.Where(IsNoServer));
        Assert.Equal(
            cluster.Nodes.Select(static node =>
                $"server {node.Id} {node.ClientAddress} check port {IPEndPoint.Parse(node.HttpAddress).Port}"),
            lines.Where(static line => !IsNoServer(line)));
        Assert.Equal(
            cluster.Nodes.Count, shipped.Count(static line => !IsNoServer(line) && line.EndsWith(":50051", StringComparison.Ordinal)));
    }

    // Its exit code says nothing: it ends itself with SIGTERM.
    [FactWith("keepalived")]
    public async Task Keepalived_has_nothing_against_its_file()
    {
        Assert.DoesNotContain("Line ", await ComplaintsAsync(File.ReadAllText(KeepalivedFile)), StringComparison.Ordinal);
        var broken = File.ReadAllText(KeepalivedFile).Replace("advert_int", "advert_interval", StringComparison.Ordinal);
        Assert.Contains("Unknown keyword 'advert_interval'", await ComplaintsAsync(broken), StringComparison.Ordinal);
    }

    private static async Task<string> ComplaintsAsync(string configuration)
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, configuration);
            return await SystemTool.RunAsync(
                "sh", "-c", $"keepalived --log-console --no-syslog --config-test --use-file {file} 2>&1; true");
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static string KubernetesConfiguration()
    {
        var lines = File.ReadAllLines(ClientsFile)
            .SkipWhile(static line => line != "  haproxy.cfg: |").Skip(1).TakeWhile(static line => line != "---");
        return string.Concat(lines.Select(static line => (line.Length == 0 ? line : line[4..]) + '\n'));
    }

    private static string InRepository(params string[] parts) => Path.Combine([TestConfiguration.RepositoryRoot, .. parts]);

    private static string[] Directives(string configuration) =>
        [.. configuration.Split('\n').Select(static line => line.Split('#')[0].Trim()).Where(static line => line.Length > 0)];

    private static bool IsNoServer(string line) => !line.StartsWith("server ", StringComparison.Ordinal);

    [GeneratedRegex(@"containerPort: (\d+)")]
    private static partial Regex ContainerPort();
}
