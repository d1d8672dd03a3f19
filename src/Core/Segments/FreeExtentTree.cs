// The free ranges of one segment, ordered by address, each node knowing the longest range below it. One structure answers
// everything in O(log n): the first range that fits, the neighbours to coalesce with, the range that holds an address, the
// longest range. Memory grows with fragmentation, not with the number of live buffers. Used by ExtentAllocator only.
//
// Every operation walks down once and leaves a cursor; changes are made at the cursor and carried up the same path.

namespace HotStandby.Core.Segments;

/// <summary>A B+ tree of disjoint, non-touching free ranges, with a cursor.</summary>
internal sealed class FreeExtentTree
{
    // Neighbouring nodes with so few entries together become one: the depth follows the ranges that there are.
    private const int MergeUpTo = FreeExtentNode.Capacity / 2;
    private const int Thin = MergeUpTo / 2;

    // 64^10 ranges with full nodes, and still more ranges than fit in memory with thin ones.
    private const int MaximumDepth = 16;

    private readonly FreeExtentNode[] _path = new FreeExtentNode[MaximumDepth];
    private readonly int[] _at = new int[MaximumDepth];
    private int _depth;
    private FreeExtentNode _root = new(isLeaf: true);

    /// <summary>Number of ranges.</summary>
    public int Count { get; private set; }

    /// <summary>Length of the longest range; 0 without any.</summary>
    public ulong Longest => _root.Longest;

    /// <summary>Start of the range at the cursor.</summary>
    public ulong Start => _path[_depth].Starts[_at[_depth]];

    /// <summary>Length of the range at the cursor.</summary>
    public ulong Length => _path[_depth].Lengths[_at[_depth]];

    /// <summary>Replaces everything by these ranges, ascending, with at least one used byte between two of them. O(n).</summary>
    public void Build(List<(ulong Start, ulong Length)> ranges)
    {
        const int fill = FreeExtentNode.Capacity * 3 / 4;
        var level = new List<FreeExtentNode> { new(isLeaf: true) };
        foreach (var (start, length) in ranges)
        {
            if (level[^1].Count == fill)
                level.Add(new(isLeaf: true));
            level[^1].Insert(level[^1].Count, start, length);
        }

        while (level.Count > 1)
        {
            var above = new List<FreeExtentNode> { new(isLeaf: false) };
            foreach (var node in level)
            {
                if (above[^1].Count == fill)
                    above.Add(new(isLeaf: false));
                above[^1].Insert(above[^1].Count, node.Starts[0], node.Longest, node);
            }

            level = above;
        }

        (_root, Count) = (level[0], ranges.Count);
    }

    /// <summary>Puts the cursor on the first range that is at least so long; false when none is.</summary>
    public bool SeekFit(ulong length)
    {
        var node = _root;
        for (_depth = 0; ; _depth++)
        {
            var index = node.FirstOfAtLeast(length);
            (_path[_depth], _at[_depth]) = (node, index);
            if (index < 0 || node.IsLeaf)
                return index >= 0;
            node = node.Child(index);
        }
    }

    /// <summary>
    /// Puts the cursor on the last range that starts at or before <paramref name="position"/>. False when there is none: then
    /// the cursor stands before the first range.
    /// </summary>
    /// <param name="position">An offset.</param>
    /// <param name="nextStart">Start of the range behind the cursor; null without one.</param>
    public bool SeekFloor(ulong position, out ulong? nextStart)
    {
        nextStart = null;
        var node = _root;
        for (_depth = 0; ; _depth++)
        {
            var index = node.LastStartingBy(position);
            if (index + 1 < node.Count)
                nextStart = node.Starts[index + 1];
            _path[_depth] = node;
            _at[_depth] = index;
            if (node.IsLeaf)
                return index >= 0;
            _at[_depth] = Math.Max(index, 0);
            node = node.Child(_at[_depth]);
        }
    }

    /// <summary>Changes the range at the cursor; its place in the order stays.</summary>
    public void Set(ulong start, ulong length)
    {
        var leaf = _path[_depth];
        var old = leaf.Lengths[_at[_depth]];
        (leaf.Starts[_at[_depth]], leaf.Lengths[_at[_depth]]) = (start, length);
        CarryUp(old, length);
    }

    /// <summary>Lets the range behind the cursor begin earlier by so many bytes.</summary>
    public void ExtendNextDownwards(ulong bytes, ulong nextStart)
    {
        if (_at[_depth] + 1 < _path[_depth].Count)
            _at[_depth]++;
        else
            SeekFloor(nextStart, out _);
        Set(Start - bytes, Length + bytes);
    }

    /// <summary>Joins the range at the cursor, so many bytes, and the range behind the cursor.</summary>
    public void JoinWithNext(ulong bytes, ulong nextStart)
    {
        var start = Start;
        var leaf = _path[_depth];
        var next = _at[_depth] + 1;
        if (next < leaf.Count)
        {
            var nextLength = leaf.Lengths[next];
            leaf.RemoveAt(next);
            Count--;
            Set(start, Length + bytes + nextLength);
            return;
        }

        SeekFloor(nextStart, out _);
        var removed = Length;
        Remove();
        SeekFloor(start, out _);
        Set(start, Length + bytes + removed);
    }

    /// <summary>Takes out the range at the cursor. The cursor is lost.</summary>
    public void Remove()
    {
        var leaf = _path[_depth];
        var old = leaf.Lengths[_at[_depth]];
        leaf.RemoveAt(_at[_depth]);
        Count--;
        CarryUp(old, 0);
    }

    /// <summary>Adds a range, which touches no other, behind the cursor. The cursor is lost.</summary>
    public void InsertBehind(ulong start, ulong length)
    {
        Count++;
        var entry = (Start: start, Length: length, Child: (FreeExtentNode?)null);
        for (; _path[_depth].Count == FreeExtentNode.Capacity; _depth--)
        {
            var node = _path[_depth];
            var right = node.SplitOff();
            InsertIntoHalf(node, right, _at[_depth] + 1, entry);
            entry = (right.Starts[0], right.Longest, right);
            if (_depth == 0)
            {
                _root = new(isLeaf: false);
                _root.Insert(0, node.Starts[0], node.Longest, node);
                _root.Insert(1, entry.Start, entry.Length, right);
                return;
            }

            var (parent, index) = (_path[_depth - 1], _at[_depth - 1]);
            (parent.Starts[index], parent.Lengths[index]) = (node.Starts[0], node.Longest);
        }

        _path[_depth].Insert(_at[_depth] + 1, entry.Start, entry.Length, entry.Child);
        CarryUp(0, length);
    }

    private static void InsertIntoHalf(
        FreeExtentNode left, FreeExtentNode right, int index, (ulong Start, ulong Length, FreeExtentNode? Child) entry)
    {
        if (index <= left.Count)
            left.Insert(index, entry.Start, entry.Length, entry.Child);
        else
            right.Insert(index - left.Count, entry.Start, entry.Length, entry.Child);
    }

    // A range of length `old` became one of length `now` (0: none) below the cursor's path. Every node above learns of it,
    // until one has nothing to change.
    private void CarryUp(ulong old, ulong now)
    {
        for (var level = _depth - 1; level >= 0; level--)
        {
            var (node, index) = (_path[level], _at[level]);
            var child = node.Child(index);
            if (child.Count == 0)
            {
                node.RemoveAt(index);
                continue;
            }

            if (child.Count < Thin && TryMerge(node, index))
                continue;
            var longest = node.Lengths[index];
            if (now >= longest)
                longest = now;
            else if (old == longest)
                longest = child.Longest;
            if (longest == node.Lengths[index] && child.Starts[0] == node.Starts[index])
                break;
            (node.Starts[index], node.Lengths[index]) = (child.Starts[0], longest);
        }

        while (!_root.IsLeaf && _root.Count <= 1)
            _root = _root.Count == 0 ? new(isLeaf: true) : _root.Child(0);
    }

    private static bool TryMerge(FreeExtentNode node, int index)
    {
        var left = index > 0 ? index - 1 : index;
        if (left + 1 >= node.Count || node.Child(left).Count + node.Child(left + 1).Count > MergeUpTo)
            return false;
        var merged = node.Child(left);
        merged.Append(node.Child(left + 1));
        node.RemoveAt(left + 1);
        (node.Starts[left], node.Lengths[left]) = (merged.Starts[0], merged.Longest);
        return true;
    }
}
