// The discovery port: to clients that look for the Primary the node looks like an etcd with one key. It starts and stops; what is answered
// is in the services beside it. It reads, and changes nothing.
using System.Net;
using HotStandby.Host.Http;
using HotStandby.Host.Limits;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace HotStandby.Host.Discovery;

/// <summary>Where the discovery port is.</summary>
internal sealed record DiscoveryOptions
{
    /// <summary>Where to listen; port 0 takes a free one.</summary>
    public required IPEndPoint Endpoint { get; init; }

    /// <summary>Most connections.</summary>
    public required int MaximumConnections { get; init; }

    /// <summary>Hears when no more connections can be taken.</summary>
    public DoorWatch Watch { get; init; } = new("discovery", NullLogger.Instance, TimeProvider.System);

    /// <summary>What stands before each connection, such as TLS; null: nothing.</summary>
    public Action<ListenOptions>? Guard { get; init; }
}

/// <summary>Serves etcd's calls that Mooncake clients make: docs/operations.md.</summary>
internal static class DiscoveryServer
{
    // A key is at most some hundred bytes. What etcd's clients send beside it is less than this, too.
    private const int MaximumMessageBytes = 16 * 1024;
    private const int MaximumHeaderBytes = 16 * 1024;
    private const int MaximumHeaders = 64;
    private const int MaximumStreams = 100;
    private const int BufferBytes = 16 * 1024;

    // The smallest that HTTP/2 has.
    private const int WindowBytes = 65_535;

    // A client that vanished without a word gives its places back after this.
    private static readonly TimeSpan PingAfter = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan PingPatience = TimeSpan.FromSeconds(20);

    /// <summary>Starts listening.</summary>
    /// <returns>The running server; disposing stops it. Its <c>Urls</c> tell the port that was taken.</returns>
    /// <exception cref="IOException">The port is taken.</exception>
    public static async Task<WebApplication> StartAsync(DiscoveryOptions options, DiscoveryNode node)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(node);
        var builder = AdminServer.CreateBuilder(options.Endpoint, options.MaximumConnections, options.Watch, listen =>
        {
            listen.Protocols = HttpProtocols.Http2; // without TLS clients begin to speak it at once
            options.Guard?.Invoke(listen);
        }, 4 * MaximumMessageBytes); // a message that is too long is refused as such, and not as a broken request
        builder.WebHost.ConfigureKestrel(static kestrel =>
        {
            kestrel.Limits.MaxRequestHeadersTotalSize = MaximumHeaderBytes;
            kestrel.Limits.MaxRequestHeaderCount = MaximumHeaders;
            kestrel.Limits.MaxResponseBufferSize = BufferBytes;
            kestrel.Limits.Http2.MaxRequestHeaderFieldSize = MaximumHeaderBytes / 2;
            kestrel.Limits.Http2.MaxStreamsPerConnection = MaximumStreams;
            kestrel.Limits.Http2.InitialConnectionWindowSize = WindowBytes;
            kestrel.Limits.Http2.InitialStreamWindowSize = WindowBytes;
            kestrel.Limits.Http2.KeepAlivePingDelay = PingAfter;
            kestrel.Limits.Http2.KeepAlivePingTimeout = PingPatience;
        });
        builder.Services.AddSingleton(node);
        builder.Services.AddGrpc(static grpc =>
        {
            grpc.MaxReceiveMessageSize = MaximumMessageBytes;
            grpc.IgnoreUnknownServices = true; // UnofferedCalls has an answer
        });
        var app = builder.Build();
        HttpPlaces.Watch(app);
        app.UseRouting();
        UnofferedCalls.Answer(app);
        app.MapGrpcService<KeyService>();
        app.MapGrpcService<WatchService>();
        app.MapGrpcService<MemberService>();
        app.MapGrpcService<StatusService>();
        await app.StartAsync();
        return app;
    }
}
