// What is answered about segments and their owners.
using HotStandby.Core.Segments;
using HotStandby.Messages;
using HotStandby.Messages.Model;
using static HotStandby.Tests.Doubles.Reign;

namespace HotStandby.Tests.Unit.Segments;

public sealed class SegmentQueriesTests
{
    private readonly Reign _reign = new();

    private SegmentQueries Queries => _reign.Leader.Queries;

    [Fact]
    public void Status_of_a_name_is_that_of_the_segment_mounted_last()
    {
        _reign.MountAndCommit(1, Segment(1, "a"), Segment(2, "a"), Segment(3, "b"));
        _reign.SetStatus(2, SegmentStatus.Draining);
        Assert.Equal((ErrorCode.Ok, SegmentStatus.Draining), (Queries.StatusOf("a", out var status), status));
        Assert.Equal((ErrorCode.Ok, SegmentStatus.Ok), (Queries.StatusOf(Id(1), out status), status));
        _reign.Unmount(2);
        Assert.Equal((ErrorCode.Ok, SegmentStatus.Unmounting), (Queries.StatusOf("a", out status), status));
        _reign.Erase(2);
        Assert.Equal((ErrorCode.Ok, SegmentStatus.Ok), (Queries.StatusOf("a", out status), status));
        Assert.Equal((ErrorCode.SegmentNotFound, SegmentStatus.Undefined), (Queries.StatusOf("c", out status), status));
        Assert.Equal((ErrorCode.SegmentNotFound, SegmentStatus.Undefined), (Queries.StatusOf(Id(2), out status), status));
    }

    [Fact]
    public void List_is_in_mount_order_with_each_segments_use()
    {
        _reign.MountAndCommit(2, Segment(9), Segment(5));
        _reign.MountAndCommit(1, Segment(7));
        _reign.Leader.PlaceOn("host-5", 30, out _);
        _reign.Unmount(9);
        _reign.Commit();
        Assert.Equal(
        [
            new(Id(2), Segment(9), SegmentStatus.Unmounting, 0), new(Id(2), Segment(5), SegmentStatus.Ok, 30),
            new(Id(1), Segment(7), SegmentStatus.Ok, 0),
        ], Queries.List());
    }

    [Fact]
    public void Hosts_of_clients_are_distinct_without_unknown_clients_and_empty_without_endpoints()
    {
        _reign.MountAndCommit(
            1, Segment(1, endpoint: "10.0.0.1:1"), Segment(2, endpoint: "[::1]:5"), Segment(3, endpoint: "10.0.0.1:2"));
        _reign.MountAndCommit(2, Segment(4, endpoint: ""));
        var hosts = Queries.HostsOf([Id(2), Id(1), Id(3), Id(1)]);
        Assert.Equal(2, hosts.Count);
        Assert.Equal(["10.0.0.1", "::1"], hosts[Id(1)]);
        Assert.Empty(hosts[Id(2)]);
    }

    [Fact]
    public void Handles_of_a_name_and_owners_of_handles_follow_mounts_and_ends()
    {
        _reign.MountAndCommit(1, Segment(1, "a"));
        _reign.MountAndCommit(2, Segment(2, "a"));
        Assert.Equal([1u, 2u], Queries.HandlesOf("a"));
        Assert.Equal((Id(1), Id(2), null), (Queries.OwnerOf(1), Queries.OwnerOf(2), Queries.OwnerOf(3)));
        _reign.Unmount(1);
        _reign.Erase(1);
        Assert.Equal([2u], Queries.HandlesOf("a"));
        Assert.Empty(Queries.HandlesOf("b"));
        Assert.Null(Queries.OwnerOf(1));
    }
}
