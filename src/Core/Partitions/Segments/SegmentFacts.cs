// What operators learn of the segment table.
using HotStandby.Core.Cells;
using HotStandby.Core.Segments;
using HotStandby.Messages.Identity;

namespace HotStandby.Core.Partitions.Segments;

/// <summary>A reign has its allocators.</summary>
public sealed record SegmentTableLeads(ulong Epoch, int Segments, ulong UsedBytes, ulong CapacityBytes) : Fact;

/// <summary>A client with mounted memory was silent for too long.</summary>
public sealed record ClientSilent(Uuid Client, bool IsDead, ulong Epoch) : Fact;

/// <summary>Another client has mounted where this one had.</summary>
public sealed record ClientReplaced(Uuid Client, string Endpoint, Uuid Successor, ulong Epoch) : Fact;

/// <summary>A put found no memory.</summary>
/// <param name="Failure">Why.</param>
/// <param name="Puts">So many have since the last line in the log; 0: too soon for another line.</param>
public sealed record NoMemoryFound(AllocationFailure Failure, long Puts) : Fact;

/// <summary>The evictor was asked to make room.</summary>
public sealed record EvictionAsked : Fact
{
    /// <summary>The only one.</summary>
    public static readonly EvictionAsked Instance = new();
}

/// <summary>A cycle of eviction has ended.</summary>
public sealed record ObjectsEvicted(int Count, ulong Bytes) : Fact;
