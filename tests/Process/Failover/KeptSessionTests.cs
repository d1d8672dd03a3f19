// A stock client knows one address. Behind a balancer that keeps sessions its connection would stay with a node that has stopped serving,
// so that node must end it, and must not keep the client if it comes back too early.
using HotStandby.CommandLine;
using HotStandby.Host.Commands;
using HotStandby.Lab.Cluster;
using HotStandby.Messages;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Mooncake.Calls;
using HotStandby.Mooncake.Client;
using HotStandby.Mooncake.Types;
using Xunit.Abstractions;

namespace HotStandby.Tests.Process.Failover;

public sealed class KeptSessionTests(ITestOutputHelper output) : ClusterTest(output)
{
    private static readonly Uuid Caller = new(7, 3000);
    private static readonly ByteString Tenant = "default";
    private static readonly TimeSpan CallInterval = TimeSpan.FromMilliseconds(20);

    [Fact]
    public Task Client_of_one_address_follows_a_switchover_and_reads_what_it_put() => WithClusterAsync(3, async (cluster, stop) =>
    {
        cluster.StartAll();
        var primary = await cluster.WaitForPrimaryAsync(Patience, stop);
        await using var balancer = new SessionBalancer(cluster.Nodes, primary);
        await using var client = new StockClient(balancer);
        await WaitUntilAsync("an object is stored", Patience, () => client.StoreAsync("kept", stop), stop);
        Assert.Equal(1, client.Connections);

        var successor = cluster.Nodes.First(node => node != primary);
        await WaitUntilAsync("the switchover is taken", Patience, async () =>
        {
            using var said = new StringWriter();
            string[] command =
                ["switchover", "--to", successor.Id, "--yes", .. cluster.Nodes.SelectMany(node => new[] { "--http", node.HttpAddress })];
            return await CommandTree.RunAsync(command, new Terminal(said, said, false), null, stop) == ExitCode.Ok;
        }, stop);

        await WaitUntilAsync("the client is disconnected, comes to the new Primary and reads its object", Patience,
            () => client.ExistsAsync("kept", stop), stop);
        Assert.True(client.Connections > 1, "its connection was never closed");
        Assert.NotEqual(primary, balancer.Healthy);
        Output.WriteLine($"{client.Connections} connections, {client.Refusals} refusals");
        await WaitUntilAsync("and it goes on writing there", Patience, () => client.StoreAsync("new", stop), stop);
    }, Unhurried);

    /// <summary>
    /// Behaves as Mooncake's client: one connection, which it never closes itself, however often it is refused; when it is closed, the
    /// next call opens another at the same address. It mounts its memory again when it is told to.
    /// </summary>
    private sealed class StockClient(SessionBalancer balancer) : IAsyncDisposable
    {
        private MasterConnection? _connection;

        /// <summary>How many it has opened.</summary>
        public int Connections { get; private set; }

        /// <summary>How often it was told that the node does not serve.</summary>
        public int Refusals { get; private set; }

        public Task<bool> StoreAsync(string key, CancellationToken stop) => TryAsync(async client =>
        {
            if (!await IsMountedAsync(client, stop))
                return false;
            var started = await client.PutStartAsync(new(Caller, key, 4096, new WireReplicateConfig(), Tenant), stop);
            if (!started.IsOk)
                return Refused(started.Error);
            return (await client.PutEndAsync(new(Caller, new(key, null), ReplicaType.All, Tenant), stop)).IsOk;
        }, stop);

        public Task<bool> ExistsAsync(string key, CancellationToken stop) => TryAsync(async client =>
        {
            var answer = await client.ExistKeyAsync(new(key, Tenant), stop);
            return answer.IsOk ? answer.Value.Value : Refused(answer.Error);
        }, stop);

        public async ValueTask DisposeAsync()
        {
            if (_connection is { } open)
                await open.DisposeAsync();
        }

        private async Task<bool> IsMountedAsync(MasterClient client, CancellationToken stop)
        {
            var ping = await client.PingAsync(new(Caller), stop);
            if (!ping.IsOk)
                return Refused(ping.Error);
            if (ping.Value.Status == ClientStatus.Ok)
                return true;
            WireSegment segment = new(new Uuid(7, 3001), "kept:1", 1 << 20, 1 << 24, "kept:1", "tcp", "");
            return (await client.ReMountSegmentAsync(new((WireSegment[])[segment], Caller), stop)).IsOk;
        }

        private bool Refused(ErrorCode error)
        {
            Refusals += error == ErrorCode.UnavailableInCurrentMode ? 1 : 0;
            return false;
        }

        private async Task<bool> TryAsync(Func<MasterClient, Task<bool>> call, CancellationToken stop)
        {
            try
            {
                if (_connection is not { IsOpen: true })
                {
                    await DisposeAsync();
                    _connection = await MasterConnection.ConnectAsync(balancer.EndPoint, MasterConnectionSettings.Default, stop);
                    Connections++;
                }

                return await call(new MasterClient(_connection));
            }
            catch (MasterRpcException)
            {
                await Task.Delay(CallInterval, stop);
                return false;
            }
        }
    }
}
