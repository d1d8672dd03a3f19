// Puts rows of the command table on routes: what is dangerous is confirmed, what changes something is noted in the audit log.
using System.Text;
using HotStandby.Host.Commands.Operator;
using HotStandby.Messages;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace HotStandby.Host.Http;

/// <summary>Maps operator commands.</summary>
internal static class CommandRoutes
{
    /// <summary>The header in which a client says who its user is. Nobody checks it.</summary>
    public const string UserHeader = "X-HotStandby-User";

    private const int LongestUser = 128;
    private const int LongestArguments = 1024;

    /// <summary>Maps a command's endpoint.</summary>
    /// <param name="routes">Where.</param>
    /// <param name="node">The node.</param>
    /// <param name="command">The row of the table.</param>
    /// <param name="handler">What the node does.</param>
    public static RouteHandlerBuilder MapCommand(this IEndpointRouteBuilder routes, AdminNode node, OperatorCommand command, Delegate handler) =>
        routes.MapMethods(command.Path, [command.Method.Method], handler).AddEndpointFilter(async (invocation, next) =>
        {
            if (command.Method == HttpMethod.Get)
                return await next(invocation);
            var context = invocation.HttpContext;
            object? answer = command.IsDangerous && context.Request.Query["confirm"] != "yes"
                ? ErrorAnswer.Of(StatusCodes.Status400BadRequest, ErrorCode.InvalidParams, $"{command.Name} needs confirm=yes: {command.Danger}")
                : await next(invocation);
            var status = answer is IStatusCodeHttpResult { StatusCode: { } code } ? code : StatusCodes.Status200OK;
            var outcome = answer is IValueHttpResult { Value: ErrorBody refusal } ? refusal.ErrorMessage : "done";
            node.Options.Audit.Note(
                node.Options.NodeName, AdminGuard.AddressOf(context), Printable(context.Request.Headers[UserHeader].ToString(), LongestUser), command.Name,
                Printable(context.Request.QueryString.Value ?? "", LongestArguments), status, outcome);
            return answer;
        });

    /// <summary>What /openapi.json says of it.</summary>
    public static RouteHandlerBuilder AnswersCommand<TBody>(this RouteHandlerBuilder route, OperatorCommand command, params ReadOnlySpan<int> refusals) => route.Answers<TBody>(
        command.IsDangerous ? $"{command.Summary} Needs confirm=yes, and from outside of loopback the token." : $"{command.Summary} From outside of loopback with the token.",
        [.. refusals, StatusCodes.Status401Unauthorized, StatusCodes.Status403Forbidden]);

    private static string Printable(string text, int longest)
    {
        var shown = new StringBuilder(Math.Min(text.Length, longest));
        foreach (var unit in text.AsSpan(0, Math.Min(text.Length, longest)))
            shown.Append(char.IsControl(unit) ? '?' : unit);
        return shown.ToString();
    }
}
