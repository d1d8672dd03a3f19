// A node with both doors open: what is put through one is read through the other.
using System.Globalization;
using System.Net;
using HotStandby.Lab.Cluster;
using HotStandby.Lab.Replay;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Mooncake.Calls;
using HotStandby.Mooncake.Client;
using HotStandby.Mooncake.Generations;
using HotStandby.Mooncake.Types;
using Xunit.Abstractions;

namespace HotStandby.Tests.Process.Failover;

public sealed class PreviousGenerationTests(ITestOutputHelper output) : ClusterTest(output)
{
    private const ulong ObjectBytes = 4096;
    private const ulong Checksum = 0xfeed;
    private static readonly Uuid Caller = new(7, 2000);
    private static readonly ByteString Tenant = "default";

    [Fact]
    public Task What_is_put_through_one_door_is_read_through_the_other() => WithClusterAsync(1, async (cluster, stop) =>
    {
        var (node, port) = (cluster.Nodes[0], LocalCluster.FreePorts(1)[0]);
        node.WriteConfig(
            cluster.Nodes, string.Create(CultureInfo.InvariantCulture, $"hotstandby.client.previous-generation-port = {port}"));
        node.Start();
        await cluster.WaitForPrimaryAsync(Patience, stop);
        Assert.Contains(
            $"of the previous generation on 127.0.0.1:{port}", await File.ReadAllTextAsync(node.LogFile, stop), StringComparison.Ordinal);

        await using var mounting = new MooncakeMasterClient(cluster.ClientAddresses, Caller);
        await using var memory = await SegmentOwner.MountAsync(mounting, Caller, 1, 1 << 30, Patience, TimeSpan.FromSeconds(1), null, stop);
        await using var newest = await ConnectAsync(node.ClientAddress, RpcTable.Newest, stop);
        await using var previous = await ConnectAsync($"127.0.0.1:{port}", RpcTable.Previous, stop);
        await PutAsync(newest, "put-by-newest", stop);
        await PutAsync(previous, "put-by-previous", stop);

        // The checksum is a word of the newest generation alone.
        await MustReadAsync(newest, "put-by-newest", Checksum, stop);
        await MustReadAsync(previous, "put-by-newest", null, stop);
        await MustReadAsync(newest, "put-by-previous", null, stop);
        await MustReadAsync(previous, "put-by-previous", null, stop);
    });

    private static Task<MasterConnection> ConnectAsync(string address, RpcTable functions, CancellationToken stop) =>
        MasterConnection.ConnectAsync(IPEndPoint.Parse(address), new MasterConnectionSettings { Functions = functions }, stop);

    private static async Task PutAsync(MasterConnection connection, ByteString key, CancellationToken stop)
    {
        var client = new MasterClient(connection);
        var replicas = await client.PutStartAsync(new(Caller, key, ObjectBytes, new WireReplicateConfig(), Tenant), stop);
        Assert.True(replicas.IsOk, $"{replicas.Error}");
        Assert.Equal(1, replicas.Value.Count);
        var ended = await client.PutEndAsync(new(Caller, new(key, Checksum), ReplicaType.Memory, Tenant), stop);
        Assert.True(ended.IsOk, $"{ended.Error}");
    }

    private static async Task MustReadAsync(MasterConnection connection, ByteString key, ulong? checksum, CancellationToken stop)
    {
        var list = await new MasterClient(connection).GetReplicaListAsync(new(key, Tenant), stop);
        Assert.True(list.IsOk, $"{key}: {list.Error}");
        Assert.Equal((1, checksum), (list.Value.Replicas.Count, list.Value.ObjectChecksum));
    }
}
