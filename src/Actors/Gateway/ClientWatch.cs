// What the client port knows of clients. The segment table writes it when a reign begins and ends, and when what is mounted changes; every
// connection thread reads it. Ping never waits behind other work, and neither does being heard.
using HotStandby.Core.Segments;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;

namespace HotStandby.Actors.Gateway;

/// <summary>The registry of clients of the present reign, if there is one. Thread-safe.</summary>
public sealed class ClientWatch(TimeProvider time)
{
    private volatile ClientRegistry? _clients;
    private volatile SegmentDirectory? _mounted;

    /// <summary>What is mounted and committed, as far as this node has applied it; null before its segment table has begun.</summary>
    public SegmentDirectory? Mounted => _mounted;

    /// <summary>A reign begins (its clients) or ends (null).</summary>
    public void Publish(ClientRegistry? clients) => _clients = clients;

    /// <summary>What is mounted has changed.</summary>
    public void Show(SegmentDirectory mounted) => _mounted = mounted;

    /// <summary>How long ago a client was heard; null when no reign of this node watches it.</summary>
    public TimeSpan? SilenceOf(Uuid client) =>
        _clients?.HeardTicks(client) is { } heard ? TimeSpan.FromTicks(Math.Max(0, time.NowTicks() - heard)) : null;

    /// <summary>A client has shown that it is alive.</summary>
    public void Hear(Uuid client) => _clients?.Hear(client, time.NowTicks());

    /// <summary>What Ping answers; null when no reign knows its clients.</summary>
    public ClientStatus? StatusOf(Uuid client) => _clients?.StatusOf(client);
}
