// Where a node's HTTP port is, as people write it or paste it from a browser: host:port, http://host:port/, https://host.
using HotStandby.Messages.Network;

namespace HotStandby.Host.Commands.Operator;

/// <summary>Addresses of HTTP ports.</summary>
internal static class NodeAddress
{
    /// <summary>What is an address, as the end of a sentence.</summary>
    public const string Rule =
        "must be host:port, http://host:port or https://host:port without a path, with a port of 1 to 65535 and an IPv6 address "
        + "in brackets";

    private const string Secure = "https://";

    private static readonly (string Scheme, string Kept, int Port)[] Schemes = [("http://", "", 80), (Secure, Secure, 443)];

    /// <summary>Reads an address.</summary>
    /// <param name="text">What was given.</param>
    /// <param name="address">The one spelling: host:port or https://host:port.</param>
    public static bool TryParse(string text, out string address)
    {
        ArgumentNullException.ThrowIfNull(text);
        var rest = text.Trim();
        var (scheme, kept, port) = Schemes.FirstOrDefault(each => rest.StartsWith(each.Scheme, StringComparison.OrdinalIgnoreCase));
        rest = rest[(scheme ?? "").Length..];
        if (rest.EndsWith('/'))
            rest = rest[..^1];
        var isRead = HostAndPort.TryParse(rest, out var node)
            || (scheme is not null && HostAndPort.TryParse($"{rest}:{port}", out node)); // a URL without a port has that of its scheme
        address = isRead ? $"{kept}{node}" : "";
        return isRead;
    }
}
