// Graceful unmounts and the statuses that drain jobs set.
using HotStandby.Core.Segments;
using HotStandby.Messages;
using HotStandby.Messages.Model;
using HotStandby.Messages.OpLog;
using static HotStandby.Tests.Doubles.Reign;

namespace HotStandby.Tests.Unit.Segments;

public sealed class SegmentStatusTests
{
    private readonly Reign _reign = new();

    public SegmentStatusTests() => _reign.MountAndCommit(1, Segment(1), Segment(2));

    [Fact]
    public void Gracefully_unmounting_segment_is_readable_and_not_allocatable_until_it_is_due()
    {
        Assert.Equal(ErrorCode.Ok, _reign.GracefulUnmount(1, 1, seconds: 5));
        for (var i = 0; i < 50; i++)
            Assert.Equal(2u, _reign.Place(1)?.SegmentHandle);
        _reign.Commit();
        Assert.Equal(SegmentStatus.GracefullyUnmounting, _reign.Leader.Directory.Readable(1)?.Status);
        _reign.NowTicks += (5 * TimeSpan.TicksPerSecond) - 1;
        Assert.Equal(0, _reign.UnmountDue());
        _reign.NowTicks++;
        Assert.Equal(1, _reign.UnmountDue());
        Assert.Equal(0, _reign.UnmountDue());
        _reign.Commit();
        Assert.Equal([OpType.SegmentStatus, OpType.UnmountSegment], _reign.Committed(from: 2));
        Assert.Equal([1u], _reign.ToDrop);
    }

    [Fact]
    public void Graceful_unmount_again_succeeds_and_the_shorter_period_fires_first()
    {
        _reign.GracefulUnmount(1, 1, seconds: 10);
        Assert.Equal(ErrorCode.Ok, _reign.GracefulUnmount(1, 1, seconds: 10));
        Assert.Equal(ErrorCode.Ok, _reign.GracefulUnmount(1, 1, seconds: 60));
        Assert.Equal(1, _reign.ProposedEntries);
        _reign.NowTicks += 3 * TimeSpan.TicksPerSecond;
        Assert.Equal(ErrorCode.Ok, _reign.GracefulUnmount(1, 1, seconds: 9)); // would end later
        Assert.Equal(1, _reign.ProposedEntries);
        Assert.Equal(ErrorCode.Ok, _reign.GracefulUnmount(1, 1, seconds: 2));
        Assert.Equal(2, _reign.ProposedEntries);
        _reign.NowTicks += 2 * TimeSpan.TicksPerSecond;
        Assert.Equal(1, _reign.UnmountDue());
    }

    [Fact]
    public void New_reign_begins_the_grace_period_again_with_its_full_length()
    {
        _reign.GracefulUnmount(1, 1, seconds: 20);
        _reign.GracefulUnmount(1, 1, seconds: 8);
        _reign.GracefulUnmount(1, 2, seconds: 4);
        _reign.Commit();
        var next = new Reign(_reign.Table) { NowTicks = 5 + (4 * TimeSpan.TicksPerSecond) };
        Assert.Empty(next.Leader.Space.Groups);
        Assert.Equal(1, next.UnmountDue());
        next.NowTicks += (4 * TimeSpan.TicksPerSecond) - 1;
        Assert.Equal(0, next.UnmountDue());
        next.NowTicks++;
        Assert.Equal(1, next.UnmountDue());
        next.Commit();
        Assert.Equal([2u, 1u], next.ToDrop);
    }

    [Fact]
    public void Graceful_unmount_by_a_client_without_segments_is_not_found_and_of_anothers_segment_invalid()
    {
        _reign.MountAndCommit(2, Segment(3));
        Assert.Equal(ErrorCode.SegmentNotFound, _reign.GracefulUnmount(9, 1, seconds: 1));
        Assert.Equal(ErrorCode.InvalidParams, _reign.GracefulUnmount(2, 1, seconds: 1));
        Assert.Equal(ErrorCode.InvalidParams, _reign.GracefulUnmount(1, 77, seconds: 1));
        Assert.Equal(ErrorCode.InvalidParams, _reign.GracefulUnmount(1, 1, seconds: -1));
        Assert.Equal(0, _reign.ProposedEntries);
    }

    [Fact]
    public void Graceful_unmount_of_a_draining_segment_succeeds_and_of_a_drained_or_unmounting_one_is_unavailable()
    {
        _reign.SetStatus(1, SegmentStatus.Draining);
        _reign.SetStatus(2, SegmentStatus.Draining);
        _reign.SetStatus(2, SegmentStatus.Drained);
        Assert.Equal(ErrorCode.Ok, _reign.GracefulUnmount(1, 1, seconds: 1));
        Assert.Equal(ErrorCode.UnavailableInCurrentStatus, _reign.GracefulUnmount(1, 2, seconds: 1));
        _reign.Unmount(1);
        Assert.Equal(ErrorCode.UnavailableInCurrentStatus, _reign.GracefulUnmount(1, 1, seconds: 1));
    }

    [Fact]
    public void Segment_that_goes_before_its_grace_period_ends_is_not_unmounted_again()
    {
        _reign.GracefulUnmount(1, 1, seconds: 5);
        _reign.GracefulUnmount(1, 2, seconds: 60);
        Assert.Equal(ErrorCode.Ok, _reign.Unmount(1));
        _reign.Wait(20); // and the client expires
        _reign.Commit();
        _reign.NowTicks += 100 * TimeSpan.TicksPerSecond;
        Assert.Equal(0, _reign.UnmountDue());
        Assert.Equal([1u, 2u], _reign.ToDrop);
    }

    [Fact]
    public void Grace_period_of_any_length_is_possible()
    {
        Assert.Equal(ErrorCode.Ok, _reign.GracefulUnmount(1, 1, TimeSpan.MaxValue.TotalSeconds * 0.999));
        Assert.Equal(ErrorCode.Ok, _reign.GracefulUnmount(1, 2, seconds: 0));
        Assert.Equal(1, _reign.UnmountDue());
    }

    [Fact]
    public void Drain_job_takes_a_segment_out_of_allocation_and_gives_it_back()
    {
        Assert.Equal(ErrorCode.Ok, _reign.SetStatus(1, SegmentStatus.Draining));
        Assert.Equal(["host-2"], _reign.Leader.Space.Groups.Select(group => group.Name));
        _reign.Commit();
        Assert.NotNull(_reign.Leader.Directory.Readable(1));
        Assert.Equal(ErrorCode.Ok, _reign.SetStatus(1, SegmentStatus.Drained));
        Assert.Equal(ErrorCode.Ok, _reign.SetStatus(1, SegmentStatus.Ok));
        Assert.Equal(["host-2"], _reign.Leader.Space.Groups.Select(group => group.Name)); // not before the commit
        _reign.Commit();
        Assert.Equal(["host-1", "host-2"], _reign.Leader.Space.Groups.Select(group => group.Name).Order());
        Assert.Equal(new SegmentTable().NextHandle + 2, _reign.Table.NextHandle);
    }

    [Fact]
    public void Setting_the_same_status_succeeds_without_an_entry_and_impossible_changes_are_refused()
    {
        Assert.Equal(ErrorCode.Ok, _reign.SetStatus(1, SegmentStatus.Ok));
        Assert.Equal(ErrorCode.SegmentNotFound, _reign.SetStatus(9, SegmentStatus.Draining));
        Assert.Equal(ErrorCode.InvalidParams, _reign.SetStatus(1, SegmentStatus.Unmounting));
        Assert.Equal(ErrorCode.InvalidParams, _reign.SetStatus(1, SegmentStatus.GracefullyUnmounting));
        Assert.Equal(ErrorCode.UnavailableInCurrentStatus, _reign.SetStatus(1, SegmentStatus.Drained));
        Assert.Equal(0, _reign.ProposedEntries);
        _reign.SetStatus(1, SegmentStatus.Draining);
        _reign.SetStatus(1, SegmentStatus.Drained);
        Assert.Equal(ErrorCode.UnavailableInCurrentStatus, _reign.SetStatus(1, SegmentStatus.Draining));
        _reign.GracefulUnmount(1, 2, seconds: 1);
        Assert.Equal(ErrorCode.UnavailableInCurrentStatus, _reign.SetStatus(2, SegmentStatus.Ok));
        _reign.Unmount(2);
        Assert.Equal(ErrorCode.UnavailableInCurrentStatus, _reign.SetStatus(2, SegmentStatus.Draining));
    }

    [Fact]
    public void Mounting_an_id_that_is_draining_or_gracefully_unmounting_is_unavailable_and_remounting_attaches()
    {
        _reign.SetStatus(1, SegmentStatus.Draining);
        _reign.GracefulUnmount(1, 2, seconds: 60);
        Assert.Equal(ErrorCode.UnavailableInCurrentStatus, _reign.Mount(1, Segment(1)));
        Assert.Equal(ErrorCode.UnavailableInCurrentStatus, _reign.Mount(1, Segment(2)));
        Assert.Equal(ErrorCode.Ok, _reign.ReMount(1, Segment(1), Segment(2)));
        Assert.Equal(2, _reign.ProposedEntries);
    }

    [Fact]
    public void Space_counts_readable_segments_and_those_alone()
    {
        _reign.Leader.PlaceOn("host-1", 500, out _);
        Assert.Equal(
            (2000UL, 500UL, 0.25), (_reign.Leader.Space.CapacityBytes, _reign.Leader.Space.UsedBytes, _reign.Leader.Space.UsedRatio));
        _reign.SetStatus(1, SegmentStatus.Draining);
        _reign.Commit();
        Assert.Equal(0.25, _reign.Leader.Space.UsedRatio);
        _reign.Leader.Space.Release(new(1, 0, 100));
        Assert.Equal(400UL, _reign.Leader.Space.UsedBytes);
        _reign.Unmount(1);
        Assert.Equal((1000UL, 0UL), (_reign.Leader.Space.CapacityBytes, _reign.Leader.Space.UsedBytes));
        _reign.Leader.Space.Release(new(1, 100, 100)); // late
        Assert.Equal((1000UL, 0UL), (_reign.Leader.Space.CapacityBytes, _reign.Leader.Space.UsedBytes));
        _reign.Unmount(2);
        Assert.Equal(0, _reign.Leader.Space.UsedRatio);
    }
}
