// A cluster that was stopped, upgraded and started again: nodes of this build start on the data directories that nodes of the version
// before have left (tests/Process/Operations/Upgrade). That version itself is not needed.
using System.IO.Compression;
using System.Net;
using HotStandby.Lab.Cluster;
using HotStandby.Messages;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Mooncake.Calls;
using HotStandby.Mooncake.Client;
using HotStandby.Mooncake.Types;
using HotStandby.Tests.Process.Failover;
using Xunit.Abstractions;

namespace HotStandby.Tests.Process.Operations;

public sealed class UpgradeTests(ITestOutputHelper output) : ClusterTest(output)
{
    // The settings of the nodes that left the directories, as far as a directory depends on them. Their journals have several segments.
    private const string Settings = """
        hotstandby.shards = 8
        hotstandby.journal { segment-bytes = 64KiB, retain-bytes = 0 }
        """;

    private static readonly string Fixture = Path.Combine(AppContext.BaseDirectory, "Operations", "Upgrade");
    private static readonly ByteString Tenant = "default";

    // The clients that left objects there: one owns two segments, the other one owns a segment and has written all objects.
    private static readonly Uuid Owner = new(0x68, 1);
    private static readonly Uuid Writer = new(0x68, 2);

    [Fact]
    public async Task Nodes_of_this_build_go_on_with_the_data_directories_of_the_version_before()
    {
        await using var cluster = LocalCluster.Create(3, Lasting + Settings);
        ZipFile.ExtractToDirectory(Path.Combine(Fixture, "nodes.zip"), cluster.DirectoryPath);
        await WithClusterAsync(cluster, async (_, stop) =>
        {
            cluster.StartAll();
            await WithPrimaryAsync(cluster, EverythingIsThereAsync, stop);
            await WithPrimaryAsync(cluster, ClientsGoOnAsync, stop);
            await AllMustAgreeAsync(cluster, stop);

            foreach (var node in cluster.Nodes)
                node.Send(NodeSignal.Terminate);
            foreach (var node in cluster.Nodes)
                Assert.Equal(0, await WaitForExitCodeAsync(node, Patience, stop));
            cluster.StartAll();
            await WithPrimaryAsync(cluster, EverythingIsThereAsync, stop);
            await WithPrimaryAsync(cluster, async (client, ended) =>
            {
                for (var i = 0; i < NewObjects; i++)
                    Assert.Contains($"{NewBytes}@", await DescribeAsync(client, $"new-{i}", ended), StringComparison.Ordinal);
            }, stop);
            await AllMustAgreeAsync(cluster, stop);
            foreach (var node in cluster.Nodes)
                Assert.DoesNotContain("begins a full sync", await File.ReadAllTextAsync(node.LogFile, stop), StringComparison.Ordinal);
        });
    }

    private const int NewObjects = 50;
    private const ulong NewBytes = 777;

    private static async Task WithPrimaryAsync(
        LocalCluster cluster, Func<MasterClient, CancellationToken, Task> ask, CancellationToken stop)
    {
        var primary = await cluster.WaitForPrimaryAsync(Patience, stop);
        await using var connection = await MasterConnection.ConnectAsync(IPEndPoint.Parse(primary.ClientAddress), null, stop);
        await ask(new MasterClient(connection), stop);
    }

    // Each line of the list is a key and what the version before has answered.
    private static async Task EverythingIsThereAsync(MasterClient client, CancellationToken stop)
    {
        var lines = File.ReadLines(Path.Combine(Fixture, "objects.txt")).Where(static line => !line.StartsWith('#')).ToArray();
        Assert.True(lines.Length > 200);
        foreach (var line in lines)
            Assert.Equal(line, await DescribeAsync(client, line.Split(' ')[0], stop));
    }

    // As clients of a Primary that is new to them: told to remount, they do, and write again. A put that was begun before is ended.
    private static async Task ClientsGoOnAsync(MasterClient client, CancellationToken stop)
    {
        foreach (var (owner, segments) in new[] { (Owner, new[] { SegmentOf(0), SegmentOf(1) }), (Writer, new[] { SegmentOf(2) }) })
        {
            Assert.Equal(ClientStatus.NeedRemount, (await client.PingAsync(new(owner), stop)).Value.Status);
            Assert.Equal(ErrorCode.Ok, (await client.ReMountSegmentAsync(new(segments, owner), stop)).Error);
            Assert.Equal(ClientStatus.Ok, (await client.PingAsync(new(owner), stop)).Value.Status);
        }

        for (var i = 0; i < NewObjects; i++)
        {
            ByteString key = $"new-{i}";
            Assert.Equal(
                ErrorCode.Ok, (await client.PutStartAsync(new(Writer, key, NewBytes, new WireReplicateConfig(), Tenant), stop)).Error);
            Assert.Equal(ErrorCode.Ok, (await client.PutEndAsync(new(Writer, new(key, 1), ReplicaType.Memory, Tenant), stop)).Error);
        }

        Assert.Equal(ErrorCode.ReplicaIsNotReady, (await client.GetReplicaListAsync(new("unfinished-3", Tenant), stop)).Error);
        Assert.Equal(ErrorCode.Ok, (await client.PutEndAsync(new(Writer, new("unfinished-3", 1), ReplicaType.Memory, Tenant), stop)).Error);
        Assert.Equal(ErrorCode.Ok, (await client.GetReplicaListAsync(new("unfinished-3", Tenant), stop)).Error);
        var tasks = (await client.FetchTasksAsync(new(Owner, 10), stop)).Value.Count
            + (await client.FetchTasksAsync(new(Writer, 10), stop)).Value.Count;
        Assert.Equal(1, tasks); // a copy that was asked for before
    }

    // As in the list: key, checksum, and id, bytes, endpoint, address and status of each replica; or the error.
    private static async Task<string> DescribeAsync(MasterClient client, string key, CancellationToken stop)
    {
        var list = await client.GetReplicaListAsync(new(key, Tenant), stop);
        if (!list.IsOk)
            return $"{key} {list.Error}";
        var words = new List<string> { key, list.Value.ObjectChecksum?.ToString("x") ?? "-" };
        for (var i = 0; i < list.Value.Replicas.Count; i++)
        {
            var replica = list.Value.Replicas[i];
            var memory = Assert.IsType<ReplicaLocation.Memory>(replica.Location);
            words.Add($"{replica.Id}:{memory.SizeBytes}@{memory.TransportEndpoint}+{memory.Address:x}:{replica.Status}");
        }

        return string.Join(' ', words);
    }

    private static WireSegment SegmentOf(int number) => new(
        new Uuid(0x68, 100 + (ulong)number), $"memory-{number}", 0x10_0000_0000UL * ((ulong)number + 1), 64UL << 20,
        $"127.0.0.1:{17001 + number}", "tcp", $"host-{number}");
}
