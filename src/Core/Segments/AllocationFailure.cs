// Why no buffer was found: for the counters and the log line of NO_AVAILABLE_HANDLE. Made by SegmentSpace.

namespace HotStandby.Core.Segments;

/// <summary>Why a buffer was not found.</summary>
public enum AllocationFailureCause
{
    /// <summary>One would fit now: on a name that was not among those tried, or was used for another replica.</summary>
    None,
    /// <summary>No segment can be allocated from.</summary>
    NoSegments,
    /// <summary>The buffer is larger than every segment.</summary>
    TooLarge,
    /// <summary>All free bytes together are fewer than the buffer's. Eviction makes room.</summary>
    Full,
    /// <summary>There are as many free bytes, but not in one piece.</summary>
    Fragmented,
}

/// <summary>Why a buffer was not found, over the segments that can be allocated from.</summary>
/// <param name="Cause">Why.</param>
/// <param name="LengthBytes">Length of the wanted buffer.</param>
/// <param name="FreeBytes">Bytes that are free.</param>
/// <param name="LargestFreeBytes">The longest buffer that could be given.</param>
/// <param name="MissingNames">How many names fewer there are than were wanted: no eviction finds these.</param>
public readonly record struct AllocationFailure(
    AllocationFailureCause Cause, ulong LengthBytes, ulong FreeBytes, ulong LargestFreeBytes, int MissingNames);
