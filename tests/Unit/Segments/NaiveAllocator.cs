// The model that ExtentAllocatorTests compares with: slow and obvious.
using HotStandby.Core.Segments;

namespace HotStandby.Tests.Unit.Segments;

/// <summary>First fit over an array that says of each byte whether it is used, and a sorted list of live buffers.</summary>
internal sealed class NaiveAllocator(int size)
{
    private readonly bool[] _used = new bool[size];

    /// <summary>Length of each live buffer by its offset.</summary>
    public SortedDictionary<int, int> Live { get; } = [];

    public bool TryAllocate(int length, out int offset, out int taken)
    {
        taken = length;
        for (offset = 0; _used.AsSpan(offset).IndexOf(false) is >= 0 and var skipped;)
        {
            offset += skipped;
            var run = _used.AsSpan(offset).IndexOf(true);
            if ((run < 0 ? size - offset : run) >= length)
            {
                Mark(offset, length, true);
                Live.Add(offset, length);
                return true;
            }

            if (run < 0)
                break;
            offset += run;
        }

        offset = -1;
        return false;
    }

    public bool TryAllocateAt(int offset, int length)
    {
        if (offset + length > size || _used.AsSpan(offset, length).Contains(true))
            return false;
        Mark(offset, length, true);
        Live.Add(offset, length);
        return true;
    }

    public void Free(int offset)
    {
        Live.Remove(offset, out var length);
        Mark(offset, length, false);
    }

    public bool AllUsed(int offset, int length) =>
        offset + length <= size && !_used.AsSpan(offset, length).Contains(false);

    /// <summary>Frees any used bytes, whichever buffers they belong to; what is left of those stays live.</summary>
    public void FreeBytes(int offset, int length)
    {
        Mark(offset, length, false);
        foreach (var (start, size) in Live.Where(live => live.Key < offset + length && live.Key + live.Value > offset).ToArray())
        {
            Live.Remove(start);
            if (start < offset)
                Live.Add(start, offset - start);
            if (start + size > offset + length)
                Live.Add(offset + length, start + size - offset - length);
        }
    }

    public void MustEqual(ExtentAllocator allocator)
    {
        var (ranges, longest, run) = (0, 0, 0);
        foreach (var used in _used)
        {
            run = used ? 0 : run + 1;
            ranges += run == 1 ? 1 : 0;
            longest = Math.Max(longest, run);
        }

        var usedBytes = (ulong)_used.Count(used => used);
        Assert.Equal(
            (usedBytes, (ulong)size - usedBytes, (ulong)longest, ranges),
            (allocator.UsedBytes, allocator.FreeBytes, allocator.LargestFreeBytes, allocator.FreeRanges));
    }

    private void Mark(int offset, int length, bool used) => _used.AsSpan(offset, length).Fill(used);
}
