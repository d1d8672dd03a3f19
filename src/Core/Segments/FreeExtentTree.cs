// The free ranges of one segment, ordered by address, each node knowing the longest range below it. One structure answers
// everything in O(log n): the first range that fits, the neighbours to coalesce with, the range that holds an address, the
// longest range. Memory grows with fragmentation, not with the number of live buffers. Used by ExtentAllocator only.

namespace HotStandby.Core.Segments;

/// <summary>A B+ tree of disjoint, non-touching free ranges.</summary>
internal sealed class FreeExtentTree
{
    // Below this many entries together, two neighbouring nodes become one: the depth follows the ranges there are.
    private const int MergeBelow = FreeExtentNode.Capacity / 2;

    private FreeExtentNode _root = new(isLeaf: true);

    /// <summary>Number of ranges.</summary>
    public int Count { get; private set; }

    /// <summary>Length of the longest range; 0 without any.</summary>
    public ulong Longest => _root.Longest;

    /// <summary>Replaces everything by these ranges, ascending, with at least one used byte between two of them. O(n).</summary>
    public void Build(IEnumerable<(ulong Start, ulong Length)> ranges)
    {
        const int fill = FreeExtentNode.Capacity * 3 / 4;
        var level = new List<FreeExtentNode> { new(isLeaf: true) };
        Count = 0;
        foreach (var (start, length) in ranges)
        {
            if (level[^1].Count == fill)
                level.Add(new(isLeaf: true));
            level[^1].Insert(level[^1].Count, start, length);
            Count++;
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

        _root = level[0];
    }

    /// <summary>Takes bytes from the front of the first range that is long enough; false when none is.</summary>
    public bool TryTake(ulong length, out ulong start)
    {
        start = 0;
        if (_root.FirstOfAtLeast(length) < 0)
            return false;
        start = Take(_root, length);
        ShrinkRoot();
        return true;
    }

    /// <summary>The last range that starts at or before <paramref name="position"/>.</summary>
    public bool TryFloor(ulong position, out ulong start, out ulong length) => TryFloor(position, out start, out length, out _);

    /// <summary>The same, with the start of the range behind it (or of the first range of all); null when there is none.</summary>
    public bool TryFloor(ulong position, out ulong start, out ulong length, out ulong? nextStart)
    {
        (start, length, nextStart) = (0, 0, null);
        var node = _root;
        while (true)
        {
            var index = node.LastStartingBy(position);
            if (index + 1 < node.Count)
                nextStart = node.Starts[index + 1];
            if (index < 0)
                return false;
            if (node.IsLeaf)
            {
                (start, length) = (node.Starts[index], node.Lengths[index]);
                return true;
            }

            node = node.Child(index);
        }
    }

    /// <summary>Adds a range that touches no other.</summary>
    public void Insert(ulong start, ulong length)
    {
        if (Insert(_root, start, length) is { } right)
        {
            var root = new FreeExtentNode(isLeaf: false);
            root.Insert(0, _root.Starts[0], _root.Longest, _root);
            root.Insert(1, right.Starts[0], right.Longest, right);
            _root = root;
        }

        Count++;
    }

    /// <summary>Takes out the range that starts there and returns its length.</summary>
    public ulong Remove(ulong start)
    {
        var length = Remove(_root, start);
        ShrinkRoot();
        return length;
    }

    /// <summary>Moves the start and the end of the range that starts at <paramref name="start"/>; its place in the order stays.</summary>
    public void Resize(ulong start, ulong newStart, ulong newLength) => Resize(_root, start, newStart, newLength);

    private ulong Take(FreeExtentNode node, ulong length)
    {
        var index = node.FirstOfAtLeast(length);
        if (!node.IsLeaf)
        {
            var taken = Take(node.Child(index), length);
            Refresh(node, index);
            return taken;
        }

        var start = node.Starts[index];
        if (node.Lengths[index] == length)
        {
            node.RemoveAt(index);
            Count--;
            return start;
        }

        node.Starts[index] += length;
        node.Lengths[index] -= length;
        return start;
    }

    private static FreeExtentNode? Insert(FreeExtentNode node, ulong start, ulong length)
    {
        var index = node.LastStartingBy(start);
        if (node.IsLeaf)
            return InsertAt(node, index + 1, start, length, null);
        index = Math.Max(index, 0);
        var child = node.Child(index);
        var right = Insert(child, start, length);
        Refresh(node, index);
        return right is null ? null : InsertAt(node, index + 1, right.Starts[0], right.Longest, right);
    }

    private static FreeExtentNode? InsertAt(FreeExtentNode node, int index, ulong start, ulong length, FreeExtentNode? child)
    {
        if (node.Count < FreeExtentNode.Capacity)
        {
            node.Insert(index, start, length, child);
            return null;
        }

        var right = node.SplitOff();
        if (index <= node.Count)
            node.Insert(index, start, length, child);
        else
            right.Insert(index - node.Count, start, length, child);
        return right;
    }

    private ulong Remove(FreeExtentNode node, ulong start)
    {
        var index = node.LastStartingBy(start);
        ulong length;
        if (node.IsLeaf)
        {
            length = node.Lengths[index];
            node.RemoveAt(index);
            Count--;
            return length;
        }

        length = Remove(node.Child(index), start);
        Refresh(node, index);
        return length;
    }

    private static void Resize(FreeExtentNode node, ulong start, ulong newStart, ulong newLength)
    {
        var index = node.LastStartingBy(start);
        if (node.IsLeaf)
        {
            (node.Starts[index], node.Lengths[index]) = (newStart, newLength);
            return;
        }

        Resize(node.Child(index), start, newStart, newLength);
        Refresh(node, index);
    }

    // Brings a node's entry for a changed child up to date: an empty child goes, a thin one joins its neighbour.
    private static void Refresh(FreeExtentNode node, int index)
    {
        var child = node.Child(index);
        if (child.Count == 0)
        {
            node.RemoveAt(index);
            return;
        }

        if (child.Count < MergeBelow / 2 && node.Count > 1)
        {
            var left = Math.Max(index - 1, 0);
            var (first, second) = (node.Child(left), node.Child(left + 1));
            if (first.Count + second.Count <= MergeBelow)
            {
                first.Append(second);
                node.RemoveAt(left + 1);
                (index, child) = (left, first);
            }
        }

        (node.Starts[index], node.Lengths[index]) = (child.Starts[0], child.Longest);
    }

    private void ShrinkRoot()
    {
        while (!_root.IsLeaf && _root.Count <= 1)
            _root = _root.Count == 0 ? new(isLeaf: true) : _root.Child(0);
    }
}
