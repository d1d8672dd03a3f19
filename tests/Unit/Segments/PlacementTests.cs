// Where replicas go: what every strategy keeps, and the rules of the random one.
using HotStandby.Core.Segments;
using HotStandby.Messages.Model;
using static HotStandby.Tests.Doubles.Reign;

namespace HotStandby.Tests.Unit.Segments;

public sealed class PlacementTests
{
    private readonly Reign _reign = new();

    public static TheoryData<string> Strategies => [.. PlacementStrategies.Names];

    [Theory]
    [MemberData(nameof(Strategies))]
    public void Replicas_lie_on_distinct_names_and_fewer_than_wanted_is_success(string strategy)
    {
        var reign = With(strategy);
        reign.MountAndCommit(1, Segment(1, "a"), Segment(2, "a"), Segment(3, "b"));
        for (var i = 0; i < 20; i++)
        {
            var places = new Extent[5];
            Assert.Equal(2, reign.Leader.Place(10, PreferredNames.None, places));
            Assert.Equal(["a", "b"], places[..2].Select(place => reign.Leader.NameOf(place.SegmentHandle)).Order());
            Assert.All(places[2..], place => Assert.Equal(0UL, place.LengthBytes));
        }
    }

    [Fact]
    public void Segments_of_one_name_add_up()
    {
        _reign.MountAndCommit(1, Segment(1, "a", size: 100), Segment(2, "a", size: 100));
        Assert.NotEqual(_reign.Place(100)?.SegmentHandle, _reign.Place(100)?.SegmentHandle);
        Assert.Null(_reign.Place(1));
        Assert.Equal((200UL, 200UL), (_reign.Leader.Space.UsedBytes, _reign.Leader.Space.CapacityBytes));
    }

    [Theory]
    [MemberData(nameof(Strategies))]
    public void Preferred_names_come_first_in_their_order_and_full_or_unknown_ones_are_passed_over(string strategy)
    {
        var reign = With(strategy);
        reign.MountAndCommit(1, [.. Enumerable.Range(1, 20).Select(number => Segment(number, size: 100))]);
        Assert.Equal(7u, reign.Place(60, "nowhere", "host-7", "host-8")?.SegmentHandle);
        Assert.Equal(8u, reign.Place(60, "nowhere", "host-7", "host-8")?.SegmentHandle);
        Assert.NotNull(reign.Place(60, "host-7", "host-8"));
    }

    [Fact]
    public void Single_preferred_name_wins_over_the_list()
    {
        var config = new ReplicateConfig { PreferredSegment = "one", PreferredSegments = ["two", "three"] };
        var preferred = PreferredNames.Of(config);
        Assert.Equal((1, "one"), (preferred.Count, preferred[0]));
        preferred = PreferredNames.Of(config with { PreferredSegment = "" });
        Assert.Equal((2, "three"), (preferred.Count, preferred[1]));
    }

    [Fact]
    public void At_most_a_hundred_names_are_tried()
    {
        _reign.MountAndCommit(1, [.. Enumerable.Range(1, 250).Select(number => Segment(number, size: 10))]);
        var places = new Extent[250];
        Assert.Equal(100, _reign.Leader.Place(10, PreferredNames.None, places));
    }

    [Theory]
    [MemberData(nameof(Strategies))]
    public void Placement_reaches_every_name(string strategy)
    {
        var reign = With(strategy);
        reign.MountAndCommit(1, [.. Enumerable.Range(1, 20).Select(number => Segment(number, size: 1_000_000))]);
        var used = Enumerable.Range(0, 1000).Select(_ => reign.Place(1)!.Value.SegmentHandle).Distinct();
        Assert.Equal(20, used.Count());
    }

    [Fact]
    public void Names_that_go_leave_the_others_reachable()
    {
        _reign.MountAndCommit(1, Segment(1), Segment(2), Segment(3));
        _reign.Unmount(1);
        _reign.Unmount(3);
        Assert.Equal(["host-2"], _reign.Leader.Space.Groups.Select(group => group.Name));
        Assert.Equal(2u, _reign.Place(5)?.SegmentHandle);
        _reign.Unmount(2);
        Assert.Empty(_reign.Leader.Space.Groups);
        Assert.Null(_reign.Place(5));
    }

    [Fact]
    public void Buffer_of_a_forgotten_segment_may_come_back_late()
    {
        _reign.MountAndCommit(1, Segment(1));
        var extent = _reign.Place(10)!.Value;
        _reign.Unmount(1);
        _reign.Commit();
        _reign.Erase(1);
        _reign.Commit();
        _reign.Leader.Space.Release(extent);
        Assert.Equal((0UL, 0UL), (_reign.Leader.Space.UsedBytes, _reign.Leader.Space.CapacityBytes));
    }

    private static Reign With(string strategy) => new(null, PlacementStrategies.Named(strategy)!, startTicks: 5);
}
