using HotStandby.Core.Eviction;
using HotStandby.Core.Shards;
using HotStandby.Core.Tasks;

namespace HotStandby.Tests.Scenarios.Drivers;

/// <summary>Settings of an <see cref="InProcessMaster"/>: upstream's defaults.</summary>
internal sealed record InProcessSettings
{
    public ShardSettings Shards { get; init; } = ShardSettings.Default;

    public TaskSettings Tasks { get; init; } = new();

    public EvictionSettings Eviction { get; init; } = EvictionSettings.Default;

    public TimeSpan ClientTtl { get; init; } = TimeSpan.FromSeconds(10);
}
