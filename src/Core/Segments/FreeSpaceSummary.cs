// Numbers over all segments that can be allocated from, which only a failure asks for: so they are not kept up with every
// buffer, but computed when they are asked for and kept until something changes. Used by SegmentSpace only.
using HotStandby.Messages.Model;

namespace HotStandby.Core.Segments;

internal sealed class FreeSpaceSummary
{
    private bool _isKnown;

    /// <summary>Bytes that are free.</summary>
    public ulong FreeBytes { get; private set; }

    /// <summary>The longest buffer that could be given.</summary>
    public ulong LargestFreeBytes { get; private set; }

    /// <summary>Size of the largest segment.</summary>
    public ulong LargestSegmentBytes { get; private set; }

    /// <summary>Something has changed.</summary>
    public void Forget() => _isKnown = false;

    /// <summary>Looks at all segments if something has changed since the last time.</summary>
    public void Renew(Dictionary<uint, SpaceSegment>.ValueCollection segments)
    {
        if (_isKnown)
            return;
        (FreeBytes, LargestFreeBytes, LargestSegmentBytes) = (0, 0, 0);
        foreach (var segment in segments)
        {
            if (segment.Group is null)
                continue;
            FreeBytes = Saturating.Add(FreeBytes, segment.Allocator.FreeBytes);
            LargestSegmentBytes = Math.Max(LargestSegmentBytes, segment.Allocator.SizeBytes);
            // Most full segments have fewer free bytes than the longest piece found so far: their trees need no look.
            if (segment.Allocator.FreeBytes > LargestFreeBytes)
                LargestFreeBytes = Math.Max(LargestFreeBytes, segment.Allocator.LargestFreeBytes);
        }

        _isKnown = true;
    }
}
