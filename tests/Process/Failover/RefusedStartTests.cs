// A node that must not start says why and ends with the exit code of sysexits.h that tells its supervisor what to do.
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using HotStandby.Actors.Journal;
using HotStandby.Host.Cluster;
using Xunit.Abstractions;

namespace HotStandby.Tests.Process.Failover;

public sealed class RefusedStartTests(ITestOutputHelper output) : ClusterTest(output)
{
    [Fact]
    public Task Another_nodes_data_directory_is_refused_with_65() => WithClusterAsync(1, async (cluster, stop) =>
    {
        var node = cluster.Nodes[0];
        node.Start();
        await cluster.WaitForPrimaryAsync(Patience, stop);
        node.Send(NodeSignal.Terminate);
        Assert.Equal(0, await WaitForExitCodeAsync(node, Patience, stop));

        node.WriteConfig(cluster.Nodes, """hotstandby { node-id = "somebody-else", voters = ["somebody-else"] }""");
        node.Start();
        Assert.Equal(65, await WaitForExitCodeAsync(node, Patience, stop));
        await LogMustSayAsync(node, stop, node.DataDirectory, "somebody-else", node.Id);
    });

    [Fact]
    public Task A_data_directory_in_use_is_refused_with_65() => WithClusterAsync(2, async (cluster, stop) =>
    {
        var (first, second) = (cluster.Nodes[0], cluster.Nodes[1]);
        first.WriteConfig([first], "");
        first.Start();
        await WaitUntilAsync("a Primary", Patience, async () => await cluster.StatusAsync(first, stop) is { Serving: true }, stop);

        second.WriteConfig([first], $"hotstandby {{ node-id = {first.Id}, data-dir = \"{first.DataDirectory}\" }}\nakka.cluster.seed-nodes = []");
        second.Start();
        Assert.Equal(65, await WaitForExitCodeAsync(second, Patience, stop));
        await LogMustSayAsync(second, stop, first.DataDirectory, "another process");
        Assert.True(await cluster.StatusAsync(first, stop) is { Serving: true }, "the rightful owner must go on");
    });

    [Fact]
    public Task A_directory_of_somebody_else_is_refused_with_65_and_not_written_to() => WithClusterAsync(1, async (cluster, stop) =>
    {
        var node = cluster.Nodes[0];
        Directory.CreateDirectory(node.DataDirectory);
        await File.WriteAllTextAsync(Path.Combine(node.DataDirectory, "letters.txt"), "dear", stop);
        node.Start();
        Assert.Equal(65, await WaitForExitCodeAsync(node, Patience, stop));
        await LogMustSayAsync(node, stop, node.DataDirectory, "letters.txt");
        Assert.Single(Directory.EnumerateFileSystemEntries(node.DataDirectory));
    });

    [Fact]
    public Task A_data_directory_that_cannot_be_locked_is_an_error_of_the_disk_with_74() => WithClusterAsync(1, async (cluster, stop) =>
    {
        // A socket under the lock's name cannot be opened, whoever tries: as on a disk that is mounted read-only.
        var node = cluster.Nodes[0];
        Directory.CreateDirectory(node.DataDirectory);
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(Path.Combine(node.DataDirectory, DataDirectory.LockFile)));
        node.Start();
        Assert.Equal(74, await WaitForExitCodeAsync(node, Patience, stop));
        await LogMustSayAsync(node, stop, DataDirectory.LockFile);
        Assert.DoesNotContain("another process", await File.ReadAllTextAsync(node.LogFile, stop), StringComparison.Ordinal);
    });

    [Fact]
    public Task A_wrong_configuration_is_refused_with_78_and_all_errors_at_once() => WithClusterAsync(1, async (cluster, stop) =>
    {
        var node = cluster.Nodes[0];
        node.WriteConfig(cluster.Nodes, "hotstandby { shards = 0, commit = sometimes, lease.duratoin = 3s }");
        node.Start();
        Assert.Equal(78, await WaitForExitCodeAsync(node, Patience, stop));
        await LogMustSayAsync(node, stop, "hotstandby.shards", "4096", "hotstandby.commit", "quorum", "duratoin", "lease.duration");
    });

    [Fact]
    public Task A_missing_file_is_refused_with_66() => WithClusterAsync(1, async (cluster, stop) =>
    {
        var node = cluster.Nodes[0];
        File.Delete(node.ConfigFile);
        node.Start();
        Assert.Equal(66, await WaitForExitCodeAsync(node, Patience, stop));
        await LogMustSayAsync(node, stop, node.ConfigFile, "no such file");
    });

    [Theory]
    [InlineData("client")]
    [InlineData("client", "previous-generation-port")]
    [InlineData("http")]
    [InlineData("remoting")]
    public Task A_port_that_is_taken_is_refused_with_74(string door, string setting = "port") => WithClusterAsync(1, async (cluster, stop) =>
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        var node = cluster.Nodes[0];
        node.WriteConfig(cluster.Nodes, string.Create(CultureInfo.InvariantCulture, $"hotstandby.{door}.{setting} = {port}"));
        node.Start();
        Assert.Equal(74, await WaitForExitCodeAsync(node, Patience, stop));
        await LogMustSayAsync(node, stop, "a port cannot be opened", port.ToString(CultureInfo.InvariantCulture));
    });

    // The output arrives by a pipe, and may come a moment after the exit.
    private static async Task LogMustSayAsync(LocalNode node, CancellationToken stop, params string[] words)
    {
        foreach (var word in words)
            await WaitUntilAsync(
                $"{node.Id} says '{word}'", TimeSpan.FromSeconds(5),
                async () => File.Exists(node.LogFile) && (await File.ReadAllTextAsync(node.LogFile, stop)).Contains(word, StringComparison.Ordinal), stop);
    }
}
