// A node's HTTP port, as far as the page sees it, that tells one scene: every second again, with one more entry committed.
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using HotStandby.Host.Commands.Operator;
using HotStandby.Host.Events;
using HotStandby.Host.Http;
using HotStandby.Host.Page;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace HotStandby.Tests.Process.Page;

/// <summary>Serves the page and one scene.</summary>
internal sealed class PageStage : IAsyncDisposable
{
    private readonly WebApplication _server;

    private PageStage(WebApplication server) => _server = server;

    /// <summary>Where the page is.</summary>
    public string Url => _server.Urls.First();

    /// <summary>Begins to serve.</summary>
    public static async Task<PageStage> OpenAsync(Scene scene)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        builder.Services.AddRoutingCore();
        var server = builder.Build();
        server.Urls.Add("http://127.0.0.1:0");
        server.MapGet("/", static (HttpContext context) =>
        {
            context.Response.Headers.ContentSecurityPolicy = StatusPage.SecurityPolicy;
            return Results.Text(StatusPage.Html, "text/html; charset=utf-8");
        });
        server.MapGet("/events", (CancellationToken stop) => Results.ServerSentEvents(TellAsync(scene, stop)));
        server.MapGet("/openapi.json", static () => Results.Text(Description(), "application/json"));
        await server.StartAsync();
        return new PageStage(server);
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private static async IAsyncEnumerable<SseItem<string>> TellAsync(Scene scene, [EnumeratorCancellation] CancellationToken stop)
    {
        foreach (var past in scene.Past)
            yield return new SseItem<string>(JsonSerializer.Serialize(past, EventJson.Default.PastBody), "past");
        foreach (var happened in scene.Events)
            yield return new SseItem<string>(JsonSerializer.Serialize(happened, EventJson.Default.NodeEvent), "happened");
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1));
        var tick = 0UL;
        do
        {
            tick++;
            foreach (var node in scene.Nodes)
                yield return new SseItem<string>(JsonSerializer.Serialize(Later(node, tick), EventJson.Default.NodeSnapshot), "state");
        }
        while (await timer.WaitForNextTickAsync(stop));
    }

    private static NodeSnapshot Later(NodeSnapshot node, ulong tick) => node with
    {
        View = node.View! with
        {
            CommittedSequence = node.View.CommittedSequence + tick,
            AppliedSequence = node.View.AppliedSequence + tick,
        },
    };

    // As /openapi.json of a node tells it, as far as the page reads it.
    private static string Description() => JsonSerializer.Serialize(new
    {
        paths = CommandTable.All.ToDictionary(
            static command => command.Path.StartsWith("/admin/", StringComparison.Ordinal) ? command.Path : $"/admin/{command.Name}",
            static command => new Dictionary<string, object>
            {
                [command.Method.Method.ToLowerInvariant()] = new
                {
                    summary = command.IsDangerous ? $"{command.Summary} Needs confirm=yes." : command.Summary,
                    parameters = command.Arguments.Where(static each => each.Parameter is not null)
                        .Select(static each => new { name = each.Parameter }),
                },
            }),
    });
}
