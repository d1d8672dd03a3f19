// When to evict, how much, and how many objects to ask each shard for. Arithmetic only: it knows no object.
// Used by EvictionPacer (is it needed?), EvictorCell (goal and limit) and EvictionCycle (counts).
namespace HotStandby.Core.Eviction;

/// <summary>What one cycle is to achieve, as shares of the evictable objects.</summary>
/// <param name="Target">So many objects without a pin go, if there are so many without a lease.</param>
/// <param name="LowerBound">Up to so many, soft-pinned ones help out.</param>
public readonly record struct EvictionGoal(double Target, double LowerBound);

/// <summary>The formulas of eviction.</summary>
public sealed class EvictionPolicy
{
    // Fewest objects that a shard is asked for: small clusters never notice that offers are limited.
    private const int LeastOffer = 256;

    // 0.07 * 100 is 7.000000000000001 in binary; that is no reason to evict eight.
    private const double RoundingError = 1e-9;

    private readonly EvictionSettings _settings;

    /// <summary>A policy.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A setting is out of its range.</exception>
    public EvictionPolicy(EvictionSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        settings.Check();
        _settings = settings;
    }

    /// <summary>What it follows.</summary>
    public EvictionSettings Settings => _settings;

    /// <summary>True when room has to be made.</summary>
    /// <param name="usedRatio">Used bytes of all segments by their capacity, 0 to 1.</param>
    /// <param name="forced">A PutStart has found no room.</param>
    public bool IsNeeded(double usedRatio, bool forced) => _settings.Ratio > 0 && (forced || usedRatio > Start);

    /// <summary>What a cycle is to achieve; nothing when nothing is needed.</summary>
    /// <param name="usedRatio">Used bytes of all segments by their capacity, 0 to 1.</param>
    /// <param name="forced">A PutStart has found no room.</param>
    public EvictionGoal Goal(double usedRatio, bool forced)
    {
        if (!IsNeeded(usedRatio, forced))
            return default;
        var excess = usedRatio - _settings.HighWatermark;
        if (!forced && excess <= 0)
        {
            // Ahead of the watermark: just back to where it started, taking objects to be of equal size.
            return new EvictionGoal(Math.Min(_settings.Ratio, (usedRatio - Start) / usedRatio), 0);
        }

        var target = Math.Max(_settings.Ratio, excess + _settings.Ratio);
        return new EvictionGoal(target, Math.Max(target / 2, excess));
    }

    /// <summary>How many of so many objects a share is: rounded up, at most one cycle's.</summary>
    public int CountOf(double share, long evictable) =>
        (int)Math.Min(_settings.MaximumVictims, Math.Max(0, Math.Ceiling((share * evictable) - RoundingError)));

    /// <summary>
    /// How many objects to ask each shard for. Keys are spread by their hash, so of V victims a shard has about V / shards, and
    /// hardly ever eight standard deviations more. A shard that does have more is served as far as its offer goes, see
    /// <see cref="EvictionCycle"/>.
    /// </summary>
    /// <param name="shardCount">At least 1.</param>
    /// <param name="expectedVictims">How many the cycle will choose, as far as is known; at least 0.</param>
    public int OfferLimit(int shardCount, int expectedVictims)
    {
        var victims = (double)Math.Min(expectedVictims, _settings.MaximumVictims) + _settings.MaximumTies;
        var mean = victims / shardCount;
        return (int)Math.Min(victims, Math.Max(LeastOffer, Math.Ceiling(mean + (8 * Math.Sqrt(mean))))) + 1;
    }

    private double Start => _settings.HighWatermark - _settings.Headroom;
}
