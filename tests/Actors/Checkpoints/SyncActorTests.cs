// The receiving end of a full sync, with the test in the place of the replica, of the source and of the checkpoints.
using Akka.Actor;
using Akka.TestKit;
using HotStandby.Actors.Cells;
using HotStandby.Core;
using HotStandby.Core.Checkpoints;
using HotStandby.Core.Node;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;
using HotStandby.Messages.Replication;
using HotStandby.Tests.Actors.OpLog;
using HotStandby.Tests.Actors.Segments;

namespace HotStandby.Tests.Actors.Checkpoints;

public sealed class SyncActorTests : ActorTest
{
    private const int Piece = ImageAssembly.PieceBytes;
    private const ulong Number = 5;
    private static readonly NodeId Self = new("n1");
    private static readonly NodeId Second = new("n2");
    private static readonly NodeId Third = new("n3");
    private static readonly EpochEnd[] History = [new(1, 100), new(3, 200), new(5, 300)];

    private readonly ManualClock _clock = new();
    private readonly TestProbe _replica;
    private readonly TestProbe _checkpoints;
    private readonly IActorRef _sync;
    private ulong _imageId = 70;
    private bool _begun;

    public SyncActorTests()
        : base(TestSystem.Config)
    {
        _replica = CreateTestProbe("replica");
        _replica.IgnoreMessages(message => message is SyncProgress);
        _checkpoints = CreateTestProbe("checkpoints");
        var routes = TestRoutes.Of([ActorRefs.Nobody], replica: _replica);
        routes.Checkpoints = _checkpoints;
        _sync = _replica.ChildActorOf(
            CellActor.Props(outbox => new SyncCell(Self, 2, outbox), routes, _clock), new OneForOneStrategy(_ => Directive.Stop));
        Watch(_sync);
    }

    [Fact]
    public void Images_are_fetched_saved_and_named_when_all_of_them_are_durable()
    {
        BeginWith(Second);
        var table = Give(Partition.SegmentTable, 250, contentBytes: (Piece * 5) + 1);
        var shard = Give(Partition.OfShard(0), 150);
        var complete = _replica.ExpectMsg<SyncComplete>();
        Assert.Equal([table, shard], complete.Images);
        Assert.Equal([new(1, 100), new(3, 150)], complete.Below);
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(0x8000_0001u)]
    [InlineData(uint.MaxValue)]
    public void A_size_that_cannot_be_makes_another_node_the_source(uint totalBytes)
    {
        BeginWith(Second);
        _sync.Tell(PiecesOf(Partition.SegmentTable, 250)[0] with { TotalBytes = totalBytes });
        Assert.Equal(Second, _replica.ExpectMsg<SourceIsSilent>().Source);
        BeginWith(Third);
        Give(Partition.SegmentTable, 250, from: Third);
        Give(Partition.OfShard(0), 250, from: Third);
        _replica.ExpectMsg<SyncComplete>();
    }

    [Fact]
    public void A_source_that_changes_the_image_midway_gives_all_of_the_new_one()
    {
        BeginWith(Second);
        var old = PiecesOf(Partition.SegmentTable, 150, Piece * 3);
        _sync.Tell(old[0]);
        Assert.Equal([old[0].ImageId, old[0].ImageId, old[0].ImageId], [.. Fetches(3).Select(fetch => fetch.ImageId)]);
        var changed = PiecesOf(Partition.SegmentTable, 250, Piece * 2);
        _sync.Tell(changed[0]);
        Assert.Equal([(changed[0].ImageId, (uint)Piece), (changed[0].ImageId, 2u * Piece)], Fetches(2).Select(fetch => (fetch.ImageId, fetch.Offset)));
        _sync.Tell(old[1]); // late
        _sync.Tell(changed[1]);
        _sync.Tell(changed[2]);
        Assert.Equal(PartitionImage.HashOf(BytesOf(changed)), _checkpoints.ExpectMsg<SaveImage>().Stamp.Hash);
    }

    [Fact]
    public void What_another_node_has_begun_is_forgotten_and_what_is_durable_is_not()
    {
        BeginWith(Second);
        var half = PiecesOf(Partition.SegmentTable, 150, Piece * 3);
        _sync.Tell(half[0]);
        Fetches(3);
        var shard = Give(Partition.OfShard(0), 150);
        _sync.Tell(new SourceIs(Third));
        Assert.Equal((Partition.SegmentTable, 0UL), Assert.Single(Fetches(1).Select(fetch => (fetch.Partition, fetch.ImageId))));
        _sync.Tell(half[1]); // of the node that was the source
        _sync.Tell(half[2]);
        var table = Give(Partition.SegmentTable, 160, from: Third);
        Assert.Equal([table, shard], _replica.ExpectMsg<SyncComplete>().Images);
    }

    [Fact]
    public void An_image_of_another_partition_or_history_is_not_saved()
    {
        BeginWith(Second);
        var foreign = Assert.Single(PiecesOf(Partition.OfShard(0), 250));
        _sync.Tell(foreign with { Partition = Partition.SegmentTable });
        Assert.Equal((Partition.SegmentTable, 0UL), Assert.Single(Fetches(1).Select(fetch => (fetch.Partition, fetch.ImageId)))); // asked for again
        _sync.Tell(Assert.Single(PiecesOf(Partition.SegmentTable, 250)) with { Log = [] });
        Fetches(1);
        Give(Partition.SegmentTable, 250);
        _sync.Tell(Assert.Single(PiecesOf(Partition.OfShard(0), 270)) with { Epoch = 6, Log = [new(1, 100), new(4, 260), new(6, 270)] });
        _replica.ExpectMsg<SyncFailed>();
        _checkpoints.ExpectNoMsg(TimeSpan.Zero);
    }

    [Fact]
    public void A_full_disk_costs_a_pause_and_neither_the_node_nor_what_is_durable()
    {
        BeginWith(Second);
        Give(Partition.OfShard(0), 250);
        foreach (var piece in PiecesOf(Partition.SegmentTable, 250))
            _sync.Tell(piece);
        _checkpoints.ExpectMsg<SaveImage>();
        _sync.Tell(new ImageSaved(Partition.SegmentTable, Number, "No space left on device"), _checkpoints);
        EverythingIsTaken();
        _clock.Advance(TimeSpan.FromSeconds(9)); // longer than a source may be silent: none is waited for
        _sync.Tell(new SourceIs(Second));
        EverythingIsTaken();
        _replica.ExpectNoMsg(TimeSpan.Zero);
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(Partition.SegmentTable, Assert.Single(Fetches(1)).Partition);
        Give(Partition.SegmentTable, 260);
        _replica.ExpectMsg<SyncComplete>();
    }

    [Fact]
    public void A_source_that_says_nothing_is_replaced()
    {
        BeginWith(Second);
        _clock.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal(Second, _replica.ExpectMsg<SourceIsSilent>().Source);
        BeginWith(NodeId.None, fetches: 0);
        EverythingIsTaken();
        _clock.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal(NodeId.None, _replica.ExpectMsg<SourceIsSilent>().Source);
    }

    private void BeginWith(NodeId source, int fetches = 2)
    {
        _sync.Tell(_begun ? new SourceIs(source) : new BeginSync(Number, source));
        _begun = true;
        Assert.All(Fetches(fetches, source), fetch => Assert.Equal((0UL, 0U), (fetch.ImageId, fetch.Offset)));
    }

    // Before the clock goes on.
    private void EverythingIsTaken()
    {
        _sync.Tell(new Identify(null), TestActor);
        ExpectMsg<ActorIdentity>();
    }

    private List<FetchImage> Fetches(int count, NodeId? from = null)
    {
        var fetches = new List<FetchImage>();
        for (var i = 0; i < count; i++)
        {
            var send = _replica.ExpectMsg<SendToNode>();
            Assert.True(from is null || from == send.To);
            fetches.Add(Assert.IsType<FetchImage>(send.Message));
        }

        return fetches;
    }

    // All of an image, as it is asked for; it is made durable.
    private ImageStamp Give(Partition partition, ulong sequence, int contentBytes = 100, NodeId? from = null)
    {
        var pieces = PiecesOf(partition, sequence, contentBytes, from);
        foreach (var piece in pieces)
            _sync.Tell(piece);
        for (var i = 1; i < pieces.Length; i++)
            Assert.Equal((pieces[i].ImageId, pieces[i].Offset), Assert.Single(Fetches(1).Select(fetch => (fetch.ImageId, fetch.Offset))));
        var save = _checkpoints.ExpectMsg<SaveImage>();
        Assert.Equal((partition, sequence, Number), (save.Partition, save.Stamp.Sequence, save.Sync));
        Assert.Equal(BytesOf(pieces), save.Image.Written.ToArray());
        _sync.Tell(new ImageSaved(partition, Number, null), _checkpoints);
        return save.Stamp;
    }

    private ImageChunk[] PiecesOf(Partition partition, ulong sequence, int contentBytes = 100, NodeId? from = null)
    {
        using var image = new ImageWriter();
        PartitionImage.Begin(image, new ImageHead(partition, 1, new PartitionDigest(1, sequence)));
        image.Raw(new byte[contentBytes]);
        PartitionImage.End(image);
        EpochEnd[] log = [.. History.TakeWhile(end => end.LastSequence < sequence), History.First(end => end.LastSequence >= sequence) with { LastSequence = sequence }];
        var (bytes, id) = (image.Written.ToArray(), ++_imageId);
        return
        [
            .. bytes.Chunk(Piece).Select((piece, i) => new ImageChunk(
                new Origin(from ?? Second, Life.None, 0, false), log[^1].Epoch, partition, id, sequence, (uint)bytes.Length, (uint)(i * Piece), (i + 1) * Piece >= bytes.Length ? log : [], VoterRoll.Empty, piece)),
        ];
    }

    private static byte[] BytesOf(ImageChunk[] pieces) => [.. pieces.SelectMany(piece => piece.Bytes.ToArray())];
}
