// Exhaustive on a small log: every cut and every single-bit flip, and what reopening must make of it.

using HotStandby.Actors.Journal;

namespace HotStandby.Tests.Actors.Journal;

public sealed class TailTests
{
    private const int Records = 5;
    private const int PayloadBytes = 24;
    private const int FrameBytes = PayloadBytes + JournalFrame.HeaderBytes;

    [Fact]
    public void A_cut_at_any_byte_leaves_the_longest_whole_prefix()
    {
        var (disk, bytes, headerBytes) = SmallLog(atomicTail: false);
        for (var length = headerBytes; length <= bytes.Length; length++)
        {
            disk.Put(Logs.SegmentPath(1), bytes[..length]);
            using var log = Logs.Open(disk);
            Assert.Equal(Logs.Range(1, (length - headerBytes) / FrameBytes), Logs.Read(log));
        }
    }

    [Fact]
    public void A_cut_at_any_byte_of_an_atomic_write_drops_all_of_it()
    {
        var (disk, bytes, headerBytes) = SmallLog(atomicTail: true);
        for (var length = headerBytes + 2 * FrameBytes; length < bytes.Length; length++)
        {
            disk.Put(Logs.SegmentPath(1), bytes[..length]);
            using var log = Logs.Open(disk);
            Assert.Equal([1, 2], Logs.Read(log));
        }
    }

    [Fact]
    public void A_flipped_bit_in_the_last_record_drops_that_record_and_anywhere_else_is_damage()
    {
        var (disk, bytes, headerBytes) = SmallLog(atomicTail: false);
        var lastRecord = headerBytes + (Records - 1) * FrameBytes;
        for (var bit = 0; bit < bytes.Length * 8; bit++)
        {
            var flipped = bytes.ToArray();
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            disk.Put(Logs.SegmentPath(1), flipped);
            if (bit / 8 < lastRecord)
            {
                var damaged = Assert.Throws<JournalDamaged>(() => Logs.Open(disk));
                Assert.Equal(bit / 8 < headerBytes ? DamageKind.WrongHeader : DamageKind.BadFrame, damaged.Kind);
                continue;
            }
            using var log = Logs.Open(disk);
            Assert.Equal(Logs.Range(1, Records - 1), Logs.Read(log));
        }
    }

    [Fact]
    public void A_tail_of_zeros_or_garbage_of_any_length_is_cut()
    {
        var (disk, bytes, _) = SmallLog(atomicTail: false);
        for (var length = 1; length < 100; length++)
        {
            var garbage = new byte[length];
            foreach (var fill in new[] { 0, 1 })
            {
                if (fill == 1)
                    new Random(length).NextBytes(garbage);
                disk.Put(Logs.SegmentPath(1), [.. bytes, .. garbage]);
                using var log = Logs.Open(disk);
                Assert.Equal(Logs.Range(1, Records), Logs.Read(log));
                Assert.Equal(length, log.Recovery.CutBytes);
            }
        }
    }

    [Fact]
    public void A_length_field_that_claims_megabytes_is_not_believed()
    {
        var (disk, bytes, headerBytes) = SmallLog(atomicTail: false);
        var lastRecord = headerBytes + (Records - 1) * FrameBytes;
        foreach (var claim in new[] { int.MaxValue, -1, 16 << 20, 0, 8 })
        {
            var changed = bytes.ToArray();
            BitConverter.TryWriteBytes(changed.AsSpan(lastRecord), claim);
            disk.Put(Logs.SegmentPath(1), changed);
            using var log = Logs.Open(disk);
            Assert.Equal(Logs.Range(1, Records - 1), Logs.Read(log));
        }
    }

    private static (MemoryDisk Disk, byte[] Bytes, int HeaderBytes) SmallLog(bool atomicTail)
    {
        var disk = new MemoryDisk();
        using var log = Logs.Open(disk);
        if (atomicTail)
        {
            Logs.Append(log, 2, PayloadBytes);
            Logs.Append(log, 3, PayloadBytes, atomic: true);
        }
        else
            for (var i = 0; i < Records; i++)
                Logs.Append(log, 1, PayloadBytes);
        var bytes = disk.Bytes(Logs.SegmentPath(1));
        return (disk, bytes, bytes.Length - Records * FrameBytes);
    }
}
