// What the block akka.remote.dot-netty.tcp says about sockets: SocketTransport reads the same keys as Akka's own transport.
using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using Akka.Configuration;

namespace HotStandby.Actors.Remoting;

/// <summary>Settings of the transport between nodes.</summary>
internal sealed record SocketSettings
{
    private const long LargestFrameBytes = 1 << 30;

    private string Host { get; init; } = "";

    private int Port { get; init; }

    /// <summary>The host that other nodes know this one by.</summary>
    public required string PublicHost { get; init; }

    /// <summary>The port that other nodes know this one by; null: the one that it listens on.</summary>
    public int? PublicPort { get; init; }

    /// <summary>The largest message, in bytes.</summary>
    public int MostFrameBytes { get; init; }

    /// <summary>How long a connection may take to come about.</summary>
    public TimeSpan ConnectTimeout { get; init; }

    /// <summary>Connections that may wait to be accepted.</summary>
    public int Backlog { get; init; }

    private AddressFamily NamesAre { get; init; }

    private int SendBufferBytes { get; init; }

    private int ReceiveBufferBytes { get; init; }

    private bool NoDelay { get; init; }

    private bool KeepAlive { get; init; }

    private bool ReuseAddress { get; init; }

    /// <summary>Reads the block; AkkaSettings has checked it.</summary>
    public static SocketSettings From(Config config)
    {
        if (config.GetString("byte-order") is not "little-endian" and var order)
            throw new ConfigurationException(
                $"akka.remote.dot-netty.tcp.byte-order = {order} is not offered by this transport; with Akka's own it is");
        var host = config.GetString("hostname");
        if (string.IsNullOrEmpty(host))
            host = IPAddress.Any.ToString();
        var publicHost = config.GetString("public-hostname");
        return new SocketSettings
        {
            Host = host,
            Port = config.GetInt("port"),
            PublicHost = string.IsNullOrEmpty(publicHost) ? host : publicHost,
            PublicPort = config.GetInt("public-port") is > 0 and var port ? port : null,
            MostFrameBytes = (int)Math.Min(config.GetByteSize("maximum-frame-size").GetValueOrDefault(), LargestFrameBytes),
            ConnectTimeout = config.GetTimeSpan("connection-timeout") is { Ticks: > 0 } patience ? patience : Timeout.InfiniteTimeSpan,
            Backlog = config.GetInt("backlog"),
            NamesAre = config.GetBoolean("dns-use-ipv6") ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork,
            SendBufferBytes = (int)config.GetByteSize("send-buffer-size").GetValueOrDefault(),
            ReceiveBufferBytes = (int)config.GetByteSize("receive-buffer-size").GetValueOrDefault(),
            NoDelay = config.GetBoolean("tcp-nodelay"),
            KeepAlive = config.GetBoolean("tcp-keepalive"),
            ReuseAddress = config.GetString("tcp-reuse-addr") is not ("off" or "false" or "no"),
        };
    }

    /// <summary>Where to listen, as it was given.</summary>
    public EndPoint ListenPlace => new DnsEndPoint(Host, Port);

    /// <summary>Where to listen.</summary>
    /// <exception cref="SocketException">The name has no address.</exception>
    public Task<IPEndPoint> ListenAtAsync() => ResolveAsync(Host, Port);

    /// <summary>Where to reach a node.</summary>
    /// <exception cref="SocketException">The name has no address.</exception>
    public async Task<IPEndPoint> ConnectToAsync(Address node)
    {
        ArgumentNullException.ThrowIfNull(node);
        var place = await ResolveAsync(node.Host, node.Port!.Value).ConfigureAwait(false);
        // A node that announces "all interfaces" is on this machine.
        return place.Address.Equals(IPAddress.Any) ? new IPEndPoint(IPAddress.Loopback, place.Port)
            : place.Address.Equals(IPAddress.IPv6Any) ? new IPEndPoint(IPAddress.IPv6Loopback, place.Port)
            : place;
    }

    /// <summary>A socket to listen with or to connect.</summary>
    public Socket NewSocket(AddressFamily family)
    {
        var socket = new Socket(family, SocketType.Stream, ProtocolType.Tcp);
        if (family == AddressFamily.InterNetworkV6)
            socket.DualMode = true;
        // The window of a connection follows from the buffer that its socket has when it is made.
        if (ReceiveBufferBytes > 0)
            socket.ReceiveBufferSize = ReceiveBufferBytes;
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, ReuseAddress);
        return socket;
    }

    /// <summary>Options of a connected socket.</summary>
    public void Tune(Socket socket)
    {
        socket.NoDelay = NoDelay;
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, KeepAlive);
        if (SendBufferBytes > 0)
            socket.SendBufferSize = SendBufferBytes;
    }

    private async Task<IPEndPoint> ResolveAsync(string host, int port)
    {
        if (IPAddress.TryParse(host, out var address))
            return new IPEndPoint(address, port);
        var found = await Dns.GetHostAddressesAsync(host, NamesAre).ConfigureAwait(false);
        return found.Length > 0 ? new IPEndPoint(found[^1], port) : throw new SocketException((int)SocketError.HostNotFound);
    }
}
