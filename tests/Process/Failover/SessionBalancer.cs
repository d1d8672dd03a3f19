// A balancer that keeps sessions, as a Kubernetes Service or most L4 front ends do: a new connection goes to the node that was healthy at
// the last look, and stays with it until either end closes.
using System.Net;
using System.Net.Sockets;
using HotStandby.Lab.Cluster;

namespace HotStandby.Tests.Process.Failover;

internal sealed class SessionBalancer : IAsyncDisposable
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(300);
    private static readonly HttpClient Http = new() { Timeout = Deadline.Step };

    private readonly IReadOnlyList<LocalNode> _nodes;
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _ending = new();
    private readonly Task _looking;
    private readonly Task _accepting;
    private volatile LocalNode _healthy;

    /// <summary>Begins with a node that is healthy now.</summary>
    public SessionBalancer(IReadOnlyList<LocalNode> nodes, LocalNode healthy)
    {
        (_nodes, _healthy) = (nodes, healthy);
        _listener.Start();
        _looking = LookAsync();
        _accepting = AcceptAsync();
    }

    /// <summary>What clients are told.</summary>
    public IPEndPoint EndPoint => (IPEndPoint)_listener.LocalEndpoint;

    /// <summary>Where the next connection goes.</summary>
    public LocalNode Healthy => _healthy;

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        _listener.Stop();
        await Task.WhenAll(_looking, _accepting);
        _ending.Dispose();
    }

    private async Task LookAsync()
    {
        using var timer = new PeriodicTimer(LookInterval);
        try
        {
            while (await timer.WaitForNextTickAsync(_ending.Token))
            {
                foreach (var node in _nodes)
                {
                    if (await IsHealthyAsync(node))
                        _healthy = node;
                }
            }
        }
        catch (OperationCanceledException) when (_ending.IsCancellationRequested)
        {
            // Disposed.
        }
    }

    private async Task<bool> IsHealthyAsync(LocalNode node)
    {
        try
        {
            using var answer = await Http.GetAsync(new Uri($"http://{node.HttpAddress}/health/primary"), _ending.Token);
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private async Task AcceptAsync()
    {
        var sessions = new List<Task>();
        try
        {
            while (true)
                sessions.Add(CarryAsync(await _listener.AcceptTcpClientAsync(_ending.Token), IPEndPoint.Parse(_healthy.ClientAddress)));
        }
        catch (Exception stopped) when (stopped is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(sessions);
        }
    }

    private async Task CarryAsync(TcpClient client, IPEndPoint node)
    {
        using (client)
        using (var server = new TcpClient())
        {
            try
            {
                await server.ConnectAsync(node, _ending.Token);
                await using var outer = client.GetStream();
                await using var inner = server.GetStream();
                // The end of either direction ends the session: what the other end has sent by then has been carried.
                await await Task.WhenAny(outer.CopyToAsync(inner, _ending.Token), inner.CopyToAsync(outer, _ending.Token));
            }
            catch (Exception over) when (over is IOException or SocketException or OperationCanceledException)
            {
                // Either end is gone.
            }
        }
    }
}
