// Asks all nodes all the time who serves. A reign is over once a later one has been seen to serve: a node that is asked
// after that and still says it serves in the earlier one proves two Primaries at once.
using System.Collections.Concurrent;
using System.Diagnostics;
using HotStandby.CommandLine.Status;
using HotStandby.Lab.Cluster;

namespace HotStandby.Tests.Doubles;

internal sealed class ServingWatch : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(5);

    private readonly record struct Sighting(string Node, ulong Epoch, long AskedAt, long AnsweredAt);

    private readonly ConcurrentQueue<Sighting> _sightings = [];
    private readonly StatusClient _status = new();
    private readonly CancellationTokenSource _ending;
    private readonly Task _watching;

    public ServingWatch(LocalCluster cluster, CancellationToken stop)
        : this(cluster.Nodes.Select(node => node.HttpAddress), stop)
    {
    }

    /// <summary>Begins.</summary>
    /// <param name="nodes">host:port of the nodes' HTTP ports.</param>
    /// <param name="stop">Ends it.</param>
    public ServingWatch(IEnumerable<string> nodes, CancellationToken stop)
    {
        _ending = CancellationTokenSource.CreateLinkedTokenSource(stop);
        _watching = Task.WhenAll(nodes.Select(WatchAsync));
    }

    /// <summary>Ends the watch and judges what was seen.</summary>
    /// <param name="reigns">At least so many must have been seen, or the watch has shown nothing.</param>
    public async Task OneAtATimeMustHaveServedAsync(int reigns)
    {
        await EndAsync();
        var seen = _sightings.ToArray();
        var byEpoch = seen.GroupBy(sighting => sighting.Epoch).OrderBy(reign => reign.Key).ToArray();
        Assert.True(byEpoch.Length >= reigns, $"only {byEpoch.Length} reigns were seen to serve");
        Assert.All(byEpoch, reign => Assert.Single(reign.Select(sighting => sighting.Node).Distinct()));
        foreach (var reign in byEpoch)
        {
            var firstAnswer = reign.Min(sighting => sighting.AnsweredAt);
            Assert.DoesNotContain(seen, sighting => sighting.Epoch < reign.Key && sighting.AskedAt > firstAnswer);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await EndAsync();
        _ending.Dispose();
        _status.Dispose();
    }

    private async Task EndAsync()
    {
        await _ending.CancelAsync();
        await _watching;
    }

    private async Task WatchAsync(string node)
    {
        try
        {
            while (true)
            {
                var asked = Stopwatch.GetTimestamp();
                if (await _status.TryGetAsync(node, _ending.Token) is { Serving: true } view)
                    _sightings.Enqueue(new Sighting(node, view.Epoch, asked, Stopwatch.GetTimestamp()));
                await Task.Delay(Interval, _ending.Token);
            }
        }
        catch (OperationCanceledException) when (_ending.IsCancellationRequested)
        {
            // The watch is over.
        }
    }
}
