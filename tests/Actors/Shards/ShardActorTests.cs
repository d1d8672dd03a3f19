// The shard's actor with the test in the place of its replica, its segment table and its clock.
using Akka.Actor;
using Akka.TestKit;
using HotStandby.Actors.Cells;
using HotStandby.Core.Partitions;
using HotStandby.Core.Partitions.Segments;
using HotStandby.Core.Partitions.Shards;
using HotStandby.Core.Checkpoints;
using HotStandby.Core.Segments;
using HotStandby.Core.Shards;
using HotStandby.Messages;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Messages.OpLog;

namespace HotStandby.Tests.Actors.Shards;

public sealed class ShardActorTests : ActorTest
{
    private const ulong Reign = 7;
    private static readonly Partition Shard = Partition.OfShard(0);
    private static readonly Uuid Alice = new(1, 1);

    private readonly TestProbe _replica;
    private readonly TestProbe _segments;
    private readonly TestProbe _connection;
    private readonly ManualTime _time = new();
    private readonly IActorRef _shard;
    private ulong _sequence;
    private ulong _nextOffset;

    public ShardActorTests()
        : base(VirtualTimers + Serializes)
    {
        _replica = CreateTestProbe("replica");
        _segments = CreateTestProbe("segments");
        _connection = CreateTestProbe("connection");
        _shard = StartShard(ReplyAfter.Commit);
    }

    [Fact]
    public void Replica_applies_entries_and_says_so_with_life_and_last_seq_of_the_batch()
    {
        var batch = BatchOf(PutStart("a", 1), PutStart("b", 2));
        Apply(batch, stateNumber: 3);
        Apply(batch, stateNumber: 4);
        var report = Report();
        Assert.Equal((2UL, 2L, 0), (report.AppliedSequence, report.Digest.Count, report.Uncommitted));
    }

    [Fact]
    public void Replica_refuses_calls_at_once()
    {
        var call = Call(KeyedOperation.GetReplicaList, "a", "b");
        _shard.Tell(new KeyedItems(call, [0, 1]));
        Assert.All(Answered(call), result => Assert.Equal(ErrorCode.UnavailableInCurrentMode, result.Error));
    }

    [Fact]
    public void Replica_forgets_everything_on_reset()
    {
        Apply(BatchOf(PutStart("a", 1)), stateNumber: 1);
        Reset(_shard, 2);
        Assert.Equal((0UL, default), (Report().AppliedSequence, Report().Digest));
        _sequence = 0;
        Apply(BatchOf(PutStart("a", 1)), stateNumber: 2);
        Assert.Equal(1UL, Report().AppliedSequence);
    }

    [Fact]
    public void An_image_that_the_shard_does_not_understand_is_refused_and_what_it_holds_stays()
    {
        Apply(BatchOf(PutStart("a", 1)), stateNumber: 1);
        var sound = Image();
        using var image = new ImageWriter();
        PartitionImage.Begin(image, PartitionImage.Open(sound, out var content) with { Digest = default });
        image.Raw(content);
        PartitionImage.End(image); // right hash, wrong digest
        Assert.Contains("the digest is", Restore(2, image.Written, 1), StringComparison.Ordinal);
        Assert.Equal((1UL, 1L), (Report().AppliedSequence, Report().Digest.Count));
        Assert.Equal("", Restore(2, sound, 1));
    }

    [Fact]
    public void What_an_earlier_life_says_late_is_ignored()
    {
        var empty = Image();
        Apply(BatchOf(PutStart("a", 1)), stateNumber: 3);
        Assert.Equal("", Restore(4, Image(), 1));
        Assert.Equal("", Restore(3, empty, 0)); // a loader that was slow
        Reset(_shard, 3);
        _shard.Tell(new ApplyEntries(3, BatchOf(PutStart("b", 2)), [OpLogBatch.HeaderBytes], 1));
        Assert.Equal((1UL, 1L), (Report().AppliedSequence, Report().Digest.Count));
        _replica.ExpectNoMsg(TimeSpan.Zero);
    }

    [Fact]
    public void A_Standbys_shard_reports_its_buffers_once_and_then_what_changes()
    {
        Apply(BatchOf(PutStart("a", 1, offset: 0), PutStart("b", 2, offset: 100)), stateNumber: 1);
        var whole = Extents(round: 1, isWhole: true);
        Assert.Equal((Shard, 1UL, true), (whole.Partition, whole.Round, whole.IsWhole));
        Assert.Equal([new Extent(1, 0, 100), new Extent(1, 100, 100)], whole.Taken.OrderBy(extent => extent.Offset));
        Apply(BatchOf(PutStart("c", 3, offset: 200), Remove("a"), PutStart("d", 4, offset: 300), Remove("d")), stateNumber: 1);
        var changed = Extents(round: 2, isWhole: false);
        Assert.False(changed.IsWhole);
        Assert.Equal([new Extent(1, 200, 100)], changed.Taken);
        Assert.Equal([new Extent(1, 0, 100)], changed.Freed);
        Assert.Empty(Extents(round: 3, isWhole: false).Taken);
    }

    private LiveExtents Extents(ulong round, bool isWhole)
    {
        _shard.Tell(new ReportExtents(round, isWhole));
        return _segments.ExpectMsg<LiveExtents>();
    }

    [Fact]
    public void A_write_is_answered_only_when_the_replica_settles_its_proposal()
    {
        Lead();
        var call = Send(PutStartCall("a"));
        var proposal = _replica.ExpectMsg<Propose>();
        Assert.Equal((Shard, Reign, 1, ReplyAfter.Commit), (proposal.Partition, proposal.Reign, proposal.Items, proposal.After));
        Assert.Equal((1, call), (proposal.Drafts!.Count, proposal.Call));
        _connection.ExpectNothingFrom(_shard);
        Commit(proposal);
        var replica = Answered(call)[0].Replicas[0];
        Assert.Equal((0x1000_0000UL, 100UL, ReplicaStatus.Processing), (replica.Address, replica.SizeBytes, replica.Status));
    }

    [Fact]
    public void Only_the_items_of_a_batch_that_depend_on_uncommitted_entries_wait()
    {
        Lead();
        Settle(Send(PutStartCall("a")));
        var call = Send(Call(KeyedOperation.PutEnd, "a", "absent"));
        var proposal = _replica.ExpectMsg<Propose>();
        Assert.Equal((1, 1), (proposal.Items, proposal.Drafts!.Count));
        Commit(proposal);
        Assert.Equal([ErrorCode.Ok, ErrorCode.ObjectNotFound], Answered(call).Select(result => result.Error));
    }

    [Fact]
    public void A_read_of_a_key_with_an_uncommitted_change_waits_without_drafts()
    {
        Lead();
        var put = Send(PutStartCall("a"));
        var first = _replica.ExpectMsg<Propose>();
        var read = Send(Call(KeyedOperation.GetReplicaList, "a", "other"));
        var second = _replica.ExpectMsg<Propose>();
        Assert.Equal((null, 1), (second.Drafts, second.Items));
        _connection.ExpectNothingFrom(_shard);
        Commit(first);
        Commit(second);
        Answered(put);
        Assert.Equal([ErrorCode.ReplicaIsNotReady, ErrorCode.ObjectNotFound], Answered(read).Select(result => result.Error));
        var later = Send(Call(KeyedOperation.Exist, "a"));
        Assert.False(Answered(later)[0].Exists);
        _replica.ExpectNothingFrom(_shard);
    }

    [Fact]
    public void Under_async_commit_only_PutStart_waits_for_commit()
    {
        var shard = StartShard(ReplyAfter.Durable);
        shard.Tell(new BeginLeading(Reign, Reign));
        shard.Tell(new SegmentsChanged(Reign, Mounted(1), []));
        Assert.Equal(ReplyAfter.Commit, After(PutStartCall("a")));
        Assert.Equal(ReplyAfter.Durable, After(Call(KeyedOperation.Exist, "a")));
        Assert.Equal(ReplyAfter.Durable, After(Call(KeyedOperation.PutEnd, "a")));
        Assert.Equal(ReplyAfter.Durable, After(Call(KeyedOperation.Remove, "a")));

        ReplyAfter After(KeyedCall call)
        {
            shard.Tell(new KeyedItems(call, null));
            return _replica.ExpectMsg<Propose>().After;
        }
    }

    [Fact]
    public void Buffers_that_another_reign_placed_are_neither_used_nor_released()
    {
        Lead();
        var stale = PutStartCall("a");
        stale.PlacementReign = Reign - 1;
        Assert.Equal(ErrorCode.UnavailableInCurrentMode, Answered(Send(stale))[0].Error);
        _segments.ExpectNothingFrom(_shard);
    }

    [Fact]
    public void Nothing_is_answered_in_a_reign_before_its_segments_are_known()
    {
        _shard.Tell(new SegmentsChanged(Reign - 1, Mounted(1), []));
        _shard.Tell(new BeginLeading(Reign, Reign));
        Assert.Equal(ErrorCode.UnavailableInCurrentMode, Answered(Send(Call(KeyedOperation.Exist, "a")))[0].Error);
        _shard.Tell(new SegmentsChanged(Reign, Mounted(1), []));
        Assert.Equal(ErrorCode.Ok, Answered(Send(Call(KeyedOperation.Exist, "a")))[0].Error);
    }

    [Fact]
    public void Freed_buffers_go_back_when_their_removal_is_committed_and_unused_ones_at_once()
    {
        Lead();
        Settle(Send(PutStartCall("a")));
        Settle(Send(Call(KeyedOperation.PutEnd, "a")));
        var remove = Send(Call(KeyedOperation.Remove, "a"));
        var removal = _replica.ExpectMsg<Propose>();
        _segments.ExpectNothingFrom(_shard);
        Commit(removal);
        Answered(remove);
        var released = _segments.ExpectMsg<ReleaseExtents>();
        Assert.Equal((Reign, new Extent(1, 0, 100)), (released.Reign, Assert.Single(released.Extents)));

        Settle(Send(PutStartCall("b")));
        Assert.Equal(ErrorCode.ObjectAlreadyExists, Answered(Send(PutStartCall("b")))[0].Error);
        Assert.Equal(new Extent(1, 200, 100), Assert.Single(_segments.ExpectMsg<ReleaseExtents>().Extents));
    }

    [Fact]
    public void A_segment_is_dropped_when_that_is_committed_and_only_in_its_own_reign()
    {
        Lead();
        Settle(Send(PutStartCall("a")));
        _shard.Tell(new SegmentsChanged(Reign, Mounted(2), [1]));
        var unfinished = _segments.ExpectMsg<UnfinishedOnSegment>();
        Assert.Equal((Reign, 1u, Shard), (unfinished.Reign, unfinished.SegmentHandle, unfinished.Partition));
        Assert.Single(unfinished.Buffers);
        _shard.Tell(new DropSegment(Reign - 1, 1));
        _shard.Tell(new DropSegment(Reign, 1));
        var proposal = _replica.ExpectMsg<Propose>();
        Assert.Equal((1, null, 0), (proposal.Drafts!.Count, proposal.Call, proposal.Items));
        _segments.ExpectNothingFrom(_shard);
        Commit(proposal);
        Assert.Equal(new SegmentDroppedByShard(Reign, 1, Shard), _segments.ExpectMsg<SegmentDroppedByShard>());
        Assert.Equal(ErrorCode.ObjectNotFound, Answered(Send(Call(KeyedOperation.GetReplicaList, "a")))[0].Error);
    }

    [Fact]
    public void Abandoned_puts_are_swept_while_leading()
    {
        Lead();
        Settle(Send(PutStartCall("a")));
        Pass(TimeSpan.FromSeconds(601));
        var proposal = _replica.ExpectMsg<Propose>();
        Assert.Equal((2, null), (proposal.Drafts!.Count, proposal.Call));
        Commit(proposal);
        Assert.Equal(new Extent(1, 0, 100), Assert.Single(_segments.ExpectMsg<ReleaseExtents>().Extents));
    }

    [Fact]
    public void After_a_reign_the_state_stays_and_entries_are_applied_again()
    {
        Lead();
        Settle(Send(PutStartCall("a")));
        _shard.Tell(StopLeading.Instance);
        Assert.False(_replica.ExpectMsg<LeadingStopped>().IsDirty);
        var refused = Send(Call(KeyedOperation.Exist, "a"));
        Assert.Equal(ErrorCode.UnavailableInCurrentMode, Answered(refused)[0].Error);
        Apply(BatchOf(PutStart("b", 2)), stateNumber: 1);
        Assert.Equal((2UL, 2L), (Report().AppliedSequence, Report().Digest.Count));
        Pass(TimeSpan.FromSeconds(601));
        _replica.ExpectNothingFrom(_shard);
    }

    [Fact]
    public void Nothing_is_built_upon_an_uncommitted_tail_until_the_shard_is_reset()
    {
        Lead();
        Send(PutStartCall("a"));
        _replica.ExpectMsg<Propose>();
        Assert.Equal(1, Report().Uncommitted);
        _shard.Tell(StopLeading.Instance);
        Assert.True(_replica.ExpectMsg<LeadingStopped>().IsDirty);
        Assert.Equal(1, Report().Uncommitted);
        Reset(_shard, 2);
        Assert.Equal((0, default), (Report().Uncommitted, Report().Digest));
        Apply(BatchOf(PutStart("a", 1)), stateNumber: 2);
    }

    [Fact]
    public void Entries_on_top_of_an_uncommitted_tail_break_invariant_7()
    {
        Lead();
        Send(PutStartCall("a"));
        _replica.ExpectMsg<Propose>();
        _shard.Tell(StopLeading.Instance);
        EventFilter.Exception<InvariantViolation>(contains: "invariant 7").ExpectOne(
            () => _shard.Tell(new ApplyEntries(1, BatchOf(PutStart("a", 1)), [OpLogBatch.HeaderBytes], 1)));
    }

    [Fact]
    public void Entries_for_a_leading_shard_break_invariant_7()
    {
        Lead();
        EventFilter.Exception<InvariantViolation>(contains: "invariant 7").ExpectOne(
            () => _shard.Tell(new ApplyEntries(1, BatchOf(PutStart("a", 1)), [OpLogBatch.HeaderBytes], 1)));
    }

    private byte[] Image()
    {
        _shard.Tell(new TakeImage(1, 0));
        using var image = _replica.ExpectMsg<ImageTaken>().Image!;
        return image.Written.ToArray();
    }

    private string Restore(ulong stateNumber, ReadOnlyMemory<byte> image, ulong sequence)
    {
        _shard.Tell(new RestorePartition(stateNumber, image.ToArray(), sequence), TestActor);
        return ExpectMsg<PartitionRestored>().Problem;
    }

    private IActorRef StartShard(ReplyAfter replyAfter) => Sys.ActorOf(CellActor.Props(
        outbox => ShardPartition.NewCell(Shard, 1, ShardSettings.Default, replyAfter, outbox),
        TestRoutes.Of([ActorRefs.Nobody], segments: _segments, replica: _replica), _time));

    // The sweeps that are due in it come at its end.
    private void Pass(TimeSpan time)
    {
        _time.Advance(time);
        PassTimers(time);
    }

    private void Lead()
    {
        _shard.Tell(new BeginLeading(Reign, Reign));
        _shard.Tell(new SegmentsChanged(Reign, Mounted(1, 2), []));
    }

    private KeyedCall Send(KeyedCall call)
    {
        _shard.Tell(new KeyedItems(call, call.Keys.Length == 1 ? null : [.. Enumerable.Range(0, call.Keys.Length)]));
        return call;
    }

    private void Settle(KeyedCall call)
    {
        Commit(_replica.ExpectMsg<Propose>());
        Answered(call);
    }

    /// <summary>What the replica does when a proposal's entries are committed.</summary>
    private void Commit(Propose proposal)
    {
        if (proposal.Drafts is { } drafts)
        {
            _sequence += (ulong)drafts.Count;
            _shard.Tell(new EntriesCommitted(drafts.Count, _sequence));
        }

        proposal.Call?.Settle(proposal.Items);
    }

    private ItemResult[] Answered(KeyedCall call)
    {
        Assert.Same(call, _connection.ExpectMsg<CallAnswered>().Call);
        return call.Results;
    }

    private PartitionReport Report()
    {
        _shard.Tell(ReportPartition.Instance, TestActor);
        return ExpectMsg<PartitionReport>();
    }

    private void Apply(OpLogBatch batch, ulong stateNumber)
    {
        var offsets = new List<int>();
        var at = OpLogBatch.HeaderBytes;
        foreach (var entry in batch)
        {
            offsets.Add(at);
            at += entry.Encoded.Length;
        }

        _shard.Tell(new ApplyEntries(stateNumber, batch, [.. offsets, -1], offsets.Count));
        Assert.Equal(new EntriesApplied(stateNumber, batch.LastSequence), _replica.ExpectMsg<EntriesApplied>());
    }

    private OpLogBatch BatchOf(params byte[][] drafts)
    {
        var writer = new BatchWriter();
        foreach (var draft in drafts)
            writer.Add(draft, ++_sequence, 1, 0);
        return writer.Close(0);
    }

    private static byte[] PutStart(string text, ulong replicaId, ulong offset = 0)
    {
        var key = ObjectKey.From(text);
        var drafts = new DraftBuffer(Shard);
        PutStartPayload.Write(
            drafts.Add(OpType.PutStart, key.Bytes, key.Hash, PutStartPayload.SizeOf(0, 1)), Alice, 100, null, false,
            SoftPinAction.Preserve, 0,
            [], [new PlacedReplica(replicaId, 1, offset)]);
        return drafts.Bytes.ToArray();
    }

    private static byte[] Remove(string text)
    {
        var key = ObjectKey.From(text);
        var drafts = new DraftBuffer(Shard);
        drafts.Add(OpType.Remove, key.Bytes, key.Hash, 0);
        return drafts.Bytes.ToArray();
    }

    private KeyedCall Call(KeyedOperation operation, params string[] keys) =>
        new(new ActorSink(_connection.Ref, mayAbandon: false), operation, [.. keys.Select(key => ObjectKey.From(key))]) { Client = Alice };

    private KeyedCall PutStartCall(string key)
    {
        var placement = new Extent(1, _nextOffset, 100);
        _nextOffset += 100;
        return new(new ActorSink(_connection.Ref, mayAbandon: false), KeyedOperation.PutStart, [ObjectKey.From(key)])
        {
            Client = Alice, Sizes = [100], Placements = [placement], PlacementStride = 1, PlacementReign = Reign,
        };
    }

    private static SegmentDirectory Mounted(params uint[] handles) => new(handles.Select(handle => new MountedSegment(
        handle, Alice, new Segment(new Uuid(9, handle), $"s{handle}", 0x1000_0000UL * handle, 1 << 20, $"host{handle}:1", "tcp", ""),
        SegmentStatus.Ok)));
}
