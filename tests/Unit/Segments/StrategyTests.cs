// What each strategy does with names of different use, placing on one name, and why placing fails.
using HotStandby.Core.Segments;
using HotStandby.Messages;
using HotStandby.Messages.Model;
using static HotStandby.Tests.Doubles.Reign;

namespace HotStandby.Tests.Unit.Segments;

public sealed class StrategyTests
{
    [Fact]
    public void Fresh_empty_segment_among_nine_that_are_nearly_full_is_not_flooded()
    {
        // Of 2000 buffers that change the shares by next to nothing, in bounds of more than four standard deviations.
        Assert.InRange(ShareOfTheFreshOne("power-of-two"), 330, 480); // 2/10
        Assert.InRange(ShareOfTheFreshOne("free-ratio-first"), 1100, 1300); // 6/10: whenever it is sampled
        Assert.InRange(ShareOfTheFreshOne("random"), 140, 260); // 1/10
    }

    [Fact]
    public void Free_ratio_first_takes_the_freest_by_share_not_by_bytes()
    {
        var reign = With("free-ratio-first");
        reign.MountAndCommit(1, Segment(1, size: 1_000_000), Segment(2, size: 1000), Segment(3, size: 1000));
        Use(reign, (1, 500_000), (2, 100), (3, 300));
        Assert.Equal(2u, reign.Place(1)?.SegmentHandle);
        var places = new Extent[3];
        Assert.Equal(3, reign.Leader.Place(1, PreferredNames.None, places));
        Assert.Equal([2u, 3u, 1u], places.Select(place => place.SegmentHandle));
    }

    [Fact]
    public void Free_ratio_first_falls_back_to_the_random_rule_when_its_sample_is_full()
    {
        var reign = With("free-ratio-first");
        reign.MountAndCommit(1, [.. Enumerable.Range(1, 40).Select(number => Segment(number, size: 100))]);
        Use(reign, [.. Enumerable.Range(1, 39).Select(number => ((uint)number, 100UL))]);
        for (var i = 0; i < 50; i++)
            Assert.Equal(40u, reign.Place(1)?.SegmentHandle);
    }

    [Fact]
    public void Power_of_two_takes_the_freer_of_two_and_the_other_or_any_when_it_is_full()
    {
        var reign = With("power-of-two");
        reign.MountAndCommit(1, Segment(1, size: 1000), Segment(2, size: 100));
        Use(reign, (1, 500));
        Assert.Equal(2u, reign.Place(1)?.SegmentHandle);
        Assert.Equal(1u, reign.Place(200)?.SegmentHandle); // the freer one has no room for it
        reign.MountAndCommit(1, [.. Enumerable.Range(3, 30).Select(number => Segment(number, size: 10))]);
        for (var i = 0; i < 6; i++)
            Assert.Equal(1u, reign.Place(50)?.SegmentHandle); // whichever two were drawn
    }

    [Fact]
    public void Strategies_are_named_as_in_settings_and_other_names_are_none()
    {
        Assert.Equal(3, PlacementStrategies.Names.Select(name => PlacementStrategies.Named(name)!.Method.Name).Distinct().Count());
        Assert.Null(PlacementStrategies.Named("Random"));
        Assert.Null(PlacementStrategies.Named(""));
    }

    [Fact]
    public void Placing_on_one_name_takes_that_name_or_says_why_not()
    {
        var reign = With("random");
        reign.MountAndCommit(1, Segment(1, "a", size: 100), Segment(2, "a", size: 100), Segment(3, "b"), Segment(4, "c"));
        reign.SetStatus(3, SegmentStatus.Draining);
        Assert.Equal(ErrorCode.Ok, reign.Leader.PlaceOn("a", 100, out var first));
        Assert.Equal(ErrorCode.Ok, reign.Leader.PlaceOn("a", 100, out var second));
        Assert.Equal([1u, 2u], new[] { first.SegmentHandle, second.SegmentHandle }.Order());
        Assert.Equal((ErrorCode.Ok, 0UL), (reign.Leader.PlaceOn("a", 1, out var full), full.LengthBytes));
        Assert.Equal(ErrorCode.UnavailableInCurrentStatus, reign.Leader.PlaceOn("b", 1, out _));
        Assert.Equal(ErrorCode.SegmentNotFound, reign.Leader.PlaceOn("d", 1, out _));
        Assert.Equal(ErrorCode.InvalidParams, reign.Leader.PlaceOn("a", 0, out _));
        reign.Leader.Space.Release(first);
        Assert.Equal((ErrorCode.Ok, first), (reign.Leader.PlaceOn("a", 100, out var again), again));
    }

    [Fact]
    public void Failure_is_explained_by_no_segments_too_large_full_or_fragmented_with_numbers()
    {
        var reign = With("random");
        Assert.Equal(new(AllocationFailureCause.NoSegments, 10, 0, 0, 2), reign.Leader.Explain(10, names: 2));
        reign.MountAndCommit(1, Segment(1, size: 100), Segment(2, size: 80));
        Assert.Equal(new(AllocationFailureCause.TooLarge, 101, 180, 100, 1), reign.Leader.Explain(101, names: 3));
        Use(reign, (1, 70), (2, 60));
        Assert.Equal(new(AllocationFailureCause.Full, 51, 50, 30, 0), reign.Leader.Explain(51, names: 1));
        Assert.Equal(new(AllocationFailureCause.Fragmented, 50, 50, 30, 0), reign.Leader.Explain(50, names: 1));
        Assert.Equal(AllocationFailureCause.None, reign.Leader.Explain(30, names: 1).Cause);
        reign.Leader.Space.Release(new(1, 10, 50));
        Assert.Equal(new(AllocationFailureCause.Fragmented, 60, 100, 50, 0), reign.Leader.Explain(60, names: 1));
        reign.Unmount(1);
        Assert.Equal(new(AllocationFailureCause.Full, 60, 20, 20, 0), reign.Leader.Explain(60, names: 1));
    }

    private static int ShareOfTheFreshOne(string strategy)
    {
        var reign = With(strategy);
        reign.MountAndCommit(1, [.. Enumerable.Range(1, 10).Select(number => Segment(number, size: 1_000_000))]);
        Use(reign, [.. Enumerable.Range(1, 9).Select(number => ((uint)number, 800_000UL))]);
        return Enumerable.Range(0, 2000).Count(_ => reign.Place(1)!.Value.SegmentHandle == 10);
    }

    private static void Use(Reign reign, params (uint Handle, ulong Bytes)[] parts)
    {
        foreach (var (handle, bytes) in parts)
        {
            Assert.Equal(ErrorCode.Ok, reign.Leader.PlaceOn(reign.Leader.NameOf(handle), bytes, out var extent));
            Assert.Equal(bytes, extent.LengthBytes);
        }
    }

    private static Reign With(string strategy) => new(null, PlacementStrategies.Named(strategy)!, startTicks: 5);
}
