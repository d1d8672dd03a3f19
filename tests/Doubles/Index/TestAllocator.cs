// The simplest allocator that can be wrong about sharing: first gap that fits, one list a segment. Refuses to free what is
// not allocated, so a double release fails the test that caused it.
using HotStandby.Messages.Model;

namespace HotStandby.Tests.Doubles;

internal sealed class TestAllocator
{
    private readonly Dictionary<uint, SortedList<ulong, Extent>> _bySegment = [];

    public IEnumerable<Extent> Live => _bySegment.Values.SelectMany(segment => segment.Values);

    public Extent Allocate(uint handle, ulong size)
    {
        var segment = SegmentOf(handle);
        var at = 0UL;
        foreach (var extent in segment.Values)
        {
            if (extent.Offset - at >= size)
                break;
            at = extent.End;
        }

        var allocated = new Extent(handle, at, size);
        segment.Add(at, allocated);
        return allocated;
    }

    public void Free(Extent extent)
    {
        if (!_bySegment.TryGetValue(extent.SegmentHandle, out var segment))
            return; // released late: the segment is gone already
        if (!segment.TryGetValue(extent.Offset, out var found) || found != extent)
            Assert.Fail($"{extent} is freed and was not allocated");
        segment.Remove(extent.Offset);
    }

    /// <summary>As the segment table does at the start of a reign.</summary>
    public void Rebuild(IEnumerable<Extent> live)
    {
        _bySegment.Clear();
        foreach (var extent in live)
            SegmentOf(extent.SegmentHandle).Add(extent.Offset, extent);
    }

    public void DropSegment(uint handle) => _bySegment.Remove(handle);

    private SortedList<ulong, Extent> SegmentOf(uint handle)
    {
        if (!_bySegment.TryGetValue(handle, out var segment))
            _bySegment[handle] = segment = [];
        return segment;
    }
}
