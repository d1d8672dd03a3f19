// A client that starts again at its own address: what its mount says of the life before, and what of the two stays.
using HotStandby.Core.Segments;
using HotStandby.Messages;
using HotStandby.Messages.Model;
using HotStandby.Messages.OpLog;
using static HotStandby.Tests.Doubles.Reign;

namespace HotStandby.Tests.Unit.Segments;

public sealed class RestartTests
{
    private const string Here = "host:1";

    private Reign _reign = new();

    public RestartTests() => _reign.MountAndCommit(1, At(1), At(2, baseAddress: 50_000));

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_client_that_mounts_where_another_was_takes_its_place_at_once(bool remount)
    {
        Assert.Equal(ErrorCode.Ok, remount ? _reign.ReMount(2, At(3, baseAddress: 90_000)) : _reign.Mount(2, At(3, baseAddress: 90_000)));
        Assert.Null(_reign.Place(10)); // the old segments from the proposal on, the new one from its commit on
        _reign.Commit();
        Assert.Equal([OpType.ClientReplaced, OpType.MountSegment], _reign.Committed(from: 2));
        Assert.Equal([1u, 2u], _reign.ToDrop.Order());
        Assert.Equal((null, null), (_reign.Leader.Directory.Readable(1), _reign.Leader.Directory.Readable(2)));
        for (var i = 0; i < 50; i++)
            Assert.Equal(3u, _reign.Place(10)?.SegmentHandle);
        Assert.Equal(1000UL, _reign.Leader.Space.CapacityBytes);
        Assert.True(_reign.Leader.TryTakeReplaced(out var replaced));
        Assert.Equal(new ReplacedClient(Id(1), Id(2), Here), replaced);
        Assert.False(_reign.Leader.TryTakeReplaced(out _));
        Assert.Equal((ClientStatus.NeedRemount, 1), (_reign.Ping(1), _reign.Leader.Clients.Count));
    }

    [Theory]
    [InlineData(3, 4096UL)] // another segment in the same memory
    [InlineData(1, 4096UL)] // the same id, as a client has it that derives its ids from its name
    [InlineData(1, 90_000UL)] // the same id, elsewhere
    public void A_mount_that_meets_the_old_one_waits_until_that_is_forgotten(int id, ulong baseAddress)
    {
        ErrorCode Mount() => _reign.Mount(2, At(id, baseAddress: baseAddress));
        Assert.Equal((ErrorCode.UnavailableInCurrentStatus, true), (Mount(), _reign.IsForNow));
        Assert.Equal(1, _reign.ProposedEntries);
        Assert.Equal((ErrorCode.UnavailableInCurrentStatus, true), (Mount(), _reign.IsForNow));
        Assert.Equal(1, _reign.ProposedEntries); // once
        _reign.Commit();
        _reign.Erase(1);
        Assert.Equal(ErrorCode.Ok, Mount());
        _reign.Commit();
        Assert.Equal(3u, Assert.Single(_reign.Leader.Directory.All, segment => segment.IsReadable).Handle);
    }

    [Theory]
    [InlineData(SegmentStatus.Draining)]
    [InlineData(SegmentStatus.Drained)]
    [InlineData(SegmentStatus.GracefullyUnmounting)]
    public void Whatever_the_old_segments_were_in_the_middle_of_is_over(SegmentStatus status)
    {
        if (status == SegmentStatus.GracefullyUnmounting)
            _reign.GracefulUnmount(1, 1, seconds: 60);
        else
            _reign.SetStatus(1, SegmentStatus.Draining);
        if (status == SegmentStatus.Drained)
            _reign.SetStatus(1, status);
        _reign.Wait(12, talking: 9); // a suspect, too
        _reign.Mount(2, At(3, baseAddress: 90_000));
        _reign.Commit();
        Assert.Equal([1u, 2u], _reign.ToDrop.Order());
        _reign.NowTicks += 100 * TimeSpan.TicksPerSecond;
        Assert.Equal(0, _reign.UnmountDue());
        Assert.Equal(ErrorCode.Ok, _reign.Unmount(1)); // it is being unmounted already
        Assert.Equal([1u, 2u], _reign.ToDrop.Order());
        Assert.Equal(ErrorCode.UnavailableInCurrentStatus, _reign.SetStatus(1, SegmentStatus.Ok));
        Assert.Equal(ErrorCode.UnavailableInCurrentStatus, _reign.GracefulUnmount(1, 1, seconds: 1));
    }

    [Fact]
    public void The_one_whose_place_was_taken_does_not_get_it_back_while_the_other_is_there()
    {
        Replace(1, by: 2, segment: 3);
        for (var again = 0; again < 3; again++)
        {
            Assert.Equal(ErrorCode.IllegalClient, _reign.ReMount(1, At(1)));
            Assert.Equal(ErrorCode.IllegalClient, _reign.Mount(1, At(7, baseAddress: 200_000)));
            _reign = new Reign(_reign.Table); // nor from the next Primary
        }

        Assert.Equal((0, ErrorCode.Ok), (_reign.ProposedEntries, _reign.ReMount(2, At(3, baseAddress: 110_000))));
        _reign.Unmount(3);
        _reign.Commit();
        _reign.Erase(3);
        Assert.Equal(ErrorCode.Ok, _reign.ReMount(1, At(1)));
    }

    [Fact]
    public void Of_many_that_fight_for_one_endpoint_the_last_one_has_it_and_it_does_not_change_hands_again()
    {
        for (var client = 2; client <= ReplacedClients.MaximumPerEndpoint; client++)
            Replace(client - 1, by: client, segment: client + 1);
        for (var client = 1; client < ReplacedClients.MaximumPerEndpoint; client++)
            Assert.Equal(ErrorCode.IllegalClient, _reign.Mount(client, At(client + 1, baseAddress: 90_000)));
        Assert.Equal(0, _reign.ProposedEntries);
    }

    [Fact]
    public void The_same_name_at_another_endpoint_and_no_endpoint_at_all_prove_nothing()
    {
        Assert.Equal(ErrorCode.Ok, _reign.Mount(2, Segment(3, "host-1", endpoint: "host:2")));
        Assert.Equal(ErrorCode.Ok, _reign.Mount(2, Segment(4, endpoint: "")));
        Assert.Equal(ErrorCode.Ok, _reign.Mount(3, Segment(5, endpoint: "", baseAddress: 90_000)));
        Assert.Equal(ErrorCode.InvalidParams, _reign.Mount(3, Segment(6, endpoint: "")));
        Assert.Equal(ErrorCode.Ok, _reign.Mount(2, Segment(7, endpoint: "HOST:1"))); // compared as text
        _reign.Commit();
        Assert.DoesNotContain(OpType.ClientReplaced, _reign.Committed());
    }

    [Fact]
    public void A_further_segment_of_the_same_client_takes_nobodys_place()
    {
        Assert.Equal(ErrorCode.Ok, _reign.Mount(1, At(3, baseAddress: 90_000)));
        Assert.Equal(ErrorCode.InvalidParams, _reign.Mount(1, At(4)));
        Assert.Equal(1, _reign.ProposedEntries);
    }

    [Fact]
    public void A_mount_that_is_refused_takes_nobodys_place()
    {
        Assert.Equal(ErrorCode.InvalidParams, _reign.Mount(2, At(3, baseAddress: 90_000) with { SizeBytes = 0 }));
        Assert.Equal(ErrorCode.InvalidParams, _reign.Mount(2, At(3, baseAddress: 90_000, size: 1UL << 63)));
        Assert.Equal(ErrorCode.InvalidParams, _reign.ReMount(2, At(3, baseAddress: 90_000), At(4, baseAddress: 90_500)));
        Assert.Equal(0, _reign.ProposedEntries);
        Assert.False(_reign.Leader.TryTakeReplaced(out _));
    }

    [Fact]
    public void What_may_still_be_written_to_the_old_memory_is_not_given_out_in_the_new_one_before_its_time()
    {
        _reign.Mount(2, At(3));
        _reign.Commit();
        Drop(1, new Extent(1, 100, 50), new Extent(1, 150, 50), new Extent(1, 900, 100));
        Drop(2);
        Assert.Equal([OpType.ClientReplaced, OpType.StrayWrites, OpType.SegmentErased, OpType.SegmentErased], _reign.Committed(from: 2));
        _reign.MountAndCommit(2, At(3));
        MayGive(3, [(0, 100), (200, 700)]);

        _reign = new Reign(_reign.Table, [new Extent(3, 0, 40)]) { NowTicks = 5 }; // a failover: its time begins again
        Assert.Equal(240UL, _reign.Leader.Space.UsedBytes);
        MayGive(3, [(40, 60), (200, 700)], taken: 40);
        _reign.NowTicks += (600 * TimeSpan.TicksPerSecond) - 1;
        Assert.False(EndStrayWrites());
        _reign.NowTicks++;
        Assert.True(EndStrayWrites());
        MayGive(3, [(40, 60), (200, 700)], taken: 40); // not before that is committed
        _reign.Commit();
        MayGive(3, [(40, 960)], taken: 40);
        Assert.False(EndStrayWrites());
    }

    [Fact]
    public void Writes_to_several_earlier_lives_are_waited_for_until_the_last_of_them_is_over()
    {
        _reign.Mount(2, At(3));
        _reign.Commit();
        Drop(1, new Extent(1, 100, 200));
        Drop(2);
        _reign.MountAndCommit(2, At(3));
        _reign.NowTicks += 300 * TimeSpan.TicksPerSecond;
        _reign.Mount(3, At(4));
        _reign.Commit();
        Drop(3, new Extent(3, 250, 100));
        _reign.MountAndCommit(3, At(4));
        MayGive(4, [(0, 100), (350, 650)]);
        _reign.NowTicks += 300 * TimeSpan.TicksPerSecond;
        Assert.True(EndStrayWrites());
        _reign.Commit();
        MayGive(4, [(0, 250), (350, 650)]);
        _reign.NowTicks += 300 * TimeSpan.TicksPerSecond;
        Assert.True(EndStrayWrites());
        _reign.Commit();
        MayGive(4, [(0, 1000)]);
        Assert.Equal(0, _reign.Table.StrayWrites.Count);
    }

    [Fact]
    public void A_client_that_unmounts_and_mounts_its_memory_again_does_not_get_it_back_before_others_have_written()
    {
        _reign.Unmount(1);
        _reign.Commit();
        Drop(1, new Extent(1, 0, 500));
        _reign.MountAndCommit(1, At(9));
        MayGive(3, [(500, 500)]);
    }

    [Fact]
    public void Replaced_clients_and_stray_writes_are_in_the_image_and_in_the_digest()
    {
        _reign.Mount(2, At(3));
        _reign.Commit();
        Drop(1, new Extent(1, 0, 500));
        using var image = new HotStandby.Core.Checkpoints.ImageWriter();
        _reign.Table.WriteImage(image, shards: 4);
        var read = SegmentTable.FromImage(image.Written.Span, shards: 4, 7);
        Assert.Equal((_reign.Table.Digest, true, 500UL),
            (read.Digest, read.Replaced.Contains(Here, Id(1)), read.StrayWrites.Of(1)!.Ranges[0].Length));
        var next = new Reign(read);
        Assert.True(next.Leader.TryTakeReplaced(out var replaced)); // its second segment is being dropped still
        Assert.Equal(Id(1), replaced.Client);
    }

    private void Replace(int client, int by, int segment)
    {
        Assert.Equal(ErrorCode.Ok, _reign.Mount(by, At(segment, baseAddress: (ulong)(90_000 + (10_000 * by)))));
        _reign.Commit();
        foreach (var handle in _reign.ToDrop)
            _reign.Erase(handle);
        _reign.ToDrop.Clear();
        _reign.Commit();
        Assert.True(_reign.Table.Replaced.Contains(Here, Id(client)));
    }

    // What the shards answer for a segment that is being dropped.
    private void Drop(uint handle, params Extent[] unfinished)
    {
        var keeps = false;
        _reign.Propose(drafts =>
        {
            keeps = _reign.Leader.KeepStrayWrites(handle, unfinished, _reign.NowTicks, drafts);
            return ErrorCode.Ok;
        });
        Assert.Equal(unfinished.Length > 0, keeps);
        Assert.False(_reign.Leader.TryTakeDroppable(out _));
        _reign.Commit();
        Assert.Equal(keeps, _reign.Leader.TryTakeDroppable(out var droppable) && droppable == handle);
        _reign.Erase(handle);
        _reign.Commit();
    }

    private bool EndStrayWrites()
    {
        var before = _reign.ProposedEntries;
        _reign.Propose(drafts =>
        {
            _reign.Leader.EndStrayWrites(_reign.NowTicks, drafts);
            return ErrorCode.Ok;
        });
        return _reign.ProposedEntries > before;
    }

    // Exactly these ranges of the only segment are free.
    private void MayGive(uint handle, (ulong Start, ulong Length)[] free, ulong taken = 0)
    {
        var allocator = _reign.Leader.Space.Allocator(handle)!;
        Assert.Equal((ulong)free.Sum(range => (long)range.Length), allocator.FreeBytes);
        Assert.Equal(free.Length, allocator.FreeRanges);
        foreach (var (start, length) in free)
        {
            Assert.True(allocator.TryAllocateAt(start, length));
            allocator.Free(start, length);
        }

        Assert.True(allocator.UsedBytes >= taken);
    }

    private static Segment At(int id, ulong baseAddress = 0, ulong size = 1000) => Segment(id, "host", baseAddress, size, Here);
}
