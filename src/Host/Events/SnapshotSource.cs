// One snapshot of the node for all who want one at about the same time: asking the node costs the same for one listener and for sixty.
using HotStandby.Host.Http;

namespace HotStandby.Host.Events;

/// <summary>Takes snapshots, no more often than <see cref="Freshness"/>.</summary>
/// <param name="node">The node.</param>
/// <param name="time">The clock.</param>
internal sealed class SnapshotSource(AdminNode node, TimeProvider time)
{
    /// <summary>How old an answer may be.</summary>
    public static readonly TimeSpan Freshness = TimeSpan.FromMilliseconds(200);

    private readonly Lock _lock = new();
    private Task<NodeSnapshot>? _latest;
    private long _takenAt;

    /// <summary>The node, at most <see cref="Freshness"/> ago.</summary>
    public Task<NodeSnapshot> GetAsync(CancellationToken stop)
    {
        lock (_lock)
        {
            if (_latest is null || (_latest.IsCompleted && time.GetElapsedTime(_takenAt) >= Freshness))
                (_latest, _takenAt) = (NodeSnapshot.TakeAsync(node, time, CancellationToken.None), time.GetTimestamp());
            return _latest.WaitAsync(stop);
        }
    }
}
