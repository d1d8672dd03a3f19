using System.Net.Security;
using HotStandby.Mooncake.Discovery;
using HotStandby.Mooncake.Frames;
using HotStandby.Mooncake.Generations;

namespace HotStandby.Mooncake.Client;

/// <summary>How a connection behaves.</summary>
public sealed record MasterConnectionSettings
{
    /// <summary>All defaults.</summary>
    public static readonly MasterConnectionSettings Default = new();

    /// <summary>The generation that the master's port serves.</summary>
    public RpcTable Functions { get; init; } = RpcTable.Newest;

    /// <summary>
    /// How long connecting may take, name resolution included; default 2 s. <see cref="PrimaryFinder"/> gives a node as long again to
    /// say whether it serves.
    /// </summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// How long an answer may take, from the moment the call is made; default 30 s. It is watched in steps of a tenth of it,
    /// 100 ms at most.
    /// </summary>
    public TimeSpan ResponseTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// When a call has had no answer for so long, <see cref="PrimaryFinder"/> asks the other nodes, beside it and again and again,
    /// whether one of them serves. Above 0; default 1 s. A call that is merely slow is not disturbed: only a node that
    /// says that it serves takes its connection's place.
    /// </summary>
    public TimeSpan SilencePatience { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// The cluster's name, for which <see cref="PrimaryFinder"/> asks discovery ports; the default is that of stock clients.
    /// </summary>
    public string Cluster { get; init; } = DiscoveryKey.DefaultCluster;

    /// <summary>Most calls without an answer; a further one waits until another has ended. Default 4096.</summary>
    public int MaximumInFlight { get; init; } = 4096;

    /// <summary>The longest answer that is taken.</summary>
    public FrameLimits Limits { get; init; } = new(256 << 20);

    /// <summary>TLS towards a host, given its name or address; null: without. A new object for each connection.</summary>
    public Func<string, SslClientAuthenticationOptions>? Tls { get; init; }

    /// <summary>The clock of the timeouts.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
