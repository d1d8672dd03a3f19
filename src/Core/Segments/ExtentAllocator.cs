// Hands out and takes back buffers of one segment: the range [0, size). The Primary's segment table allocates from it; a Standby's keeps it
// up to date (Occupancy). Address-ordered first fit: it fragments as little as best fit does, needs no second
// index by size, and keeps the far end of the segment in one piece. Offsets have no alignment.
using HotStandby.Messages;
using HotStandby.Messages.Model;

namespace HotStandby.Core.Segments;

/// <summary>
/// An allocator over one contiguous range of bytes. All operations take O(log n) of the number of free ranges; it keeps
/// nothing per live buffer. Not thread-safe.
/// </summary>
public sealed class ExtentAllocator
{
    private readonly FreeExtentTree _free = new();

    /// <summary>An allocator with everything free.</summary>
    /// <param name="sizeBytes">Size of the range, at least 1.</param>
    public ExtentAllocator(ulong sizeBytes)
    {
        ArgumentOutOfRangeException.ThrowIfZero(sizeBytes);
        SizeBytes = sizeBytes;
        _free.Build([(0, sizeBytes)]);
    }

    /// <summary>Size of the range.</summary>
    public ulong SizeBytes { get; private set; }

    /// <summary>Bytes handed out.</summary>
    public ulong UsedBytes { get; private set; }

    /// <summary>Bytes not handed out.</summary>
    public ulong FreeBytes => SizeBytes - UsedBytes;

    /// <summary>The longest buffer that <see cref="TryAllocate"/> can give now.</summary>
    public ulong LargestFreeBytes => _free.Longest;

    /// <summary>Number of separate free ranges; 1 or 0 when nothing is fragmented.</summary>
    public int FreeRanges => _free.Count;

    /// <summary>Takes a buffer from the lowest address where it fits; false when it fits nowhere.</summary>
    /// <param name="length">Bytes, at least 1.</param>
    /// <param name="offset">Where it starts.</param>
    public bool TryAllocate(ulong length, out ulong offset)
    {
        ArgumentOutOfRangeException.ThrowIfZero(length);
        offset = 0;
        if (!_free.SeekFit(length))
            return false;
        offset = _free.Start;
        if (_free.Length == length)
            _free.Remove();
        else
            _free.Set(offset + length, _free.Length - length);
        UsedBytes += length;
        return true;
    }

    /// <summary>Takes exactly this buffer; false, and nothing changes, when a byte of it is used or out of range.</summary>
    public bool TryAllocateAt(ulong offset, ulong length)
    {
        ArgumentOutOfRangeException.ThrowIfZero(length);
        if (!_free.SeekFloor(offset, out _))
            return false;
        var before = offset - _free.Start;
        if (before >= _free.Length || length > _free.Length - before)
            return false;
        var after = _free.Length - before - length;
        if (before == 0 && after == 0)
        {
            _free.Remove();
        }
        else if (before == 0)
        {
            _free.Set(offset + length, after);
        }
        else
        {
            _free.Set(_free.Start, before);
            if (after > 0)
            {
                _free.SeekFloor(offset, out _);
                _free.InsertBehind(offset + length, after);
            }
        }

        UsedBytes += length;
        return true;
    }

    /// <summary>Gives a buffer back; it joins the free ranges that touch it.</summary>
    /// <exception cref="InvariantViolation">5: a byte of it is free already, or out of range.</exception>
    public void Free(ulong offset, ulong length)
    {
        if (!TryFree(offset, length))
            throw new InvariantViolation(5, $"[{offset}, +{length}) of {SizeBytes} bytes is given back, but not all of it is used");
    }

    /// <summary>Gives a buffer back; false, and nothing changes, when a byte of it is free already or out of range.</summary>
    public bool TryFree(ulong offset, ulong length)
    {
        ArgumentOutOfRangeException.ThrowIfZero(length);
        if (offset >= SizeBytes || length > SizeBytes - offset)
            return false;
        var end = offset + length;
        var joinsBefore = false;
        if (_free.SeekFloor(offset, out var nextStart))
        {
            var distance = offset - _free.Start;
            if (distance < _free.Length)
                return false;
            joinsBefore = distance == _free.Length;
        }

        if (nextStart is { } next && next <= end)
        {
            if (next < end)
                return false;
            if (joinsBefore)
                _free.JoinWithNext(length, next);
            else
                _free.ExtendNextDownwards(length, next);
        }
        else if (joinsBefore)
        {
            _free.Set(_free.Start, _free.Length + length);
        }
        else
        {
            _free.InsertBehind(offset, length);
        }

        UsedBytes -= length;
        return true;
    }

    /// <summary>The range ends here from now on.</summary>
    /// <param name="sizeBytes">At least 1, at most as much as now.</param>
    /// <exception cref="InvariantViolation">5: a byte behind it is used.</exception>
    public void EndAt(ulong sizeBytes)
    {
        ArgumentOutOfRangeException.ThrowIfZero(sizeBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(sizeBytes, SizeBytes);
        if (sizeBytes < SizeBytes && !TryAllocateAt(sizeBytes, SizeBytes - sizeBytes))
            throw new InvariantViolation(5, $"a buffer lies behind the end of a segment of {sizeBytes} bytes");
        UsedBytes -= SizeBytes - sizeBytes;
        SizeBytes = sizeBytes;
    }

    /// <summary>Forgets everything and takes exactly these buffers, in O(n).</summary>
    /// <param name="live">Ascending by offset; their segment handles are not looked at.</param>
    /// <exception cref="InvariantViolation">5: two of them overlap, or one is empty, out of order or out of range.</exception>
    public void Rebuild(ReadOnlySpan<Extent> live)
    {
        var gaps = new List<(ulong Start, ulong Length)>();
        var (end, used) = (0UL, 0UL);
        foreach (var extent in live)
        {
            if (extent.Offset < end || extent.LengthBytes == 0 || extent.Offset >= SizeBytes
                || extent.LengthBytes > SizeBytes - extent.Offset)
                throw new InvariantViolation(5, $"live buffer {extent} does not fit behind {end} in {SizeBytes} bytes");
            if (extent.Offset > end)
                gaps.Add((end, extent.Offset - end));
            end = extent.End;
            used += extent.LengthBytes;
        }

        if (end < SizeBytes)
            gaps.Add((end, SizeBytes - end));
        _free.Build(gaps);
        UsedBytes = used;
    }
}
