// Real nodes with few file descriptors, and more idle connections than those are good for: nothing ends, the journal goes on, and there is
// room again when the connections close.
using System.Net;
using System.Net.Sockets;
using HotStandby.Lab.Cluster;
using HotStandby.Messages;
using HotStandby.Messages.Identity;
using HotStandby.Tests.Process.Failover;
using HotStandby.Tests.Process.Telemetry;
using Xunit.Abstractions;

namespace HotStandby.Tests.Process.Limits;

public sealed class DescriptorTests(ITestOutputHelper output) : ClusterTest(output)
{
    private const int Idle = 300;

    private const int MostFiles = 512;
    private const string Few = "ulimit -n 512; exec \"$@\"";

    // Every second or so a new segment and a checkpoint, both of which need descriptors.
    private const string Quick = """
        hotstandby.journal { segment-bytes = 64KiB, retain-bytes = 0 }
        hotstandby.checkpoints.every-bytes = 256KiB
        """;

    [Fact]
    public Task Nodes_with_512_descriptors_go_on_while_hundreds_of_connections_are_idle() => WithClusterAsync(3, async (cluster, stop) =>
    {
        foreach (var node in cluster.Nodes)
            node.Launcher = ["bash", "-c", Few, "bash"];
        cluster.StartAll();
        await cluster.WaitForPrimaryAsync(Patience, stop);
        foreach (var node in cluster.Nodes)
            await WaitUntilAsync("the warning", Patience, async () =>
                (await File.ReadAllTextAsync(node.LogFile, stop)).Contains("may open 512 files", StringComparison.Ordinal), stop);
        await using var load = await Load.StartAsync(cluster, stop);
        await load.WaitForMoreAsync(100, stop);
        using (var connections = new IdleConnections())
        {
            foreach (var node in cluster.Nodes)
                await connections.OpenAsync(stop, node.ClientAddress, node.HttpAddress);
            var segments = cluster.Nodes.ToDictionary(static node => node, NewestSegment);
            var acknowledged = load.Acknowledged;
            await WaitUntilAsync("each journal has grown by segments", Patience, async () =>
            {
                await load.MustGoOnAsync();
                return cluster.Nodes.All(node => NewestSegment(node) > segments[node] + 2);
            }, stop);
            Assert.True(load.Acknowledged > acknowledged);
            foreach (var node in cluster.Nodes)
                await ViewOfAsync(cluster, node, stop); // a probe finds a place
            await MustBeServedAsync(cluster, stop); // and so does a client
        }

        foreach (var node in cluster.Nodes)
        {
            await WaitUntilAsync("the descriptors are free again", Patience, () => Task.FromResult(OpenFiles(node) < 420), stop);
            await ViewOfAsync(cluster, node, stop);
        }

        await MustBeServedAsync(cluster, stop);
        await load.EndAsync();
        await load.NothingMustBeLostAsync(stop);
        await AllMustAgreeAsync(cluster, stop);
        Assert.All(cluster.Nodes, static node => Assert.Empty(node.ExitCodes));
    }, Unhurried + Quick);

    [Fact]
    public Task Strangers_at_every_port_leave_a_node_the_descriptors_that_it_needs() => WithClusterAsync(1, async (cluster, stop) =>
    {
        var node = cluster.Nodes[0];
        node.Launcher = ["bash", "-c", Few, "bash"];
        node.Start();
        await cluster.WaitForPrimaryAsync(Patience, stop);
        await using var load = await Load.StartAsync(cluster, stop);
        await load.WaitForMoreAsync(100, stop);
        using (var connections = new IdleConnections())
        {
            await connections.OpenAsync(stop, node.RemotingAddress, node.ClientAddress, node.HttpAddress);
            var segment = NewestSegment(node);
            await WaitUntilAsync("the journal has grown by segments", Patience, async () =>
            {
                Assert.Empty(node.ExitCodes);
                await load.MustGoOnAsync();
                return NewestSegment(node) > segment + 2;
            }, stop);
            Assert.True(node.IsRunning);
            await MustBeServedAsync(cluster, stop);
            Assert.InRange(OpenFiles(node), 1, MostFiles - 1);
        }

        await WaitUntilAsync("the ports take connections", Patience, async () => await TryScrapeAsync(node, stop) is not null, stop);
        await load.EndAsync();
        await load.NothingMustBeLostAsync(stop);
        Assert.Empty(node.ExitCodes);
    }, Quick);

    [Fact]
    public Task A_node_with_too_few_descriptors_is_refused_with_78_in_one_line() => WithClusterAsync(1, async (cluster, stop) =>
    {
        var node = cluster.Nodes[0];
        node.Launcher = ["bash", "-c", "ulimit -n 300; exec \"$@\"", "bash"];
        node.Start();
        Assert.Equal(78, await WaitForExitCodeAsync(node, Patience, stop));
        var line = Assert.Single(await File.ReadAllLinesAsync(node.LogFile, stop));
        Assert.Contains("may open only 300 files", line, StringComparison.Ordinal);
    });

    private static async Task MustBeServedAsync(LocalCluster cluster, CancellationToken stop)
    {
        await using var client = new MooncakeMasterClient(cluster.ClientAddresses, new Uuid(8, 1));
        await WaitUntilAsync("a new client is served", Patience, async () =>
            (await client.BatchGetReplicaListAsync(["absent"], stop)).Items is [ErrorCode.ObjectNotFound], stop);
    }

    private static async Task<Scrape?> TryScrapeAsync(LocalNode node, CancellationToken stop)
    {
        try
        {
            return await Scrape.OfAsync(node, stop);
        }
        catch (Exception error) when (error is HttpRequestException or OperationCanceledException && !stop.IsCancellationRequested)
        {
            return null;
        }
    }

    private static int OpenFiles(LocalNode node) => Directory.GetFileSystemEntries($"/proc/{node.ProcessId}/fd").Length;

    private static long NewestSegment(LocalNode node) =>
        Directory.EnumerateFiles(Path.Combine(node.DataDirectory, "logs"), "*.segment", SearchOption.AllDirectories)
            .Max(static file => long.Parse(Path.GetFileNameWithoutExtension(file)));

    private sealed class IdleConnections : IDisposable
    {
        private readonly List<Socket> _open = [];

        public async Task OpenAsync(CancellationToken stop, params string[] addresses)
        {
            foreach (var address in addresses)
            {
                for (var i = 0; i < Idle; i++)
                {
                    var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                    _open.Add(socket);
                    await socket.ConnectAsync(IPEndPoint.Parse(address), stop);
                }
            }
        }

        public void Dispose()
        {
            foreach (var socket in _open)
                socket.Dispose();
        }
    }
}
