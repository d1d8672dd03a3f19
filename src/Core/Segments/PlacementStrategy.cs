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

/// <summary>The strategies there are.</summary>
public static class PlacementStrategies
{
    /// <summary>Most names that one request tries after the preferred ones.</summary>
    public const int MaximumAttempts = 100;

    /// <summary>Preferred names in order; then names one after another from a random one on, at most min(100, number of names).</summary>
    public static int Random(SegmentSpace space, ulong length, PreferredNames preferred, Span<Extent> places)
    {
        var filled = 0;
        space.BeginRequest();
        if (space.Groups.Count > 1)
        {
            for (var i = 0; i < preferred.Count && filled < places.Length; i++)
            {
                if (space.Group(preferred[i]) is { } group)
                    filled += space.TryPlace(group, length, out places[filled]) ? 1 : 0;
            }
        }

        if (space.Groups.Count == 0)
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
