// host:port, everywhere. Used for command lines, the addresses of nodes, the endpoints of clients' segments and log lines.
using System.Globalization;

namespace HotStandby.Messages.Network;

/// <summary>A host with a port.</summary>
/// <param name="Host">A name or address, an IPv6 address without its brackets.</param>
/// <param name="Port">1 to 65535.</param>
public readonly record struct HostAndPort(string Host, int Port)
{
    /// <summary>What <see cref="TryParse"/> accepts, as the end of a sentence.</summary>
    public const string Rule = "must be host:port, with a port of 1 to 65535 and an IPv6 address in brackets, such as [::1]:50051";

    /// <summary>The highest port.</summary>
    public const int MaximumPort = 65535;

    /// <summary>Reads <c>host:port</c> or <c>[IPv6]:port</c>, and nothing else.</summary>
    public static bool TryParse(string text, out HostAndPort result)
    {
        ArgumentNullException.ThrowIfNull(text);
        result = default;
        var colon = text.LastIndexOf(':');
        if (colon <= 0 || !TryPort(text.AsSpan(colon + 1), out var port))
            return false;
        var host = text[..colon];
        if (!HostName.IsValid(host) || host.StartsWith('[') != host.Contains(':', StringComparison.Ordinal))
            return false;
        result = new HostAndPort(host.Trim('[', ']'), port);
        return true;
    }

    /// <summary>Reads a port, digits only.</summary>
    public static bool TryPort(ReadOnlySpan<char> text, out int port) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port is >= 1 and <= MaximumPort;

    /// <summary>The host part of an endpoint that a client has given, in whatever form: <c>host:port</c>, <c>[IPv6]:port</c>,
    /// an IPv6 address without brackets, with or without a scope and a port behind it, or a host alone.</summary>
    /// <returns>The host as it is written there, without brackets; empty when the endpoint names none.</returns>
    public static string HostOf(string endpoint)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        if (endpoint.StartsWith('['))
            return endpoint.IndexOf(']', StringComparison.Ordinal) is > 0 and var end ? endpoint[1..end] : endpoint;
        var colon = endpoint.LastIndexOf(':');
        if (colon < 0)
            return endpoint;
        // "fe80::1" is an address, and its last group is no port. The scope of an address is a name of an interface, without a colon.
        var before = endpoint[..colon];
        var isBareAddress = HostName.IsIPv6(endpoint) && !before.Contains('%', StringComparison.Ordinal);
        return isBareAddress || (before.Contains(':', StringComparison.Ordinal) && !HostName.IsIPv6(before)) ? endpoint : before;
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{HostName.Bracketed(Host)}:{Port}");
}
