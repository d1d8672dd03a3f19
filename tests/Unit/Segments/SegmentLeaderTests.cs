// What a Primary answers to calls on segments and clients: the traps of Mooncake's semantics, each by name.
using HotStandby.Core.Segments;
using HotStandby.Messages;
using HotStandby.Messages.Model;
using static HotStandby.Tests.Doubles.Reign;

namespace HotStandby.Tests.Unit.Segments;

public sealed class SegmentLeaderTests
{
    private readonly Reign _reign = new();

    [Fact]
    public void Mounting_the_same_id_twice_succeeds_with_one_entry()
    {
        _reign.MountAndCommit(1, Segment(1));
        Assert.Equal(ErrorCode.Ok, _reign.Mount(1, Segment(1)));
        Assert.Equal(0, _reign.ProposedEntries);
    }

    [Fact]
    public void Mounting_an_id_that_is_being_unmounted_is_unavailable()
    {
        _reign.MountAndCommit(1, Segment(1));
        _reign.Unmount(1);
        Assert.Equal(ErrorCode.UnavailableInCurrentStatus, _reign.Mount(1, Segment(1)));
        var proposed = _reign.ProposedEntries;
        Assert.Equal(ErrorCode.Ok, _reign.Unmount(1));
        Assert.Equal(proposed, _reign.ProposedEntries);
    }

    [Fact]
    public void Unmounting_an_unknown_id_succeeds_without_an_entry()
    {
        Assert.Equal(ErrorCode.Ok, _reign.Unmount(1));
        Assert.Equal(0, _reign.ProposedEntries);
    }

    [Fact]
    public void Erased_segment_can_be_mounted_again_under_a_new_handle()
    {
        _reign.MountAndCommit(1, Segment(1));
        _reign.Unmount(1);
        _reign.Commit();
        Assert.Equal([1u], _reign.ToDrop);
        _reign.Erase(1);
        _reign.Commit();
        Assert.Empty(_reign.Leader.Directory.All);
        _reign.MountAndCommit(1, Segment(1));
        Assert.Equal(2u, Assert.Single(_reign.Leader.Directory.All).Handle);
    }

    [Fact]
    public void Impossible_segments_are_invalid()
    {
        var good = Segment(1);
        foreach (var bad in new[]
                 {
                     good with { BaseAddress = 0 }, good with { SizeBytes = 0 }, good with { SizeBytes = ulong.MaxValue },
                     good with { Name = new string('x', 65_536) }, good with { TransportEndpoint = new string('é', 32_768) },
                     good with { Protocol = new string('x', 65_536) }, good with { HostId = new string('x', 65_536) },
                 })
            Assert.Equal(ErrorCode.InvalidParams, _reign.Mount(1, bad));
        Assert.Equal(ErrorCode.Ok, _reign.Mount(1, good with { Name = new string('x', 65_535) }));
    }

    [Theory]
    [InlineData(4000, 97, ErrorCode.InvalidParams)] // its last byte is the other's first
    [InlineData(5095, 10, ErrorCode.InvalidParams)] // its first byte is the other's last
    [InlineData(4000, 5000, ErrorCode.InvalidParams)]
    [InlineData(4000, 96, ErrorCode.Ok)]
    [InlineData(5096, 10, ErrorCode.Ok)]
    public void Two_segments_of_one_endpoint_must_not_overlap(ulong baseAddress, ulong size, ErrorCode expected)
    {
        _reign.MountAndCommit(1, Segment(1, baseAddress: 4096, endpoint: "a:1"));
        Assert.Equal(expected, _reign.Mount(1, Segment(2, baseAddress: baseAddress, size: size, endpoint: "a:1")));
        Assert.Equal(ErrorCode.Ok, _reign.Mount(1, Segment(3, baseAddress: baseAddress, size: size, endpoint: "b:1")));
    }

    [Fact]
    public void Ping_before_remount_asks_for_it_even_though_the_mount_succeeded()
    {
        _reign.MountAndCommit(1, Segment(1));
        Assert.Equal(ClientStatus.NeedRemount, _reign.Ping(1));
        Assert.Equal(ErrorCode.Ok, _reign.ReMount(1, Segment(1)));
        Assert.Equal(0, _reign.ProposedEntries);
        Assert.Equal(ClientStatus.Ok, _reign.Ping(1));
        Assert.Equal(ClientStatus.NeedRemount, _reign.Ping(2));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Range_of_a_segment_that_is_about_to_go_is_unavailable_until_it_is_erased(bool remount)
    {
        _reign.MountAndCommit(1, Segment(1, endpoint: "a:1"));
        _reign.Unmount(1);
        _reign.Commit();
        ErrorCode Take() => remount ? _reign.ReMount(2, Segment(2, endpoint: "a:1")) : _reign.Mount(2, Segment(2, endpoint: "a:1"));
        Assert.Equal((ErrorCode.UnavailableInCurrentStatus, true), (Take(), _reign.IsForNow));
        Assert.Equal(0, _reign.ProposedEntries);
        Assert.Equal(ClientStatus.NeedRemount, _reign.Ping(2)); // so that it asks again
        _reign.Erase(1);
        Assert.Equal(ErrorCode.Ok, Take());
        _reign.Commit();
        Assert.Equal(Id(2), Assert.Single(_reign.Leader.Directory.All).Client);
    }

    [Fact]
    public void Range_of_the_clients_own_segment_is_invalid_and_of_one_that_it_unmounts_gracefully_unavailable()
    {
        _reign.MountAndCommit(1, Segment(1, endpoint: "a:1"), Segment(2, endpoint: "b:1"));
        Assert.Equal(ErrorCode.Ok, _reign.GracefulUnmount(1, 2, seconds: 60));
        Assert.Equal(ErrorCode.InvalidParams, _reign.Mount(1, Segment(9, endpoint: "a:1")));
        Assert.Equal((ErrorCode.UnavailableInCurrentStatus, false), (_reign.Mount(1, Segment(9, endpoint: "b:1")), _reign.IsForNow));
        Assert.Equal(ErrorCode.InvalidParams, _reign.Mount(1, Segment(9, endpoint: "a:1", size: ulong.MaxValue - 4096)));
    }

    [Fact]
    public void Remount_of_nothing_makes_the_client_ok()
    {
        Assert.Equal(ErrorCode.Ok, _reign.ReMount(1));
        Assert.Equal(ClientStatus.Ok, _reign.Ping(1));
    }

    [Fact]
    public void Remount_mounts_what_is_missing_once_and_when_the_client_is_ok_nothing_more()
    {
        _reign.MountAndCommit(1, Segment(1));
        Assert.Equal(ErrorCode.Ok, _reign.ReMount(1, Segment(1), Segment(3), Segment(3)));
        _reign.Commit();
        Assert.Equal([Id(1), Id(3)], _reign.Leader.Directory.All.Select(segment => segment.Segment.Id).Order());
        Assert.Equal(ErrorCode.Ok, _reign.ReMount(1, Segment(3), Segment(1)));
        Assert.Equal(ErrorCode.InvalidParams, _reign.ReMount(1, Segment(1), Segment(4))); // it may have been unmounted since
        Assert.Equal(0, _reign.ProposedEntries);
    }

    [Fact]
    public void Remount_with_a_segment_that_cannot_be_mounted_is_refused_and_mounts_none()
    {
        _reign.MountAndCommit(1, Segment(1));
        foreach (var bad in new[]
                 {
                     Segment(2) with { SizeBytes = 0 }, Segment(2) with { SizeBytes = ulong.MaxValue }, Segment(1) with { Id = Id(9) },
                     Segment(3) with { Id = Id(9) }, Segment(3) with { Name = "x" }, Segment(2) with { SizeBytes = long.MaxValue },
                 })
        {
            Assert.Equal(ErrorCode.InvalidParams, _reign.ReMount(1, Segment(1), Segment(3), bad));
            Assert.Equal((0, ClientStatus.NeedRemount), (_reign.ProposedEntries, _reign.Ping(1)));
        }
    }

    [Fact]
    public void Mount_of_an_id_that_is_mounted_as_something_else_is_invalid()
    {
        _reign.MountAndCommit(1, Segment(1));
        foreach (var other in new[] { Segment(1) with { Name = "x" }, Segment(1) with { SizeBytes = 7 },
            Segment(1) with { TransportEndpoint = "x" } })
            Assert.Equal(ErrorCode.InvalidParams, _reign.Mount(1, other));
        Assert.Equal(ErrorCode.InvalidParams, _reign.Mount(2, Segment(1) with { TransportEndpoint = "x" }));
        Assert.Equal(0, _reign.ProposedEntries);
    }

    [Fact]
    public void Remount_that_differs_in_any_field_or_owner_is_invalid_and_does_nothing()
    {
        var mounted = Segment(1);
        _reign.MountAndCommit(1, mounted);
        foreach (var other in new[]
                 {
                     mounted with { Name = "x" }, mounted with { BaseAddress = 8192 }, mounted with { SizeBytes = 7 },
                     mounted with { TransportEndpoint = "x" }, mounted with { Protocol = "x" }, mounted with { HostId = "x" },
                 })
            Assert.Equal(ErrorCode.InvalidParams, _reign.ReMount(1, Segment(2), other));
        Assert.Equal(ErrorCode.InvalidParams, _reign.ReMount(2, mounted with { TransportEndpoint = "x" }));
        Assert.Equal(0, _reign.ProposedEntries);
        Assert.Equal(ClientStatus.NeedRemount, _reign.Ping(1));
    }

    [Fact]
    public void Remount_of_an_unmounting_segment_is_unavailable()
    {
        _reign.MountAndCommit(1, Segment(1));
        _reign.Unmount(1);
        Assert.Equal(ErrorCode.UnavailableInCurrentStatus, _reign.ReMount(1, Segment(1)));
        Assert.Equal(ClientStatus.NeedRemount, _reign.Ping(1));
    }

    [Fact]
    public void Segment_takes_buffers_from_the_commit_of_its_mount_to_the_proposal_of_its_end()
    {
        _reign.Mount(1, Segment(1));
        Assert.Null(_reign.Place(10));
        _reign.Commit();
        Assert.NotNull(_reign.Place(10));
        _reign.Unmount(1);
        Assert.Null(_reign.Place(10));
        Assert.NotNull(_reign.Leader.Directory.Readable(1));
        Assert.True(_reign.Commit());
        Assert.Null(_reign.Leader.Directory.Readable(1));
    }

    [Fact]
    public void Segment_whose_end_is_proposed_before_its_mount_is_committed_takes_no_buffers()
    {
        _reign.Mount(1, Segment(1));
        _reign.Unmount(1);
        _reign.Commit();
        Assert.Null(_reign.Place(10));
        Assert.Equal([1u], _reign.ToDrop);
    }

    [Fact]
    public void New_reign_never_hands_out_what_the_shards_hold()
    {
        _reign.MountAndCommit(1, Segment(1, size: 100));
        Extent[][] live = [[new(1, 60, 20), new(1, 0, 10)], [], [new(1, 10, 30), new(99, 0, 5)]];
        var next = new Reign(_reign.Table, live);
        Assert.Equal(60UL, next.Leader.Space.UsedBytes);
        Assert.Equal(new Extent(1, 40, 20), next.Place(20));
        Assert.Equal(new Extent(1, 80, 20), next.Place(20));
        Assert.Null(next.Place(1));
        next.Leader.Space.Release(new(1, 10, 30));
        Assert.Equal(new Extent(1, 10, 1), next.Place(1));
    }

    [Fact]
    public void Live_buffers_that_overlap_break_invariant_5()
    {
        _reign.MountAndCommit(1, Segment(1, size: 100));
        Extent[][] live = [[new(1, 0, 10)], [new(1, 9, 10)]];
        Assert.Equal(5, Assert.Throws<InvariantViolation>(() => new Reign(_reign.Table, live)).Number);
    }

    [Fact]
    public void New_reign_finds_the_segments_that_wait_for_their_drop()
    {
        _reign.MountAndCommit(1, Segment(1), Segment(2));
        _reign.Unmount(2);
        _reign.Commit();
        Assert.Equal([2u], new Reign(_reign.Table).Leader.Unmounting);
    }

    [Fact]
    public void More_commits_than_proposals_break_invariant_4()
    {
        _reign.Mount(1, Segment(1));
        Assert.Equal(4, Assert.Throws<InvariantViolation>(() => _reign.Leader.Commit(2, 2, [])).Number);
    }
}
