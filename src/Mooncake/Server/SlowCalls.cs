// Calls that took long, for operators. A call that does not costs one comparison.
using HotStandby.Messages.Calls;
using HotStandby.Mooncake.Generations;

namespace HotStandby.Mooncake.Server;

/// <summary>A call that took long.</summary>
/// <param name="At">When it was answered.</param>
/// <param name="Function">Which.</param>
/// <param name="Took">From its arrival to its answer.</param>
/// <param name="Items">Keys that it named; 1 for a call that names none.</param>
/// <param name="FirstKey">The first of them, at most <see cref="SlowCalls.LongestKey"/> characters; empty: none.</param>
public sealed record SlowCall(DateTimeOffset At, Rpc Function, TimeSpan Took, int Items, string FirstKey);

/// <summary>The last slow calls of a node. Thread-safe.</summary>
/// <param name="time">The clock.</param>
public sealed class SlowCalls(TimeProvider time)
{
    /// <summary>A call that takes so long is slow: a tenth of the shortest timeout that clients have.</summary>
    public static readonly TimeSpan Threshold = TimeSpan.FromMilliseconds(100);

    /// <summary>How many are kept.</summary>
    public const int Capacity = 32;

    /// <summary>Characters of a key that are kept.</summary>
    public const int LongestKey = 128;

    // When everything is slow, a few say so as well as all, and remembering them must not make it slower.
    private const int MostInASecond = 8;

    private readonly Lock _lock = new();
    private readonly Queue<SlowCall> _calls = new(Capacity);
    private long _secondBegan = long.MinValue;
    private int _inThisSecond;

    /// <summary>Those that are kept, the newest first.</summary>
    public IReadOnlyList<SlowCall> Latest
    {
        get
        {
            lock (_lock)
                return [.. _calls.Reverse()];
        }
    }

    /// <summary>A call was answered.</summary>
    public void Add(Rpc function, MasterCall call, TimeSpan took)
    {
        if (took >= Threshold)
            Keep(function, call, took);
    }

    private void Keep(Rpc function, MasterCall call, TimeSpan took)
    {
        lock (_lock)
        {
            var now = time.GetTimestamp();
            if (_secondBegan == long.MinValue || time.GetElapsedTime(_secondBegan, now) >= TimeSpan.FromSeconds(1))
                (_secondBegan, _inThisSecond) = (now, 0);
            if (++_inThisSecond > MostInASecond)
                return;
            if (_calls.Count == Capacity)
                _calls.Dequeue();
            var (items, key) = call is KeyedCall { Keys: { Length: > 0 } keys } ? (keys.Length, keys[0].ToString()) : (1, "");
            _calls.Enqueue(new SlowCall(
                time.GetUtcNow(), function, took, items, key.Length <= LongestKey ? key : key[..LongestKey] + "…"));
        }
    }
}
