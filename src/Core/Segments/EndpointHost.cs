namespace HotStandby.Core.Segments;

/// <summary>The host part of a transport endpoint: host:port, [IPv6]:port, a bare IPv6 address, or a host alone.</summary>
public static class EndpointHost
{
    /// <summary>The host, an IPv6 address without its brackets; empty when the endpoint names none.</summary>
    public static string Of(string endpoint)
    {
        if (endpoint.StartsWith('['))
            return endpoint.IndexOf(']', StringComparison.Ordinal) is > 0 and var end ? endpoint[1..end] : endpoint;
        var colon = endpoint.IndexOf(':', StringComparison.Ordinal);
        var isBareIPv6 = colon != endpoint.LastIndexOf(':');
        return colon < 0 || isBareIPv6 ? endpoint : endpoint[..colon];
    }
}
