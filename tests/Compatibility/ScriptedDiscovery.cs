// A discovery port that a test speaks through: what a node publishes, without the node. What the real port answers is tested in
// tests/Process/Discovery.
using System.Net;
using Grpc.Core;
using HotStandby.Mooncake.Discovery;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using GrpcStatus = Grpc.Core.Status;

namespace HotStandby.Tests.Compatibility;

/// <summary>Answers Range and Watch with the view that was published last.</summary>
internal sealed class ScriptedDiscovery : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly WebApplication _server;
    private TaskCompletionSource _published = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private (long Epoch, string Address)? _view;
    private int _watches;

    private ScriptedDiscovery()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(static kestrel =>
            kestrel.Listen(IPAddress.Loopback, 0, static listen => listen.Protocols = HttpProtocols.Http2));
        builder.Services.AddSingleton(this);
        builder.Services.AddGrpc();
        _server = builder.Build();
        _server.MapGrpcService<Keys>();
        _server.MapGrpcService<Watches>();
    }

    /// <summary>host:port.</summary>
    public string Address => new Uri(_server.Urls.Single()).Authority;

    /// <summary>The address in the form that asks for discovery.</summary>
    public string Scheme => $"etcd://{Address}";

    /// <summary>Watches that clients have opened.</summary>
    public int WatchesOpened => Volatile.Read(ref _watches);

    /// <summary>Reads are refused with this sentence; null: they are answered.</summary>
    public string? Refusal { get; set; }

    public static async Task<ScriptedDiscovery> StartAsync()
    {
        var discovery = new ScriptedDiscovery();
        await discovery._server.StartAsync();
        return discovery;
    }

    /// <summary>A node serves from now on.</summary>
    public void Publish(long epoch, string address)
    {
        lock (_lock)
        {
            _view = (epoch, address);
            _published.SetResult();
            _published = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    public async ValueTask DisposeAsync() => await _server.DisposeAsync();

    private (KeyValue? Pair, Task Next) Latest()
    {
        lock (_lock)
            return (_view is not { } view ? null : new KeyValue
            {
                Key = DiscoveryKey.Of(DiscoveryKey.DefaultCluster), Value = Google.Protobuf.ByteString.CopyFromUtf8(view.Address),
                CreateRevision = view.Epoch, ModRevision = view.Epoch, Version = 1,
            }, _published.Task);
    }

    private sealed class Keys(ScriptedDiscovery discovery) : KV.KVBase
    {
        public override Task<RangeResponse> Range(RangeRequest request, ServerCallContext context)
        {
            if (discovery.Refusal is { } refusal)
                throw new RpcException(new GrpcStatus(StatusCode.Unavailable, refusal));
            var response = new RangeResponse();
            if (discovery.Latest().Pair is { } pair && request.Key == pair.Key)
                response.Kvs.Add(pair);
            return Task.FromResult(response);
        }
    }

    private sealed class Watches(ScriptedDiscovery discovery) : Watch.WatchBase
    {
        public override async Task Watch(
            IAsyncStreamReader<WatchRequest> requestStream, IServerStreamWriter<WatchResponse> responseStream, ServerCallContext context)
        {
            Assert.True(await requestStream.MoveNext());
            Interlocked.Increment(ref discovery._watches);
            while (!context.CancellationToken.IsCancellationRequested)
            {
                var (pair, next) = discovery.Latest();
                if (pair is not null)
                {
                    var put = new Event { Type = Event.Types.EventType.Put, Kv = pair };
                    await responseStream.WriteAsync(new WatchResponse { Events = { put } });
                }

                await next.WaitAsync(context.CancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }
}
