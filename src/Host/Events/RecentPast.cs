// The last ten minutes of a node, a point a second: what the page's charts show at once, also to a reader who comes after an incident. A
// point is taken from what the node knows anyway; it asks nothing.
using HotStandby.Actors.Node;
using HotStandby.Host.Http;
using HotStandby.Mooncake.Server;

namespace HotStandby.Host.Events;

/// <summary>One second of a node.</summary>
/// <param name="At">Its end, in milliseconds of Unix time by the node's clock.</param>
/// <param name="Entries">Entries that were committed in it, as far as the node knows; null: the node was silent.</param>
/// <param name="Calls">Calls of clients that it answered, a second.</param>
/// <param name="P50">Milliseconds in which half of them were answered; null: there were none.</param>
/// <param name="P99">Milliseconds in which 99 of 100 were.</param>
/// <param name="Lag">Entries that it knew of and had not applied at the end; null: it was silent.</param>
internal sealed record PastPoint(long At, double? Entries, double Calls, double? P50, double? P99, ulong? Lag);

/// <summary>The points. Thread-safe; one loop adds them.</summary>
/// <param name="pulse">What the node said of itself a moment ago; null while it is silent.</param>
/// <param name="times">How long its calls took.</param>
/// <param name="time">The clock.</param>
internal sealed class RecentPast(Func<NodeReport?> pulse, CallTimes times, TimeProvider time)
{
    /// <summary>How many are kept.</summary>
    public const int Capacity = 600;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly Queue<PastPoint> _points = new(Capacity);
    private long[] _counts = times.Counts();
    private ulong? _committed;
    private long _takenAt = time.GetTimestamp();

    /// <summary>All of them, the oldest first.</summary>
    public IReadOnlyList<PastPoint> All
    {
        get
        {
            lock (_lock)
                return [.. _points];
        }
    }

    /// <summary>The newest; null: there is none yet.</summary>
    public PastPoint? Newest
    {
        get
        {
            lock (_lock)
                return _points.LastOrDefault();
        }
    }

    /// <summary>Adds points until it is told to stop.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stop))
                Add();
        }
        catch (OperationCanceledException)
        {
            // The node ends.
        }
    }

    /// <summary>Adds the second that ends now.</summary>
    public void Add()
    {
        var (now, counts, report) = (time.GetTimestamp(), times.Counts(), pulse());
        var seconds = time.GetElapsedTime(_takenAt, now).TotalSeconds;
        var committed = report?.Replica.CommittedSequence;
        var point = new PastPoint(
            time.GetUtcNow().ToUnixTimeMilliseconds(),
            committed is { } last && _committed is { } first ? Math.Round(Math.Max(0, (double)last - first) / seconds, 1) : null,
            Math.Round((counts.Sum() - _counts.Sum()) / seconds, 1),
            CallTimes.Quantile(_counts, counts, 0.5)?.TotalMilliseconds, CallTimes.Quantile(_counts, counts, 0.99)?.TotalMilliseconds,
            report is null ? null : HealthEndpoints.LagOf(report));
        (_takenAt, _counts, _committed) = (now, counts, committed);
        lock (_lock)
        {
            if (_points.Count == Capacity)
                _points.Dequeue();
            _points.Enqueue(point);
        }
    }
}
