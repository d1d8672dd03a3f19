// Says in the log when a configured voter is missing, and why no node serves: once when it lasts, then once a minute. It looks at what the
// node has said of itself a moment ago, and asks nothing.
using HotStandby.CommandLine.Status;
using HotStandby.Host.Logging;
using Microsoft.Extensions.Logging;

namespace HotStandby.Host.Events;

/// <summary>Watches the cluster as one node sees it. Used by one loop.</summary>
/// <param name="log">Gets the lines.</param>
/// <param name="time">The clock.</param>
internal sealed class ClusterWatch(ILogger log, TimeProvider time)
{
    /// <summary>How often to look.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>What has not lasted for so long is not told: a failover, or a voter that the machine kept waiting.</summary>
    public static readonly TimeSpan Settles = TimeSpan.FromSeconds(5);

    /// <summary>When the same is told again.</summary>
    public static readonly TimeSpan Again = TimeSpan.FromMinutes(1);

    private string _summary = "";
    private long _since = time.GetTimestamp();
    private string _told = "";
    private long _toldAt;
    private bool _wasDegraded;

    /// <summary>Looks until it is told to stop.</summary>
    /// <param name="look">The cluster now, and whether this node serves.</param>
    /// <param name="stop">Ends it.</param>
    public async Task RunAsync(Func<(ClusterView Cluster, bool Serves)> look, CancellationToken stop)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stop))
            {
                var (cluster, serves) = look();
                Note(cluster, serves);
            }
        }
        catch (OperationCanceledException)
        {
            // The node ends.
        }
    }

    /// <summary>The cluster is like this now.</summary>
    public void Note(ClusterView cluster, bool serves)
    {
        ArgumentNullException.ThrowIfNull(cluster);
        if (cluster.Summary != _summary)
            (_summary, _since) = (cluster.Summary, time.GetTimestamp());
        if (time.GetElapsedTime(_since) < Settles)
            return;
        if (cluster.Verdict == Verdicts.Down)
        {
            if (IsNews())
                HostEvents.NoService(log, cluster.Summary);
        }
        else if (serves && (cluster.Verdict == Verdicts.Degraded || _wasDegraded))
        {
            _wasDegraded = cluster.Verdict == Verdicts.Degraded;
            if (_wasDegraded && IsNews())
                HostEvents.VoterMissing(log, cluster.Summary);
            else if (!_wasDegraded)
                HostEvents.VotersComplete(log, cluster.Summary);
        }
        else
        {
            _told = "";
        }
    }

    private bool IsNews()
    {
        if (_summary == _told && time.GetElapsedTime(_toldAt) < Again)
            return false;
        (_told, _toldAt) = (_summary, time.GetTimestamp());
        return true;
    }
}
