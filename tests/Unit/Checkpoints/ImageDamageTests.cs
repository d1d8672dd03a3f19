// An image that is not what was written is refused, whatever is wrong with it.
using CsCheck;
using HotStandby.Core.Checkpoints;
using HotStandby.Core.Segments;
using HotStandby.Core.Shards;
using HotStandby.Messages.Identity;
using HotStandby.Tests.Unit.Shards;

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
