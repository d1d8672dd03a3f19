// A cluster of node processes on free loopback ports, in a temporary directory that goes when the cluster goes. The demo, the
// bench and the process tests run on it.
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using HotStandby.CommandLine.Status;
using HotStandby.Lab.Chaos;

namespace HotStandby.Lab.Cluster;

/// <summary>Node processes on this machine.</summary>
public sealed class LocalCluster : IAsyncDisposable
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(20);

    private readonly string _directory;
    private readonly StatusClient _status = new();

    private LocalCluster(string directory, IReadOnlyList<LocalNode> nodes) => (_directory, Nodes) = (directory, nodes);

    /// <summary>All nodes, running or not.</summary>
    public IReadOnlyList<LocalNode> Nodes { get; }

    /// <summary>Where configurations, logs and data directories are; goes when the cluster goes.</summary>
    public string DirectoryPath => _directory;

    /// <summary>Client addresses of all nodes.</summary>
    public IReadOnlyList<string> ClientAddresses => [.. Nodes.Select(node => node.ClientAddress)];

    /// <summary>Where clients find the Primary: the discovery ports of all nodes, as <c>etcd://a;b;c</c>.</summary>
    public string DiscoveryAddress => "etcd://" + string.Join(';', Nodes.Select(static node => node.DiscoveryAddress));

    /// <summary>Prepares a cluster; nothing runs yet.</summary>
    /// <param name="count">Number of nodes, all of them voters.</param>
    /// <param name="extraHocon">Settings on top of the defaults, for every node.</param>
    /// <param name="behindProxies">The nodes announce ports that they do not listen on: a proxy is to listen there.</param>
    /// <param name="namespaces">Where the nodes run, each in its own, behind proxies; null: all where this process is.</param>
    /// <param name="clientPort">The client port of every node, for nodes in namespaces; 0: a free one for each.</param>
    public static LocalCluster Create(
        int count, string extraHocon = "", bool behindProxies = false, NodeNamespaces? namespaces = null, int clientPort = 0)
    {
        const int each = 5;
        var directory = ClusterDirectory.Create();
        var ports = FreePorts(count * each);
        var nodes = Enumerable.Range(0, count)
            .Select(i =>
            {
                var announced = new IPEndPoint(
                    namespaces?.ProxyAddressOf(i) ?? IPAddress.Loopback, ports[(i * each) + (behindProxies ? 3 : 2)]);
                var place = new NodePlace(
                    namespaces?.AddressOf(i) ?? IPAddress.Loopback, clientPort == 0 ? ports[i * each] : clientPort, ports[(i * each) + 1],
                    ports[(i * each) + 2], announced, ports[(i * each) + 4]);
                return new LocalNode(string.Create(CultureInfo.InvariantCulture, $"node{i + 1}"), directory, place)
                {
                    Launcher = namespaces is null ? [] : NodeNamespaces.LauncherOf(i),
                };
            })
            .ToArray();
        foreach (var node in nodes)
            node.WriteConfig(nodes, extraHocon);
        return new LocalCluster(directory, nodes);
    }

    /// <summary>Loopback ports that nothing listens on, all different.</summary>
    /// <remarks>
    /// Below the range that the operating system gives to outgoing connections: from there a port that is free now may be somebody's
    /// connection when the node starts, seconds later on a loaded machine.
    /// </remarks>
    /// <param name="count">How many; up to 1000.</param>
    public static int[] FreePorts(int count)
    {
        const int lowest = 12_000, highest = 32_000;
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, 1000);
        // All are bound at once, so that they differ; released together just before the nodes take them.
        var listeners = new List<TcpListener>(count);
        for (var port = RandomNumberGenerator.GetInt32(lowest, highest); listeners.Count < count; port = port < highest ? port + 1 : lowest)
        {
            var listener = new TcpListener(IPAddress.Loopback, port);
            try
            {
                listener.Start();
                listeners.Add(listener);
            }
            catch (SocketException taken) when (taken.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                listener.Dispose();
            }
        }

        var ports = listeners.Select(listener => ((IPEndPoint)listener.LocalEndpoint).Port).ToArray();
        foreach (var listener in listeners)
            listener.Dispose();
        return ports;
    }

    /// <summary>Starts every node.</summary>
    public void StartAll()
    {
        foreach (var node in Nodes)
            node.Start();
    }

    /// <summary>The node's view of itself, or null when it does not answer.</summary>
    public Task<NodeView?> StatusAsync(LocalNode node, CancellationToken stop) => _status.TryGetAsync(node.HttpAddress, stop);

    /// <summary>Waits until some node serves.</summary>
    public async Task<LocalNode> WaitForPrimaryAsync(TimeSpan patience, CancellationToken stop)
    {
        LocalNode? primary = null;
        await WaitAsync("a Primary that serves", patience, async () =>
        {
            foreach (var node in Nodes)
                if (node.IsRunning && await StatusAsync(node, stop) is { Serving: true })
                    primary = node;
            return primary is not null;
        }, stop);
        return primary!;
    }

    /// <summary>Waits until every node has applied the same entries, and returns their views. Clients must have ended.</summary>
    public async Task<IReadOnlyList<NodeView>> WaitForAgreementAsync(TimeSpan patience, CancellationToken stop)
    {
        IReadOnlyList<NodeView> views = [];
        await WaitAsync("every node at the same seq", patience, async () =>
        {
            // A node looks at its seqs first and at its partitions after that: only a second look tells that nothing came in between.
            views = await LookAsync(stop);
            return SeqOf(views) is { } sequence && SeqOf(await LookAsync(stop)) == sequence;
        }, stop);
        return views;

        // Where all of them stand; null: not all are there, or they stand at different places.
        ulong? SeqOf(IReadOnlyList<NodeView> all) => all.Count == Nodes.Count && all.All(view => view.IsSettled)
            && all.Select(view => view.CommittedSequence).Distinct().Count() == 1 ? all[0].CommittedSequence : null;
    }

    // Those that answer.
    private async Task<IReadOnlyList<NodeView>> LookAsync(CancellationToken stop) =>
        [.. (await Task.WhenAll(Nodes.Select(node => StatusAsync(node, stop)))).OfType<NodeView>()];

    /// <summary>Stops and removes everything.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var node in Nodes)
            await node.DisposeAsync();
        _status.Dispose();
        if (Directory.Exists(_directory))
            Directory.Delete(_directory, recursive: true);
    }

    private async Task WaitAsync(string what, TimeSpan patience, Func<Task<bool>> reached, CancellationToken stop)
    {
        var began = Stopwatch.GetTimestamp();
        while (!await reached())
        {
            if (Stopwatch.GetElapsedTime(began) > patience)
                throw new TimeoutException($"{what}: not within {patience.TotalSeconds:0} s\n{LastLogLines()}");
            await Task.Delay(PollInterval, stop);
        }
    }

    private string LastLogLines() => string.Join('\n', Nodes
        .Where(node => File.Exists(node.LogFile))
        .SelectMany(node => File.ReadLines(node.LogFile).TakeLast(15).Select(line => $"{node.Id}: {line}")));
}
