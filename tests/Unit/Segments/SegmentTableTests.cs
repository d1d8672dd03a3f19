// Equal entries give equal tables, and the table refuses entries that no Primary can have written.
using CsCheck;
using HotStandby.Core;
using HotStandby.Core.Segments;
using HotStandby.Messages;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Messages.OpLog;

namespace HotStandby.Tests.Unit.Segments;

public sealed class SegmentTableTests
{
    private enum Step { Mount, ReMount, Unmount, Graceful, Drain, Drained, Undrain, Erase, Commit, Wait }

    [Fact]
    public void Replayed_log_gives_an_equal_table()
    {
        Gen.Select(Gen.Enum<Step>(), Gen.Int[1, 3], Gen.Int[1, 6]).List[0, 60].Sample(steps =>
        {
            var primary = new Reign();
            foreach (var (step, client, segment) in steps)
            {
                Take(primary, step, client, segment);
                MustBeVisibleOnlyWhenCommitted(primary);
            }

            primary.Commit();
            var standby = new SegmentTable();
            Replay(primary.Log, standby);
            MustEqual(primary.Table, standby);
            Replay(primary.Log, standby);
            MustEqual(primary.Table, standby);
            Assert.Equal(
                standby.All.OrderBy(segment => segment.Handle),
                primary.Leader.Directory.All.OrderBy(segment => segment.Handle));
        });
    }

    [Fact]
    public void Digest_tells_apart_tables_that_differ_in_status_grace_suspicion_or_the_next_handle()
    {
        var reign = new Reign();
        var digests = new HashSet<PartitionDigest> { reign.Table.Digest };
        reign.Mount(1, Reign.Segment(1));
        Assert.True(digests.Add(reign.Table.Digest));
        reign.SetStatus(1, SegmentStatus.Draining);
        Assert.True(digests.Add(reign.Table.Digest));
        reign.GracefulUnmount(1, 1, seconds: 60);
        Assert.True(digests.Add(reign.Table.Digest));
        reign.GracefulUnmount(1, 1, seconds: 50);
        Assert.True(digests.Add(reign.Table.Digest), "the grace period is replicated");
        reign.Wait(10);
        Assert.True(digests.Add(reign.Table.Digest), "suspicion is replicated");
        reign.Unmount(1);
        Assert.True(digests.Add(reign.Table.Digest));
        reign.Erase(1);
        Assert.True(digests.Add(reign.Table.Digest), "an empty table that has used handles must differ from a new one");
    }

    [Fact]
    public void Entry_of_a_shard_breaks_invariant_7() => MustBreakInvariant7(
        Draft(OpType.EpochStart, [], Partition.OfShard(0)));

    [Theory]
    [InlineData(OpType.PutStart)]
    [InlineData(OpType.MountSegment)] // unreadable
    [InlineData(OpType.UnmountSegment)] // unreadable
    [InlineData(OpType.SegmentStatus)] // unreadable
    [InlineData(OpType.ClientExpired)] // unreadable
    [InlineData(OpType.ClientSuspected)] // unreadable
    [InlineData(OpType.ClientRestored)] // unreadable
    [InlineData(OpType.ClientReplaced)] // unreadable
    [InlineData(OpType.StrayWrites)] // unreadable
    [InlineData(OpType.StrayWritesOver)] // unreadable
    public void Entry_that_cannot_be_applied_breaks_invariant_7(OpType type) => MustBreakInvariant7(Draft(type, [1, 2, 3]));

    [Theory]
    [InlineData(OpType.UnmountSegment)]
    [InlineData(OpType.SegmentErased)]
    [InlineData(OpType.StrayWritesOver)]
    public void Entry_on_an_unknown_handle_breaks_invariant_7(OpType type) => MustBreakInvariant7(Draft(type, [9, 0, 0, 0]));

    [Theory]
    [InlineData(0)] // undefined
    [InlineData(5)] // unmounting, which is another entry's
    [InlineData(6)] // unknown
    public void Status_entry_with_an_impossible_status_breaks_invariant_7(byte status)
    {
        var reign = new Reign();
        reign.MountAndCommit(1, Reign.Segment(1));
        var drafts = Draft(OpType.SegmentStatus, [1, 0, 0, 0, status, 0, 0, 0, 0, 0, 0, 0, 0]);
        Assert.Equal(7, Assert.Throws<InvariantViolation>(() => reign.Table.Apply(drafts.Last)).Number);
    }

    [Fact]
    public void Status_entry_on_an_unmounting_or_unknown_segment_breaks_invariant_7()
    {
        var reign = new Reign();
        reign.MountAndCommit(1, Reign.Segment(1));
        reign.Unmount(1);
        foreach (byte handle in new[] { 1, 2 })
        {
            var drafts = Draft(OpType.SegmentStatus, [handle, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0]);
            Assert.Equal(7, Assert.Throws<InvariantViolation>(() => reign.Table.Apply(drafts.Last)).Number);
        }
    }

    [Fact]
    public void Segment_cannot_be_erased_while_it_is_mounted()
    {
        var reign = new Reign();
        reign.MountAndCommit(1, Reign.Segment(1));
        Assert.Equal(7, Assert.Throws<InvariantViolation>(() => reign.Table.Apply(Draft(OpType.SegmentErased, [1, 0, 0, 0]).Last)).Number);
    }

    [Fact]
    public void Epoch_start_and_verification_marker_change_nothing_but_the_applied_sequence()
    {
        var table = new SegmentTable();
        var writer = new BatchWriter();
        writer.Add(Draft(OpType.EpochStart, []).Bytes, 1, 1, 0);
        writer.Add(Draft(OpType.VerificationMarker, [7]).Bytes, 2, 1, 0);
        Replay([writer.Close(0)], table);
        Assert.Equal((2UL, new SegmentTable().Digest), (table.AppliedSequence, table.Digest));
    }

    private static void Take(Reign primary, Step step, int client, int segment)
    {
        // Three names for six segments, and one endpoint where ranges collide.
        var offered = Reign.Segment(
            segment, $"name-{segment % 3}", (ulong)(1000 * (1 + (segment / 2))), 1000, segment < 4 ? "shared:1" : null);
        switch (step)
        {
            case Step.Mount:
                primary.Mount(client, offered);
                break;
            case Step.ReMount:
                primary.ReMount(client, offered, Reign.Segment(segment + 10));
                break;
            case Step.Unmount:
                primary.Unmount(segment);
                break;
            case Step.Graceful:
                primary.GracefulUnmount(client, segment, seconds: segment);
                break;
            case Step.Drain or Step.Drained or Step.Undrain:
                primary.SetStatus((uint)segment, step switch
                {
                    Step.Drain => SegmentStatus.Draining,
                    Step.Drained => SegmentStatus.Drained,
                    _ => SegmentStatus.Ok,
                });
                break;
            case Step.Erase when primary.Leader.Unmounting.Any(handle => primary.Table.ByHandle(handle) is not null):
                primary.Erase(primary.Leader.Unmounting.First(handle => primary.Table.ByHandle(handle) is not null));
                break;
            case Step.Commit:
                primary.Commit();
                break;
            case Step.Wait:
                primary.Wait(seconds: 4, talking: client);
                primary.UnmountDue();
                break;
        }
    }

    private static void MustBeVisibleOnlyWhenCommitted(Reign primary)
    {
        var committed = new SegmentTable();
        Replay(primary.Log, committed);
        Assert.Equal(
            committed.All.OrderBy(segment => segment.Handle), primary.Leader.Directory.All.OrderBy(segment => segment.Handle));
        var allocatable = committed.All.Where(segment => segment.IsAllocatable)
            .Where(segment => primary.Table.ByHandle(segment.Handle) is { IsAllocatable: true });
        Assert.Equal(
            allocatable.Select(segment => segment.Segment.Name).Distinct().Order(),
            primary.Leader.Space.Groups.Select(group => group.Name).Order());
    }

    private static void Replay(IEnumerable<OpLogBatch> log, SegmentTable table)
    {
        foreach (var batch in log)
        {
            foreach (var entry in batch)
                table.Apply(entry);
        }
    }

    private static void MustEqual(SegmentTable expected, SegmentTable actual) => Assert.Equal(
        (expected.Digest, expected.AppliedSequence, expected.NextHandle), (actual.Digest, actual.AppliedSequence, actual.NextHandle));

    private static DraftBuffer Draft(OpType type, byte[] payload, Partition? partition = null)
    {
        var drafts = new DraftBuffer(partition ?? Partition.SegmentTable);
        payload.CopyTo(drafts.Add(type, default, 0, payload.Length));
        return drafts;
    }

    private static void MustBreakInvariant7(DraftBuffer drafts) =>
        Assert.Equal(7, Assert.Throws<InvariantViolation>(() => new SegmentTable().Apply(drafts.Last)).Number);
}
