// A log's directory as a node finds it at its start: the state file, the first segment (each behind its length, 4 bytes), and the second
// one. Refused as damage, or recovered; and a log that was recovered is found whole the next time.
using System.Buffers.Binary;
using System.Globalization;
using System.IO.Hashing;
using System.Text;
using HotStandby.Actors.Journal;

namespace HotStandby.Tests.Fuzz.Targets;

internal sealed class JournalTarget() : FuzzTarget("journal")
{
    private const int LengthBytes = 4;
    private const int SegmentHeaderBytes = 56;
    private static readonly string StatePath = Path.Combine(Logs.Directory, "log.state");

    // The disk in memory keeps every byte several times, and lists it.
    public override int AllowedBytesPerByte => 128;

    // A reader's buffer is 256 KiB, and pooled.
    public override int AllowedBytes => 640 << 10;

    public override object? Decode(byte[] input)
    {
        var disk = new MemoryDisk();
        if (!TryCut(input, out var state, out var first, out var second))
            return null;
        disk.CreateDirectory(Logs.Directory);
        disk.Put(StatePath, input[state]);
        disk.Put(Logs.SegmentPath(1), input[first]);
        if (second.Start.Value < input.Length)
            disk.Put(Logs.SegmentPath(2), input[second]);
        try
        {
            using var log = Logs.Open(disk);
            var read = 0L;
            using var reader = log.Read(1, long.MaxValue);
            while (reader.TryRead())
                read++;
            return read == log.HighestSequenceNr - log.DeletedTo
                ? disk : throw new InvalidOperationException($"{read} records of {log.HighestSequenceNr} - {log.DeletedTo}");
        }
        catch (JournalDamaged)
        {
            return null;
        }
    }

    public override byte[] Encode(object decoded) => Packed((MemoryDisk)decoded);

    public override void Reseal(Span<byte> input)
    {
        if (!TryCut(input, out var state, out var first, out var second))
            return;
        SealState(input[state]);
        SealSegment(input[first]);
        SealSegment(input[second]);
    }

    protected override IEnumerable<byte[]> MakeSamples()
    {
        foreach (var (records, bytes, deleted) in ((int, int, int)[])[(1, 0, 0), (9, 40, 3), (60, 90, 20)])
        {
            var disk = new MemoryDisk();
            using var log = Logs.Open(disk);
            for (var i = 0; i < records; i += 3)
                Logs.Append(log, Math.Min(3, records - i), bytes, atomic: i % 2 == 0);
            log.DeleteTo(deleted);
            yield return Packed(disk);
        }
    }

    private static byte[] Packed(MemoryDisk disk)
    {
        var (state, first) = (disk.Bytes(StatePath), disk.Bytes(Logs.SegmentPath(1)));
        return
        [
            .. BitConverter.GetBytes(state.Length), .. state, .. BitConverter.GetBytes(first.Length), .. first,
            .. disk.Paths.Contains(Logs.SegmentPath(2)) ? disk.Bytes(Logs.SegmentPath(2)) : [],
        ];
    }

    private static bool TryCut(ReadOnlySpan<byte> input, out Range state, out Range first, out Range second)
    {
        (state, first, second) = (default, default, default);
        if (!TryCut(input, 0, out state) || !TryCut(input, state.End.Value, out first))
            return false;
        second = first.End.Value..input.Length;
        return true;
    }

    private static bool TryCut(ReadOnlySpan<byte> input, int at, out Range piece)
    {
        piece = default;
        if (input.Length - at < LengthBytes)
            return false;
        var length = BinaryPrimitives.ReadUInt32LittleEndian(input[at..]);
        if (length > input.Length - at - LengthBytes)
            return false;
        piece = (at + LengthBytes)..(at + LengthBytes + (int)length);
        return true;
    }

    private static void SealState(Span<byte> state)
    {
        var key = state.LastIndexOf("crc32="u8);
        if (key < 0 || state.Length - key < 14)
            return;
        var text = Encoding.UTF8.GetString(state[..key]);
        var checksum = Crc32.HashToUInt32(Encoding.UTF8.GetBytes(text)).ToString("x8", CultureInfo.InvariantCulture);
        Encoding.UTF8.GetBytes(checksum, state[(key + 6)..]);
    }

    private static void SealSegment(Span<byte> segment)
    {
        if (segment.Length < SegmentHeaderBytes)
            return;
        var header = BinaryPrimitives.ReadInt32LittleEndian(segment[8..]);
        if (header < SegmentHeaderBytes || header > segment.Length)
            return;
        BinaryPrimitives.WriteUInt32LittleEndian(segment[12..], Crc32.HashToUInt32(segment[16..header]));
        for (var rest = segment[header..]; rest.Length >= JournalFrame.HeaderBytes
            && JournalFrame.IsPossible(rest) && JournalFrame.FrameBytes(rest) <= rest.Length;)
        {
            var frame = rest[..JournalFrame.FrameBytes(rest)];
            JournalFrame.Seal(frame, JournalFrame.SequenceNr(frame), JournalFrame.Kind(frame));
            rest = rest[frame.Length..];
        }
    }
}
