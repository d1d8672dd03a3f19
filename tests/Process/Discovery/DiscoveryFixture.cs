// A discovery port on a free loopback port, over a view that the test publishes, and clients of it: .NET's own gRPC client.
using System.Net;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using HotStandby.Actors.Gateway;
using HotStandby.Actors.Node;
using HotStandby.Core.Replication;
using HotStandby.Host.Discovery;
using HotStandby.Messages.Identity;
using HotStandby.Mooncake.Discovery;
using Microsoft.AspNetCore.Builder;

namespace HotStandby.Tests.Process.Discovery;

internal sealed class DiscoveryFixture : IAsyncDisposable, IClientAddresses
{
    public static readonly ByteString Key = DiscoveryKey.Of(DiscoveryKey.DefaultCluster);

    private readonly WebApplication _server;

    private DiscoveryFixture(WebApplication server, DiscoveryNode node)
    {
        (_server, Node) = (server, node);
        Channel = NewChannel();
    }

    public DiscoveryNode Node { get; }

    public MasterViews Views => Node.Views;

    public Uri Address => new(_server.Urls.Single());

    public IPEndPoint EndPoint => new(IPAddress.Loopback, Address.Port);

    public GrpcChannel Channel { get; }

    public KV.KVClient Keys => new(Channel);

    public static async Task<DiscoveryFixture> StartAsync(
        int maximumWatches = 1000, int maximumConnections = 1000, Func<IReadOnlyList<MemberReport>>? members = null,
        Func<NodeReport?>? report = null, TimeProvider? time = null)
    {
        NodeId[] voters = [new("node1"), new("node2"), new("node3")];
        var node = new DiscoveryNode
        {
            Views = new MasterViews(TimeProvider.System), Key = Key, ClusterId = "test", Self = voters[0], Voters = voters,
            Members = members ?? (static () => []), Report = report ?? (static () => null), MaximumWatches = maximumWatches,
            Time = time ?? TimeProvider.System,
        };
        var options = new DiscoveryOptions { Endpoint = new IPEndPoint(IPAddress.Loopback, 0), MaximumConnections = maximumConnections };
        return new DiscoveryFixture(await DiscoveryServer.StartAsync(options, node), node);
    }

    public string ClientAddressOf(NodeId node) => $"{node.Name}.example:50051";

    /// <summary>A node serves in an epoch from now on.</summary>
    public void Serve(ulong epoch, string node = "node1") => Views.Note(new Service(new NodeId(node), epoch, long.MaxValue), this);

    /// <summary>None does.</summary>
    public void End() => Views.Note(null, this);

    public GrpcChannel NewChannel() => GrpcChannel.ForAddress(Address, new GrpcChannelOptions
    {
        HttpHandler = new SocketsHttpHandler { UseProxy = false }, DisposeHttpClient = true,
    });

    public WatchSession Watch(GrpcChannel? channel = null) => new(new Watch.WatchClient(channel ?? Channel).Watch());

    public async ValueTask DisposeAsync()
    {
        Channel.Dispose();
        await _server.DisposeAsync();
    }
}

/// <summary>One Watch call, as a client sees it.</summary>
internal sealed class WatchSession(AsyncDuplexStreamingCall<WatchRequest, WatchResponse> call) : IDisposable
{
    public Task SendAsync(WatchRequest request) => call.RequestStream.WriteAsync(request).WaitAsync(Deadline.Step);

    public Task CreateAsync(long start = 0, Action<WatchCreateRequest>? change = null)
    {
        var request = new WatchCreateRequest { Key = DiscoveryFixture.Key, RangeEnd = EndOf(DiscoveryFixture.Key), StartRevision = start };
        change?.Invoke(request);
        return SendAsync(new WatchRequest { CreateRequest = request });
    }

    /// <summary>The next answer.</summary>
    public async Task<WatchResponse> NextAsync()
    {
        Assert.True(await call.ResponseStream.MoveNext().WaitAsync(Deadline.Step), "the stream has ended");
        return call.ResponseStream.Current;
    }

    /// <summary>Creates a watch and takes the answer that says so.</summary>
    public async Task<WatchResponse> BeginAsync(long start = 0, Action<WatchCreateRequest>? change = null)
    {
        await CreateAsync(start, change);
        var created = await NextAsync();
        Assert.True(created.Created && !created.Canceled, created.ToString());
        return created;
    }

    /// <summary>The next answer, which must be one event, as +epoch or -.</summary>
    public async Task<string> EventAsync()
    {
        var told = Assert.Single((await NextAsync()).Events);
        return told.Type == Event.Types.EventType.Put ? $"+{told.Kv.CreateRevision} {told.Kv.Value.ToStringUtf8()}" : "-";
    }

    /// <summary>Nothing else was told before the answer to a question that is put now.</summary>
    public async Task NothingMoreAsync()
    {
        await SendAsync(new WatchRequest { ProgressRequest = new() });
        var answer = await NextAsync();
        Assert.True(answer.WatchId == -1 && answer.Events.Count == 0 && !answer.Created && !answer.Canceled, answer.ToString());
    }

    public Task CompleteAsync() => call.RequestStream.CompleteAsync();

    public async Task<bool> HasEndedAsync()
    {
        try
        {
            while (await call.ResponseStream.MoveNext().WaitAsync(Deadline.Step))
            {
                // What was told before its end.
            }

            return true;
        }
        catch (RpcException)
        {
            return true;
        }
    }

    public void Dispose() => call.Dispose();

    // As etcd's clients make a prefix: the key with its last byte one higher.
    private static ByteString EndOf(ByteString key)
    {
        var end = key.ToByteArray();
        end[^1]++;
        return ByteString.CopyFrom(end);
    }
}
