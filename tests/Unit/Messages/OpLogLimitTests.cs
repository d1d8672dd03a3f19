// The limits of an entry hold where it is written and where it is read.
using System.Buffers.Binary;
using System.IO.Hashing;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;

namespace HotStandby.Tests.Unit.Messages;

public sealed class OpLogLimitTests
{
    [Fact]
    public void A_key_of_4096_bytes_is_written_and_read()
    {
        var batch = Samples.BatchOf([new(OpType.Remove, 1, new byte[4096], [], 0)], 1, 1, 0);
        Assert.True(OpLogBatch.TryOpen(batch.Encoded, out _, out var problem), problem);
    }

    [Fact]
    public void A_key_of_4097_bytes_throws()
    {
        var drafts = new DraftBuffer(new Partition(1));
        Assert.Throws<ArgumentOutOfRangeException>(() => drafts.Add(OpType.Remove, new byte[4097], 0, 0).Length);
        Assert.Equal((0, 0), (drafts.Count, drafts.Length));
    }

    [Fact]
    public void A_payload_of_10_MiB_is_written_and_read()
    {
        var batch = Samples.BatchOf([new(OpType.PutStart, 1, [1], new byte[10 << 20], 0)], 1, 1, 0);
        Assert.True(OpLogBatch.TryOpen(batch.Encoded, out var opened, out var problem), problem);
        foreach (var entry in opened)
            Assert.Equal(10 << 20, entry.Payload.Length);
    }

    [Theory]
    [InlineData((10 << 20) + 1)]
    [InlineData(int.MaxValue)]
    [InlineData(-1)]
    public void A_payload_above_10_MiB_or_below_nothing_throws(int payloadBytes)
    {
        var drafts = new DraftBuffer(new Partition(1));
        Assert.Throws<ArgumentOutOfRangeException>(() => drafts.Add(OpType.PutStart, [1], 0, payloadBytes).Length);
        Assert.Equal(0, drafts.Count);
    }

    [Theory]
    [InlineData(4096, 10 << 20, true)]
    [InlineData(4097, 0, false)]
    [InlineData(0, (10 << 20) + 1, false)]
    public void The_same_limits_hold_when_an_entry_is_viewed(int keyBytes, int payloadBytes, bool fits)
    {
        var bytes = new byte[OpLogEntry.HeaderBytes + keyBytes + payloadBytes];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, (uint)bytes.Length);
        bytes[43] = OpLogEntry.LayoutVersion;
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(44), (uint)keyBytes);
        Assert.Equal(fits, OpLogEntry.TryView(bytes, out _));
    }

    [Theory]
    [InlineData(uint.MaxValue, 0u)]
    [InlineData(47u, 0u)]
    [InlineData(64u, 17u)]
    [InlineData(64u, uint.MaxValue)]
    [InlineData(65u, 0u)]
    public void Impossible_lengths_are_refused_when_an_entry_is_viewed(uint length, uint keyLength)
    {
        var bytes = new byte[64];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, length);
        bytes[43] = OpLogEntry.LayoutVersion;
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(44), keyLength);
        Assert.False(OpLogEntry.TryView(bytes, out _));
    }

    [Fact]
    public void The_checksum_is_CRC_32_of_IEEE()
    {
        Assert.Equal(0xCBF43926u, Crc32.HashToUInt32("123456789"u8));
        var batch = Samples.SmallBatch();
        foreach (var entry in batch)
            Assert.Equal(Crc32.HashToUInt32(entry.Encoded[8..]), entry.Checksum);
    }

    [Fact]
    public void A_draft_can_be_viewed_before_it_has_a_seq()
    {
        var drafts = new DraftBuffer(Partition.OfShard(3));
        drafts.Add(OpType.Remove, "first"u8, 1, 0);
        new byte[] { 9, 8 }.CopyTo(drafts.Add(OpType.PutRevoke, "second"u8, 2, 2));
        var last = drafts.Last;
        Assert.Equal((OpType.PutRevoke, 0UL, 0UL, 2UL), (last.Type, last.Sequence, last.Epoch, last.PrefixHash));
        Assert.Equal(Partition.OfShard(3), last.Partition);
        Assert.True(last.Key.SequenceEqual("second"u8));
        Assert.Equal([9, 8], last.Payload.ToArray());
        Assert.Equal(2, drafts.Count);
        drafts.Release();
        Assert.Equal((0, 0), (drafts.Count, drafts.Length));
    }
}
