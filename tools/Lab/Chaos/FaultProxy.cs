// A TCP proxy in front of one node: whoever connects to it is carried to the node, through the two links of that pair. Knows nothing of
// what is carried.
using System.Net;
using System.Net.Sockets;

namespace HotStandby.Lab.Chaos;

/// <summary>The two directions of a pair, from the one that connects to the one that listens and back.</summary>
/// <param name="Peer">Who connects; the proxies' owner counts.</param>
/// <param name="Forth">From there to here.</param>
/// <param name="Back">From here to there.</param>
internal sealed record FaultPair(int Peer, FaultLink Forth, FaultLink Back);

/// <summary>One listener.</summary>
internal sealed class FaultProxy : IAsyncDisposable
{
    private readonly Socket _listener;
    private readonly IPEndPoint _target;
    private readonly Func<IPEndPoint, FaultPair?> _identify;
    private readonly CancellationTokenSource _ending = new();
    private readonly Lock _lock = new();
    private readonly Dictionary<FaultConnection, Task> _connections = [];
    private readonly Task _accepting;

    /// <summary>Listens and begins to carry.</summary>
    /// <param name="listen">Where.</param>
    /// <param name="target">The node.</param>
    /// <param name="identify">Whose connection comes from this address; null: nobody's, it is closed.</param>
    /// <exception cref="SocketException">The address is taken.</exception>
    public FaultProxy(IPEndPoint listen, IPEndPoint target, Func<IPEndPoint, FaultPair?> identify)
    {
        ArgumentNullException.ThrowIfNull(listen);
        (_target, _identify) = (target, identify);
        _listener = new Socket(listen.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        _listener.Bind(listen);
        _listener.Listen();
        _accepting = Task.Run(AcceptAsync);
    }

    /// <summary>Where it listens.</summary>
    public IPEndPoint EndPoint => (IPEndPoint)_listener.LocalEndPoint!;

    /// <summary>Resets the connections of a peer: both ends see a broken connection at once.</summary>
    /// <returns>How many.</returns>
    public int Reset(int peer)
    {
        FaultConnection[] broken;
        lock (_lock)
            broken = [.. _connections.Keys.Where(connection => connection.Pair.Peer == peer)];
        foreach (var connection in broken)
            connection.Reset();
        return broken.Length;
    }

    /// <summary>Closes everything.</summary>
    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync().ConfigureAwait(false);
        _listener.Dispose();
        await _accepting.ConfigureAwait(false);
        Task[] rest;
        lock (_lock)
            rest = [.. _connections.Values];
        await Task.WhenAll(rest).ConfigureAwait(false);
        _ending.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_ending.IsCancellationRequested)
        {
            Socket incoming;
            try
            {
                incoming = await _listener.AcceptAsync(_ending.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (SocketException)
            {
                continue; // The one that came is gone again.
            }
            catch (ObjectDisposedException)
            {
                return;
            }

            if (incoming.RemoteEndPoint is IPEndPoint remote && _identify(remote) is { } pair)
                Begin(new FaultConnection(incoming, _target, pair));
            else
                incoming.Dispose();
        }
    }

    private void Begin(FaultConnection connection)
    {
        // Held while it starts, so that it is noted before it can end.
        lock (_lock)
            _connections.Add(connection, Task.Run(() => CarryAsync(connection)));
    }

    private async Task CarryAsync(FaultConnection connection)
    {
        using (connection)
            await connection.RunAsync(_ending.Token).ConfigureAwait(false);
        lock (_lock)
            _connections.Remove(connection);
    }
}
