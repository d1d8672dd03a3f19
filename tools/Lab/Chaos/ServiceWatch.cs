// Asks all nodes all the time who serves, how often that changes, and whether anything that must not be is: two nodes that serve at once,
// differences that verification has found. Holds only what it needs for that, however long it runs.
using System.Diagnostics;
using HotStandby.CommandLine.Status;
using HotStandby.Lab.Cluster;

namespace HotStandby.Lab.Chaos;

/// <summary>Watches a cluster as long as it lives.</summary>
internal sealed class ServiceWatch : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    private readonly LocalCluster _cluster;
    private readonly ChaosLog _log;
    private readonly CancellationTokenSource _ending;
    private readonly Task _watching;
    private readonly Lock _lock = new();
    private readonly long[] _servedAt;
    private ulong _epoch;
    private int _leader = -1;
    private long _firstAnswerAt;

    /// <summary>Begins to watch.</summary>
    public ServiceWatch(LocalCluster cluster, ChaosLog log, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(cluster);
        (_cluster, _log) = (cluster, log);
        _servedAt = new long[cluster.Nodes.Count];
        _ending = CancellationTokenSource.CreateLinkedTokenSource(stop);
        _watching = Task.WhenAll(Enumerable.Range(0, cluster.Nodes.Count).Select(WatchAsync));
    }

    /// <summary>The node that was the last to serve in the highest epoch; -1 before the first.</summary>
    public int Leader
    {
        get
        {
            lock (_lock)
                return _leader;
        }
    }

    /// <summary>Reigns that were seen to serve.</summary>
    public int Reigns { get; private set; }

    /// <summary>Waits until a node is seen to serve that was asked after now.</summary>
    /// <returns>False when none was in time.</returns>
    public async Task<bool> WaitForServiceAsync(TimeSpan patience, CancellationToken stop)
    {
        var began = Stopwatch.GetTimestamp();
        while (true)
        {
            lock (_lock)
            {
                if (_servedAt.Any(asked => asked > began))
                    return true;
            }
            if (Stopwatch.GetElapsedTime(began) > patience)
                return false;
            await Task.Delay(Interval, stop);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _watching;
        _ending.Dispose();
    }

    private async Task WatchAsync(int node)
    {
        long reported = 0;
        try
        {
            while (true)
            {
                var asked = Stopwatch.GetTimestamp();
                if (await _cluster.StatusAsync(_cluster.Nodes[node], _ending.Token) is { } view)
                {
                    if (view.Serving)
                        Saw(node, view.Epoch, asked);
                    reported = CheckVerification(view, reported);
                }
                await Task.Delay(Interval, _ending.Token);
            }
        }
        catch (OperationCanceledException) when (_ending.IsCancellationRequested)
        {
            // The watch is over.
        }
    }

    // A reign is over once a later one was seen to serve: a node that is asked after that and still says that it serves in the earlier one
    // proves two Primaries at once.
    private void Saw(int node, ulong epoch, long asked)
    {
        var id = _cluster.Nodes[node].Id;
        lock (_lock)
        {
            _servedAt[node] = asked;
            if (epoch > _epoch)
            {
                (_epoch, _leader, _firstAnswerAt) = (epoch, node, Stopwatch.GetTimestamp());
                Reigns++;
                _log.Event($"{id} serves, epoch {epoch}");
            }
            else if (epoch == _epoch && node != _leader)
            {
                _log.Violation($"{id} and {_cluster.Nodes[_leader].Id} both serve in epoch {epoch}");
            }
            else if (epoch < _epoch && asked > _firstAnswerAt)
            {
                _log.Violation($"{id} serves in epoch {epoch} after {_cluster.Nodes[_leader].Id} has served in epoch {_epoch}");
            }
        }
    }

    private long CheckVerification(NodeView view, long reported)
    {
        var failed = view.Verification?.Failed ?? 0;
        if (failed > reported)
            _log.Violation(
                $"verification found {view.Node} different from its Primary: {string.Join(", ", view.Verification!.UncleanPartitions)}");
        return failed;
    }
}
