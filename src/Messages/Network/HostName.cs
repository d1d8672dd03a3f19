// One way to read and to write a host, for settings, command lines, seed nodes and the endpoints of clients. It resolves nothing: the scope
// of an IPv6 address ("%eth0") is kept as text, since whether such an interface exists depends on the machine.
using System.Net;
using System.Net.Sockets;

namespace HotStandby.Messages.Network;

/// <summary>Rules about hosts: names, IPv4 addresses, IPv6 addresses with or without brackets and scope.</summary>
public static class HostName
{
    private const char ScopeMark = '%';

    /// <summary>True for a name, or an address in a spelling that means the same to every program.</summary>
    /// <remarks>An IPv4 address has four decimal parts: <c>1</c>, <c>127.1</c> and <c>0x7f.0.0.1</c> are refused.</remarks>
    public static bool IsValid(string host)
    {
        ArgumentNullException.ThrowIfNull(host);
        if (TryAddress(host, out var address, out _))
            return address.AddressFamily == AddressFamily.InterNetworkV6 || address.ToString() == host;
        // A last part of digits alone is no domain: it is an address with a mistake, such as 256.1.1.1.
        var labels = host.TrimEnd('.');
        return Uri.CheckHostName(host) == UriHostNameType.Dns && !labels[(labels.LastIndexOf('.') + 1)..].All(char.IsAsciiDigit);
    }

    /// <summary>
    /// True when the host stands for all interfaces of a machine, in any spelling: <c>0</c>, <c>0.0.0.0</c>, <c>::</c>, <c>[::0]</c>,
    /// <c>*</c>.
    /// </summary>
    public static bool IsWildcard(string host)
    {
        ArgumentNullException.ThrowIfNull(host);
        return host == "*" || (TryAddress(host, out var address, out _)
            && (Plain(address).Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any)));
    }

    /// <summary>True for a literal IP address, with or without brackets.</summary>
    public static bool IsAddress(string host) => TryAddress(host, out _, out _);

    /// <summary>True for a literal IPv6 address, with or without brackets.</summary>
    public static bool IsIPv6(string host) =>
        TryAddress(host, out var address, out _) && address.AddressFamily == AddressFamily.InterNetworkV6;

    /// <summary>True for an address with a scope, such as <c>fe80::1%eth0</c>: it means something on this machine alone.</summary>
    public static bool IsScoped(string host) => TryAddress(host, out _, out var scope) && scope.Length > 0;

    /// <summary>The one spelling of a host: an address in its shortest form and without brackets; a name as it is.</summary>
    public static string Canonical(string host) =>
        TryAddress(host, out var address, out var scope) ? $"{address}{scope}" : host;

    /// <summary>The host as it stands before <c>:port</c>: an IPv6 address in brackets.</summary>
    public static string Bracketed(string host)
    {
        ArgumentNullException.ThrowIfNull(host);
        return host.Contains(':', StringComparison.Ordinal) && !host.StartsWith('[') ? $"[{host}]" : host;
    }

    // The scope comes back with its mark; empty when there is none.
    private static bool TryAddress(string text, out IPAddress address, out string scope)
    {
        ArgumentNullException.ThrowIfNull(text);
        scope = "";
        address = IPAddress.None;
        var inner = text.AsSpan();
        if (inner.StartsWith("["))
        {
            if (!inner.EndsWith("]") || !inner.Contains(':'))
                return false;
            inner = inner[1..^1];
        }

        if (inner.IndexOf(ScopeMark) is var mark && mark >= 0)
        {
            if (mark == inner.Length - 1 || !inner[..mark].Contains(':'))
                return false;
            scope = inner[mark..].ToString();
            inner = inner[..mark];
        }

        // Brackets and ports inside are what the framework's parser would take as well.
        return inner.IndexOfAny('[', ']', '/') < 0 && IPAddress.TryParse(inner, out address!);
    }

    private static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}
