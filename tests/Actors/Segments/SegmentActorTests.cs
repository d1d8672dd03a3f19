// The segment actor's roles, and what it says to the replica and to the shards.
using Akka.Actor;
using HotStandby.Actors.Gateway;
using HotStandby.Core.Partitions;
using HotStandby.Core.Partitions.Segments;
using HotStandby.Core.Checkpoints;
using HotStandby.Messages;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Messages.OpLog;

namespace HotStandby.Tests.Actors.Segments;

public sealed class SegmentActorTests : SegmentActorHarness
{
    [Fact]
    public void Replica_refuses_calls_and_applies_entries()
    {
        Assert.Equal(ErrorCode.UnavailableInCurrentMode, Answered(Mount(1)).Error);

        Lead(1);
        Mount(1);
        var mount = CommitNext(OpType.MountSegment);
        Mount(2);
        var second = CommitNext(OpType.MountSegment);
        var leading = Report(Segments);

        var standby = Start();
        Reset(standby, 7);
        standby.Tell(Apply(7, mount));
        standby.Tell(Apply(7, second));
        standby.Tell(Apply(7, second)); // sent again: skipped, and answered again
        Assert.Equal(new EntriesApplied(7, 1), Replica.ExpectMsg<EntriesApplied>());
        Assert.Equal(new EntriesApplied(7, 2), Replica.ExpectMsg<EntriesApplied>());
        Assert.Equal(new EntriesApplied(7, 2), Replica.ExpectMsg<EntriesApplied>());
        Assert.Equal(leading, Report(standby));
        Assert.Equal(2UL, leading.AppliedSequence);
    }

    [Fact]
    public void The_door_learns_what_is_mounted_when_it_is_committed_and_on_a_Standby_when_it_is_applied()
    {
        Lead(1);
        Mount(1, client: 7);
        var proposal = Replica.ExpectMsg<Propose>();
        Report(Segments);
        Assert.True(Clients.Mounted is null or { Count: 0 }); // not committed yet
        var mount = Commit(proposal);
        Report(Segments);
        Assert.Equal(Id(7), Clients.Mounted!.All.Single().Client);
        Assert.Equal(TimeSpan.Zero, Clients.SilenceOf(Id(7)));
        Assert.Null(Clients.SilenceOf(Id(8)));

        Reset(Segments, 9);
        Report(Segments);
        Assert.Empty(Clients.Mounted!.All);
        Assert.Null(Clients.SilenceOf(Id(7)));
        Segments.Tell(Apply(9, mount));
        Report(Segments);
        Assert.Equal(Id(7), Clients.Mounted!.All.Single().Client);
    }

    [Fact]
    public void Entries_of_an_earlier_life_are_ignored()
    {
        Lead(1);
        Mount(1);
        var mount = CommitNext(OpType.MountSegment);
        Reset(Segments, 3);
        Segments.Tell(Apply(2, mount));
        var report = Report(Segments);
        Assert.Equal((0UL, 0L), (report.AppliedSequence, report.Digest.Count));
        Replica.ExpectNoMsg(TimeSpan.Zero);
    }

    [Fact]
    public void What_an_earlier_life_restores_late_is_ignored_and_an_image_that_is_not_understood_is_refused()
    {
        var empty = Image();
        Reset(Segments, 3);
        Lead(1);
        Mount(1);
        CommitNext(OpType.MountSegment);
        Segments.Tell(StopLeading.Instance);
        Replica.ExpectMsg<LeadingStopped>();
        var held = Report(Segments);
        Assert.Equal("", Restore(4, Image(), 1));
        Assert.Equal("", Restore(3, empty, 0));
        Reset(Segments, 3);
        Assert.Equal(held.Digest, Report(Segments).Digest);
        using var image = new ImageWriter();
        PartitionImage.Begin(image, PartitionImage.Open(empty, out var content) with { Digest = held.Digest });
        image.Raw(content);
        PartitionImage.End(image); // right hash, wrong digest
        Assert.Contains("the digest is", Restore(5, image.Written.ToArray(), 1), StringComparison.Ordinal);
        Assert.Equal(held.Digest, Report(Segments).Digest);
    }

    private byte[] Image()
    {
        Segments.Tell(new TakeImage(1, 0));
        using var image = Replica.ExpectMsg<ImageTaken>().Image!;
        return image.Written.ToArray();
    }

    private string Restore(ulong stateNumber, byte[] image, ulong sequence)
    {
        Segments.Tell(new RestorePartition(stateNumber, image, sequence), TestActor);
        return ExpectMsg<PartitionRestored>().Problem;
    }

    [Fact]
    public void Door_opens_only_after_every_shard_has_reported_and_heard_of_the_segments()
    {
        // One probe for all, so that the order between what they hear can be seen.
        Segments = Start([Replica, Replica, Replica]);
        Segments.Tell(new LiveExtents(Partition.OfShard(2), 4, IsWhole: true, [], [])); // faster than BeginLeading
        for (var shard = 0; shard < ShardCount; shard++)
            Segments.Tell(new LiveExtents(Partition.OfShard(shard), 3, IsWhole: true, [], [])); // of an earlier round: does not count
        Segments.Tell(new BeginLeading(4, 4));
        Segments.Tell(new LiveExtents(Partition.OfShard(0), 4, IsWhole: true, [], []));
        Segments.Tell(new LiveExtents(Partition.OfShard(0), 4, IsWhole: true, [], [])); // twice: counts once
        Report(Segments);
        Replica.ExpectNoMsg(TimeSpan.Zero);
        Segments.Tell(new LiveExtents(Partition.OfShard(1), 4, IsWhole: true, [], []));
        for (var shard = 0; shard < ShardCount; shard++)
            Replica.ExpectMsg<SegmentsChanged>();
        Assert.Equal(4UL, Replica.ExpectMsg<ReadyToServe>().Reign);
    }

    [Fact]
    public void Calls_wait_while_allocators_are_rebuilt_and_beyond_the_bound_they_are_refused()
    {
        Segments = Start(new SegmentSettings { MaximumWaitingCalls = 2 });
        Segments.Tell(new BeginLeading(1, 1));
        var first = Send(new ListSegmentsCall(Sink));
        var second = Send(new ListSegmentsCall(Sink));
        var third = Send(new ListSegmentsCall(Sink));
        Until(() => Sink.Answers == 1);
        Assert.Equal(ErrorCode.UnavailableInCurrentStatus, third.Error);
        for (var shard = 0; shard < ShardCount; shard++)
            Segments.Tell(new LiveExtents(Partition.OfShard(shard), 1, IsWhole: true, [], []));
        Until(() => Sink.Answers == 3);
        Assert.All([first, second], list => Assert.Equal(ErrorCode.Ok, list.Error));
    }

    [Fact]
    public void Commit_of_the_replicas_own_entry_counts_while_allocators_are_rebuilt()
    {
        Segments.Tell(new BeginLeading(1, 1));
        Segments.Tell(new EntriesCommitted(0, 5));
        Assert.Equal(5UL, Report(Segments).AppliedSequence);
    }

    [Fact]
    public void Waiting_calls_are_refused_when_the_reign_ends_before_it_began()
    {
        Segments.Tell(new BeginLeading(1, 1));
        var list = Send(new ListSegmentsCall(Sink));
        EndReign();
        Assert.Equal(ErrorCode.UnavailableInCurrentMode, Answered(list).Error);
        Assert.Equal(ErrorCode.UnavailableInCurrentMode, Answered(Send(new ListSegmentsCall(Sink)), 2).Error);
    }

    [Fact]
    public void Mount_is_answered_and_published_when_its_entry_is_committed()
    {
        Lead(1);
        var mount = Mount(1);
        var proposal = Replica.ExpectMsg<Propose>();
        Assert.Equal((mount, 1, ReplyAfter.Commit, 1UL), (proposal.Call, proposal.Items, proposal.After, proposal.Reign));

        // The same mount again rests on an entry that is not committed: its answer waits for it too.
        var again = Mount(1);
        var wait = Replica.ExpectMsg<Propose>();
        Assert.Equal((null, again), (wait.Drafts, wait.Call));
        Assert.Equal(0, Sink.Answers);
        Assert.Equal(1, Report(Segments).Uncommitted);
        Shards[0].ExpectNoMsg(TimeSpan.Zero);

        Commit(proposal);
        var directory = Shards[0].ExpectMsg<SegmentsChanged>().Directory;
        Assert.Equal("host-1", directory.Readable(1)?.Segment.Name);
        Assert.Equal(1, Sink.Answers);
        Assert.Equal(ErrorCode.Ok, Answered(Mount(1), 2).Error); // now at once
    }

    [Fact]
    public void Unmounted_segment_is_erased_after_every_shard_has_dropped_it()
    {
        Lead(1);
        MountAndCommit(1);
        Unmount(1);
        var proposal = Replica.ExpectMsg<Propose>();
        Shards[0].ExpectNoMsg(TimeSpan.Zero);
        Commit(proposal);
        foreach (var shard in Shards)
        {
            var changed = shard.ExpectMsg<SegmentsChanged>();
            Assert.Null(changed.Directory.Readable(1));
            Assert.Equal([1u], changed.Unmounted);
        }

        Unfinished(reign: 1, handle: 1, 0, 1, 1);
        Unfinished(reign: 0, handle: 1, 2); // of an earlier reign: does not count
        Report(Segments);
        Shards[0].ExpectNoMsg(TimeSpan.Zero);
        Unfinished(reign: 1, handle: 1, 2);
        foreach (var shard in Shards)
            Assert.Equal(new DropSegment(1, 1), shard.ExpectMsg<DropSegment>());
        Dropped(reign: 1, handle: 1, 0, 1, 1);
        Dropped(reign: 0, handle: 1, 2); // of an earlier reign: does not count
        Report(Segments);
        Replica.ExpectNoMsg(TimeSpan.Zero);
        Dropped(reign: 1, handle: 1, 2);
        CommitNext(OpType.SegmentErased);
        Assert.Empty(Shards[0].ExpectMsg<SegmentsChanged>().Directory.All);
        Assert.Equal(0, Report(Segments).Digest.Count);
    }

    [Fact]
    public void New_reign_takes_an_unfinished_unmount_up_again()
    {
        Lead(1);
        MountAndCommit(1);
        Unmount(1);
        CommitNext(OpType.UnmountSegment);
        foreach (var shard in Shards)
        {
            Assert.Equal([1u], shard.ExpectMsg<SegmentsChanged>().Unmounted);
        }

        Unfinished(reign: 1, handle: 1, 0, 1, 2);
        foreach (var shard in Shards)
            shard.ExpectMsg<DropSegment>();
        EndReign();
        Dropped(reign: 1, handle: 1, 0, 1, 2); // nobody leads: nothing may be proposed
        Unfinished(reign: 1, handle: 1, 0, 1, 2);
        Lead(2, unmounting: 1);
        Unfinished(reign: 2, handle: 1, 0, 1, 2);
        foreach (var shard in Shards)
            Assert.Equal(new DropSegment(2, 1), shard.ExpectMsg<DropSegment>());
        Dropped(reign: 2, handle: 1, 0, 1, 2);
        CommitNext(OpType.SegmentErased);
    }

    [Fact]
    public void Mount_where_another_client_was_is_answered_when_the_old_segment_is_forgotten_and_its_writers_are_known()
    {
        Lead(1);
        MountAndCommit(1);
        var mount = Send(new MountSegmentCall(Sink, Id(2), Segment(1) with { Id = Id(9) }));
        foreach (var shard in Shards)
            Assert.Equal(new ClientGone(1, Id(1)), shard.ExpectMsg<ClientGone>());
        CommitNext(OpType.ClientReplaced);
        foreach (var shard in Shards)
            Assert.Equal([1u], shard.ExpectMsg<SegmentsChanged>().Unmounted);
        Segments.Tell(new UnfinishedOnSegment(1, 1, Partition.OfShard(0), [new(1, 100, 50)]));
        Unfinished(reign: 1, handle: 1, 1, 2);
        var strays = Replica.ExpectMsg<Propose>();
        Report(Segments);
        Shards[0].ExpectNoMsg(TimeSpan.Zero); // no shard forgets them before that is committed
        Commit(strays);
        foreach (var shard in Shards)
            Assert.Equal(new DropSegment(1, 1), shard.ExpectMsg<DropSegment>());
        Dropped(reign: 1, handle: 1, 0, 1, 2);
        CommitNext(OpType.SegmentErased);
        Assert.Equal(1, Sink.Answers); // that of the first mount
        CommitNext(OpType.MountSegment);
        Assert.Equal(ErrorCode.Ok, Answered(mount, 2).Error);
    }

    [Fact]
    public void Mount_that_waits_for_a_segment_to_go_is_refused_when_the_reign_ends()
    {
        Lead(1);
        MountAndCommit(1);
        var mount = Send(new MountSegmentCall(Sink, Id(2), Segment(1) with { Id = Id(9) }));
        CommitNext(OpType.ClientReplaced);
        EndReign();
        Assert.Equal(ErrorCode.UnavailableInCurrentMode, Answered(mount, 2).Error);
    }

    [Fact]
    public void Mounts_that_wait_have_a_bound()
    {
        Segments = Start(new SegmentSettings { MaximumWaitingCalls = 1 });
        Lead(1);
        MountAndCommit(1);
        Send(new MountSegmentCall(Sink, Id(2), Segment(1) with { Id = Id(9) }));
        CommitNext(OpType.ClientReplaced);
        var second = Send(new MountSegmentCall(Sink, Id(2), Segment(1) with { Id = Id(10) }));
        Assert.Equal(ErrorCode.UnavailableInCurrentStatus, Answered(second, 2).Error);
    }

    [Fact]
    public void Silent_client_is_suspect_first_and_expires_then()
    {
        var interval = TimeSpan.FromMilliseconds(5);
        Segments = Start(new SegmentSettings { ClientTtl = 4 * interval, ClientSuspectTime = 4 * interval, ExpiryInterval = interval });
        Lead(1);
        MountAndCommit(1);
        // In small steps: a check that comes late forgives the silence.
        Until(() =>
        {
            Clock.Advance(interval);
            return Replica.HasMessages;
        });
        CommitNext(OpType.ClientSuspected);
        var suspect = Shards[0].ExpectMsg<SegmentsChanged>().Directory.Readable(1);
        Assert.Equal((true, false), (suspect?.IsSuspect, suspect?.IsAllocatable));
        Until(() =>
        {
            Clock.Advance(interval);
            return Replica.HasMessages;
        });
        CommitNext(OpType.ClientExpired);
        Assert.Equal(Id(1), Shards[0].ExpectMsg<ClientGone>().Client); // its unfinished puts are parked at once
        Assert.Equal([1u], Shards[0].ExpectMsg<SegmentsChanged>().Unmounted);
    }

    [Fact]
    public void Remount_of_several_segments_is_one_proposal_and_one_answer()
    {
        Lead(1);
        var call = Send(new ReMountSegmentCall(Sink, Id(1), [Segment(1), Segment(2)]));
        var proposal = Replica.ExpectMsg<Propose>();
        Assert.Equal((2, call, 1), (proposal.Drafts!.Count, proposal.Call, proposal.Items));
        Commit(proposal);
        Assert.Equal(2, Shards[0].ExpectMsg<SegmentsChanged>().Directory.All.Count);
        Assert.Equal(1, Sink.Answers);
        Assert.Equal(ClientStatus.Ok, Clients.StatusOf(Id(1)));
    }

    [Fact]
    public void Overlapping_live_buffers_break_invariant_5()
    {
        Lead(1);
        MountAndCommit(1);
        EndReign();
        EventFilter.Exception<InvariantViolation>(contains: "invariant 5").ExpectOne(() =>
        {
            Segments.Tell(new BeginLeading(2, 2));
            for (ulong round = 2; round <= 3; round++) // asked once more, they say the same
                for (var shard = 0; shard < ShardCount; shard++)
                    Segments.Tell(new LiveExtents(Partition.OfShard(shard), round, IsWhole: true, [new(1, 0, 10)], []));
        });
    }

    [Fact]
    public void A_reign_whose_shards_reported_what_does_not_fit_asks_them_for_everything()
    {
        Lead(1);
        MountAndCommit(1);
        EndReign();
        Tell(round: 2, isWhole: true, [new Extent(1, 100, 10)], []);
        Segments.Tell(new BeginLeading(2, 3));
        Tell(round: 3, isWhole: false, [], [new Extent(1, 0, 10)]); // never covered
        Assert.Equal([new ReportExtents(4, IsWhole: true)], Shards.Select(shard => shard.ExpectMsg<ReportExtents>()).Distinct());
        Tell(round: 4, isWhole: true, [new Extent(1, 100, 10)], []);
        Assert.Equal(2UL, Replica.ExpectMsg<ReadyToServe>().Reign);

        void Tell(ulong round, bool isWhole, Extent[] taken, Extent[] freed)
        {
            for (var shard = 0; shard < ShardCount; shard++)
                Segments.Tell(new LiveExtents(Partition.OfShard(shard), round, isWhole, shard == 0 ? taken : [], shard == 0 ? freed : []));
        }
    }

    private void Unfinished(ulong reign, uint handle, params int[] shards)
    {
        foreach (var shard in shards)
            Segments.Tell(new UnfinishedOnSegment(reign, handle, Partition.OfShard(shard), []));
    }

    private void Dropped(ulong reign, uint handle, params int[] shards)
    {
        foreach (var shard in shards)
            Segments.Tell(new SegmentDroppedByShard(reign, handle, Partition.OfShard(shard)));
    }

    private T Answered<T>(T call, int answers = 1)
    {
        Until(() => Sink.Answers == answers);
        return call;
    }
}
