// The system under load: a cluster of node processes that serves, with segments mounted, and connections to its Primary.
// Every figure gets a cluster of its own, so that no figure pays for the objects that another one left behind.
using System.Net;
using HotStandby.CommandLine.Status;
using HotStandby.Lab.Cluster;
using HotStandby.Lab.Load;
using HotStandby.Lab.Replay;
using HotStandby.Messages.Identity;
using HotStandby.Mooncake.Client;

namespace HotStandby.Bench.Load;

/// <summary>A running cluster and one client of it.</summary>
internal sealed class LoadCluster : IAsyncDisposable
{
    private const int Segments = 8;
    private const ulong SegmentBytes = 4UL << 40;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly LocalCluster _cluster;
    private readonly List<IAsyncDisposable> _owned = [];
    private readonly ulong _segmentBytes;

    private LoadCluster(LocalCluster cluster, ulong segmentBytes) =>
        (_cluster, _segmentBytes, Primary) = (cluster, segmentBytes, cluster.Nodes[0]);

    /// <summary>Who every call is made for; it owns the segments.</summary>
    public Uuid Client { get; } = new(0x6265_6e63_6800_0000, (ulong)Environment.ProcessId << 32);

    /// <summary>The node that serves.</summary>
    public LocalNode Primary { get; private set; }

    /// <summary>All nodes.</summary>
    public IReadOnlyList<LocalNode> Nodes => _cluster.Nodes;

    /// <summary>The other nodes.</summary>
    public IEnumerable<LocalNode> Standbys => _cluster.Nodes.Where(node => node != Primary);

    /// <summary>To the Primary.</summary>
    public IReadOnlyList<MasterClient> Connections { get; private set; } = [];

    /// <summary>Starts nodes, waits until one serves and the others follow, mounts segments and connects.</summary>
    /// <param name="settings">Of the nodes.</param>
    /// <param name="inFlight">How many connections are of use.</param>
    /// <param name="stop">Gives up.</param>
    /// <param name="capacityBytes">Of all segments together; 0: far more than is ever put.</param>
    public static async Task<LoadCluster> StartAsync(LoadSettings settings, int inFlight, CancellationToken stop, ulong capacityBytes = 0)
    {
        var load = new LoadCluster(
            LocalCluster.Create(settings.Nodes, settings.ExtraHocon), capacityBytes == 0 ? SegmentBytes : capacityBytes / Segments);
        try
        {
            await load.StartAsync(Math.Min(inFlight, LoadSettings.MaximumConnections), stop);
            return load;
        }
        catch
        {
            await load.DisposeAsync();
            throw;
        }
    }

    /// <summary>What a node says of itself; null while it does not answer.</summary>
    public Task<NodeView?> TryStatusAsync(LocalNode node, CancellationToken stop) => _cluster.StatusAsync(node, stop);

    /// <summary>What a node says of itself.</summary>
    /// <exception cref="LoadFailedException">It does not answer.</exception>
    public async Task<NodeView> StatusAsync(LocalNode node, CancellationToken stop) =>
        await TryStatusAsync(node, stop) ?? throw new LoadFailedException($"{node.Id} does not answer /status");

    /// <summary>Waits until one node serves and all hold the same.</summary>
    public Task WaitForAgreementAsync(CancellationToken stop) => _cluster.WaitForAgreementAsync(Patience, stop);

    /// <summary>Stops and removes everything.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var owned in Enumerable.Reverse(_owned))
            await owned.DisposeAsync();
        await _cluster.DisposeAsync();
    }

    private async Task StartAsync(int connections, CancellationToken stop)
    {
        _cluster.StartAll();
        Primary = await _cluster.WaitForPrimaryAsync(Patience, stop);
        var owner = new MooncakeMasterClient([Primary.ClientAddress], Client);
        _owned.Add(owner);
        _owned.Add(await SegmentOwner.MountAsync(owner, Client, Segments, _segmentBytes, Patience, TimeSpan.FromSeconds(1), null, stop));
        await _cluster.WaitForAgreementAsync(Patience, stop);
        var clients = new MasterClient[connections];
        for (var i = 0; i < connections; i++)
        {
            var connection = await MasterConnection.ConnectAsync(IPEndPoint.Parse(Primary.ClientAddress), cancellation: stop);
            _owned.Add(connection);
            clients[i] = new MasterClient(connection);
        }

        Connections = clients;
    }
}
