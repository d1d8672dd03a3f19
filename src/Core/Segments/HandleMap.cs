// A map from segment handles that never changes: a changed one shares all but a few small nodes with it. So a snapshot of
// ten thousand segments can be published for every mount. Used by SegmentDirectory only.
using System.Runtime.CompilerServices;

namespace HotStandby.Core.Segments;

/// <summary>
/// A radix tree with 64 children a node, as deep as its largest handle needs: one level up to 63, two up to 4,095, three up to
/// 262,143. Handles are 1-based, dense and never reused, so that its nodes are well filled; empty ones are dropped.
/// </summary>
internal sealed class HandleMap<T> where T : class
{
    /// <summary>Nothing.</summary>
    public static readonly HandleMap<T> Empty = new(new object?[Fan], 0, 0);

    private const int Bits = 6;
    private const int Fan = 1 << Bits;

    // A node is an array of Fan places: of values at level 0, of nodes above.
    private readonly object?[] _root;
    private readonly int _shift;

    private HandleMap(object?[] root, int shift, int count) => (_root, _shift, Count) = (root, shift, count);

    /// <summary>Values in it.</summary>
    public int Count { get; }

    /// <summary>The value of that handle, or null.</summary>
    public T? this[uint handle]
    {
        get
        {
            if ((ulong)handle >> (_shift + Bits) != 0)
                return null;
            var node = _root;
            for (var shift = _shift; shift > 0; shift -= Bits)
            {
                // What lies above level 0 are nodes and nothing else: no cast needs to be checked.
                node = Unsafe.As<object?[]>(node[(int)(handle >> shift) & (Fan - 1)]);
                if (node is null)
                    return null;
            }

            return Unsafe.As<T>(node[(int)handle & (Fan - 1)]);
        }
    }

    /// <summary>A map of these, built in place.</summary>
    public static HandleMap<T> Of(IEnumerable<T> values, Func<T, uint> handleOf)
    {
        var map = new HandleMap<T>(new object?[Fan], 0, 0);
        foreach (var value in values)
            map = map.Changed(handleOf(value), value, isOwned: true);
        return map;
    }

    /// <summary>The map with another value at that handle; null takes it out.</summary>
    public HandleMap<T> With(uint handle, T? value) => Changed(handle, value, isOwned: false);

    /// <summary>All values, ascending by handle.</summary>
    public T[] ToArray()
    {
        var values = new T[Count];
        var filled = 0;
        Collect(_root, _shift, values, ref filled);
        return values;
    }

    private HandleMap<T> Changed(uint handle, T? value, bool isOwned)
    {
        var count = Count + (value is null ? 0 : 1) - (this[handle] is null ? 0 : 1);
        if (count == 0)
            return Empty;
        var (root, shift) = (_root, _shift);
        while ((ulong)handle >> (shift + Bits) != 0)
        {
            var above = new object?[Fan];
            above[0] = Count == 0 ? null : root;
            (root, shift) = (above, shift + Bits);
        }

        return new(Changed(root, shift, handle, value, isOwned)!, shift, count);
    }

    private static object?[]? Changed(object?[]? node, int shift, uint handle, T? value, bool isOwned)
    {
        var changed = node is null ? new object?[Fan] : isOwned ? node : (object?[])node.Clone();
        var index = (int)(handle >> shift) & (Fan - 1);
        changed[index] = shift == 0 ? value : Changed((object?[]?)changed[index], shift - Bits, handle, value, isOwned);
        return changed[index] is null && changed.AsSpan().IndexOfAnyExcept((object?)null) < 0 ? null : changed;
    }

    private static void Collect(object?[] node, int shift, T[] values, ref int filled)
    {
        foreach (var place in node)
        {
            if (place is null)
                continue;
            if (shift == 0)
                values[filled++] = (T)place;
            else
                Collect((object?[])place, shift - Bits, values, ref filled);
        }
    }
}
