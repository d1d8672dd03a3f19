// The order of things in the cell that keeps the checkpoints, with the test in the place of the store: what is late, and what may not be
// missing. What a store does to files is in tests/Actors.
using HotStandby.Core.Cells;
using HotStandby.Core.Checkpoints;
using HotStandby.Core.Node;
using HotStandby.Core.Partitions;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;
using HotStandby.Messages.Replication;

namespace HotStandby.Tests.Unit.Checkpoints;

public sealed class CheckpointCellTests
{
    private static readonly Partition Table = Partition.SegmentTable;
    private static readonly Partition Shard = Partition.OfShard(0);
    private static readonly EpochEnd[] History = [new(1, 100), new(3, 200)];

    private readonly DrivenCell _cell = new(outbox => new CheckpointCell(2, outbox));

    [Fact]
    public void What_an_earlier_restore_has_asked_for_is_not_taken_for_this_one()
    {
        Assert.Equal([Find(1, Table), Find(1, Shard)], _cell.Take(Restore(1)));
        Assert.Equal([Find(2, Table), Find(2, Shard)], _cell.Take(Restore(2)));
        Assert.Empty(_cell.Take(new ImageFound(1, Shard, Found(Shard, 150))));
        Assert.Equal((CellAddress.Of(Shard), 2UL), Given(_cell.Take(new ImageFound(2, Shard, Found(Shard, 150)))));
        Assert.Empty(_cell.Take(new PartitionRestored(Shard, 1, "the digest differs")));
        Assert.Empty(_cell.Take(new PartitionRestored(Shard, 2, "")));
        Assert.Empty(_cell.Take(new ImageFound(1, Table, null)));
        Assert.Equal(new Letter(CellAddress.Of(Table), new ResetPartition(2)), Assert.Single(_cell.Take(new ImageFound(2, Table, null))));
        Assert.Empty(_cell.Take(new PartitionRestored(Table, 1, "")));
        var letter = Assert.Single(_cell.Take(new PartitionRestored(Table, 2, ""))); // it is empty now, and not before
        var restored = Assert.IsType<ImagesRestored>(letter.Message);
        Assert.Equal(
            (CellAddress.Replica, 2UL, default, 150UL), (letter.To, restored.StateNumber, restored.Images[0], restored.Images[1].Sequence));
        Assert.Empty(_cell.Take(new ImageFound(2, Table, null)));
    }

    [Fact]
    public void Partitions_are_restored_at_once_and_each_is_answered_for_by_its_own_answers()
    {
        _cell.Take(Restore(1));
        Given(_cell.Take(new ImageFound(1, Shard, Found(Shard, 150))));
        Given(_cell.Take(new ImageFound(1, Table, Found(Table, 140))));
        var again = _cell.Take(new PartitionRestored(Table, 1, "the digest differs"));
        Assert.Equal(new ImageSkipped(Table, 140, "the digest differs"), again[0].Message);
        Assert.Equal(new Letter(CellAddress.Snapshots, new FindImage(1, Table, 0, 139)), again[1]);
        Assert.Empty(_cell.Take(new PartitionRestored(Shard, 1, "")));
        Given(_cell.Take(new ImageFound(1, Table, Found(Table, 90))));
        var restored = Assert.IsType<ImagesRestored>(Assert.Single(_cell.Take(new PartitionRestored(Table, 1, ""))).Message);
        Assert.Equal([90UL, 150UL], restored.Images.Select(image => image.Sequence));
    }

    [Fact]
    public void Nothing_below_the_first_image_is_looked_for()
    {
        _cell.Take(Restore(1));
        var letters = _cell.Take(new ImageFound(1, Shard, new FoundImage(0, 0, 0, default, "it is a string")));
        Assert.Equal([new ImageSkipped(Shard, 0, "it is a string"), new ResetPartition(1)], letters.Select(letter => letter.Message));
    }

    [Fact]
    public void Nothing_is_deleted_for_a_sync_before_every_save_has_ended()
    {
        var first = Save(Shard, 120, sync: 7);
        var second = Save(Shard, 80, sync: 7);
        Assert.IsType<StoreImage>(Assert.Single(_cell.Take(first)).Message);
        Assert.Empty(_cell.Take(second)); // one at a time
        Assert.Empty(_cell.Take(new KeepOnly(3, [new(90, 1, 0), second.Stamp])));
        var letters = _cell.Take(new ImageStored(Shard, 120, "No space left on device"));
        Assert.Equal(new Letter(DrivenCell.Asker, new ImageSaved(Shard, 7, "No space left on device")), letters[0]);
        Assert.Equal(80UL, Assert.IsType<StoreImage>(Assert.Single(letters[1..]).Message).Sequence);
        letters = _cell.Take(new ImageStored(Shard, 80, null));
        Assert.Equal(
            [
                new ImageSaved(Shard, 7, null),
                new DropImages(3, Table, 0, 89), new DropImages(3, Table, 91, ulong.MaxValue),
                new DropImages(3, Shard, 0, 79), new DropImages(3, Shard, 81, ulong.MaxValue),
            ],
            letters.Select(letter => letter.Message));
        foreach (var partition in (Partition[])[Table, Table, Shard])
            Assert.Empty(_cell.Take(new ImagesDropped(3, partition, null)));
        Assert.Equal(new Letter(CellAddress.Replica, new OnlyKept(3)), Assert.Single(_cell.Take(new ImagesDropped(3, Shard, null))));
    }

    [Fact]
    public void A_save_that_ends_while_images_are_deleted_for_a_sync_does_not_delete_them_again()
    {
        Assert.Equal(4, _cell.Take(new KeepOnly(3, [new(90, 1, 0), new(80, 1, 0)])).Length);
        var save = Save(Shard, 120);
        Assert.IsType<StoreImage>(Assert.Single(_cell.Take(save)).Message);
        Assert.Equal(
            [new DropImages(0, Shard, 0, 79), new ImageSaved(Shard, 0, null)],
            _cell.Take(new ImageStored(Shard, 120, null)).Select(letter => letter.Message));
        Assert.Empty(_cell.Take(new ImagesDropped(2, Shard, null))); // of an earlier sync
        foreach (var partition in (Partition[])[Table, Table, Shard])
            Assert.Empty(_cell.Take(new ImagesDropped(3, partition, null)));
        Assert.Equal(new OnlyKept(3), Assert.Single(_cell.Take(new ImagesDropped(3, Shard, null))).Message);
    }

    [Fact]
    public void An_image_that_is_wrong_and_cannot_be_deleted_ends_the_node_and_one_that_is_only_old_does_not()
    {
        var letter = Assert.Single(_cell.Take(new ImagesDropped(0, Shard, "Read-only file system")));
        Assert.Equal(new OldImagesStay("Read-only file system"), letter.Message);
        _cell.Take(new KeepOnly(3, [new(90, 1, 0), new(80, 1, 0)]));
        var failure = Assert.Throws<JournalFailedException>(() => _cell.Take(new ImagesDropped(3, Shard, "Read-only file system")));
        Assert.Equal($"old checkpoints of {Shard} cannot be deleted: Read-only file system", failure.Message);
    }

    [Fact]
    public void A_node_that_stops_gives_back_what_waits_and_not_what_the_store_may_be_reading()
    {
        var (first, second) = (Save(Shard, 120), Save(Shard, 130));
        _cell.Take(first);
        _cell.Take(second);
        _cell.Stop();
        Assert.False(first.Image.Written.IsEmpty);
        Assert.Throws<ObjectDisposedException>(() => second.Image.Written);
    }

    private static RestoreImages Restore(ulong stateNumber) => new(stateNumber, History, 0, null);

    private static Letter Find(ulong stateNumber, Partition partition) =>
        new(CellAddress.Snapshots, new FindImage(stateNumber, partition, 0, ulong.MaxValue));

    private static (CellAddress To, ulong StateNumber) Given(Letter[] letters)
    {
        var letter = Assert.Single(letters);
        return (letter.To, Assert.IsType<RestorePartition>(letter.Message).StateNumber);
    }

    private static FoundImage Found(Partition partition, ulong sequence)
    {
        using var image = ImageOf(partition);
        return new FoundImage(sequence, sequence, sequence <= 100 ? 1UL : 3UL, image.Written.ToArray());
    }

    private static SaveImage Save(Partition partition, ulong sequence, ulong sync = 0)
    {
        var image = ImageOf(partition);
        return new SaveImage(partition, new ImageStamp(sequence, 1, PartitionImage.HashOf(image.Written.Span)), image, sync);
    }

    private static ImageWriter ImageOf(Partition partition)
    {
        var image = new ImageWriter();
        PartitionImage.Begin(image, new ImageHead(partition, 1, default));
        PartitionImage.End(image);
        return image;
    }
}
