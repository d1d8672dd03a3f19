// A client of the discovery ports of all nodes: where is the Primary, and where has it moved? All nodes are asked at once, and all are
// watched, since any of them may be gone or frozen. Used by PrimaryFinder.
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;

namespace HotStandby.Mooncake.Discovery;

/// <summary>A node that serves, as a discovery port tells it.</summary>
/// <param name="Epoch">Its reign: of two views the one with the higher epoch is right.</param>
/// <param name="Address">host:port of its client port.</param>
public readonly record struct DiscoveredView(ulong Epoch, string Address);

/// <summary>Asks and watches discovery ports. Thread-safe.</summary>
public sealed class DiscoveryClient : IAsyncDisposable
{
    // As stock clients have it: a connection whose other end says nothing is given up.
    private static readonly TimeSpan PingAfter = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan PingPatience = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan PauseBetweenWatches = TimeSpan.FromMilliseconds(500);

    private readonly (string Address, GrpcChannel Channel)[] _nodes;
    private readonly ByteString _key;
    private readonly TimeSpan _patience;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _ending = new();
    private readonly Action<DiscoveredView> _moved;
    private readonly Lock _lock = new();
    private Task _watching = Task.CompletedTask;
    private DiscoveredView _latest;

    /// <summary>Connects to nothing yet.</summary>
    /// <param name="nodes">host:port of each discovery port.</param>
    /// <param name="cluster">The cluster's name in the key that is read.</param>
    /// <param name="patience">How long an answer may take, connecting included.</param>
    /// <param name="moved">Hears of each later epoch, once <see cref="Watch"/> was called. Quick; on any thread.</param>
    /// <param name="time">The clock.</param>
    public DiscoveryClient(IReadOnlyList<string> nodes, string cluster, TimeSpan patience, Action<DiscoveredView> moved, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(nodes);
        (_key, _patience, _moved, _time) = (DiscoveryKey.Of(cluster), patience, moved, time);
        _nodes = [.. nodes.Select(node => (node, GrpcChannel.ForAddress($"http://{node}", new GrpcChannelOptions
        {
            HttpHandler = new SocketsHttpHandler
            {
                ConnectTimeout = patience, KeepAlivePingDelay = PingAfter, KeepAlivePingTimeout = PingPatience, UseProxy = false,
            },
            DisposeHttpClient = true,
        })))];
    }

    /// <summary>The discovery ports.</summary>
    public IEnumerable<string> Nodes => _nodes.Select(static node => node.Address);

    /// <summary>The key that is read.</summary>
    public string Key => _key.ToStringUtf8();

    /// <summary>The view with the highest epoch that was told so far; an epoch of 0: none was.</summary>
    public DiscoveredView Latest
    {
        get
        {
            lock (_lock)
                return _latest;
        }
    }

    /// <summary>Asks one node. Null: it knows of no node that serves.</summary>
    /// <param name="node">One of <see cref="Nodes"/>.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="RpcException">It does not answer, or refuses.</exception>
    public async Task<DiscoveredView?> AskAsync(string node, CancellationToken cancellation)
    {
        var channel = Array.Find(_nodes, each => each.Address == node).Channel;
        using var timeout = new CancellationTokenSource(_patience, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, timeout.Token);
        var request = new RangeRequest { Key = _key };
        var response = await new KV.KVClient(channel).RangeAsync(request, cancellationToken: either.Token).ConfigureAwait(false);
        if (response.Kvs is not [var pair, ..])
            return null;
        var view = ViewOf(pair);
        Note(view);
        return view;
    }

    /// <summary>Watches all nodes from now on.</summary>
    public void Watch()
    {
        lock (_lock)
            if (_watching.IsCompleted && !_ending.IsCancellationRequested)
                _watching = Task.WhenAll(_nodes.Select(node => Task.Run(() => WatchAsync(node.Channel, _ending.Token))));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync().ConfigureAwait(false);
        await _watching.ConfigureAwait(false);
        foreach (var (_, channel) in _nodes)
            channel.Dispose();
        _ending.Dispose();
    }

    // A node that is not there, or ends, is tried again and again: this is not where it shows that a node is lost.
    private async Task WatchAsync(GrpcChannel channel, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                using var call = new Discovery.Watch.WatchClient(channel).Watch(cancellationToken: stop);
                // From 1 on: what is published now comes first.
                var create = new WatchRequest { CreateRequest = new() { Key = _key, StartRevision = 1 } };
                await call.RequestStream.WriteAsync(create, stop).ConfigureAwait(false);
                await foreach (var response in call.ResponseStream.ReadAllAsync(stop).ConfigureAwait(false))
                    foreach (var put in response.Events.Where(static each => each.Type == Event.Types.EventType.Put))
                        Note(ViewOf(put.Kv));
            }
            catch (Exception error) when (error is RpcException or OperationCanceledException or HttpRequestException or IOException)
            {
                // Its end is what counts, not its reason.
            }

            await Task.Delay(PauseBetweenWatches, _time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static DiscoveredView ViewOf(KeyValue pair) => new((ulong)pair.CreateRevision, pair.Value.ToStringUtf8());

    private void Note(DiscoveredView view)
    {
        lock (_lock)
        {
            if (view.Epoch <= _latest.Epoch)
                return;
            _latest = view;
        }

        _moved(view);
    }
}
