// The optional metadata server of the transfer engine, on a port of its own. Every node keeps its own; it is not replicated.
using System.Net;
using System.Text;
using HotStandby.Host.Limits;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging.Abstractions;
using ListenOptions = Microsoft.AspNetCore.Server.Kestrel.Core.ListenOptions;

namespace HotStandby.Host.Http;

/// <summary>Where the metadata server is and how much it keeps.</summary>
public sealed record MetadataOptions
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

    /// <summary>Longest body in bytes; a longer one is refused with 413.</summary>
    public int MaximumBodyBytes { get; init; } = 1 << 20;
}

/// <summary>GET, PUT and DELETE /metadata?key=, GET /health.</summary>
public static class MetadataEndpoints
{
    private const int MaximumKeyBytes = 4096;

    /// <summary>Starts listening.</summary>
    /// <returns>The running server; disposing stops it.</returns>
    /// <exception cref="IOException">The port is taken.</exception>
    public static async Task<WebApplication> StartAsync(MetadataOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var app = AdminServer.CreateBuilder(options.Endpoint, options.MaximumConnections, options.Watch, options.Guard, options.MaximumBodyBytes).Build();
        HttpPlaces.Watch(app);
        Map(app, new MetadataStore(options.MaximumKeys, options.MaximumBytes));
        await app.StartAsync();
        return app;
    }

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
            MetadataWrite.Conflict => Results.Text("another client has published this key", statusCode: StatusCodes.Status400BadRequest),
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
