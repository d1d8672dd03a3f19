// How long calls took, as numbers that only grow: who looks twice sees what came in between, and looking costs the calls nothing.
using System.Numerics;

namespace HotStandby.Mooncake.Server;

/// <summary>Calls by the time from their arrival to their answer, since the start, at all client ports of a node. Thread-safe.</summary>
public sealed class CallTimes
{
    /// <summary>Two classes for each power of two of microseconds; the last one has no end, and begins at 2^31 µs, half an hour.</summary>
    public const int Classes = 63;

    private readonly long[] _counts = new long[Classes];

    /// <summary>A call was answered.</summary>
    public void Add(TimeSpan took) => Interlocked.Increment(ref _counts[ClassOf(took)]);

    /// <summary>How many calls of each class there have been.</summary>
    public long[] Counts()
    {
        var counts = new long[Classes];
        for (var i = 0; i < counts.Length; i++)
            counts[i] = Volatile.Read(ref _counts[i]);
        return counts;
    }

    /// <summary>The time below which a share of the calls between two looks lies, to within a third; null: there were none.</summary>
    /// <param name="before"><see cref="Counts"/> of the first look.</param>
    /// <param name="now">Of the second.</param>
    /// <param name="share">Above 0, at most 1.</param>
    public static TimeSpan? Quantile(ReadOnlySpan<long> before, ReadOnlySpan<long> now, double share)
    {
        var total = 0L;
        for (var i = 0; i < Classes; i++)
            total += now[i] - before[i];
        if (total == 0)
            return null;
        var left = (long)Math.Ceiling(total * share);
        for (var i = 0; i < Classes; i++)
        {
            left -= now[i] - before[i];
            if (left <= 0)
                return EndOf(i);
        }

        return EndOf(Classes - 1);
    }

    // 0 and 1 µs; then 2 and 3, 4-5 and 6-7, 8-11 and 12-15, …
    private static int ClassOf(TimeSpan took)
    {
        var microseconds = (ulong)Math.Max(1, took.Ticks / TimeSpan.TicksPerMicrosecond);
        var power = BitOperations.Log2(microseconds);
        var isUpperHalf = power > 0 && (microseconds & (1UL << (power - 1))) != 0;
        return Math.Min((2 * power) + (isUpperHalf ? 1 : 0), Classes - 1);
    }

    private static TimeSpan EndOf(int index)
    {
        var power = 1L << (index / 2);
        return TimeSpan.FromMicroseconds(index % 2 == 0 ? 1.5 * power : 2 * power);
    }
}
