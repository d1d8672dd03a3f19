// One value for all that want it at about the same time: asking the node costs the same for one listener and for sixty.
namespace HotStandby.Host.Events;

/// <summary>Takes a value, no more often than <see cref="RecentValue.Freshness"/>. Thread-safe.</summary>
/// <param name="take">Takes it.</param>
/// <param name="time">The clock.</param>
internal sealed class RecentValue<TValue>(Func<Task<TValue>> take, TimeProvider time)
{
    private readonly Lock _lock = new();
    private Task<TValue>? _latest;
    private long _takenAt;

    /// <summary>The value, taken at most <see cref="RecentValue.Freshness"/> ago.</summary>
    public Task<TValue> GetAsync(CancellationToken stop)
    {
        lock (_lock)
        {
            if (_latest is null || (_latest.IsCompleted && time.GetElapsedTime(_takenAt) >= RecentValue.Freshness))
                (_latest, _takenAt) = (take(), time.GetTimestamp());
            return _latest.WaitAsync(stop);
        }
    }
}

/// <summary>What all of them share.</summary>
internal static class RecentValue
{
    /// <summary>How old a value may be.</summary>
    public static readonly TimeSpan Freshness = TimeSpan.FromMilliseconds(200);
}
