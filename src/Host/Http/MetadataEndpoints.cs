// The optional metadata server of the transfer engine, on a port of its own. Every node keeps its own keys; they are not replicated. Which
// client a key belongs to follows from the segment table, which is replicated.
using System.Net;
using System.Text;
using HotStandby.Core.Segments;
using HotStandby.Host.Limits;
using HotStandby.Messages.Identity;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging.Abstractions;
using ListenOptions = Microsoft.AspNetCore.Server.Kestrel.Core.ListenOptions;

namespace HotStandby.Host.Http;

/// <summary>Where the metadata server is and how much it keeps.</summary>
internal sealed record MetadataOptions
{
    /// <summary>Where to listen; port 0 takes a free one.</summary>
    public required IPEndPoint Endpoint { get; init; }

    /// <summary>What stands before each connection, such as TLS; null: nothing.</summary>
    public Action<ListenOptions>? Guard { get; init; }

    /// <summary>Most connections.</summary>
    public int MaximumConnections { get; init; } = AdminServer.MostConnections;

    /// <summary>Hears when no more connections can be taken.</summary>
    public DoorWatch Watch { get; init; } = new("metadata", NullLogger.Instance, TimeProvider.System);

    /// <summary>Most keys; a further one is refused with 507.</summary>
    public int MaximumKeys { get; init; } = 65536;

    /// <summary>Most bytes of keys and bodies together; beyond it 507.</summary>
    public long MaximumBytes { get; init; } = DefaultBytes;

    /// <summary>256 MiB.</summary>
    public const long DefaultBytes = 256L << 20;

    /// <summary>What is mounted, as this node knows it; null while it does not know.</summary>
    public Func<SegmentDirectory?> Mounted { get; init; } = static () => null;

    /// <summary>How long ago a client was heard; null where no Primary's reign watches it.</summary>
    public Func<Uuid, TimeSpan?> Silence { get; init; } = static _ => null;

    /// <summary>After this silence the cluster suspects a client: <c>hotstandby.objects.client-ttl</c>.</summary>
    public TimeSpan ClientTtl { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// A client that was heard, or has published, within this time lives: its endpoint is not given to another. Clients ping every second.
    /// </summary>
    public TimeSpan Protection { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>A key that no mounted segment claims is forgotten when it was neither published nor asked for in this time.</summary>
    public TimeSpan UnclaimedAge { get; init; } = TimeSpan.FromDays(7);

    /// <summary>When there is no room, such a key goes for another one after this time.</summary>
    public TimeSpan UnclaimedRest { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>A key whose client has ended is kept, unseen, for so long: until then the same client may come back to it.</summary>
    public TimeSpan EndedAge { get; init; } = TimeSpan.FromHours(1);

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Longest body in bytes; a longer one is refused with 413.</summary>
    public int MaximumBodyBytes { get; init; } = 1 << 20;
}

/// <summary>GET, PUT and DELETE /metadata?key=, GET /health.</summary>
internal static class MetadataEndpoints
{
    private const int MaximumKeyBytes = 4096;
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(500);

    /// <summary>Starts listening.</summary>
    /// <returns>The running server; disposing stops it.</returns>
    /// <exception cref="IOException">The port is taken.</exception>
    public static async Task<WebApplication> StartAsync(MetadataOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var app = AdminServer.CreateBuilder(
            options.Endpoint, options.MaximumConnections, options.Watch, options.Guard, options.MaximumBodyBytes).Build();
        HttpPlaces.Watch(app);
        app.UseRoutingWithMethods();
        app.Use(next => context => RefusePagesAsync(context, next));
        var store = new MetadataStore(options);
        Map(app, store);
        await app.StartAsync();
        _ = LookAsync(store, options.Time, app.Lifetime.ApplicationStopping);
        return app;
    }

    private static async Task LookAsync(MetadataStore store, TimeProvider time, CancellationToken stop)
    {
        using var timer = new PeriodicTimer(LookInterval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stop))
                store.Look();
        }
        catch (OperationCanceledException)
        {
            // The port closes.
        }
    }

    // Clients have no token to show. But none of them is a web page.
    private static Task RefusePagesAsync(HttpContext context, RequestDelegate next) =>
        !HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method) && WebPage.Sent(context.Request)
        ? Results.Text("a web page may not change metadata", statusCode: StatusCodes.Status403Forbidden).ExecuteAsync(context)
        : next(context);

    private static void Map(IEndpointRouteBuilder routes, MetadataStore store)
    {
        routes.MapGet("/health", () => Results.Text("OK"));
        routes.MapGet("/metadata", (string? key) =>
            BadKey(key) ?? (store.Find(key!) is { } body ? Results.Bytes(body, "application/json") : Missing()));
        routes.MapPut("/metadata", async (string? key, HttpRequest request, CancellationToken stop) =>
            BadKey(key) ?? await PutAsync(store, key!, request, stop));
        routes.MapDelete("/metadata", (string? key) =>
            BadKey(key) ?? (store.Remove(key!) ? Results.Text("metadata deleted") : Missing()));
    }

    private static async Task<IResult> PutAsync(MetadataStore store, string key, HttpRequest request, CancellationToken stop)
    {
        using var body = new MemoryStream();
        try
        {
            await request.Body.CopyToAsync(body, stop);
        }
        catch (BadHttpRequestException error)
        {
            return Results.Text(error.Message, statusCode: error.StatusCode);
        }

        return store.Put(key, body.ToArray()) switch
        {
            MetadataWrite.Stored => Results.Text("metadata updated"),
            MetadataWrite.Conflict => Results.Text(
                "a living client has published this key with another body; it may be replaced when that client has been silent "
                + "for some seconds",
                statusCode: StatusCodes.Status400BadRequest),
            _ => Results.Text("the metadata server is full", statusCode: StatusCodes.Status507InsufficientStorage),
        };
    }

    private static IResult? BadKey(string? key) =>
        string.IsNullOrEmpty(key) ? Results.Text("key is missing", statusCode: StatusCodes.Status400BadRequest)
        : Encoding.UTF8.GetByteCount(key) > MaximumKeyBytes
            ? Results.Text($"key must be 1 to {MaximumKeyBytes} bytes", statusCode: StatusCodes.Status400BadRequest)
            : null;

    private static IResult Missing() => Results.Text("metadata not found", statusCode: StatusCodes.Status404NotFound);
}
