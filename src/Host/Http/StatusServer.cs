// The node's HTTP port: liveness and status. It only reads.
using System.Net;
using HotStandby.Actors.Node;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace HotStandby.Host.Http;

/// <summary>Serves GET /health, /role, /health/primary and /status.</summary>
public static class StatusServer
{
    /// <summary>Starts listening.</summary>
    /// <param name="endpoint">Where.</param>
    /// <param name="report">Asks the node.</param>
    /// <exception cref="IOException">The port is taken.</exception>
    public static async Task<IAsyncDisposable> StartAsync(IPEndPoint endpoint, Func<CancellationToken, Task<NodeReport>> report)
    {
        // Empty: the usual builder reads settings files and watches their directory, which on a busy node is the journal's.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.UseKestrelCore();
        builder.Services.AddRoutingCore();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(endpoint));
        var app = builder.Build();
        app.MapGet("/health", () => Results.Text("ok"));
        app.MapGet("/role", async (CancellationToken stop) => Results.Text((await report(stop)).Replica.Serving ? "leader" : "standby"));
        app.MapGet("/health/primary", async (CancellationToken stop) =>
            (await report(stop)).Replica.Serving ? Results.Text("primary") : Results.Text("not primary", statusCode: 503));
        app.MapGet("/status", async (CancellationToken stop) => Results.Json(NodeView.Of(await report(stop)), NodeViewJson.Default.NodeView));
        await app.StartAsync();
        return app;
    }
}
