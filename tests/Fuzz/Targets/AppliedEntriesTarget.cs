// Entries with right checksums that no Primary would write, applied to empty partitions: refused as a broken invariant, which ends a node,
// or taken; and what was taken makes an image that can be read back.
using HotStandby.Core.Checkpoints;
using HotStandby.Core.Segments;
using HotStandby.Core.Shards;
using HotStandby.Messages;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;

namespace HotStandby.Tests.Fuzz.Targets;

internal sealed class AppliedEntriesTarget() : FuzzTarget("applied-entries")
{
    private const ulong Applied = 7;

    // A table of tasks and its indexes are a few hundred bytes for each small entry.
    public override int AllowedBytesPerByte => 256;

    public override object? Decode(byte[] input)
    {
        if (!OpLogBatch.TryOpen(input, out var batch, out _))
            return null;
        var shard = new ShardState(Partition.OfShard(0), 1);
        var segments = new SegmentTable();
        try
        {
            foreach (var entry in batch)
            {
                if (entry.Partition == Partition.SegmentTable)
                    segments.Apply(entry);
                else
                    shard.Apply(entry);
            }
        }
        catch (InvariantViolation)
        {
            return null;
        }

        return (input, shard, segments);
    }

    public override byte[] Encode(object decoded)
    {
        var (input, shard, segments) = ((byte[], ShardState, SegmentTable))decoded;
        using var shardImage = new ImageWriter();
        shard.WriteImage(shardImage);
        using var segmentImage = new ImageWriter();
        segments.WriteImage(segmentImage, 1);
        if (ShardState.FromImage(shardImage.Written.Span, Partition.OfShard(0), 1, Applied).Digest != shard.Digest
            || SegmentTable.FromImage(segmentImage.Written.Span, 1, Applied).Digest != segments.Digest)
            throw new InvalidOperationException("the image is of something else");
        return input;
    }

    public override void Reseal(Span<byte> input) => OpLogBatchTarget.SealBatch(input);

    protected override IEnumerable<byte[]> MakeSamples() =>
    [
        Histories.BatchOf(Histories.Shard().Drafts).Encoded.ToArray(), Histories.BatchOf(Histories.Segments().Log).Encoded.ToArray(),
    ];
}
