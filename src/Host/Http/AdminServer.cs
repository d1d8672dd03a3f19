// The operators' HTTP port. It starts and stops; what is answered is in the endpoint families beside it. Only calls that go
// through the gateway change anything.
using HotStandby.Messages.Network;
using System.Net;
using System.Text.Json.Serialization.Metadata;
using HotStandby.Actors.Node;
using HotStandby.Actors.Settings;
using HotStandby.CommandLine.Status;
using HotStandby.Host.Events;
using HotStandby.Host.Limits;
using HotStandby.Host.Telemetry;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;
using HotStandby.Mooncake.Server;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace HotStandby.Host.Http;

/// <summary>Where the operators' port is and how patient it is.</summary>
internal sealed record AdminOptions
{
    /// <summary>Where to listen; port 0 takes a free one.</summary>
    public required IPEndPoint Endpoint { get; init; }

    /// <summary>host:port at which clients reach this node's Mooncake door: what <c>/leader</c> says while the node serves.</summary>
    public required string ClientAddress { get; init; }

    /// <summary>Most connections: each may hold a body in memory, and a file descriptor.</summary>
    public int MaximumConnections { get; init; } = AdminServer.MostConnections;

    /// <summary>Hears when no more connections can be taken.</summary>
    public DoorWatch Watch { get; init; } = new("http", NullLogger.Instance, TimeProvider.System);

    /// <summary>What stands before each connection, such as TLS; null: nothing.</summary>
    public Action<ListenOptions>? Guard { get; init; }

    /// <summary>A call without an outcome for so long is answered with 504.</summary>
    public TimeSpan CallTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long scrapes wait for the node's report before they answer without it.</summary>
    public TimeSpan ProbeTimeout { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Entries that a Standby may still have to apply and yet be called ready.</summary>
    public ulong ReadyLagEntries { get; init; } = 10_000;

    /// <summary>The node-id, as commands show it.</summary>
    public string NodeName { get; init; } = "";

    /// <summary>The cluster-id.</summary>
    public string ClusterId { get; init; } = "";

    /// <summary>File descriptors that the process may open; 0: not known.</summary>
    public long MostDescriptors { get; init; }

    /// <summary>The voters of the cluster.</summary>
    public IReadOnlyList<NodeId> Voters { get; init; } = [];

    /// <summary>A voter that was not heard for so long does not count for the lease.</summary>
    public TimeSpan LeaseDuration { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>What tenants mean; the same on every node.</summary>
    public Tenancy Tenancy { get; init; }

    /// <summary>The settings in force, secrets masked: what <c>/admin/config</c> says.</summary>
    public IReadOnlyList<EffectiveSetting> Settings { get; init; } = [];

    /// <summary>
    /// The token for calls that change something, and for <c>/admin</c> from outside of loopback; empty: both are answered on loopback
    /// only.
    /// </summary>
    public string AdminToken { get; init; } = "";

    /// <summary>How long the calls of clients take.</summary>
    public CallTimes Times { get; init; } = new();

    /// <summary>Calls of clients that took long.</summary>
    public SlowCalls Slow { get; init; } = new(TimeProvider.System);

    /// <summary>What the page says of the node itself.</summary>
    public NodeFacts About { get; init; } = NodeFacts.Unknown;

    /// <summary>Where commands are noted.</summary>
    public AuditLog Audit { get; init; } = new(null, static _ => { }, TimeProvider.System);

    /// <summary>What has happened on the node lately.</summary>
    public EventRing Events { get; init; } = new("", TimeProvider.System);

    /// <summary>The node's data directory, whose size <c>/metrics</c> tells; null: it does not.</summary>
    public string? DataDirectory { get; init; }

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>The node's log.</summary>
    public ILogger Log { get; init; } = NullLogger.Instance;
}

/// <summary>Serves the admin endpoints of Mooncake's master and a few more: docs/http-api.md.</summary>
internal static class AdminServer
{
    /// <summary>Connections of an HTTP port, unless file descriptors are scarce.</summary>
    public const int MostConnections = 1024;

    private const long MaximumBodyBytes = 64 * 1024;
    private const int MaximumRequestLineBytes = 64 * 1024; // /batch_query_keys has its keys there

    /// <summary>Starts listening.</summary>
    /// <param name="options">Where, and how patient.</param>
    /// <param name="gateway">The way into the node.</param>
    /// <param name="report">Asks the node how it is; may throw AskTimeoutException while it reads its journal.</param>
    /// <param name="controls">What else the node may be asked to do.</param>
    /// <returns>The running server; disposing stops it. Its <c>Urls</c> tell the port that was taken.</returns>
    /// <exception cref="IOException">The port is taken.</exception>
    public static async Task<WebApplication> StartAsync(
        AdminOptions options, IMasterGateway gateway, Func<CancellationToken, Task<NodeReport>> report,
        NodeControls controls)
    {
        ArgumentNullException.ThrowIfNull(options);
        var builder = CreateBuilder(options.Endpoint, options.MaximumConnections, options.Watch, options.Guard, MaximumBodyBytes);
        builder.Services.ConfigureHttpJsonOptions(json => json.SerializerOptions.TypeInfoResolver =
            JsonTypeInfoResolver.Combine(AdminJson.Default, NodeViewJson.Default, CommandJson.Default, EventJson.Default));
        builder.Services.AddOpenApi("v1", document => document.AddDocumentTransformer((description, _, _) =>
        {
            description.Info.Title = "HotStandby.Actors: operators' port";
            description.Info.Description = "See docs/http-api.md. Every path answers HEAD where it answers GET, and OPTIONS.";
            GuardDescription.Declare(description);
            return Task.CompletedTask;
        }).AddOperationTransformer((operation, context, _) =>
        {
            GuardDescription.Require(operation, context);
            return Task.CompletedTask;
        }));
        MetricsEndpoints.AddTo(builder.Services, new BuildInfo(options.NodeName, options.ClusterId));
        var app = builder.Build();
        var guard = new OperatorGuard(options);
        var node = new AdminNode(options, gateway, report, controls);
        HttpPlaces.Watch(app);
        app.UseRoutingWithMethods();
        app.Use(next => context => guard.InvokeAsync(context, next));
        HealthEndpoints.Map(app, node);
        MetricsEndpoints.Map(app, node);
        ReplicationEndpoints.Map(app, node);
        ObjectEndpoints.Map(app, node);
        SegmentEndpoints.Map(app, node);
        DrainEndpoints.Map(app, node);
        StateEndpoints.Map(app, node);
        CommandEndpoints.Map(app, node);
        EventEndpoints.Map(app, node);
        AbsentFeatureEndpoints.Map(app, node);
        app.MapOpenApi("/openapi.json");
        await app.StartAsync();
        _ = node.Past.RunAsync(app.Lifetime.ApplicationStopping);
        return app;
    }

    /// <summary>A bare Kestrel on one endpoint.</summary>
    internal static WebApplicationBuilder CreateBuilder(
        IPEndPoint endpoint, int maximumConnections, DoorWatch watch, Action<ListenOptions>? guard, long maximumBodyBytes)
    {
        // Empty: the usual builder reads settings files and watches their directory, which on a busy node is the journal's.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration();
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton<IConnectionListenerFactory>(
            new PatientListenerFactory(new SocketTransportOptions(), watch.Paused, TimeProvider.System));
        var slots = new ConnectionSlots(maximumConnections, watch.Full);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = maximumBodyBytes;
            kestrel.Limits.MaxRequestLineSize = MaximumRequestLineBytes;
            kestrel.Limits.MaxRequestBufferSize = 2 * MaximumRequestLineBytes;
            kestrel.Listen(endpoint, listen =>
            {
                HttpPlaces.Guard(listen, slots);
                guard?.Invoke(listen);
            });
        });
        return builder;
    }
}
