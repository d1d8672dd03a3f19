// The doors of a node: Mooncake clients, clients that look for the Primary, operators, the other nodes.
using HotStandby.Messages.Network;

namespace HotStandby.Actors.Settings;

/// <summary>The clients' door: <c>hotstandby.client</c>.</summary>
public sealed record ClientSettings
{
    /// <summary>Address to listen on: an IP address, in its shortest form.</summary>
    public required string Host { get; init; }

    /// <summary>Port; 1 to 65535.</summary>
    public required int Port { get; init; }

    /// <summary>
    /// Name or address under which clients reach the node; empty: <see cref="Host"/>, or the remoting host where that is a wildcard.
    /// </summary>
    public string AdvertisedHost { get; init; } = "";

    /// <summary>host:port under which clients reach the node.</summary>
    /// <param name="remotingHost">Under which the other nodes reach it.</param>
    public HostAndPort AdvertisedAddress(string remotingHost) =>
        new(AdvertisedHost.Length > 0 ? AdvertisedHost : HostName.IsWildcard(Host) ? remotingHost : Host, Port);

    /// <summary>Port for clients of the previous generation (v0.3.12); 0 is off.</summary>
    public required int PreviousGenerationPort { get; init; }

    /// <summary>Longest request, in bytes; a longer one ends its connection.</summary>
    public required int MaximumFrameBytes { get; init; }

    /// <summary>Bytes that the large requests of all connections, of both generations, may hold together.</summary>
    public required long MaximumBufferedBytes { get; init; }

    /// <summary>Requests of one connection that wait for an answer before reading from it stops.</summary>
    public required int MaximumRequestsInFlight { get; init; }

    /// <summary>Open connections; further ones are closed at once.</summary>
    public required int MaximumConnections { get; init; }

    /// <summary>A request without an outcome, or a frame without its end, for so long ends its connection.</summary>
    public required TimeSpan RequestTimeout { get; init; }

    /// <summary>TLS, of both generations' ports.</summary>
    public required TlsSettings Tls { get; init; }
}

/// <summary>The port where clients ask who serves, as they would ask etcd: <c>hotstandby.discovery</c>.</summary>
public sealed record DiscoverySettings
{
    /// <summary>Address to listen on: an IP address, in its shortest form.</summary>
    public required string Host { get; init; }

    /// <summary>Port; 0 is off.</summary>
    public required int EtcdPort { get; init; }

    /// <summary>The cluster's name in the key that clients read.</summary>
    public required string Cluster { get; init; }

    /// <summary>Watches that may be open at once, and connections.</summary>
    public required int MaximumWatchers { get; init; }

    /// <summary>TLS.</summary>
    public required TlsSettings Tls { get; init; }

    /// <summary>False when the port is closed.</summary>
    public bool IsEnabled => EtcdPort != 0;
}

/// <summary>The operators' door: <c>hotstandby.http</c>.</summary>
public sealed record HttpSettings
{
    /// <summary>Address to listen on: an IP address, in its shortest form.</summary>
    public required string Host { get; init; }

    /// <summary>Port; 0 is off.</summary>
    public required int Port { get; init; }

    /// <summary>What a token looks like.</summary>
    public const string TokenRule = "16 to 256 printable ASCII characters without spaces";

    /// <summary>True for what may be a token.</summary>
    public static bool IsToken(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.Length is >= 16 and <= 256 && text.All(static unit => unit is > ' ' and <= '~');
    }

    /// <summary>What calls that change something ask for; empty: they are answered on loopback only. Not for logs.</summary>
    public required string AdminToken { get; init; }

    /// <summary>A file that holds it instead; empty: none. Its first line counts.</summary>
    public required string AdminTokenFile { get; init; }

    /// <summary>Whether the transfer engine's metadata server runs; on the same host.</summary>
    public required bool IsMetadataServerEnabled { get; init; }

    /// <summary>The metadata server's port; 1 to 65535.</summary>
    public required int MetadataPort { get; init; }

    /// <summary>TLS, of the metadata server's port as well.</summary>
    public required TlsSettings Tls { get; init; }

    /// <summary>False when the door is closed.</summary>
    public bool IsEnabled => Port != 0;

    /// <summary>Without the token: Akka writes an actor's arguments to the log when its constructor fails.</summary>
    public override string ToString() => $"{nameof(HttpSettings)} {{ {nameof(Host)} = {Host}, {nameof(Port)} = {Port} }}";
}

/// <summary>The other nodes' door: <c>hotstandby.remoting</c>.</summary>
public sealed record RemotingSettings
{
    /// <summary>Name or IP address under which the other nodes reach this one.</summary>
    public required string Host { get; init; }

    /// <summary>Port under which they reach it; 0 takes any free one.</summary>
    public required int Port { get; init; }

    /// <summary>Address or name to listen on; empty: <see cref="Host"/>.</summary>
    public string BindHost { get; init; } = "";

    /// <summary>Port to listen on; 0: <see cref="Port"/>.</summary>
    public int BindPort { get; init; }

    /// <summary>Where the node listens.</summary>
    public string ListenHost => BindHost.Length > 0 ? BindHost : Host;

    /// <summary>Where the node listens; 0: on any free port.</summary>
    public int ListenPort => BindPort > 0 ? BindPort : Port;

    /// <summary>What the node is called in the cluster, and what seed lists call it.</summary>
    public string AddressText => $"{Scheme}://{NodeConfiguration.SystemName}@{new HostAndPort(Host, Port)}";

    /// <summary>TLS; here with certificates on both sides.</summary>
    public required TlsSettings Tls { get; init; }

    /// <summary>Akka.Remote's adapters around the transport, outermost first: tests make faults with them. Usually none.</summary>
    public IReadOnlyList<string> Adapters { get; init; } = [];

    /// <summary>The scheme of nodes' addresses, which says whether they speak TLS, and through which adapters.</summary>
    public string Scheme => string.Join('.', ["akka", .. Adapters, Tls.IsEnabled ? "ssl.tcp" : "tcp"]);
}
