// A node that must not start says why and ends with the exit code of sysexits.h that tells its supervisor what to do.
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using HotStandby.Actors.Journal;
using HotStandby.Lab.Cluster;
using Xunit.Abstractions;

namespace HotStandby.Tests.Process.Failover;

public sealed class RefusedStartTests(ITestOutputHelper output) : ClusterTest(output)
{
    [Fact]
    public Task A_data_directory_in_use_and_another_nodes_data_directory_are_refused_with_65() => WithClusterAsync(
        2, async (cluster, stop) =>
    {
        var (first, second) = (cluster.Nodes[0], cluster.Nodes[1]);
        first.WriteConfig([first], "");
        first.Start();
        await WaitUntilAsync("a Primary", Patience, async () => await cluster.StatusAsync(first, stop) is { Serving: true }, stop);

        second.WriteConfig(
            [first], $"hotstandby {{ node-id = {first.Id}, data-dir = \"{first.DataDirectory}\" }}\nakka.cluster.seed-nodes = []");
        second.Start();
        Assert.Equal(65, await WaitForExitCodeAsync(second, Patience, stop));
        await LogMustSayAsync(second, stop, first.DataDirectory, "another process");
        Assert.True((await ViewOfAsync(cluster, first, stop)).Serving, "the rightful owner must go on");

        first.Send(NodeSignal.Terminate);
        Assert.Equal(0, await WaitForExitCodeAsync(first, Patience, stop));
        first.WriteConfig([first], """hotstandby { node-id = "somebody-else", voters = ["somebody-else"] }""");
        first.Start();
        Assert.Equal(65, await WaitForExitCodeAsync(first, Patience, stop));
        await LogMustSayAsync(first, stop, first.DataDirectory, "somebody-else", first.Id);
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
    [InlineData("text", "directory of another node", 65)]
    [InlineData("json", "directory of another node", 65)]
    [InlineData("text", "directory in use", 65)]
    [InlineData("json", "directory in use", 65)]
    [InlineData("text", "directory below a file", 74)]
    [InlineData("json", "directory below a file", 74)]
    [InlineData("text", "directory that cannot be locked", 74)]
    [InlineData("text", "hotstandby.client.port", 74)]
    [InlineData("json", "hotstandby.client.port", 74)]
    [InlineData("text", "hotstandby.client.previous-generation-port", 74)]
    [InlineData("text", "hotstandby.discovery.etcd-port", 74)]
    [InlineData("text", "hotstandby.http.port", 74)]
    [InlineData("text", "hotstandby.http.metadata-port", 74)]
    [InlineData("text", "hotstandby.remoting.port", 74)]
    [InlineData("json", "hotstandby.remoting.port", 74)]
    [InlineData("text", "address that is not here", 74)]
    [InlineData("text", "token file without a token", 78)]
    [InlineData("json", "token file without a token", 78)]
    [InlineData("text", "certificate that is not there", 78)]
    public Task An_expected_mistake_is_one_line_and_its_exit_code(
        string format, string mistake, int code) => WithClusterAsync(1, async (cluster, stop) =>
    {
        var node = cluster.Nodes[0];
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        IDisposable? held = null;
        var (extra, said, unsaid) = ("", "", "   at ");
        switch (mistake)
        {
            case "directory of another node":
                DataDirectory.Open(FileDisk.Instance, node.DataDirectory, "local", "another").Dispose();
                break;
            case "directory in use":
                held = DataDirectory.Open(FileDisk.Instance, node.DataDirectory, "local", node.Id);
                break;
            case "directory below a file":
                await File.WriteAllTextAsync(node.DataDirectory, "", stop);
                extra = $"hotstandby.data-dir = \"{node.DataDirectory}/below\"";
                break;
            case "directory that cannot be locked":
                // A socket under the lock's name cannot be opened by any process: as on a disk that is mounted read-only.
                (said, unsaid) = (DataDirectory.LockFile, "another process");
                Directory.CreateDirectory(node.DataDirectory);
                socket.Bind(new UnixDomainSocketEndPoint(Path.Combine(node.DataDirectory, DataDirectory.LockFile)));
                break;
            case "address that is not here":
                extra = "hotstandby.client.host = \"192.0.2.1\"";
                break;
            case "token file without a token":
                extra = $"hotstandby.http.admin-token-file = \"{node.ConfigFile}\"";
                break;
            case "certificate that is not there":
                extra = "hotstandby.client.tls { certificate = \"/nowhere/pem\", key = \"/etc/passwd\" }";
                break;
            default:
                listener.Start();
                said = string.Create(
                    CultureInfo.InvariantCulture, $"a port cannot be opened: {mistake} = {((IPEndPoint)listener.LocalEndpoint).Port}");
                extra = string.Create(CultureInfo.InvariantCulture,
                    $"hotstandby.http.metadata-server = on\n{mistake} = {((IPEndPoint)listener.LocalEndpoint).Port}");
                break;
        }

        node.WriteConfig(cluster.Nodes, $"{extra}\nhotstandby.log.format = {format}\nakka.cluster.seed-nodes = []");
        node.Start();
        Assert.Equal(code, await WaitForExitCodeAsync(node, Patience, stop));
        held?.Dispose();
        var lines = await File.ReadAllLinesAsync(node.LogFile, stop);
        // A warning about what this machine or a setting allows may come before it.
        var line = Assert.Single(lines, line => !IsWarning(line, format));
        Assert.Equal(line, lines[^1]);
        Assert.Contains(said, line, StringComparison.Ordinal);
        Assert.DoesNotContain(unsaid, line, StringComparison.Ordinal);
        if (format == "json")
        {
            var root = System.Text.Json.JsonDocument.Parse(line).RootElement;
            Assert.Equal(("error", "NodeEnds", node.Id),
                (root.GetProperty("level").GetString(), root.GetProperty("name").GetString(), root.GetProperty("node").GetString()));
        }

        Assert.Matches(format == "json" ? "^\\{" : "^(hotstandby|error): ", line);
    });

    private static bool IsWarning(string line, string format) => format == "json"
        ? System.Text.Json.JsonDocument.Parse(line).RootElement.GetProperty("level").GetString() == "warn"
        : line.Contains(" WARN ", StringComparison.Ordinal);

    // The output arrives by a pipe, and may come a moment after the exit.
    private static async Task LogMustSayAsync(LocalNode node, CancellationToken stop, params string[] words)
    {
        foreach (var word in words)
            await WaitUntilAsync(
                $"{node.Id} says '{word}'", Patience,
                async () => File.Exists(node.LogFile)
                    && (await File.ReadAllTextAsync(node.LogFile, stop)).Contains(word, StringComparison.Ordinal), stop);
    }
}
