using HotStandby.Core.Eviction;

namespace HotStandby.Tests.Unit.Eviction;

public sealed class EvictionPolicyTests
{
    private readonly EvictionPolicy _policy = new(EvictionSettings.Default);

    [Fact]
    public void Eviction_begins_ahead_of_the_watermark()
    {
        Assert.False(_policy.IsNeeded(0.875, forced: false));
        Assert.True(_policy.IsNeeded(0.885, forced: false));
        Assert.False(new EvictionPolicy(new EvictionSettings { Headroom = 0 }).IsNeeded(0.885, forced: false));
    }

    [Fact]
    public void Ahead_of_the_watermark_only_as_much_goes_as_leads_back_and_nothing_that_is_soft_pinned()
    {
        var goal = _policy.Goal(0.89, forced: false);
        Assert.Equal(0.01 / 0.89, goal.Target, 9);
        Assert.Equal(0, goal.LowerBound);
    }

    [Theory]
    [InlineData(0.92, 0.07, 0.035)]
    [InlineData(0.98, 0.13, 0.08)]
    [InlineData(1.0, 0.15, 0.10)]
    public void Above_the_watermark_the_goal_follows_the_published_formulas(double used, double target, double lowerBound)
    {
        var goal = _policy.Goal(used, forced: false);
        Assert.Equal(target, goal.Target, 9);
        Assert.Equal(lowerBound, goal.LowerBound, 9);
    }

    [Fact]
    public void A_put_that_found_no_room_forces_a_full_cycle_at_any_use()
    {
        Assert.Equal(new EvictionGoal(0.05, 0.025), _policy.Goal(0.3, forced: true));
        Assert.Equal(new EvictionGoal(0.05, 0.025), _policy.Goal(0.89, forced: true));
    }

    [Fact]
    public void Without_need_there_is_no_goal() => Assert.Equal(default, _policy.Goal(0.5, forced: false));

    [Fact]
    public void A_ratio_of_0_switches_eviction_off()
    {
        var off = new EvictionPolicy(new EvictionSettings { Ratio = 0 });
        Assert.False(off.IsNeeded(1, forced: true));
        Assert.Equal(default, off.Goal(1, forced: true));
    }

    [Theory]
    [InlineData(0.05, 400, 20)]
    [InlineData(0.8, 200, 160)]
    [InlineData(0.07, 100, 7)] // 7.000000000000001 in binary
    [InlineData(0.05, 401, 21)]
    [InlineData(0.05, 0, 0)]
    [InlineData(1.0, 1_000_000, 8192)]
    public void A_share_is_rounded_up_and_bounded_by_one_cycle(double share, long evictable, int count) =>
        Assert.Equal(count, _policy.CountOf(share, evictable));

    [Fact]
    public void A_shard_is_asked_for_its_part_and_a_margin_and_never_for_more_than_the_cycle_chooses()
    {
        Assert.Equal(8192 + 64 + 1, _policy.OfferLimit(1, 8192));
        Assert.InRange(_policy.OfferLimit(64, 8192), 8256 / 64, 256 + 1);
        Assert.InRange(_policy.OfferLimit(8, 8192), 1032 + (7 * 32), 1032 + (9 * 33));
        Assert.Equal(20 + 64 + 1, _policy.OfferLimit(16, 20));
    }

    [Theory]
    [InlineData(1.1, 0.05, 0.02, 10, 0)]
    [InlineData(0.9, -0.1, 0.02, 10, 0)]
    [InlineData(0.9, 0.05, 0.95, 10, 0)]
    [InlineData(double.NaN, 0.05, 0.0, 10, 0)]
    [InlineData(0.9, 0.05, 0.02, 0, 0)]
    [InlineData(0.9, 0.05, 0.02, 10, -1)]
    public void Settings_out_of_range_are_refused(double watermark, double ratio, double headroom, int victims, int ties) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new EvictionPolicy(new EvictionSettings
        {
            HighWatermark = watermark, Ratio = ratio, Headroom = headroom, MaximumVictims = victims, MaximumTies = ties,
        }));
}
