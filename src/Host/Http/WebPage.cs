// Tells a request that a web page has a browser send from one of a program. A browser on this machine, or beside a client, sends what any
// page wants; it cannot keep from saying so.
using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace HotStandby.Host.Http;

/// <summary>Marks of a browser.</summary>
internal static class WebPage
{
    private const string SecFetchSite = "Sec-Fetch-Site";

    // A form sends these without asking the server first. So does curl -d, which is no browser.
    private static readonly string[] FormTypes = ["application/x-www-form-urlencoded", "multipart/form-data", "text/plain"];

    /// <summary>Why a request may come from a page that this node has not served; null: it does not.</summary>
    public static string? WhyForeign(HttpRequest request)
    {
        // An attacker can make a name that is not this machine's point here (DNS rebinding), but not an address. HTTP/1.0 needs no Host,
        // and browsers do not speak it.
        if (request.Host.HasValue && !IsOwnName(request.Host.Host))
            return $"without the token the Host header must be localhost or an IP address, not {request.Host.Host}";
        if (request.Headers.TryGetValue(SecFetchSite, out var site) && site.ToString() is not ("same-origin" or "none"))
            return "a page of another site needs the token";
        if (request.Headers.TryGetValue(HeaderNames.Origin, out var origin))
            return IsOwn(origin.ToString(), request) ? null : "a page of another origin needs the token";
        // Without both it is no browser of today. An old one shows itself by these.
        if (request.Headers.TryGetValue(HeaderNames.Referer, out var referer) && !IsOwn(referer.ToString(), request))
            return "a page of another origin needs the token";
        return request.Headers.UserAgent.ToString().Contains("Mozilla/", StringComparison.OrdinalIgnoreCase)
            && Array.Exists(FormTypes, type => request.ContentType?.StartsWith(type, StringComparison.OrdinalIgnoreCase) == true)
                ? "a form of a web page needs the token"
                : null;
    }

    /// <summary>True when a browser has sent it, whatever the page.</summary>
    public static bool Sent(HttpRequest request) =>
        request.Headers.ContainsKey(HeaderNames.Origin) || request.Headers.ContainsKey(SecFetchSite);

    private static bool IsOwnName(string host) =>
        host.TrimEnd('.').Equals("localhost", StringComparison.OrdinalIgnoreCase) || IPAddress.TryParse(host.Trim('[', ']'), out _);

    private static bool IsOwn(string address, HttpRequest request) =>
        Uri.TryCreate(address, UriKind.Absolute, out var page)
        && Uri.TryCreate($"{request.Scheme}://{request.Host.Value}", UriKind.Absolute, out var own)
        && page.Scheme == own.Scheme && page.Authority.Equals(own.Authority, StringComparison.OrdinalIgnoreCase);
}
