// All ways between the nodes of a local cluster, and from the clients to them: a link for each direction of each pair, and two proxies in
// front of each node, one for the other nodes and one for the clients. Nodes in namespaces of their own are cut off from each other by
// routes, so that packets are lost; all else is done by the proxies.
using System.Net;
using HotStandby.Lab.Cluster;

namespace HotStandby.Lab.Chaos;

/// <summary>The network of a cluster under faults. Nodes are counted from 0; the clients are one peer, <see cref="Clients"/>.</summary>
internal sealed class FaultNetwork : IAsyncDisposable
{
    private readonly FaultLink[,] _links;
    private readonly IReadOnlyList<LocalNode> _nodes;
    private readonly NodeNamespaces? _namespaces;
    private readonly List<FaultProxy> _doors = [];
    private readonly List<FaultProxy> _remoting = [];

    /// <summary>Opens the proxies of a cluster that was made with them.</summary>
    /// <param name="cluster">Whose nodes.</param>
    /// <param name="namespaces">Where they run; null: where this process is.</param>
    public FaultNetwork(LocalCluster cluster, NodeNamespaces? namespaces = null)
    {
        ArgumentNullException.ThrowIfNull(cluster);
        (_nodes, _namespaces) = (cluster.Nodes, namespaces);
        _links = new FaultLink[_nodes.Count + 1, _nodes.Count + 1];
        for (var from = 0; from <= _nodes.Count; from++)
            for (var to = 0; to <= _nodes.Count; to++)
                _links[from, to] = new FaultLink();
        for (var i = 0; i < _nodes.Count; i++)
        {
            var node = i;
            var announced = IPEndPoint.Parse(_nodes[i].AnnouncedAddress);
            _remoting.Add(new FaultProxy(announced, IPEndPoint.Parse(_nodes[i].RemotingAddress), from =>
                NodeAt(from, announced) is { } peer ? PairOf(peer, node) : null));
            _doors.Add(new FaultProxy(
                new IPEndPoint(IPAddress.Loopback, 0), IPEndPoint.Parse(_nodes[i].ClientAddress), _ => PairOf(Clients, node)));
        }
    }

    /// <summary>The clients' number.</summary>
    public int Clients => _nodes.Count;

    /// <summary>Where clients connect to, in the order of the nodes.</summary>
    public IReadOnlyList<string> ClientAddresses => [.. _doors.Select(door => door.EndPoint.ToString())];

    /// <summary>Cuts one direction until the result is disposed.</summary>
    public IDisposable CutOneWay(int from, int to) =>
        _namespaces is null || from == Clients || to == Clients ? _links[from, to].Cut() : _namespaces.Cut(from, to);

    /// <summary>Cuts both directions of a pair until the result is disposed.</summary>
    public IDisposable Cut(int one, int other) => Undo.All([CutOneWay(one, other), CutOneWay(other, one)]);

    /// <summary>Makes both directions of a pair slow until the result is disposed.</summary>
    public IDisposable Delay(int one, int other, TimeSpan least, TimeSpan most) =>
        Undo.All([_links[one, other].Delay(least, most), _links[other, one].Delay(least, most)]);

    /// <summary>Resets all connections of a pair, whoever made them.</summary>
    /// <returns>How many.</returns>
    public int Reset(int one, int other) => ResetFrom(one, other) + ResetFrom(other, one);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var proxy in _remoting.Concat(_doors))
            await proxy.DisposeAsync().ConfigureAwait(false);
    }

    private int ResetFrom(int peer, int node) => node == Clients ? 0 : (peer == Clients ? _doors : _remoting)[node].Reset(peer);

    private FaultPair PairOf(int peer, int node) => new(peer, _links[peer, node], _links[node, peer]);

    private int? NodeAt(IPEndPoint from, IPEndPoint to) =>
        _namespaces is null ? SocketOwner.Find(from, to, [.. _nodes.Select(node => node.ProcessId)]) : _namespaces.NodeAt(from.Address);
}
