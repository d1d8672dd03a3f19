// What operators may ask of the node's state. Each begins something that goes on in the background; /status shows how far it is.
using System.Text.Json;
using Akka.Actor;
using HotStandby.Core.Node;
using HotStandby.Core.Verification;
using HotStandby.Host.Commands.Operator;
using HotStandby.Messages;
using HotStandby.Messages.Identity;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace HotStandby.Host.Http;

/// <summary>/admin/checkpoint, /admin/full-sync and /admin/verify/inject, of this node.</summary>
internal static class StateEndpoints
{
    public static void Map(IEndpointRouteBuilder routes, AdminNode node)
    {
        routes.MapCommand(CommandTable.Checkpoint, (HttpContext context, CancellationToken stop) =>
                RunAsync(node, Change.Of(context), NodeCommand.Checkpoint, stop))
            .AnswersCommand<BegunBody>(CommandTable.Checkpoint, 409, 503);
        routes.MapCommand(CommandTable.FullSync, (HttpContext context, CancellationToken stop) =>
                RunAsync(node, Change.Of(context), NodeCommand.FullSync, stop))
            .AnswersCommand<BegunBody>(CommandTable.FullSync, 400, 409, 503);
        routes.MapCommand(CommandTable.Inject, (HttpContext context, string? shard, string? fault, CancellationToken stop) =>
                InjectAsync(node, Change.Of(context), shard, fault, stop))
            .AnswersCommand<InjectedBody>(CommandTable.Inject, 400, 409, 503);
    }

    private static async Task<IResult> InjectAsync(AdminNode node, Change change, string? shard, string? name, CancellationToken stop)
    {
        if (Parameters.Number(shard, "shard", CommandTable.Shards, null, out var number) is { } bad)
            return bad;
        var fault = Enum.GetValues<VerifyFault>().Where(each => NameOf(each) == name).Cast<VerifyFault?>().FirstOrDefault();
        if (fault is null)
            return ErrorAnswer.BadParameter("fault", $"must be one of {string.Join(", ", Enum.GetValues<VerifyFault>().Select(NameOf))}");
        try
        {
            var affected = await node.InjectAsync(change, Partition.OfShard(number), fault.Value, stop);
            return Results.Json(new InjectedBody(true, affected), AdminJson.Default.InjectedBody);
        }
        catch (InvalidOperationException refusal)
        {
            return ErrorAnswer.Of(StatusCodes.Status409Conflict, ErrorCode.UnavailableInCurrentStatus, refusal.Message);
        }
        catch (AskTimeoutException)
        {
            return ErrorAnswer.NoReport();
        }
    }

    /// <summary>A fault as operators write it: <c>drop-key</c>.</summary>
    public static string NameOf(VerifyFault fault) => JsonNamingPolicy.KebabCaseLower.ConvertName(fault.ToString());

    private static async Task<IResult> RunAsync(AdminNode node, Change change, NodeCommand command, CancellationToken stop)
    {
        try
        {
            return await node.RunAsync(change, command, stop) is { } refusal
                ? ErrorAnswer.Of(StatusCodes.Status409Conflict, ErrorCode.UnavailableInCurrentStatus, refusal)
                : Results.Json(new BegunBody(true), AdminJson.Default.BegunBody);
        }
        catch (AskTimeoutException)
        {
            return ErrorAnswer.NoReport();
        }
    }
}
