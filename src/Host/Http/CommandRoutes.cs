// Puts what changes something, and the rows of the command table, on routes: what is dangerous is confirmed. The rest is the guard's.
using HotStandby.Host.Commands.Operator;
using HotStandby.Messages;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace HotStandby.Host.Http;

/// <summary>Maps what the guard stands before.</summary>
internal static class CommandRoutes
{
    /// <summary>
    /// Maps an endpoint that changes something. Its handler takes the <see cref="Change"/> that it needs from the request.
    /// </summary>
    /// <param name="routes">Where.</param>
    /// <param name="method">Its method.</param>
    /// <param name="path">Its path.</param>
    /// <param name="name">What the audit log calls it.</param>
    /// <param name="handler">What the node does.</param>
    public static RouteHandlerBuilder MapChange(
        this IEndpointRouteBuilder routes, string method, string path, string name, Delegate handler) =>
        routes.MapMethods(path, [method], handler).WithMetadata(new ChangesState(name));

    /// <summary>Maps a command's endpoint.</summary>
    /// <param name="routes">Where.</param>
    /// <param name="command">The row of the table.</param>
    /// <param name="handler">What the node does.</param>
    public static RouteHandlerBuilder MapCommand(this IEndpointRouteBuilder routes, OperatorCommand command, Delegate handler)
    {
        if (command.Method == HttpMethod.Get)
            return routes.MapGet(command.Path, handler).WithMetadata(OperatorsOnly.Instance);
        var route = routes.MapChange(command.Method.Method, command.Path, command.Name, handler);
        return !command.IsDangerous ? route : route.AddEndpointFilter((invocation, next) =>
            invocation.HttpContext.Request.Query["confirm"] == "yes"
            ? next(invocation)
            : ValueTask.FromResult<object?>(ErrorAnswer.Of(
                StatusCodes.Status400BadRequest, ErrorCode.InvalidParams, $"{command.Name} needs confirm=yes: {command.Danger}")));
    }

    /// <summary>What /openapi.json says of it.</summary>
    public static RouteHandlerBuilder AnswersCommand<TBody>(
        this RouteHandlerBuilder route, OperatorCommand command, params ReadOnlySpan<int> refusals) => route.Answers<TBody>(
        command.IsDangerous ? $"{command.Summary} Needs confirm=yes." : command.Summary,
        [.. refusals, StatusCodes.Status401Unauthorized, StatusCodes.Status403Forbidden]);
}
