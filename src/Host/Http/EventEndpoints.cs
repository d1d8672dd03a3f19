// The page, and what it lives on: the node's events, and how it is every second, as server-sent events. Pages of the cluster's other nodes
// may read them, so that one page shows all nodes.
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Threading.Channels;
using HotStandby.Host.Commands.Operator;
using HotStandby.Host.Events;
using HotStandby.Host.Page;
using HotStandby.Messages;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace HotStandby.Host.Http;

/// <summary>/, /events and /admin/events.</summary>
internal static class EventEndpoints
{
    private const int UsualEvents = 50;
    private static readonly TimeSpan SnapshotInterval = TimeSpan.FromSeconds(1);

    public static void Map(IEndpointRouteBuilder routes, AdminNode node)
    {
        routes.MapCommand(CommandTable.Events, (string? last) =>
                Parameters.Number(last, "last", CommandTable.Lines, UsualEvents, out var count)
                ?? Results.Json(new EventsBody(node.Options.Events.Last(count)), EventJson.Default.EventsBody))
            .AnswersCommand<EventsBody>(CommandTable.Events, 400);
        routes.MapGet("/events", (HttpContext context, CancellationToken stop) =>
        {
            AllowOtherNodes(context, node);
            if (HttpMethods.IsHead(context.Request.Method))
                return Results.Empty; // what would follow has no end
            if (node.Options.Events.Listen(stop) is not { } events)
                return ErrorAnswer.Of(StatusCodes.Status503ServiceUnavailable, ErrorCode.UnavailableInCurrentStatus,
                    $"{EventRing.MostListeners} listen already");
            return Results.ServerSentEvents(ItemsAsync(node, events, stop));
        }).AnswersText(
            "Server-sent events: `past` once, `happened` for what happens and has happened lately, `state` every second. For the page.",
            503);
        routes.MapGet("/", (HttpContext context) =>
        {
            context.Response.Headers.ContentSecurityPolicy = StatusPage.SecurityPolicy;
            context.Response.Headers.CacheControl = "no-cache";
            context.Response.Headers.XContentTypeOptions = "nosniff";
            return Results.Text(StatusPage.Html, "text/html; charset=utf-8");
        }).AnswersText("The page: all nodes, the last failover step by step, segments and events, for people.");
    }

    private static async IAsyncEnumerable<SseItem<string>> ItemsAsync(
        AdminNode node, ChannelReader<NodeEvent> events, [EnumeratorCancellation] CancellationToken stop)
    {
        yield return new SseItem<string>(JsonSerializer.Serialize(
            new PastBody(node.Options.NodeName, node.Past.All), EventJson.Default.PastBody), "past");
        while (!stop.IsCancellationRequested)
        {
            while (events.TryRead(out var happened))
                yield return new SseItem<string>(JsonSerializer.Serialize(happened, EventJson.Default.NodeEvent), "happened");
            if (events.Completion.IsCompleted)
                yield break; // it did not keep up, or the node ends
            yield return new SseItem<string>(
                JsonSerializer.Serialize(await node.Snapshots.GetAsync(stop), EventJson.Default.NodeSnapshot), "state");
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
            patience.CancelAfter(SnapshotInterval);
            try
            {
                await events.WaitToReadAsync(patience.Token);
            }
            catch (OperationCanceledException)
            {
                // A second without an event.
            }
        }
    }

    /// <summary>
    /// Lets the pages of the cluster's members read the answer: they ask with the origins of their own nodes. No other page may.
    /// </summary>
    public static void AllowOtherNodes(HttpContext context, AdminNode node)
    {
        var origin = context.Request.Headers.Origin.ToString();
        context.Response.Headers.Vary = "Origin";
        var own = origin.Replace("//localhost:", "//127.0.0.1:", StringComparison.Ordinal);
        if (origin.Length > 0 && node.Members().Any(member => member.Http == own))
            context.Response.Headers.AccessControlAllowOrigin = origin;
    }
}

/// <summary>/admin/events.</summary>
internal sealed record EventsBody(IReadOnlyList<NodeEvent> Events);

/// <summary>What /events begins with: the node's last ten minutes.</summary>
internal sealed record PastBody(string Node, IReadOnlyList<PastPoint> Points);

/// <summary>How they are written, compiled in.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(EventsBody))]
[JsonSerializable(typeof(NodeEvent))]
[JsonSerializable(typeof(NodeSnapshot))]
[JsonSerializable(typeof(PastBody))]
internal sealed partial class EventJson : JsonSerializerContext;
