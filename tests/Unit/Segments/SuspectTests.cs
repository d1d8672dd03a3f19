// What becomes of a silent client's segments: suspect, restored, expired.
using HotStandby.Core.Segments;
using HotStandby.Messages;
using HotStandby.Messages.Model;
using HotStandby.Messages.OpLog;
using static HotStandby.Tests.Doubles.Reign;

namespace HotStandby.Tests.Unit.Segments;

public sealed class SuspectTests
{
    private readonly Reign _reign = new();

    public SuspectTests()
    {
        _reign.MountAndCommit(1, Segment(1), Segment(2));
        _reign.ReMount(1, Segment(1), Segment(2));
        _reign.MountAndCommit(2, Segment(3));
    }

    [Fact]
    public void Silent_client_is_suspect_first_its_segments_readable_and_not_allocatable()
    {
        _reign.Wait(9.9, talking: 2);
        Assert.Equal(0, _reign.ProposedEntries);
        _reign.Wait(0.1, talking: 2);
        Assert.Equal(1, _reign.ProposedEntries);
        for (var i = 0; i < 50; i++)
            Assert.Equal(3u, _reign.Place(1)?.SegmentHandle); // placing stops with the proposal
        Assert.True(_reign.Commit());
        Assert.Equal(OpType.ClientSuspected, _reign.Committed().Last());
        Assert.Equal((true, false), (_reign.Leader.Directory.Readable(1)?.IsSuspect, _reign.Leader.Directory.Readable(1)?.IsAllocatable));
        Assert.NotNull(_reign.Leader.Directory.Readable(2));
        Assert.Empty(_reign.ToDrop);
        Assert.Equal(ClientStatus.NeedRemount, _reign.Ping(1));
        Assert.Equal(3000UL, _reign.Leader.Space.CapacityBytes);
    }

    [Fact]
    public void Suspect_that_stays_silent_expires_once_and_loses_its_segments()
    {
        _reign.Wait(14.9, talking: 2);
        _reign.Commit();
        Assert.Empty(_reign.ToDrop);
        _reign.Wait(0.1, talking: 2);
        _reign.Commit();
        Assert.Equal([OpType.ClientSuspected, OpType.ClientExpired], _reign.Committed(from: 3));
        Assert.Equal([1u, 2u], _reign.ToDrop.Order());
        Assert.NotNull(_reign.Leader.Directory.Readable(3));
        Assert.Null(_reign.Leader.Directory.Readable(1));
        Assert.Equal(ClientStatus.NeedRemount, _reign.Ping(1));
        Assert.Equal(1000UL, _reign.Leader.Space.CapacityBytes);
        _reign.Wait(30, talking: 2);
        Assert.Equal(0, _reign.ProposedEntries); // once is enough
        Assert.Equal(1, _reign.Leader.Clients.Count);
    }

    [Fact]
    public void Only_a_client_with_memory_is_missed()
    {
        Assert.Equal(ErrorCode.Ok, _reign.Unmount(1));
        Assert.Equal(ErrorCode.Ok, _reign.Unmount(2));
        _reign.Commit();
        _reign.Wait(15, talking: []);
        Assert.Equal(
            [(Id(1), false, false), (Id(2), false, true), (Id(1), true, false), (Id(2), true, true)],
            _reign.Silent.Select(static client => (client.Client, client.IsDead, client.HasSegments)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Suspect_that_mounts_or_remounts_is_restored_with_its_segments_allocatable(bool remount)
    {
        _reign.Wait(12, talking: 2);
        _reign.Commit();
        var answer = remount ? _reign.ReMount(1, Segment(1), Segment(2)) : _reign.Mount(1, Segment(1));
        Assert.Equal(ErrorCode.Ok, answer);
        _reign.Commit();
        Assert.Equal(OpType.ClientRestored, _reign.Committed().Last());
        Assert.All(_reign.Leader.Directory.All, segment => Assert.True(segment.IsAllocatable));
        Assert.Equal(3, _reign.Leader.Space.Groups.Count);
        Assert.Equal(remount ? ClientStatus.Ok : ClientStatus.NeedRemount, _reign.Ping(1));
        Assert.Empty(_reign.ToDrop);
        _reign.Wait(9.9, talking: 2); // and its silence counts from the beginning
        Assert.Equal(0, _reign.ProposedEntries);
    }

    [Fact]
    public void Suspect_that_mounts_another_segment_is_restored_before_it()
    {
        _reign.Wait(12, talking: 2);
        _reign.Commit();
        Assert.Equal(ErrorCode.Ok, _reign.Mount(1, Segment(4)));
        _reign.Commit();
        Assert.Equal([OpType.ClientRestored, OpType.MountSegment], _reign.Committed(from: 4));
        Assert.All(_reign.Leader.Directory.All, segment => Assert.False(segment.IsSuspect));
    }

    [Fact]
    public void Suspect_that_only_pings_is_asked_to_remount_and_does_not_expire()
    {
        _reign.Wait(12, talking: 2);
        _reign.Commit();
        _reign.Wait(60, talking: [1, 2]);
        Assert.Equal(0, _reign.ProposedEntries);
        Assert.Equal(ClientStatus.NeedRemount, _reign.Ping(1));
        Assert.True(_reign.Leader.Directory.Readable(1)?.IsSuspect);
    }

    [Fact]
    public void Any_call_counts_as_sign_of_life()
    {
        for (var second = 0; second < 30; second++)
        {
            _reign.Leader.Clients.Hear(Id(1), _reign.NowTicks); // what a connection does for any call
            _reign.Wait(1, talking: 2);
        }

        Assert.Equal(0, _reign.ProposedEntries);
        Assert.Equal(ClientStatus.Ok, _reign.Leader.Clients.StatusOf(Id(1)));
    }

    [Fact]
    public void Draining_segment_of_a_restored_suspect_drains_on()
    {
        _reign.SetStatus(1, SegmentStatus.Draining);
        _reign.Wait(12, talking: 2);
        _reign.ReMount(1, Segment(1), Segment(2));
        _reign.Commit();
        Assert.Equal(SegmentStatus.Draining, _reign.Leader.Directory.Readable(1)?.Status);
        Assert.Equal(["host-2", "host-3"], _reign.Leader.Space.Groups.Select(group => group.Name).Order());
    }

    [Fact]
    public void Remounted_client_without_segments_expires_with_an_entry_and_is_not_suspected_with_one()
    {
        _reign.ReMount(9);
        _reign.Wait(10, talking: [1, 2]);
        Assert.Equal((0, ClientStatus.NeedRemount), (_reign.ProposedEntries, _reign.Leader.Clients.StatusOf(Id(9))));
        _reign.Wait(5, talking: [1, 2]);
        _reign.Commit();
        Assert.Equal(OpType.ClientExpired, _reign.Committed().Last());
        Assert.Equal(2, _reign.Leader.Clients.Count);
    }

    [Fact]
    public void New_reign_gives_every_client_a_full_ttl_and_asks_it_to_remount()
    {
        var next = new Reign(_reign.Table, PlacementStrategies.Random, startTicks: 1000);
        Assert.Equal(ClientStatus.NeedRemount, next.Leader.Clients.StatusOf(Id(1)));
        next.Wait(9.9, talking: 2);
        Assert.Equal(0, next.ProposedEntries);
        next.Wait(0.1, talking: 2);
        next.Commit();
        Assert.Equal([OpType.ClientSuspected], next.Committed());
    }

    [Fact]
    public void Suspect_of_an_earlier_reign_stays_suspect_and_has_a_full_ttl_more_to_come_back()
    {
        _reign.Wait(12, talking: 2);
        _reign.Commit();
        var next = new Reign(_reign.Table, PlacementStrategies.Random, startTicks: 1000);
        Assert.Equal(["host-3"], next.Leader.Space.Groups.Select(group => group.Name));
        next.Wait(14.9, talking: 2);
        Assert.Equal(0, next.ProposedEntries);
        var last = new Reign(_reign.Table, PlacementStrategies.Random, startTicks: 1000);
        last.Wait(14.9, talking: 2);
        Assert.Equal(ErrorCode.Ok, last.ReMount(1, Segment(1), Segment(2)));
        last.Commit();
        Assert.Equal([OpType.ClientRestored], last.Committed());
        Assert.Equal(3, last.Leader.Space.Groups.Count);
    }

    [Fact]
    public void Remount_after_a_failover_attaches_to_what_the_table_knows_and_differing_ones_are_invalid()
    {
        var next = new Reign(_reign.Table);
        Assert.Equal(ErrorCode.InvalidParams, next.ReMount(1, Segment(1, size: 999)));
        Assert.Equal(ErrorCode.Ok, next.ReMount(1, Segment(1), Segment(2)));
        Assert.Equal(0, next.ProposedEntries);
        Assert.Equal([1u, 2u, 3u], next.Leader.Directory.All.Select(segment => segment.Handle));
        Assert.Equal(ClientStatus.Ok, next.Ping(1));
    }

    [Fact]
    public void Client_that_only_pings_is_not_remembered()
    {
        Assert.Equal(ClientStatus.NeedRemount, _reign.Ping(77));
        Assert.Equal(2, _reign.Leader.Clients.Count);
    }
}
