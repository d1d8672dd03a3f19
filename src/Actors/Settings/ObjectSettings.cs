// Times of objects, puts, pins and clients; and the choice of segments.
using HotStandby.Messages.Identity;

namespace HotStandby.Actors.Settings;

/// <summary>Objects and the clients that own their memory: <c>hotstandby.objects</c>.</summary>
public sealed record ObjectSettings
{
    /// <summary>For how long a reader may read what it was shown.</summary>
    public required TimeSpan LeaseTtl { get; init; }

    /// <summary>Age at which an unfinished put no longer blocks its key.</summary>
    public required TimeSpan PutStartDiscardTimeout { get; init; }

    /// <summary>Age at which the buffer of an abandoned put is used again.</summary>
    public required TimeSpan PutStartReleaseTimeout { get; init; }

    /// <summary>Age at which a copy or move that has not ended is given up.</summary>
    public required TimeSpan TransferTimeout { get; init; }

    /// <summary>How long a soft pin lasts where the writer names no time.</summary>
    public required TimeSpan DefaultSoftPinTtl { get; init; }

    /// <summary>The longest soft pin a writer may ask for.</summary>
    public required TimeSpan MaximumSoftPinTtl { get; init; }

    /// <summary>Silence after which a client is suspect: nothing is placed on its segments any more.</summary>
    public required TimeSpan ClientTtl { get; init; }

    /// <summary>What the tenant that a request names means.</summary>
    public required Tenancy Tenancy { get; init; }

    /// <summary>Further silence after which a suspect counts as dead and its segments are dropped.</summary>
    public required TimeSpan ClientSuspectTime { get; init; }
}

/// <summary>Where new objects go: <c>hotstandby.allocation</c>.</summary>
public sealed record AllocationSettings
{
    /// <summary>Which segment gets a new object.</summary>
    public required AllocationStrategy Strategy { get; init; }
}

/// <summary>Which segment gets a new object, after the writer's preferred ones.</summary>
public enum AllocationStrategy
{
    /// <summary>Any with room.</summary>
    Random,
    /// <summary>The freest of a sample.</summary>
    FreeRatioFirst,
    /// <summary>The freer of two.</summary>
    PowerOfTwo,
}

/// <summary>What goes when memory is short: <c>hotstandby.eviction</c>.</summary>
public sealed record EvictionOptions
{
    /// <summary>Use of all segments, 0 to 1, above which eviction works for its full goal.</summary>
    public required double HighWatermark { get; init; }

    /// <summary>Share of the objects, 0 to 1, that goes in one full cycle; 0: none ever.</summary>
    public required double Ratio { get; init; }

    /// <summary>So far below the watermark eviction begins in small steps.</summary>
    public required double Headroom { get; init; }

    /// <summary>Soft-pinned objects go when the others do not suffice.</summary>
    public required bool AllowSoftPinned { get; init; }

    /// <summary>Most objects of one cycle.</summary>
    public required int MaximumVictims { get; init; }
}
