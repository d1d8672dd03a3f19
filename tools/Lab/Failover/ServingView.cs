// Which node serves, asked of all of them all the time: stands for a view that is published to clients, and dates the begin of a reign.
using System.Diagnostics;
using System.Net;
using HotStandby.Lab.Cluster;

namespace HotStandby.Lab.Failover;

/// <summary>Watches a cluster as long as it lives.</summary>
internal sealed class ServingView : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(20);

    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(2) };
    private readonly CancellationTokenSource _ending = new();
    private readonly Lock _lock = new();
    private readonly Task _watching;
    private LocalNode? _serves;
    private long _since;

    /// <summary>Begins to watch.</summary>
    public ServingView(LocalCluster cluster) => _watching = Task.WhenAll(cluster.Nodes.Select(WatchAsync));

    /// <summary>Client address of the node that was the last to begin to serve; null before the first.</summary>
    public EndPoint? Address
    {
        get
        {
            lock (_lock)
                return _serves is null ? null : IPEndPoint.Parse(_serves.ClientAddress);
        }
    }

    /// <summary>When a node other than this one was first seen to serve; null when none was.</summary>
    public long? SuccessorSince(LocalNode of)
    {
        lock (_lock)
            return _serves is null || _serves == of ? null : _since;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _watching;
        _ending.Dispose();
        _http.Dispose();
    }

    private async Task WatchAsync(LocalNode node)
    {
        try
        {
            while (true)
            {
                if (await ServesAsync(node))
                    Saw(node);
                await Task.Delay(Interval, _ending.Token);
            }
        }
        catch (OperationCanceledException) when (_ending.IsCancellationRequested)
        {
            // The watch is over.
        }
    }

    private void Saw(LocalNode node)
    {
        lock (_lock)
        {
            if (_serves != node)
                (_serves, _since) = (node, Stopwatch.GetTimestamp());
        }
    }

    private async Task<bool> ServesAsync(LocalNode node)
    {
        try
        {
            using var answer = await _http.GetAsync(new Uri($"http://{node.HttpAddress}/health/primary"), _ending.Token);
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
        catch (TaskCanceledException) when (!_ending.IsCancellationRequested)
        {
            return false; // it does not answer in time
        }
    }
}
