// Checkpoints, as they come from a disk or from another node.
using System.Buffers.Binary;
using System.IO.Hashing;
using HotStandby.Core.Checkpoints;
using HotStandby.Core.Segments;
using HotStandby.Core.Shards;
using HotStandby.Messages.Identity;

namespace HotStandby.Tests.Fuzz.Targets;

internal abstract class ImageTarget<TState>(string name) : FuzzTarget(name)
    where TState : class
{
    protected const ulong Applied = 7;

    public sealed override object? Decode(byte[] input)
    {
        try
        {
            return Read(input);
        }
        catch (ImageDamagedException)
        {
            return null;
        }
    }

    public sealed override byte[] Encode(object decoded)
    {
        using var image = new ImageWriter();
        Write((TState)decoded, image);
        return image.Written.ToArray();
    }

    public sealed override void Reseal(Span<byte> input)
    {
        if (input.Length >= PartitionImage.TailBytes)
            BinaryPrimitives.WriteUInt64LittleEndian(
                input[^PartitionImage.TailBytes..], XxHash3.HashToUInt64(input[..^PartitionImage.TailBytes]));
    }

    protected abstract TState Read(byte[] image);

    protected abstract void Write(TState state, ImageWriter to);
}

internal sealed class ShardImageTarget() : ImageTarget<ShardState>("shard-image")
{
    protected override IEnumerable<byte[]> MakeSamples() =>
        [Encode(Histories.Shard().State), Encode(new ShardState(Partition.OfShard(0), 1))];

    protected override ShardState Read(byte[] image) => ShardState.FromImage(image, Partition.OfShard(0), 1, Applied);

    protected override void Write(ShardState state, ImageWriter to) => state.WriteImage(to);
}

internal sealed class SegmentImageTarget() : ImageTarget<SegmentTable>("segment-image")
{
    protected override IEnumerable<byte[]> MakeSamples() => [Encode(Histories.Segments().Table), Encode(new SegmentTable())];

    protected override SegmentTable Read(byte[] image) => SegmentTable.FromImage(image, 1, Applied);

    protected override void Write(SegmentTable state, ImageWriter to) => state.WriteImage(to, 1);
}
