// Sets of addresses as lists of ranges. Pure arithmetic; ranges never reach beyond the last address.
using HotStandby.Messages.OpLog;

namespace HotStandby.Core.Segments;

/// <summary>What can be done with lists of ranges. Results are ascending, apart, and without empty ones.</summary>
internal static class MemoryRanges
{
    /// <summary>What any of them covers. Ranges that touch become one.</summary>
    public static List<MemoryRange> Union(IEnumerable<MemoryRange> ranges)
    {
        var union = new List<MemoryRange>();
        foreach (var range in ranges.Where(range => range.Length > 0).OrderBy(range => range.Start))
        {
            if (union.Count > 0 && range.Start <= union[^1].End)
                union[^1] = new(union[^1].Start, Math.Max(union[^1].End, range.End) - union[^1].Start);
            else
                union.Add(range);
        }

        return union;
    }

    /// <summary>What the first covers and the second does not; both are unions.</summary>
    public static List<MemoryRange> Without(IReadOnlyList<MemoryRange> ranges, IReadOnlyList<MemoryRange> taken)
    {
        var left = new List<MemoryRange>();
        foreach (var range in ranges)
        {
            var start = range.Start;
            foreach (var hole in taken)
            {
                if (hole.End <= start || hole.Start >= range.End)
                    continue;
                if (hole.Start > start)
                    left.Add(new(start, hole.Start - start));
                start = Math.Min(hole.End, range.End);
            }

            if (start < range.End)
                left.Add(new(start, range.End - start));
        }

        return left;
    }

    /// <summary>The parts of ranges that lie inside of one.</summary>
    public static IEnumerable<MemoryRange> Clip(IEnumerable<MemoryRange> ranges, MemoryRange to)
    {
        foreach (var range in ranges)
        {
            var (start, end) = (Math.Max(range.Start, to.Start), Math.Min(range.End, to.End));
            if (start < end)
                yield return new(start, end - start);
        }
    }

    /// <summary>A union of at most so many ranges that covers what the given one does: the smallest gaps are closed.</summary>
    public static IReadOnlyList<MemoryRange> Coarsen(IReadOnlyList<MemoryRange> union, int maximum)
    {
        if (union.Count <= maximum)
            return union;
        var kept = Enumerable.Range(1, union.Count - 1).OrderByDescending(i => union[i].Start - union[i - 1].End)
            .Take(maximum - 1).ToHashSet();
        var coarse = new List<MemoryRange> { union[0] };
        for (var i = 1; i < union.Count; i++)
        {
            if (kept.Contains(i))
                coarse.Add(union[i]);
            else
                coarse[^1] = new(coarse[^1].Start, union[i].End - coarse[^1].Start);
        }

        return coarse;
    }
}
