// A batch is either exactly what a Primary wrote, or it is refused.
using System.Buffers.Binary;
using System.IO.Hashing;
using CsCheck;
using HotStandby.Messages;
using HotStandby.Messages.OpLog;

namespace HotStandby.Tests.Unit.Messages;

public sealed class OpLogBatchTests
{
    [Fact]
    public void Random_entries_come_back_from_a_batch_as_they_were_drafted() =>
        Gen.Select(Samples.Entry.Array[1, 30], Gen.ULong, Gen.ULong[1, ulong.MaxValue / 2], Gen.ULong).Sample(
            (entries, epoch, first, commit) =>
        {
            var written = Samples.BatchOf(entries, epoch, first, commit);
            Assert.True(OpLogBatch.TryOpen(written.Encoded, out var batch, out var problem), problem);
            Assert.Equal((epoch, first, entries.Length, commit), (batch.Epoch, batch.FirstSequence, batch.Count, batch.CommitSequence));
            Assert.Equal(first + (ulong)entries.Length - 1, batch.LastSequence);
            var i = 0;
            foreach (var read in batch)
            {
                var entry = entries[i];
                Assert.Equal((first + (ulong)i, epoch), (read.Sequence, read.Epoch));
                Assert.Equal((entry.Type, entry.Partition), (read.Type, read.Partition.Value));
                Assert.Equal((entry.TimestampMilliseconds, entry.Hash), (read.TimestampMilliseconds, read.PrefixHash));
                Assert.True(read.Key.SequenceEqual(entry.Key));
                Assert.True(read.Payload.SequenceEqual(entry.Payload));
                i++;
            }

            Assert.Equal(entries.Length, i);
        });

    [Fact]
    public void Every_truncation_and_every_added_byte_is_refused()
    {
        var bytes = Samples.SmallBatch().Encoded.ToArray();
        for (var length = 0; length < bytes.Length; length++)
            AssertRefused(bytes[..length], $"cut to {length} bytes");
        AssertRefused([.. bytes, 0], "one byte more");
    }

    [Fact]
    public void Every_flipped_bit_is_refused()
    {
        var bytes = Samples.SmallBatch().Encoded.ToArray();
        for (var bit = 0; bit < bytes.Length * 8; bit++)
        {
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            AssertRefused(bytes, $"bit {bit} flipped");
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
        }

        Assert.True(OpLogBatch.TryOpen(bytes, out _, out _));
    }

    [Fact]
    public void Random_damage_is_refused_or_leaves_the_bytes_as_they_were() =>
        Gen.Select(Samples.Batch, Gen.Select(Gen.Int[0, 10_000], Gen.Byte).Array[1, 8]).Sample((batch, damage) =>
        {
            var bytes = batch.Encoded.ToArray();
            foreach (var (at, value) in damage)
                bytes[at % bytes.Length] = value;
            Assert.Equal(bytes.AsSpan().SequenceEqual(batch.Encoded.Span), OpLogBatch.TryOpen(bytes, out _, out _));
        });

    [Fact]
    public void Slices_reopen_with_their_own_range_and_the_same_entries() =>
        Gen.Select(Samples.Batch, Gen.Int[0, 11], Gen.Int[0, 11]).Sample((batch, skip, take) =>
        {
            var first = batch.FirstSequence + (ulong)(skip % batch.Count);
            var last = Math.Min(first + (ulong)take, batch.LastSequence);
            var slice = batch.From(first).Until(last);
            Assert.True(OpLogBatch.TryOpen(slice.Encoded, out var reopened, out var problem), problem);
            Assert.Equal((first, last), (reopened.FirstSequence, reopened.LastSequence));
            Assert.Equal((batch.Epoch, batch.CommitSequence), (reopened.Epoch, reopened.CommitSequence));
            Assert.Equal(EntriesOf(batch).Skip((int)(first - batch.FirstSequence)).Take(reopened.Count), EntriesOf(reopened));
        });

    [Fact]
    public void A_slice_that_covers_everything_is_the_batch_itself()
    {
        var batch = Samples.SmallBatch();
        Assert.Same(batch, batch.Until(batch.LastSequence + 5));
        Assert.Same(batch, batch.From(1));
    }

    [Fact]
    public void A_slice_outside_the_batch_throws()
    {
        var batch = Samples.SmallBatch();
        Assert.Throws<ArgumentOutOfRangeException>(() => batch.Until(batch.FirstSequence - 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => batch.From(batch.LastSequence + 1));
    }

    [Fact]
    public void Entries_whose_seqs_are_not_dense_are_refused_though_every_checksum_is_right()
    {
        var bytes = Samples.SmallBatch().Encoded.ToArray();
        Rewrite(bytes, entryAt: OpLogBatch.HeaderBytes, entry => BinaryPrimitives.WriteUInt64LittleEndian(entry[8..], 8));
        AssertRefused(bytes, "seq 8 where 7 should stand", "3/8 stands where 3/7 should");
    }

    [Fact]
    public void Entries_of_another_epoch_are_refused_though_every_checksum_is_right()
    {
        var bytes = Samples.SmallBatch().Encoded.ToArray();
        Rewrite(bytes, entryAt: OpLogBatch.HeaderBytes, entry => BinaryPrimitives.WriteUInt64LittleEndian(entry[16..], 4));
        AssertRefused(bytes, "epoch 4 where 3 should stand", "4/7 stands where 3/7 should");
    }

    [Fact]
    public void An_entry_of_another_layout_version_is_refused()
    {
        var bytes = Samples.SmallBatch().Encoded.ToArray();
        Rewrite(bytes, entryAt: OpLogBatch.HeaderBytes, entry => entry[43] = OpLogEntry.LayoutVersion + 1);
        AssertRefused(bytes, "layout 2", "does not fit its bounds");
    }

    [Theory]
    [InlineData(7UL, 0u, "at least one entry")]
    [InlineData(0UL, 3u, "seqs start at 1")]
    [InlineData(ulong.MaxValue - 1, 3u, "more than there are seqs")]
    [InlineData(7UL, 2u, "behind the last entry")]
    [InlineData(7UL, 4u, "entry 10 does not fit")]
    [InlineData(7UL, uint.MaxValue, "entry 10 does not fit")]
    public void A_header_that_lies_is_refused_though_its_checksum_is_right(ulong firstSequence, uint count, string problem)
    {
        var bytes = Samples.SmallBatch().Encoded.ToArray();
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(16), firstSequence);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(24), count);
        var crc = new Crc32();
        crc.Append(bytes.AsSpan(0, 28));
        crc.Append(bytes.AsSpan(32, 8));
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(28), crc.GetCurrentHashAsUInt32());
        AssertRefused(bytes, $"first {firstSequence}, count {count}", problem);
    }

    [Fact]
    public void A_writer_refuses_an_entry_that_does_not_follow()
    {
        var drafts = Samples.Draft(new SampleEntry(OpType.Remove, 1, [1], [], 0));
        foreach (var (sequence, epoch) in new[] { (5UL, 1UL), (7UL, 1UL), (6UL, 2UL) })
        {
            var writer = new BatchWriter();
            writer.Add(drafts.Bytes, 5, 1, 0);
            Assert.Equal(2, Assert.Throws<InvariantViolation>(() => writer.Add(drafts.Bytes, sequence, epoch, 0)).Number);
        }
    }

    [Fact]
    public void A_writer_starts_anew_after_a_batch_and_does_not_touch_the_last_one()
    {
        var writer = new BatchWriter();
        var drafts = Samples.Draft(new SampleEntry(OpType.Remove, 1, [1, 2, 3], [], 0));
        writer.Add(drafts.Bytes, 1, 1, 0);
        var first = writer.Close(0);
        var bytes = first.Encoded.ToArray();
        Assert.Equal((0, OpLogBatch.HeaderBytes), (writer.Count, writer.Length));
        writer.Add(drafts.Bytes, 9, 2, 5);
        Assert.Equal((9UL, 2UL), (writer.Close(1).FirstSequence, 2UL));
        Assert.Equal(bytes, first.Encoded.ToArray());
    }

    [Fact]
    public void A_batch_of_nothing_cannot_be_closed()
    {
        var writer = new BatchWriter();
        Assert.Throws<InvalidOperationException>(() => writer.Close(0));
    }

    [Fact]
    public void Entries_far_larger_than_the_writers_first_buffer_are_kept_whole()
    {
        var large = new byte[100_000];
        for (var i = 0; i < large.Length; i++)
            large[i] = (byte)(i * 31);
        var batch = Samples.BatchOf([new(OpType.PutStart, 1, [1], large, 0), new(OpType.PutStart, 1, [2], large, 0)], 1, 1, 0);
        Assert.True(OpLogBatch.TryOpen(batch.Encoded, out var opened, out var problem), problem);
        foreach (var entry in opened)
            Assert.True(entry.Payload.SequenceEqual(large));
    }

    [Fact]
    public void Walking_a_batch_allocates_nothing()
    {
        var batch = Samples.SmallBatch();
        var bytes = 0L;
        long Walk()
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            foreach (var entry in batch)
                bytes += entry.Key.Length + entry.Payload.Length;
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Walk();
        Assert.Equal(0, Walk());
        Assert.Equal(2 * (2 + 4 + 11), bytes);
    }

    private static List<string> EntriesOf(OpLogBatch batch)
    {
        var all = new List<string>();
        foreach (var entry in batch)
            all.Add(Convert.ToHexString(entry.Encoded));
        return all;
    }

    private delegate void Change(Span<byte> entry);

    // Changes an entry and gives it the checksum that a Primary would have given it.
    private static void Rewrite(byte[] batch, int entryAt, Change change)
    {
        var length = (int)BinaryPrimitives.ReadUInt32LittleEndian(batch.AsSpan(entryAt));
        var entry = batch.AsSpan(entryAt, length);
        change(entry);
        BinaryPrimitives.WriteUInt32LittleEndian(entry[4..], Crc32.HashToUInt32(entry[8..]));
    }

    private static void AssertRefused(byte[] bytes, string what, string problemPart = "")
    {
        Assert.False(OpLogBatch.TryOpen(bytes, out var batch, out var problem), what);
        Assert.Null(batch);
        Assert.NotEqual("", problem);
        Assert.Contains(problemPart, problem, StringComparison.Ordinal);
    }
}
