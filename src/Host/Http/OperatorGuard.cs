// Which callers may change things, and read what is for operators alone. Every program on this machine may, as long as no token is set and
// no web page is behind it; otherwise any caller that shows the token. One guard for all routes: what is not a GET changes something,
// whatever its route says of itself. What it lets pass is noted in the audit log before the answer leaves.
using System.Net;
using System.Security.Cryptography;
using System.Text;
using HotStandby.Messages;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace HotStandby.Host.Http;

/// <summary>Stands between the routes and what they do.</summary>
/// <param name="options">The token, and where to note.</param>
internal sealed class OperatorGuard(AdminOptions options)
{
    /// <summary>The header in which a client names its user. It is not checked.</summary>
    public const string UserHeader = "X-HotStandby-User";

    private const string Scheme = "Bearer ";
    private const int LongestUser = 128;
    private const int LongestArguments = 1024;

    // A proxy on this machine speaks for others.
    private static readonly string[] ForwardingHeaders =
    [
        "Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "X-Client-IP", "True-Client-IP",
        "CF-Connecting-IP",
    ];

    // Of equal length whatever is sent: comparing takes the same time for all of it.
    private readonly byte[] _expected = SHA256.HashData(Encoding.UTF8.GetBytes(options.AdminToken));

    private bool HasToken => options.AdminToken.Length > 0;

    /// <summary>Lets a request through, or answers it. The route is already known.</summary>
    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        // Without a route nothing can happen: 404 and 405 are answered behind this.
        if (context.GetEndpoint() is not RouteEndpoint route)
        {
            await next(context);
            return;
        }

        var declared = route.Metadata.GetMetadata<ChangesState>();
        var changes = !IsReading(context.Request.Method) || declared?.When(context.Request) == true;
        if (!changes && route.Metadata.GetMetadata<OperatorsOnly>() is null)
        {
            await next(context);
            return;
        }

        var change = new Change(declared?.Name ?? $"{context.Request.Method} {route.RoutePattern.RawText}");
        var (status, reason) = Judge(context.Request, changes);
        if (status != StatusCodes.Status200OK)
        {
            options.Audit.NoteRefusal(LineOf(context, change, status, $"refused: {reason}"));
            if (status == StatusCodes.Status401Unauthorized)
                context.Response.Headers.WWWAuthenticate = "Bearer realm=\"hotstandby\"";
            await ErrorAnswer.Of(status, ErrorCode.InvalidParams, reason).ExecuteAsync(context);
        }
        else if (changes)
        {
            await PassAsync(context, change, next);
        }
        else
        {
            await next(context);
        }
    }

    private static string AddressOf(HttpContext context) =>
        new IPEndPoint(context.Connection.RemoteIpAddress ?? IPAddress.None, context.Connection.RemotePort).ToString();

    private async Task PassAsync(HttpContext context, Change change, RequestDelegate next)
    {
        context.Features.Set(change);
        context.Response.OnStarting(() =>
        {
            Note(context.Response.StatusCode, context.Response.StatusCode < 400 ? "done" : "refused");
            return Task.CompletedTask;
        });
        try
        {
            await next(context);
        }
        catch (Exception error)
        {
            // A caller that goes away does not take its line with it.
            if (context.RequestAborted.IsCancellationRequested)
                Note(StatusCodes.Status499ClientClosedRequest, "the caller went away before the answer: the outcome is unknown");
            else
                Note(StatusCodes.Status500InternalServerError, $"failed: {error.Message}");
            throw;
        }

        if (context.RequestAborted.IsCancellationRequested)
            Note(context.Response.StatusCode, "answered, and the caller was gone");

        void Note(int status, string usually)
        {
            if (change.TryNote())
                options.Audit.Note(LineOf(context, change, status, change.Outcome ?? usually));
        }
    }

    private AuditLine LineOf(HttpContext context, Change change, int status, string outcome) => new(
        default, options.NodeName, AddressOf(context), Printable(context.Request.Headers[UserHeader].ToString(), LongestUser),
        change.Name,
        Printable($"{context.Request.QueryString.Value}{(change.Body.Length > 0 ? " " : "")}{change.Body}", LongestArguments), status,
        outcome);

    private (int Status, string Reason) Judge(HttpRequest request, bool changes)
    {
        string authorization = request.Headers.Authorization.ToString();
        if (authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
            return HasToken && IsToken(authorization[Scheme.Length..].Trim())
                ? (StatusCodes.Status200OK, "")
                : (StatusCodes.Status401Unauthorized, "this is not the node's admin token");
        if (HasToken && changes)
            return (StatusCodes.Status401Unauthorized,
                "every call that changes something needs the header 'Authorization: Bearer TOKEN': hotstandby.http.admin-token is set");
        if (!IsFromHere(request))
            return HasToken
                ? (StatusCodes.Status401Unauthorized, "this needs the header 'Authorization: Bearer TOKEN' from outside of loopback")
                : (StatusCodes.Status403Forbidden, "this is answered on loopback only, since no hotstandby.http.admin-token is set");
        return WebPage.WhyForeign(request) is { } reason ? (StatusCodes.Status403Forbidden, reason) : (StatusCodes.Status200OK, "");
    }

    private bool IsToken(string shown) =>
        CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(shown)), _expected);

    private static bool IsReading(string method) => HttpMethods.IsGet(method) || HttpMethods.IsHead(method);

    private static bool IsFromHere(HttpRequest request) =>
        request.HttpContext.Connection.RemoteIpAddress is { } address
        && IPAddress.IsLoopback(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address)
        && !ForwardingHeaders.Any(request.Headers.ContainsKey);

    private static string Printable(string text, int longest)
    {
        var shown = new StringBuilder(Math.Min(text.Length, longest));
        foreach (var unit in text.AsSpan(0, Math.Min(text.Length, longest)))
            shown.Append(char.IsControl(unit) ? '?' : unit);
        return shown.ToString();
    }
}
