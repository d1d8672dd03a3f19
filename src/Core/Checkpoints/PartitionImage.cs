// One partition's checkpoint: what it held when it had applied everything up to a seq. The same bytes lie on disk and go to a
// node that is synced. The hash tells damage; the digest tells that what was read back is what was there.
using System.Buffers.Binary;
using System.IO.Hashing;
using HotStandby.Messages.Identity;

namespace HotStandby.Core.Checkpoints;

/// <summary>What stands at the head of an image.</summary>
/// <param name="Partition">Whose.</param>
/// <param name="Shards">Metadata shards of the cluster: keys lie elsewhere under another number.</param>
/// <param name="Digest">Of the partition's content.</param>
public readonly record struct ImageHead(Partition Partition, int Shards, PartitionDigest Digest);

/// <summary>
/// The layout, little-endian: magic 4, version 2, partition 2, shards 4, reserved 4, digest count 8, digest sum 8, then the content, then
/// XxHash3 (64 bit) of everything before it. The seq stands beside an image, never in it: a Primary learns it only after it was written.
/// </summary>
public static class PartitionImage
{
    /// <summary>Bytes before the content.</summary>
    public const int HeadBytes = 32;

    /// <summary>Bytes behind it.</summary>
    public const int TailBytes = 8;

    private const uint Magic = 0x4943_5348; // "HSCI"
    private const ushort Version = 1;

    /// <summary>Begins an image.</summary>
    public static void Begin(ImageWriter to, in ImageHead head)
    {
        ArgumentNullException.ThrowIfNull(to);
        to.UInt32(Magic);
        to.UInt16(Version);
        to.UInt16(head.Partition.Value);
        to.UInt32((uint)head.Shards);
        to.UInt32(0);
        to.UInt64((ulong)head.Digest.Count);
        to.UInt64(head.Digest.Sum);
    }

    /// <summary>Ends it.</summary>
    public static void End(ImageWriter to)
    {
        ArgumentNullException.ThrowIfNull(to);
        to.UInt64(XxHash3.HashToUInt64(to.Written.Span));
    }

    /// <summary>The hash at the end of a whole image, which tells its bytes from those of every other.</summary>
    public static ulong HashOf(ReadOnlySpan<byte> image) => BinaryPrimitives.ReadUInt64LittleEndian(image[^TailBytes..]);

    /// <summary>Opens an image.</summary>
    /// <param name="bytes">All of it.</param>
    /// <param name="content">What lies between head and tail.</param>
    /// <exception cref="ImageDamagedException">Other bytes than were written, or a version that is not known here.</exception>
    public static ImageHead Open(ReadOnlySpan<byte> bytes, out ReadOnlySpan<byte> content)
    {
        if (bytes.Length < HeadBytes + TailBytes)
            throw new ImageDamagedException($"{bytes.Length} bytes are no image");
        if (XxHash3.HashToUInt64(bytes[..^TailBytes]) != HashOf(bytes))
            throw new ImageDamagedException($"{bytes.Length} bytes do not match their hash");
        var head = new ImageReader(bytes[..HeadBytes]);
        if (head.UInt32() != Magic || head.UInt16() != Version)
            throw new ImageDamagedException("not an image, or one of a version that is not known here");
        var partition = new Partition(head.UInt16());
        var shards = (int)head.UInt32();
        head.UInt32();
        content = bytes[HeadBytes..^TailBytes];
        return new ImageHead(partition, shards, new PartitionDigest((long)head.UInt64(), head.UInt64()));
    }
}
