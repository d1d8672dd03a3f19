// An image that arrives in pieces: what is put together is what was sent, whatever else arrives, and nothing is allocated on a sender's
// word.
using HotStandby.Core.Checkpoints;
using HotStandby.Core.Shards;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;
using HotStandby.Messages.Replication;

namespace HotStandby.Tests.Unit.Checkpoints;

public sealed class ImageAssemblyTests
{
    private const int Piece = ImageAssembly.PieceBytes;
    private static readonly NodeId Source = new("n2");
    private static readonly EpochEnd[] Log = [new(1, 100), new(3, 150)];
    private static readonly Partition Shard = Partition.OfShard(0);

    [Fact]
    public void Pieces_in_any_order_make_the_image_that_was_sent()
    {
        var bytes = ImageOf((Piece * 6) + 17);
        var pieces = PiecesOf(bytes);
        using var image = Begin(pieces[0]);
        var asked = new Queue<int>([0]);
        var random = new Random(5);
        while (!image.IsComplete)
        {
            while (image.NextOffset() is { } offset)
                asked.Enqueue((int)offset / Piece);
            Assert.InRange(asked.Count, 1, ImageAssembly.PiecesAhead);
            foreach (var next in asked.OrderBy(_ => random.Next()).ToArray())
                Assert.True(image.TryAdd(pieces[next]));
            asked.Clear();
        }

        Assert.Null(image.NextOffset());
        Assert.Null(image.Fault(Shard, 1));
        Assert.Equal(new ImageStamp(150, 3, PartitionImage.HashOf(bytes)), image.Stamp);
        Assert.Equal(bytes, image.Take().Written.ToArray());
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(39u)]
    [InlineData(ImageWriter.LargestBytes + 1u)]
    [InlineData(0x8000_0000u)]
    [InlineData(uint.MaxValue)]
    public void An_image_of_an_impossible_size_is_refused_in_words(uint totalBytes)
    {
        Assert.Null(ImageAssembly.Begin(PiecesOf(ImageOf(100))[0] with { TotalBytes = totalBytes }, out var fault));
        Assert.Contains($"{totalBytes} bytes, not 40 to {ImageWriter.LargestBytes}", fault, StringComparison.Ordinal);
    }

    [Fact]
    public void A_size_that_is_only_announced_is_not_allocated()
    {
        var first = PiecesOf(ImageOf(Piece * 2))[0] with { TotalBytes = ImageWriter.LargestBytes };
        var before = GC.GetAllocatedBytesForCurrentThread();
        using var image = Begin(first);
        Assert.True(image.TryAdd(first));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4 << 20);
    }

    [Fact]
    public void A_piece_that_is_not_of_this_image_or_was_not_asked_for_is_ignored()
    {
        var pieces = PiecesOf(ImageOf((Piece * 8) + 3));
        using var image = Begin(pieces[0]);
        var other = pieces[1];
        foreach (var odd in (ImageChunk[])
        [
            pieces[1], // not asked for yet
            pieces[0] with { ImageId = 8 }, pieces[0] with { Sequence = 151 }, pieces[0] with { Epoch = 4 },
            pieces[0] with { TotalBytes = 99 },
            pieces[0] with { Offset = 1 }, pieces[0] with { Bytes = other.Bytes[..^1] },
            pieces[^1] with { Offset = uint.MaxValue - Piece + 1 },
        ])
            Assert.False(image.TryAdd(odd));
        Assert.True(image.TryAdd(pieces[0]));
        Assert.False(image.TryAdd(pieces[0])); // twice
        Assert.Equal((uint)Piece, image.NextOffset());
        Assert.True(image.TryAdd(pieces[1]));
        Assert.False(image.TryAdd(pieces[2]));
    }

    [Fact]
    public void An_image_that_is_complete_and_not_what_was_asked_for_says_why()
    {
        Assert.Contains(
            "of shard-0 of 1 shards, not of shard-1 of 1", FaultOf(ImageOf(100), Log, Partition.OfShard(1)), StringComparison.Ordinal);
        Assert.Contains("shards, not of", FaultOf(ImageOf(100), Log, Shard, shards: 2), StringComparison.Ordinal);
        var damaged = ImageOf(100);
        damaged[50] ^= 4;
        Assert.Contains("hash", FaultOf(damaged, Log, Shard), StringComparison.Ordinal);
        Assert.Contains("ends elsewhere", FaultOf(ImageOf(100), [], Shard), StringComparison.Ordinal);
        Assert.Contains("ends elsewhere", FaultOf(ImageOf(100), [new(3, 149)], Shard), StringComparison.Ordinal);
        Assert.Contains("ends elsewhere", FaultOf(ImageOf(100), [new(2, 150)], Shard), StringComparison.Ordinal);
        Assert.Contains("its log goes from", FaultOf(ImageOf(100), [new(3, 100), new(3, 150)], Shard), StringComparison.Ordinal);
        Assert.Contains("its log goes from", FaultOf(ImageOf(100), [new(1, 150), new(3, 150)], Shard), StringComparison.Ordinal);
    }

    [Fact]
    public void An_image_longer_than_an_array_is_refused_and_memory_that_was_given_back_is_not_used()
    {
        using var image = new ImageWriter(expectedBytes: 256, mostBytes: 1000);
        Assert.Throws<ImageTooLargeException>(() =>
        {
            for (var i = 0; i < 2000; i++)
                image.Byte(1);
        });
        image.Dispose();
        Assert.Throws<ObjectDisposedException>(() => image.Written);
        Assert.Throws<ObjectDisposedException>(() => image.Byte(1));
        image.Dispose(); // once more is harmless
    }

    private static string FaultOf(byte[] bytes, EpochEnd[] log, Partition asked, int shards = 1)
    {
        var piece = Assert.Single(PiecesOf(bytes)) with { Log = log };
        using var image = Begin(piece);
        Assert.True(image.TryAdd(piece));
        Assert.True(image.IsComplete);
        return image.Fault(asked, shards) ?? "";
    }

    private static ImageAssembly Begin(ImageChunk first) =>
        ImageAssembly.Begin(first, out var fault) ?? throw new InvalidOperationException(fault);

    // Not what a shard would write, but framed and hashed as an image is.
    private static byte[] ImageOf(int contentBytes)
    {
        using var image = new ImageWriter();
        PartitionImage.Begin(image, new ImageHead(Shard, 1, default));
        new Random(3).NextBytes(image.Take(contentBytes));
        PartitionImage.End(image);
        return image.Written.ToArray();
    }

    private static ImageChunk[] PiecesOf(byte[] bytes) =>
    [
        .. bytes.Chunk(Piece).Select((piece, i) => new ImageChunk(
            new Origin(Source, Life.None, 0, false), 3, Shard, 7, 150, (uint)bytes.Length, (uint)(i * Piece),
            (i + 1) * Piece >= bytes.Length ? Log : [], VoterRoll.Empty, piece)),
    ];
}
