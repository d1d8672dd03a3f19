namespace HotStandby.Core.Eviction;

/// <summary>
/// When objects are evicted to make room, and how many. Ratios are of the capacity of all segments, or of all evictable objects.
/// </summary>
public sealed record EvictionSettings
{
    /// <summary>Upstream's defaults where upstream has the setting.</summary>
    public static readonly EvictionSettings Default = new();

    /// <summary>Above this use, eviction works for its full goal. 0 to 1, default 0.90.</summary>
    public double HighWatermark { get; init; } = 0.90;

    /// <summary>Share of the evictable objects that goes in one full cycle. 0 to 1, default 0.05; 0 switches eviction off.</summary>
    public double Ratio { get; init; } = 0.05;

    /// <summary>
    /// So far below the watermark eviction begins, in small steps and never at a soft-pinned object, so that writers seldom meet
    /// full segments. 0 to <see cref="HighWatermark"/>, default 0.02; 0 switches it off.
    /// </summary>
    public double Headroom { get; init; } = 0.02;

    /// <summary>Soft-pinned objects go when the others do not suffice. Default true.</summary>
    public bool AllowSoftPinned { get; init; } = true;

    /// <summary>
    /// Most objects that one cycle chooses (a group, which goes whole, and ties may exceed it); the next cycle goes on. Default 8192, at
    /// least 1.
    /// </summary>
    public int MaximumVictims { get; init; } = 8192;

    /// <summary>
    /// Objects as cold as the last one chosen go with it, but no more than so many: when a reign begins, all objects have the
    /// same lease, and "all ties" would be the whole cache. Default 64; 0: the count is always exact.
    /// </summary>
    public int MaximumTies { get; init; } = 64;

    /// <summary>Throws when a value is out of its range.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Which one, and why.</exception>
    public void Check()
    {
        RequireRatio(HighWatermark, 1, nameof(HighWatermark));
        RequireRatio(Ratio, 1, nameof(Ratio));
        RequireRatio(Headroom, HighWatermark, nameof(Headroom));
        ArgumentOutOfRangeException.ThrowIfLessThan(MaximumVictims, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(MaximumTies);
    }

    private static void RequireRatio(double value, double most, string name)
    {
        if (!(value >= 0 && value <= most))
            throw new ArgumentOutOfRangeException(name, value, $"must be from 0 to {most}");
    }
}
