using System.Net;
using HotStandby.Messages.Identity;
using HotStandby.Mooncake.Frames;
using HotStandby.Mooncake.Generations;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace HotStandby.Mooncake.Server;

/// <summary>The clients' door.</summary>
/// <param name="Endpoint">Where to listen; port 0 takes any free one.</param>
/// <param name="Limits">Longest request; a longer one ends its connection.</param>
/// <param name="MaximumRequestsInFlight">Of one connection; at this number nothing more is read from it.</param>
/// <param name="MaximumConnections">
/// At this number a new connection takes the place of the oldest one that has not sent a request; when all have, it is closed at once.
/// </param>
/// <param name="RequestTimeout">
/// A request without an outcome for so long ends its connection: the outcome is unknown. So does a frame that is begun and not
/// completed, or that waits for memory, for so long.
/// </param>
public sealed record ServerOptions(
    IPEndPoint Endpoint, FrameLimits Limits, int MaximumRequestsInFlight, int MaximumConnections, TimeSpan RequestTimeout)
{
    /// <summary>The generation of the clients on this port. A port serves one: their calls cannot always be told apart.</summary>
    public RpcTable Functions { get; init; } = RpcTable.Newest;

    /// <summary>What tenants mean; the same on every node.</summary>
    public Tenancy Tenancy { get; init; }

    /// <summary>
    /// Memory for the frames above <see cref="SmallFrameBytes"/> of all connections; at least the longest frame. Doors of one node
    /// share it.
    /// </summary>
    public FrameBudget Budget { get; init; } = new(FrameBudget.DefaultBytes);

    /// <summary>
    /// How long a connection that ends waits for the answers of the requests that it has taken, and then for its client to take them.
    /// So long may an answer that was settled under a lease be on its way after the lease.
    /// </summary>
    public TimeSpan LastAnswersPatience { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a node that has not served yet refuses the requests of a connection before it closes it.</summary>
    public TimeSpan RefusalPatience { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Hears why, each time that accepting pauses because there is no file descriptor left.</summary>
    public Action<string> Paused { get; init; } = static _ => { };

    /// <summary>Hears of every connection that is closed because all places are taken, and how many places there are.</summary>
    public Action<int> Full { get; init; } = static _ => { };

    /// <summary>Hears how long each call took. Doors of one node share it.</summary>
    public CallTimes Times { get; init; } = new();

    /// <summary>Hears of each call, and keeps the slow ones. Doors of one node share it.</summary>
    public SlowCalls Slow { get; init; } = new(TimeProvider.System);

    /// <summary>What stands before each connection, such as TLS; null: nothing.</summary>
    public Action<ListenOptions>? Guard { get; init; }

    /// <summary>
    /// Connections that may wait to be accepted; the kernel's net.core.somaxconn may lower it. One that finds no room is tried again by
    /// its client's kernel, a second later: after a failover all clients come at once, to a node that is busy with taking over.
    /// </summary>
    public const int Backlog = 4096;

    /// <summary>Frames up to so many bytes need no share of the budget; what a connection may hold beside it.</summary>
    public const int SmallFrameBytes = 64 << 10;
}
