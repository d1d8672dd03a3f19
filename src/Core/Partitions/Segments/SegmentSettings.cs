using HotStandby.Core.Eviction;
using HotStandby.Core.Segments;
using HotStandby.Core.Tasks;

namespace HotStandby.Core.Partitions.Segments;

/// <summary>Settings of the segment table.</summary>
public sealed record SegmentSettings
{
    /// <summary>How long a client may be silent before it is suspect. Default 10 s.</summary>
    public TimeSpan ClientTtl { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a suspect may be silent further before its segments are unmounted. Default 10 s.</summary>
    public TimeSpan ClientSuspectTime { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>For how long a writer may write into buffers that it was given, also where their segment is gone. Default 600 s.</summary>
    public TimeSpan PutStartReleaseTimeout { get; init; } = TimeSpan.FromSeconds(600);

    /// <summary>How often silence is looked for. Default 1 s.</summary>
    public TimeSpan ExpiryInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Most calls that wait until a reign has its allocators; one more is refused with UnavailableInCurrentStatus. Default 10,000.
    /// </summary>
    public int MaximumWaitingCalls { get; init; } = 10_000;

    /// <summary>Seed of random placement; mixed with the reign.</summary>
    public ulong Seed { get; init; }

    /// <summary>Where new objects go.</summary>
    public PlacementStrategy Strategy { get; init; } = PlacementStrategies.Random;

    /// <summary>When and how much is evicted.</summary>
    public EvictionSettings Eviction { get; init; } = EvictionSettings.Default;

    /// <summary>Bounds of tasks and drain jobs.</summary>
    public TaskSettings Tasks { get; init; } = new();

    /// <summary>What a reign's leader needs of these.</summary>
    internal SegmentLeaderSettings LeaderSettings(ulong reign) => new(ClientTtl.Ticks, Seed ^ reign, Strategy)
    {
        SuspectTicks = ClientSuspectTime.Ticks,
        StrayWriteTicks = PutStartReleaseTimeout.Ticks,
        CheckIntervalTicks = ExpiryInterval.Ticks,
    };
}
