// A shard's actor and the segment table's, fed with markers: what they compare, what they must not compare, and whom they tell.
using Akka.Actor;
using Akka.TestKit;
using HotStandby.Actors.Cells;
using HotStandby.Core.Partitions;
using HotStandby.Core.Partitions.Shards;
using HotStandby.Core.Checkpoints;
using HotStandby.Core.Shards;
using HotStandby.Core.Verification;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Messages.OpLog;
using HotStandby.Messages.Verification;
using HotStandby.Tests.Actors.OpLog;

namespace HotStandby.Tests.Actors.Verification;

public sealed class ShardVerifierTests : ActorTest
{
    private const ulong StateNumber = 1;
    private static readonly NodeId Node = new("n1");
    private static readonly Partition Shard = Partition.OfShard(0);

    private readonly TestProbe _replica;
    private readonly TestProbe _verifier;
    private readonly IActorRef _shard;

    // The Primary's shard: what it holds when everything below is applied.
    private readonly ShardState _primary = new(Shard, 1);
    private ulong _sequence;

    public ShardVerifierTests()
        : base(TestSystem.Config)
    {
        (_replica, _verifier) = (CreateTestProbe("replica"), CreateTestProbe("verifier"));
        _shard = Sys.ActorOf(CellActor.Props(
            outbox => ShardPartition.NewCell(Shard, 1, ShardSettings.Default, ReplyAfter.Commit, outbox),
            TestRoutes.Of([ActorRefs.Nobody], CreateTestProbe("segments"), _replica, verifier: _verifier), new ManualTime()));
        _shard.Tell(new VerifierIs(Node, new DrillDownSettings(10, 100)));
    }

    [Fact]
    public void A_marker_is_compared_at_its_seq_whatever_follows_it()
    {
        Feed(Entry(Start("a")), Entry(Marker), Entry(Start("b")), Entry(Marker), Entry(Start("c")));
        Assert.Equal((2UL, true, 1L), Compared());
        Assert.Equal((4UL, true, 2L), Compared());
    }

    [Fact]
    public void A_shard_whose_image_is_of_a_later_seq_is_not_compared_with_a_marker_before_it()
    {
        OpLogBatch[] before = [Entry(Start("a")), Entry(Marker), Entry(Start("b"))];
        using var image = new ImageWriter();
        _primary.WriteImage(image);
        _shard.Tell(new RestorePartition(StateNumber, image.Written.ToArray(), _primary.AppliedSequence));
        Feed([.. before, Entry(Marker)]);
        Assert.Equal((4UL, true, 2L), Compared());
    }

    [Fact]
    public void A_shard_that_differs_asks_the_Primary_repairs_and_is_clean_at_the_next_marker()
    {
        Feed(Entry(Start("a")), Entry(End("a")), Entry(Start("b")), Entry(End("b")));
        _shard.Tell(new InjectFault(Shard, VerifyFault.DropKey), TestActor);
        Assert.Equal(1, ExpectMsg<FaultInjected>().Affected);
        Feed(Entry(Marker));
        Assert.Equal((5UL, false, 1L), Compared());
        var request = _verifier.ExpectMsg<DrillDownAsks>().Request;
        Assert.Equal((Node, Shard, 5UL), (request.From, request.Partition, request.MarkerSequence));

        // Meanwhile another shard's verifier has asked for a marker: nothing begins anew.
        Feed(Entry(Marker));
        Assert.False(Compared().IsClean);
        _shard.Tell(new ShardLeader(_primary, ShardSettings.Default, HotStandby.Core.Segments.SegmentDirectory.Empty, 0)
            .Compare(request, new NodeId("p")));
        Assert.Equal(new MismatchesFound(Shard, 1, 1), _verifier.ExpectMsg<MismatchesFound>());
        Assert.Equal(new DrillDownEnded(Shard, DrillDownState.Done, ""), _verifier.ExpectMsg<DrillDownEnded>());
        Feed(Entry(Marker));
        Assert.Equal((7UL, true, 2L), Compared());
    }

    [Fact]
    public void A_drill_down_that_is_abandoned_or_whose_shard_begins_anew_is_forgotten()
    {
        foreach (var end in new object[] { AbandonDrillDown.Instance, new ResetPartition(StateNumber) })
        {
            Feed(Entry(Start($"a{_sequence}")));
            _shard.Tell(new InjectFault(Shard, VerifyFault.WrongDigest), TestActor);
            ExpectMsg<FaultInjected>();
            _shard.Tell(new InjectFault(Shard, VerifyFault.AddKey), TestActor);
            ExpectMsg<FaultInjected>();
            Feed(Entry(Marker));
            Assert.False(Compared().IsClean);
            var request = _verifier.FishForMessage<DrillDownAsks>(_ => true).Request;
            _shard.Tell(end, ActorRefs.NoSender); // its answer is of no interest
            _shard.Tell(new VerificationResponse(
                new NodeId("p"), Shard, request.MarkerSequence, request.Bucket, request.FromHash, request.ThroughHash,
                ComparisonOutcome.NeedFullSync, 1, []));
            _shard.Tell(ReportPartition.Instance, TestActor);
            ExpectMsg<PartitionReport>();
            _verifier.ExpectNothingFrom(_shard);
        }
    }

    [Fact]
    public void Without_bounds_nothing_is_compared()
    {
        _shard.Tell(new VerifierIs(Node, null));
        Feed(Entry(Start("a")), Entry(Marker));
        _verifier.ExpectNothingFrom(_shard);
    }

    [Fact]
    public void A_shard_that_leads_proposes_markers_and_one_that_does_not_is_silent()
    {
        _shard.Tell(ProposeVerificationMarker.Instance);
        _shard.Tell(new BeginLeading(3, 3));
        _shard.Tell(ProposeVerificationMarker.Instance);
        var proposal = _replica.ExpectMsg<Propose>();
        Assert.Equal((1, OpType.VerificationMarker), (proposal.Drafts!.Count, proposal.Drafts.Last.Type));
        _shard.Tell(new InjectFault(Shard, VerifyFault.DropKey), TestActor);
        Assert.Contains("leads", ExpectMsg<FaultInjected>().Refusal, StringComparison.Ordinal);
        _shard.Tell(new VerificationRequest(Node, Shard, 1, 0, 0, ulong.MaxValue, 10, 10, []), TestActor);
        Assert.Equal(ComparisonOutcome.Compared, ExpectMsg<VerificationResponse>().Outcome);
    }

    private static void Marker(ShardState state, DraftBuffer drafts) => VerificationMarker.Draft(state, drafts);

    private static Action<ShardState, DraftBuffer> Start(string name) => (state, drafts) =>
    {
        var key = ObjectKey.From(name);
        PutStartPayload.Write(
            drafts.Add(OpType.PutStart, key.Bytes, key.Hash, PutStartPayload.SizeOf(0, 1)), new Uuid(1, 1), 100, null, false,
            SoftPinAction.Preserve, 0, [],
            [new PlacedReplica(state.NextReplicaId(0), 1, 0)]);
    };

    private static Action<ShardState, DraftBuffer> End(string name) => (_, drafts) =>
    {
        var key = ObjectKey.From(name);
        new PutEndPayload(ReplicaType.All, null).Write(drafts.Add(OpType.PutEnd, key.Bytes, key.Hash, PutEndPayload.EncodedBytes));
    };

    // The next entry of the log, applied on the Primary's side.
    private OpLogBatch Entry(Action<ShardState, DraftBuffer> draft)
    {
        var drafts = new DraftBuffer(Shard);
        draft(_primary, drafts);
        var writer = new BatchWriter();
        writer.Add(drafts.Bytes, ++_sequence, 1, 0);
        var batch = writer.Close(0);
        foreach (var entry in batch)
            _primary.Apply(entry);
        return batch;
    }

    private void Feed(params OpLogBatch[] entries)
    {
        foreach (var entry in entries)
            _shard.Tell(new ApplyEntries(StateNumber, entry, [OpLogBatch.HeaderBytes], 1));
    }

    private (ulong Sequence, bool IsClean, long Keys) Compared()
    {
        var compared = _verifier.ExpectMsg<PartitionCompared>();
        return (compared.MarkerSequence, compared.Verdict.IsClean, compared.Keys);
    }
}
