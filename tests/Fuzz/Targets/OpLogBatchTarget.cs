// A batch as it comes from a journal or another node; whoever accepts it enumerates it, slices it and writes it again.
using System.Buffers.Binary;
using System.IO.Hashing;
using HotStandby.Messages.OpLog;

namespace HotStandby.Tests.Fuzz.Targets;

internal sealed class OpLogBatchTarget() : FuzzTarget("oplog-batch")
{
    public override bool IsCanonical => true;

    public override object? Decode(byte[] input)
    {
        if (!OpLogBatch.TryOpen(input, out var batch, out var problem))
            return problem.Length > 0 ? null : throw new InvalidOperationException("refused without a reason");
        var count = 0;
        foreach (var entry in batch)
            count += entry.Key.Length + entry.Payload.Length + OpLogEntry.HeaderBytes == entry.Encoded.Length ? 1 : 0;
        return count == batch.Count ? batch : throw new InvalidOperationException($"{count} entries of {batch.Count}");
    }

    public override byte[] Encode(object decoded)
    {
        var batch = (OpLogBatch)decoded;
        var (middle, writer) = (batch.FirstSequence + ((ulong)batch.Count / 2), new BatchWriter());
        foreach (var part in batch.Count == 1 ? (OpLogBatch[])[batch] : [batch.Until(middle - 1), batch.From(middle)])
            foreach (var entry in part)
                writer.Add(entry.Encoded, entry.Sequence, entry.Epoch, entry.TimestampMilliseconds);
        return writer.Close(batch.CommitSequence).Encoded.ToArray();
    }

    public override void Reseal(Span<byte> input) => SealBatch(input);

    /// <summary>Right checksums for everything that has room for one.</summary>
    public static void SealBatch(Span<byte> batch)
    {
        if (batch.Length < OpLogBatch.HeaderBytes)
            return;
        for (var rest = batch[OpLogBatch.HeaderBytes..]; rest.Length >= OpLogEntry.HeaderBytes;)
        {
            var length = BinaryPrimitives.ReadUInt32LittleEndian(rest);
            if (length < OpLogEntry.HeaderBytes || length > rest.Length)
                break;
            BinaryPrimitives.WriteUInt32LittleEndian(rest[4..], Crc32.HashToUInt32(rest[8..(int)length]));
            rest = rest[(int)length..];
        }

        BinaryPrimitives.WriteUInt32LittleEndian(batch[4..], (uint)batch.Length);
        var header = new Crc32();
        header.Append(batch[..28]);
        header.Append(batch[32..OpLogBatch.HeaderBytes]);
        BinaryPrimitives.WriteUInt32LittleEndian(batch[28..], header.GetCurrentHashAsUInt32());
    }

    protected override IEnumerable<byte[]> MakeSamples()
    {
        var shard = Histories.BatchOf(Histories.Shard().Drafts);
        return [shard.Encoded.ToArray(), shard.Until(3).Encoded.ToArray(), Histories.BatchOf(Histories.Segments().Log).Encoded.ToArray()];
    }
}
