// Who may use /admin. From this machine everybody, as long as no web page of somebody else is behind it; from elsewhere who has the
// token. It stands before the endpoints and knows none of them.
using System.Net;
using System.Security.Cryptography;
using System.Text;
using HotStandby.Messages;
using Microsoft.AspNetCore.Http;

namespace HotStandby.Host.Http;

/// <summary>The lock before <c>/admin</c>.</summary>
/// <param name="token">The token; empty: only this machine may.</param>
/// <param name="audit">Hears of those who are turned away.</param>
internal sealed class AdminGuard(string token, AuditLog audit)
{
    private const string Scheme = "Bearer ";

    private static readonly string[] ForwardingHeaders = ["Forwarded", "X-Forwarded-For", "X-Real-IP"];

    // Of equal length whatever is sent: comparing takes the same time for all of it.
    private readonly byte[] _expected = SHA256.HashData(Encoding.UTF8.GetBytes(token));

    /// <summary>Lets a request through, or answers it.</summary>
    public Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        if (!context.Request.Path.StartsWithSegments("/admin", StringComparison.OrdinalIgnoreCase))
            return next(context);
        var (status, reason) = Judge(context.Request);
        if (status == StatusCodes.Status200OK)
            return next(context);
        audit.NoteRefusal(AddressOf(context), context.Request.Path.Value ?? "", reason);
        if (status == StatusCodes.Status401Unauthorized)
            context.Response.Headers.WWWAuthenticate = "Bearer realm=\"hotstandby\"";
        return ErrorAnswer.Of(status, ErrorCode.InvalidParams, reason).ExecuteAsync(context);
    }

    /// <summary>From where a request comes.</summary>
    public static string AddressOf(HttpContext context) => new IPEndPoint(context.Connection.RemoteIpAddress ?? IPAddress.None, context.Connection.RemotePort).ToString();

    private (int Status, string Reason) Judge(HttpRequest request)
    {
        string authorization = request.Headers.Authorization.ToString();
        if (authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
            return token.Length > 0 && CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(authorization[Scheme.Length..].Trim())), _expected)
                ? (StatusCodes.Status200OK, "")
                : (StatusCodes.Status401Unauthorized, "this is not the node's admin token");
        if (!IsFromHere(request))
            return token.Length > 0
                ? (StatusCodes.Status401Unauthorized, "/admin needs the header 'Authorization: Bearer TOKEN' from outside of loopback")
                : (StatusCodes.Status403Forbidden, "/admin answers on loopback only, since no hotstandby.http.admin-token is set");
        return IsOfAnotherPage(request)
            ? (StatusCodes.Status403Forbidden, "a page of another origin may not use /admin without the token")
            : (StatusCodes.Status200OK, "");
    }

    // A proxy on this machine speaks for others.
    private static bool IsFromHere(HttpRequest request) =>
        request.HttpContext.Connection.RemoteIpAddress is { } address && IPAddress.IsLoopback(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address)
        && !ForwardingHeaders.Any(request.Headers.ContainsKey);

    // A browser on this machine sends what any page wants; it says from which. A name that is not loopback's may point here by trick.
    private static bool IsOfAnotherPage(HttpRequest request)
    {
        var host = request.Host.Host.Trim('[', ']');
        var isLocalName = host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || IPAddress.TryParse(host, out _);
        string origin = request.Headers.Origin.ToString();
        return !isLocalName || (origin.Length > 0 && !(Uri.TryCreate(origin, UriKind.Absolute, out var page) && page.Authority == request.Host.Value));
    }
}
