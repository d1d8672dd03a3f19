// A node of FreeExtentTree: up to 64 entries side by side, so that a search reads a few cache lines instead of chasing
// pointers. Used by FreeExtentTree only; knows nothing of what a free range means.
using System.Numerics;
using System.Runtime.CompilerServices;

namespace HotStandby.Core.Segments;

/// <summary>
/// A leaf holds free ranges (start, length) in ascending order. An inner node holds, for each child, the child's first start
/// and its longest range.
/// </summary>
internal sealed class FreeExtentNode(bool isLeaf)
{
    public const int Capacity = 64;

    private readonly FreeExtentNode?[]? _children = isLeaf ? null : new FreeExtentNode?[Capacity];
    private Words _starts;
    private Words _lengths;

    public bool IsLeaf => _children is null;

    public int Count { get; private set; }

    public Span<ulong> Starts => ((Span<ulong>)_starts)[..Count];

    public Span<ulong> Lengths => ((Span<ulong>)_lengths)[..Count];

    public FreeExtentNode Child(int index) => _children![index]!;

    /// <summary>Length of the longest range in or below this node; 0 when it is empty.</summary>
    public ulong Longest
    {
        get
        {
            var rest = Lengths;
            var longest = 0UL;
            if (rest.Length >= Vector<ulong>.Count)
            {
                var many = Vector<ulong>.Zero;
                for (; rest.Length >= Vector<ulong>.Count; rest = rest[Vector<ulong>.Count..])
                    many = Vector.Max(many, new Vector<ulong>(rest));
                for (var i = 0; i < Vector<ulong>.Count; i++)
                    longest = Math.Max(longest, many[i]);
            }

            foreach (var length in rest)
                longest = Math.Max(longest, length);
            return longest;
        }
    }

    /// <summary>Index of the first entry that is at least so long, or -1.</summary>
    public int FirstOfAtLeast(ulong length)
    {
        var lengths = Lengths;
        var wanted = new Vector<ulong>(length);
        var i = 0;
        while (i + Vector<ulong>.Count <= lengths.Length
               && !Vector.GreaterThanOrEqualAny(new Vector<ulong>(lengths[i..]), wanted))
            i += Vector<ulong>.Count;
        for (; i < lengths.Length; i++)
        {
            if (lengths[i] >= length)
                return i;
        }

        return -1;
    }

    /// <summary>Index of the last entry that starts at or before <paramref name="position"/>, or -1.</summary>
    public int LastStartingBy(ulong position)
    {
        // Without a branch on what was found: the jumps would be mispredicted half of the time.
        var starts = Starts;
        var (low, rest) = (0, starts.Length);
        while (rest > 1)
        {
            var half = rest >>> 1;
            low += starts[low + half] <= position ? half : 0;
            rest -= half;
        }

        return rest == 1 && starts[low] <= position ? low : low - 1;
    }

    public void Insert(int index, ulong start, ulong length, FreeExtentNode? child = null)
    {
        Count++;
        OpenGap(Starts, index);
        OpenGap(Lengths, index);
        (Starts[index], Lengths[index]) = (start, length);
        if (_children is null)
            return;
        OpenGap(_children.AsSpan(0, Count), index);
        _children[index] = child;
    }

    public void RemoveAt(int index)
    {
        CloseGap(Starts, index);
        CloseGap(Lengths, index);
        if (_children is not null)
        {
            CloseGap(_children.AsSpan(0, Count), index);
            _children[Count - 1] = null;
        }

        Count--;
    }

    /// <summary>Moves the upper half of the entries into a new node on the right.</summary>
    public FreeExtentNode SplitOff()
    {
        var right = new FreeExtentNode(IsLeaf);
        var keep = Count / 2;
        right.Append(this, keep);
        _children?.AsSpan(keep).Clear();
        Count = keep;
        return right;
    }

    /// <summary>Appends the entries of <paramref name="other"/> from an index on; there must be room.</summary>
    public void Append(FreeExtentNode other, int from = 0)
    {
        var at = Count;
        Count += other.Count - from;
        other.Starts[from..].CopyTo(Starts[at..]);
        other.Lengths[from..].CopyTo(Lengths[at..]);
        other._children?.AsSpan(from, other.Count - from).CopyTo(_children.AsSpan(at));
    }

    private static void OpenGap<T>(Span<T> span, int index) => span[index..^1].CopyTo(span[(index + 1)..]);

    private static void CloseGap<T>(Span<T> span, int index) => span[(index + 1)..].CopyTo(span[index..]);

    [InlineArray(Capacity)]
    private struct Words
    {
        private ulong _first;
    }
}
