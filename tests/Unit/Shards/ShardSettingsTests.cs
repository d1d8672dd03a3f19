using HotStandby.Core.Shards;

namespace HotStandby.Tests.Unit.Shards;

public sealed class ShardSettingsTests
{
    public static TheoryData<ShardSettings> Wrong =>
    [
        ShardSettings.Default with { LeaseTtl = TimeSpan.Zero },
        ShardSettings.Default with { PutStartDiscardTimeout = TimeSpan.Zero },
        ShardSettings.Default with { PutStartReleaseTimeout = ShardSettings.Default.PutStartDiscardTimeout },
        ShardSettings.Default with { MaximumSoftPinTtl = TimeSpan.Zero },
        ShardSettings.Default with { SweepInterval = TimeSpan.Zero },
        ShardSettings.Default with { SweepMaximumEntries = 1 },
    ];

    [Fact]
    public void The_defaults_are_within_their_ranges() => ShardSettings.Default.Check();

    [Theory]
    [MemberData(nameof(Wrong))]
    public void A_setting_out_of_its_range_is_refused(ShardSettings settings) =>
        Assert.Throws<ArgumentOutOfRangeException>(settings.Check);
}
