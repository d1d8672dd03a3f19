// The receiving end of full syncs, with the test in the place of the replica, of the source and of the checkpoints. It lives as long as the
// node: what is left of one sync does not reach the next, and between them nothing is held.
using HotStandby.Core;
using HotStandby.Core.Cells;
using HotStandby.Core.Checkpoints;
using HotStandby.Core.Node;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;
using HotStandby.Messages.Replication;

namespace HotStandby.Tests.Unit.Checkpoints;

public sealed class SyncCellTests
{
    private const int Piece = ImageAssembly.PieceBytes;
    private const ulong Number = 5;
    private static readonly NodeId Self = new("n1");
    private static readonly NodeId Second = new("n2");
    private static readonly NodeId Third = new("n3");
    private static readonly Partition Shard = Partition.OfShard(0);
    private static readonly EpochEnd[] History = [new(1, 100), new(3, 200), new(5, 300)];

    private readonly DrivenCell _sync = new(outbox => new SyncCell(Self, 2, outbox));
    private ulong _imageId = 70;
    private bool _begun;

    [Fact]
    public void Images_are_fetched_saved_and_named_when_all_of_them_are_durable()
    {
        BeginWith(Second);
        var table = Give(Partition.SegmentTable, 250, contentBytes: (Piece * 5) + 1);
        var shard = Give(Shard, 150);
        var complete = Replica<SyncComplete>();
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
        _sync.Pass(TimeSpan.Zero);
        Assert.Equal(Second, Replica<SourceIsSilent>().Source);
        BeginWith(Third);
        Give(Partition.SegmentTable, 250, from: Third);
        Give(Shard, 250, from: Third);
        Replica<SyncComplete>();
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
        Assert.Equal([(changed[0].ImageId, (uint)Piece), (changed[0].ImageId, 2u * Piece)],
            Fetches(2).Select(fetch => (fetch.ImageId, fetch.Offset)));
        _sync.Tell(old[1]); // late
        _sync.Tell(changed[1]);
        _sync.Tell(changed[2]);
        Assert.Equal(PartitionImage.HashOf(BytesOf(changed)), _sync.Expect<SaveImage>(CellAddress.Checkpoints).Stamp.Hash);
    }

    [Fact]
    public void What_another_node_has_begun_is_forgotten_and_what_is_durable_is_not()
    {
        BeginWith(Second);
        var half = PiecesOf(Partition.SegmentTable, 150, Piece * 3);
        _sync.Tell(half[0]);
        Fetches(3);
        var shard = Give(Shard, 150);
        _sync.Tell(new SourceIs(Third));
        Assert.Equal((Partition.SegmentTable, 0UL), Assert.Single(Fetches(1).Select(fetch => (fetch.Partition, fetch.ImageId))));
        _sync.Tell(half[1]); // of the node that was the source
        _sync.Tell(half[2]);
        var table = Give(Partition.SegmentTable, 160, from: Third);
        Assert.Equal([table, shard], Replica<SyncComplete>().Images);
    }

    [Fact]
    public void An_image_of_another_partition_or_history_is_not_saved()
    {
        BeginWith(Second);
        var foreign = Assert.Single(PiecesOf(Shard, 250));
        _sync.Tell(foreign with { Partition = Partition.SegmentTable });
        // asked for again
        Assert.Equal((Partition.SegmentTable, 0UL), Assert.Single(Fetches(1).Select(fetch => (fetch.Partition, fetch.ImageId))));
        _sync.Tell(Assert.Single(PiecesOf(Partition.SegmentTable, 250)) with { Log = [] });
        Fetches(1);
        Give(Partition.SegmentTable, 250);
        _sync.Tell(Assert.Single(PiecesOf(Shard, 270)) with { Epoch = 6, Log = [new(1, 100), new(4, 260), new(6, 270)] });
        Replica<SyncFailed>();
        _sync.ExpectNothing(CellAddress.Checkpoints);
    }

    [Fact]
    public void A_full_disk_costs_a_pause_and_neither_the_node_nor_what_is_durable()
    {
        BeginWith(Second);
        Give(Shard, 250);
        foreach (var piece in PiecesOf(Partition.SegmentTable, 250))
            _sync.Tell(piece);
        _sync.Expect<SaveImage>(CellAddress.Checkpoints);
        _sync.Tell(new ImageSaved(Partition.SegmentTable, Number, "No space left on device"));
        _sync.Pass(TimeSpan.FromSeconds(9)); // longer than a source may be silent: none is waited for
        _sync.Tell(new SourceIs(Second));
        _sync.Ignore<SyncProgress>();
        _sync.ExpectNothing(CellAddress.Replica);
        _sync.Pass(TimeSpan.FromSeconds(1));
        Assert.Equal(Partition.SegmentTable, Assert.Single(Fetches(1)).Partition);
        Give(Partition.SegmentTable, 260);
        Replica<SyncComplete>();
    }

    [Fact]
    public void A_source_that_says_nothing_is_replaced()
    {
        BeginWith(Second);
        _sync.Pass(TimeSpan.FromSeconds(3));
        Assert.Equal(Second, Replica<SourceIsSilent>().Source);
        BeginWith(NodeId.None, fetches: 0);
        _sync.Pass(TimeSpan.FromSeconds(3));
        Assert.Equal(NodeId.None, Replica<SourceIsSilent>().Source);
    }

    [Fact]
    public void A_sync_has_a_timer_from_its_begin_to_its_end()
    {
        var begun = _sync.Take(new BeginSync(1, Second));
        Assert.Equal([Partition.SegmentTable, Shard], [.. FetchesIn(begun).Select(fetch => fetch.Partition)]);
        var timer = Assert.IsType<StartTimer>(begun[^1].Message);
        Assert.Equal(new StopTimer(timer.Message), Assert.Single(_sync.Take(EndSync.Instance)).Message);
        Assert.Empty(_sync.Take(EndSync.Instance));
        _sync.Pass(TimeSpan.FromMinutes(1));
        Assert.Empty(_sync.Take(timer.Message)); // it was on its way
        Assert.Empty(_sync.Take(new SourceIs(Second)));
        Assert.Empty(_sync.Take(Whole(Partition.SegmentTable)));
        Assert.Empty(_sync.Stop());
    }

    [Fact]
    public void What_an_earlier_sync_has_had_saved_does_not_count_for_this_one()
    {
        _sync.Take(new BeginSync(1, Second));
        var save = SaveIn(_sync.Take(Whole(Partition.SegmentTable)));
        Assert.Equal(1UL, save.Sync);
        _sync.Take(EndSync.Instance);
        Assert.Empty(_sync.Take(new ImageSaved(Partition.SegmentTable, 1, null)));
        Assert.Equal(2, FetchesIn(_sync.Take(new BeginSync(2, Second))).Count()); // both of them, from the start
        Assert.Equal(2UL, SaveIn(_sync.Take(Whole(Partition.SegmentTable))).Sync);
        Assert.Equal(2UL, SaveIn(_sync.Take(Whole(Shard))).Sync);
        Assert.Empty(_sync.Take(new ImageSaved(Shard, 1, null)));
        Assert.Empty(_sync.Take(new ImageSaved(Partition.SegmentTable, 1, "No space left on device")));
        Assert.Empty(_sync.Take(new ImageSaved(Partition.SegmentTable, 2, null)));
        var complete = Assert.Single(_sync.Take(new ImageSaved(Shard, 2, null)).Select(letter => letter.Message).OfType<SyncComplete>());
        Assert.Equal(2UL, complete.Number);
    }

    [Fact]
    public void A_sync_that_begins_before_the_last_one_has_ended_begins_with_nothing()
    {
        _sync.Take(new BeginSync(1, Second));
        _sync.Take(Whole(Partition.SegmentTable));
        Assert.Equal(2, FetchesIn(_sync.Take(new BeginSync(2, Second))).Count());
        _sync.Pass(TimeSpan.FromSeconds(3));
        Assert.Equal(new SourceIsSilent(2, Second), _sync.Expect<SourceIsSilent>(CellAddress.Replica));
        var progress = _sync.Expect<SyncProgress>(CellAddress.Replica);
        Assert.Equal((2UL, 0), (progress.Number, progress.PartitionsDone));
    }

    private void BeginWith(NodeId source, int fetches = 2)
    {
        _sync.Tell(_begun ? new SourceIs(source) : new BeginSync(Number, source));
        _begun = true;
        Assert.All(Fetches(fetches, source), fetch => Assert.Equal((0UL, 0U), (fetch.ImageId, fetch.Offset)));
    }

    private T Replica<T>()
    {
        _sync.Ignore<SyncProgress>();
        return _sync.Expect<T>(CellAddress.Replica);
    }

    private List<FetchImage> Fetches(int count, NodeId? from = null)
    {
        var fetches = new List<FetchImage>();
        for (var i = 0; i < count; i++)
        {
            var send = Replica<SendToNode>();
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
        var save = _sync.Expect<SaveImage>(CellAddress.Checkpoints);
        Assert.Equal((partition, sequence, Number), (save.Partition, save.Stamp.Sequence, save.Sync));
        Assert.Equal(BytesOf(pieces), save.Image.Written.ToArray());
        _sync.Tell(new ImageSaved(partition, Number, null));
        return save.Stamp;
    }

    private ImageChunk[] PiecesOf(Partition partition, ulong sequence, int contentBytes = 100, NodeId? from = null)
    {
        using var image = new ImageWriter();
        PartitionImage.Begin(image, new ImageHead(partition, 1, new PartitionDigest(1, sequence)));
        image.Raw(new byte[contentBytes]);
        PartitionImage.End(image);
        EpochEnd[] log =
        [
            .. History.TakeWhile(end => end.LastSequence < sequence),
            History.First(end => end.LastSequence >= sequence) with { LastSequence = sequence },
        ];
        var (bytes, id) = (image.Written.ToArray(), ++_imageId);
        return
        [
            .. bytes.Chunk(Piece).Select((piece, i) => new ImageChunk(
                new Origin(from ?? Second, Life.None, 0, false), log[^1].Epoch, partition, id, sequence, (uint)bytes.Length,
                (uint)(i * Piece), (i + 1) * Piece >= bytes.Length ? log : [], VoterRoll.Empty, piece)),
        ];
    }

    private ImageChunk Whole(Partition partition) => Assert.Single(PiecesOf(partition, 150));

    private static IEnumerable<FetchImage> FetchesIn(Letter[] letters) =>
        letters.Select(letter => letter.Message).OfType<SendToNode>().Select(send => Assert.IsType<FetchImage>(send.Message));

    private static SaveImage SaveIn(Letter[] letters) =>
        Assert.IsType<SaveImage>(Assert.Single(letters, letter => letter.To == CellAddress.Checkpoints).Message);

    private static byte[] BytesOf(ImageChunk[] pieces) => [.. pieces.SelectMany(piece => piece.Bytes.ToArray())];
}
