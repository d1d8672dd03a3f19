// What operators may ask of the node's state. Each begins something that goes on in the background; /status shows how far it is.
using Akka.Actor;
using HotStandby.Actors.Checkpoints;
using HotStandby.Messages;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace HotStandby.Host.Http;

/// <summary>/admin/checkpoint and /admin/full-sync, of this node.</summary>
internal static class StateEndpoints
{
    public static void Map(IEndpointRouteBuilder routes, AdminNode node)
    {
        Map(routes, node, "/admin/checkpoint", NodeCommand.Checkpoint, "Begins a round of checkpoints; 409 while one runs.");
        Map(routes, node, "/admin/full-sync", NodeCommand.FullSync, "Replaces this Standby's state by a full sync from another node; 409 on the leader.");
    }

    private static void Map(IEndpointRouteBuilder routes, AdminNode node, string path, NodeCommand command, string summary) =>
        routes.MapPost(path, (CancellationToken stop) => RunAsync(node, command, stop)).Answers<BegunBody>(summary, 409, 503);

    private static async Task<IResult> RunAsync(AdminNode node, NodeCommand command, CancellationToken stop)
    {
        try
        {
            return await node.RunAsync(command, stop) is { } refusal
                ? ErrorAnswer.Of(StatusCodes.Status409Conflict, ErrorCode.UnavailableInCurrentStatus, refusal)
                : Results.Json(new BegunBody(true), AdminJson.Default.BegunBody);
        }
        catch (AskTimeoutException)
        {
            return ErrorAnswer.NoReport();
        }
    }
}
