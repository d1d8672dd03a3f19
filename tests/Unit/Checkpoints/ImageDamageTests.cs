// An image that is not what was written is refused, whatever is wrong with it.
using CsCheck;
using HotStandby.Core.Checkpoints;
using HotStandby.Core.Segments;
using HotStandby.Core.Shards;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Messages.OpLog;

namespace HotStandby.Tests.Unit.Checkpoints;

public sealed class ImageDamageTests
{
    private static readonly byte[] Image = ImageOf(Filled().State);

    [Fact]
    public void An_image_gives_back_what_was_written()
    {
        var state = ShardState.FromImage(Image, Partition.OfShard(0), 1, 77);
        Assert.Equal((Filled().State.Digest, 77UL, 3), (state.Digest, state.AppliedSequence, state.ObjectCount));
    }

    [Fact]
    public void An_image_that_is_cut_anywhere_is_refused()
    {
        for (var length = 0; length < Image.Length; length++)
            Assert.Throws<ImageDamagedException>(() => Read(Image.AsSpan(0, length).ToArray()));
    }

    [Fact]
    public void An_image_with_a_flipped_bit_is_refused() => Gen.Select(Gen.Int[0, Image.Length - 1], Gen.Int[0, 7]).Sample(
        (at, bit) =>
        {
            var damaged = (byte[])Image.Clone();
            damaged[at] ^= (byte)(1 << bit);
            Assert.Throws<ImageDamagedException>(() => Read(damaged));
        },
        iter: 2_000);

    [Fact]
    public void Content_with_a_right_hash_that_cannot_be_what_a_shard_wrote_is_refused() => Gen.Byte.Array[0, 300].Sample(content =>
    {
        using var image = new ImageWriter();
        PartitionImage.Begin(image, new ImageHead(Partition.OfShard(0), 1, new Core.PartitionDigest(3, 5)));
        image.Raw(content);
        PartitionImage.End(image);
        var bytes = image.Written.ToArray();
        Assert.Throws<ImageDamagedException>(() => Read(bytes));
    });

    // Found by the fuzz target segment-image: such an image ended in an exception that nobody expects of it.
    [Theory]
    [InlineData(0, 4)] // the handle
    [InlineData(20, 16)] // the id
    public void An_image_of_a_segment_table_that_holds_a_segment_twice_is_refused(int offset, int bytes)
    {
        const int first = PartitionImage.HeadBytes + 12;
        var image = SegmentImage();
        var second = first + BitConverter.ToInt32(image, first - 4) + 10 + 4;
        image.AsSpan(first + offset, bytes).CopyTo(image.AsSpan(second + offset));
        AssertRefused(image, "one segment twice");
    }

    [Fact]
    public void An_image_of_a_segment_table_with_two_tasks_in_one_place_of_a_queue_is_refused()
    {
        var image = SegmentImage();
        // The last task ends with its order and its retries; no job follows.
        image.AsSpan(image.Length - PartitionImage.TailBytes - 4 - 4 - 8)[0]--;
        AssertRefused(image, "two in one place");
    }

    private static void AssertRefused(byte[] image, string why)
    {
        System.IO.Hashing.XxHash3.Hash(image.AsSpan(..^PartitionImage.TailBytes))
            .Reverse().ToArray().CopyTo(image.AsSpan(^PartitionImage.TailBytes..));
        Assert.Contains(
            why, Assert.Throws<ImageDamagedException>(() => SegmentTable.FromImage(image, 1, 77)).Message, StringComparison.Ordinal);
    }

    // Two segments, then two tasks that wait for one client.
    private static byte[] SegmentImage()
    {
        var reign = new Reign();
        reign.MountAndCommit(1, Reign.Segment(1), Reign.Segment(2));
        foreach (var id in (ulong[])[1, 2])
        {
            var created = new TaskCreatedPayload(
                new Uuid(5, id), TaskType.ReplicaCopy, Reign.Id(1), 9, default, 1, ObjectKey.From("k"), "", ["host-1"]).Encode();
            var drafts = new DraftBuffer(Partition.SegmentTable);
            created.CopyTo(drafts.Add(OpType.TaskCreated, [], 0, created.Length));
            reign.Leader.ApplyOther(drafts);
        }

        using var image = new ImageWriter();
        reign.Table.WriteImage(image, 1);
        return image.Written.ToArray();
    }

    [Fact]
    public void An_image_of_another_shard_or_another_number_of_shards_is_refused()
    {
        Assert.Throws<ImageDamagedException>(() => ShardState.FromImage(Image, Partition.OfShard(1), 2, 77));
        Assert.Throws<ImageDamagedException>(() => ShardState.FromImage(Image, Partition.OfShard(0), 2, 77));
        Assert.Throws<ImageDamagedException>(() => SegmentTable.FromImage(Image, 1, 77));
    }

    private static ShardState Read(byte[] image) => ShardState.FromImage(image, Partition.OfShard(0), 1, 77);

    private static byte[] ImageOf(ShardState state)
    {
        using var image = new ImageWriter();
        state.WriteImage(image);
        return image.Written.ToArray();
    }

    private static TestPrimary Filled()
    {
        var primary = new TestPrimary(ShardSettings.Default);
        foreach (var key in (string[])["a", "b", "c"])
            primary.PutStart(key, TestPrimary.Alice, 100, on: [1]);
        primary.PutEnd("a", TestPrimary.Alice, checksum: 17);
        primary.CommitAll();
        return primary;
    }
}
