// The two ends of full syncs live as long as the node: what is left of one sync does not reach the next, and between them nothing is held.
using HotStandby.Core.Cells;
using HotStandby.Core.Checkpoints;
using HotStandby.Core.Node;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;
using HotStandby.Messages.Replication;

namespace HotStandby.Tests.Unit.Checkpoints;

public sealed class SyncCellTests
{
    private static readonly NodeId Self = new("n1");
    private static readonly NodeId Other = new("n2");
    private static readonly Partition Shard = Partition.OfShard(0);

    private readonly DrivenCell _sync = new(outbox => new SyncCell(Self, 2, outbox));
    private readonly DrivenCell _source = new(outbox => new SyncSourceCell(Self, 70, outbox));

    [Fact]
    public void A_sync_has_a_timer_from_its_begin_to_its_end()
    {
        var begun = _sync.Take(new BeginSync(1, Other));
        Assert.Equal([Partition.SegmentTable, Shard], [.. Fetches(begun).Select(fetch => fetch.Partition)]);
        var timer = Assert.IsType<StartTimer>(begun[^1].Message);
        Assert.Equal(new StopTimer(timer.Message), Assert.Single(_sync.Take(EndSync.Instance)).Message);
        Assert.Empty(_sync.Take(EndSync.Instance));
        _sync.NowTicks += TimeSpan.TicksPerMinute;
        Assert.Empty(_sync.Take((ICellMessage)timer.Message)); // it was on its way
        Assert.Empty(_sync.Take(new SourceIs(Other)));
        Assert.Empty(_sync.TakeAny(ChunkOf(Partition.SegmentTable)));
        Assert.Empty(_sync.Stop());
    }

    [Fact]
    public void What_an_earlier_sync_has_had_saved_does_not_count_for_this_one()
    {
        _sync.Take(new BeginSync(1, Other));
        var save = SaveIn(_sync.TakeAny(ChunkOf(Partition.SegmentTable)));
        Assert.Equal(1UL, save.Sync);
        _sync.Take(EndSync.Instance);
        Assert.Empty(_sync.Take(new ImageSaved(Partition.SegmentTable, 1, null)));
        Assert.Equal(2, Fetches(_sync.Take(new BeginSync(2, Other))).Count()); // both of them, from the start
        Assert.Equal(2UL, SaveIn(_sync.TakeAny(ChunkOf(Partition.SegmentTable))).Sync);
        Assert.Equal(2UL, SaveIn(_sync.TakeAny(ChunkOf(Shard))).Sync);
        Assert.Empty(_sync.Take(new ImageSaved(Shard, 1, null)));
        Assert.Empty(_sync.Take(new ImageSaved(Partition.SegmentTable, 1, "No space left on device")));
        Assert.Empty(_sync.Take(new ImageSaved(Partition.SegmentTable, 2, null)));
        var complete = Assert.Single(_sync.Take(new ImageSaved(Shard, 2, null)).Select(letter => letter.Message).OfType<SyncComplete>());
        Assert.Equal(2UL, complete.Number);
    }

    [Fact]
    public void A_sync_that_begins_before_the_last_one_has_ended_begins_with_nothing()
    {
        _sync.Take(new BeginSync(1, Other));
        _sync.TakeAny(ChunkOf(Partition.SegmentTable));
        Assert.Equal(2, Fetches(_sync.Take(new BeginSync(2, Other))).Count());
        _sync.NowTicks += 3 * TimeSpan.TicksPerSecond;
        var messages = _sync.Take(SyncTick.Instance).Select(letter => letter.Message).ToArray();
        Assert.Equal(new SourceIsSilent(2, Other), Assert.Single(messages.OfType<SourceIsSilent>()));
        Assert.Equal((2UL, 0), Assert.Single(messages.OfType<SyncProgress>().Select(progress => (progress.Number, progress.PartitionsDone))));
    }

    [Fact]
    public void The_source_has_a_timer_while_it_holds_an_image()
    {
        Assert.Equal(new RequestImage(Shard, Other), Assert.Single(_source.TakeAny(FetchOf(Shard))).Message);
        var held = _source.Take(ReadyOf(Shard));
        var timer = Assert.Single(held.Select(letter => letter.Message).OfType<StartTimer>());
        Assert.Equal(70UL, Assert.Single(held.Select(letter => letter.Message).OfType<SendToNode>().Select(send => ((ImageChunk)send.Message).ImageId)));
        _source.TakeAny(FetchOf(Partition.SegmentTable));
        Assert.DoesNotContain(_source.Take(ReadyOf(Partition.SegmentTable)), letter => letter.Message is StartTimer);
        _source.NowTicks += TimeSpan.FromSeconds(15).Ticks;
        Assert.Empty(_source.Take((ICellMessage)timer.Message));
        _source.NowTicks++;
        Assert.Equal(new StopTimer(timer.Message), Assert.Single(_source.Take((ICellMessage)timer.Message)).Message);
        _source.TakeAny(FetchOf(Shard));
        Assert.Contains(_source.Take(ReadyOf(Shard)), letter => letter.Message is StartTimer);
    }

    private static IEnumerable<FetchImage> Fetches(Letter[] letters) =>
        letters.Select(letter => letter.Message).OfType<SendToNode>().Select(send => Assert.IsType<FetchImage>(send.Message));

    private static SaveImage SaveIn(Letter[] letters)
    {
        var letter = Assert.Single(letters, letter => letter.To == CellAddress.Checkpoints);
        return Assert.IsType<SaveImage>(letter.Message);
    }

    private static FetchImage FetchOf(Partition partition) => new(new Origin(Other, Life.None, 0, false), 0, partition, 0, 0);

    private static ImageReady ReadyOf(Partition partition) => new(partition, Other, 80, [new(3, 80)], VoterRoll.Empty, ImageOf(partition));

    // All of an image.
    private static ImageChunk ChunkOf(Partition partition)
    {
        using var image = ImageOf(partition);
        var bytes = image.Written.ToArray();
        return new ImageChunk(
            new Origin(Other, Life.None, 0, false), 3, partition, 9, 80, (uint)bytes.Length, 0, [new EpochEnd(3, 80)], VoterRoll.Empty, bytes);
    }

    private static ImageWriter ImageOf(Partition partition)
    {
        var image = new ImageWriter();
        PartitionImage.Begin(image, new ImageHead(partition, 1, default));
        PartitionImage.End(image);
        return image;
    }
}
