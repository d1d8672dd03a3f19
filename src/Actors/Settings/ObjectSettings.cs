// Times of objects, puts, pins and clients; and the choice of segments.
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

    /// <summary>How long a soft pin lasts where the writer names no time.</summary>
    public required TimeSpan DefaultSoftPinTtl { get; init; }

    /// <summary>The longest soft pin a writer may ask for.</summary>
    public required TimeSpan MaximumSoftPinTtl { get; init; }

    /// <summary>Silence after which a client counts as dead.</summary>
    public required TimeSpan ClientTtl { get; init; }
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
}
