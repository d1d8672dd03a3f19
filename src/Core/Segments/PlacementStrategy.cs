// Where the replicas of a new object go. A strategy is a delegate, so that another one is another method.
using HotStandby.Messages.Model;

namespace HotStandby.Core.Segments;

/// <summary>
/// Finds buffers on distinct segment names, as many of <paramref name="places"/> as it can, from the first place on.
/// </summary>
/// <param name="space">The allocatable segments.</param>
/// <param name="length">Bytes of each buffer, at least 1.</param>
/// <param name="preferred">Names to try first, in order; unknown and full ones are passed over.</param>
/// <param name="places">Receives the buffers.</param>
/// <returns>How many places are filled; 0 when nothing fits.</returns>
public delegate int PlacementStrategy(SegmentSpace space, ulong length, PreferredNames preferred, Span<Extent> places);

/// <summary>Names to try first: a single one, which wins when it is given, or a list.</summary>
public readonly record struct PreferredNames(string? Only, IReadOnlyList<string> List)
{
    /// <summary>None.</summary>
    public static readonly PreferredNames None = new(null, []);

    /// <summary>How many.</summary>
    public int Count => Only is null ? List.Count : 1;

    /// <summary>The i-th.</summary>
    public string this[int index] => Only ?? List[index];

    /// <summary>What a writer asked for.</summary>
    public static PreferredNames Of(ReplicateConfig config) =>
        new(config.PreferredSegment.Length > 0 ? config.PreferredSegment : null, config.PreferredSegments);
}

/// <summary>
/// The strategies there are. All of them try the preferred names first, in order, and with a single name only that one. How
/// much of the load a fresh empty segment among N full ones gets: 1/N by Random; at most 2/N by PowerOfTwo; by FreeRatioFirst
/// min(1, 6/N), since whenever it is in the sample it wins.
/// </summary>
public static class PlacementStrategies
{
    /// <summary>Most names that one request tries by the random rule.</summary>
    public const int MaximumAttempts = 100;

    /// <summary>FreeRatioFirst looks at so many names for each missing replica.</summary>
    public const int SampledNames = 6;

    /// <summary>Names of the strategies in settings.</summary>
    public static readonly IReadOnlyList<string> Names = ["random", "free-ratio-first", "power-of-two"];

    /// <summary>The strategy of that name in <see cref="Names"/>, or null.</summary>
    public static PlacementStrategy? Named(string name) => name switch
    {
        "random" => Random,
        "free-ratio-first" => FreeRatioFirst,
        "power-of-two" => PowerOfTwo,
        _ => null,
    };

    /// <summary>Names one after another from a random one on, at most min(100, number of names).</summary>
    public static int Random(SegmentSpace space, ulong length, PreferredNames preferred, Span<Extent> places) =>
        FillByChance(space, length, places, Prefer(space, length, preferred, places));

    /// <summary>
    /// The freest (by share of its bytes) of a sample of min(6 for each missing replica, number of names) consecutive names from
    /// a random one on; what is still missing by the random rule.
    /// </summary>
    public static int FreeRatioFirst(SegmentSpace space, ulong length, PreferredNames preferred, Span<Extent> places)
    {
        var filled = Prefer(space, length, preferred, places);
        if (filled == places.Length || space.Groups.Count == 0)
            return filled;
        var sample = space.FreestOfSample((int)Math.Min((long)SampledNames * (places.Length - filled), space.Groups.Count));
        for (var i = 0; i < sample.Length && filled < places.Length; i++)
            filled += space.TryPlace(sample[i], length, out places[filled]) ? 1 : 0;
        return FillByChance(space, length, places, filled);
    }

    /// <summary>
    /// For each replica two random names, and the freer (by share of its bytes) of them first; what is still missing by the
    /// random rule.
    /// </summary>
    public static int PowerOfTwo(SegmentSpace space, ulong length, PreferredNames preferred, Span<Extent> places)
    {
        var filled = Prefer(space, length, preferred, places);
        var names = space.Groups.Count;
        for (var missing = names < 2 ? 0 : places.Length - filled; missing > 0; missing--)
        {
            var first = space.Random.Below(names);
            var second = (first + 1 + space.Random.Below(names - 1)) % names;
            var (freer, other) = (space.Groups[first], space.Groups[second]);
            if (other.FreeRatio > freer.FreeRatio)
                (freer, other) = (other, freer);
            // A name that this request has used already is refused, and the other one takes its turn.
            filled += space.TryPlace(freer, length, out places[filled]) || space.TryPlace(other, length, out places[filled]) ? 1 : 0;
        }

        return FillByChance(space, length, places, filled);
    }

    private static int Prefer(SegmentSpace space, ulong length, PreferredNames preferred, Span<Extent> places)
    {
        var filled = 0;
        space.BeginRequest();
        for (var i = 0; space.Groups.Count > 1 && i < preferred.Count && filled < places.Length; i++)
        {
            if (space.Group(preferred[i]) is { } group)
                filled += space.TryPlace(group, length, out places[filled]) ? 1 : 0;
        }

        return filled;
    }

    private static int FillByChance(SegmentSpace space, ulong length, Span<Extent> places, int filled)
    {
        if (filled == places.Length || space.Groups.Count == 0)
            return filled;
        var attempts = Math.Min(MaximumAttempts, space.Groups.Count);
        var at = space.Random.Below(space.Groups.Count);
        for (; attempts > 0 && filled < places.Length; attempts--)
        {
            filled += space.TryPlace(space.Groups[at], length, out places[filled]) ? 1 : 0;
            at = at + 1 == space.Groups.Count ? 0 : at + 1;
        }

        return filled;
    }
}
