// The bytes of one record: [length u32][crc32 u32][sequenceNr u64][kind u8][payload], little-endian.
// length counts what follows the checksum, and the checksum (IEEE CRC-32) covers exactly that.
// Written by RecordBatch, read by FrameReader. Knows nothing of files.

using System.Buffers.Binary;
using System.IO.Hashing;

namespace HotStandby.Actors.Journal;

/// <summary>Whether a record ends its atomic write.</summary>
internal enum FrameKind : byte
{
    /// <summary>Alone, or the last of an atomic write.</summary>
    Final = 1,

    /// <summary>The next record belongs to the same atomic write; recovery drops both or none.</summary>
    Continued = 2,
}

/// <summary>What <see cref="JournalFrame.Check"/> found.</summary>
internal enum FrameStatus
{
    /// <summary>A sound frame.</summary>
    Sound,

    /// <summary>No byte left: the regular end.</summary>
    End,

    /// <summary>Fewer bytes than a frame needs.</summary>
    Short,

    /// <summary>A length or kind no frame can have.</summary>
    Impossible,

    /// <summary>The checksum does not fit.</summary>
    WrongChecksum,
}

/// <summary>Encoding and checking of one frame.</summary>
internal static class JournalFrame
{
    /// <summary>Bytes before the payload.</summary>
    public const int HeaderBytes = 17;

    /// <summary>The largest payload, 16 MiB: a longer length field is taken for damage instead of being allocated.</summary>
    public const int MaxPayloadBytes = 16 << 20;

    private const int CheckedFrom = 8;
    private const int MinLength = HeaderBytes - CheckedFrom;

    /// <summary>The whole frame's bytes according to its first four; meaningful only when <see cref="IsPossible"/>.</summary>
    public static int FrameBytes(ReadOnlySpan<byte> frame) => CheckedFrom + (int)BinaryPrimitives.ReadUInt32LittleEndian(frame);

    /// <summary>The stored checksum.</summary>
    public static uint Checksum(ReadOnlySpan<byte> frame) => BinaryPrimitives.ReadUInt32LittleEndian(frame[4..]);

    /// <summary>The record's sequenceNr.</summary>
    public static long SequenceNr(ReadOnlySpan<byte> frame) => BinaryPrimitives.ReadInt64LittleEndian(frame[8..]);

    /// <summary>The record's kind.</summary>
    public static FrameKind Kind(ReadOnlySpan<byte> frame) => (FrameKind)frame[16];

    /// <summary>True when the 17 header bytes could start a frame at all; costs no checksum.</summary>
    public static bool IsPossible(ReadOnlySpan<byte> header)
    {
        var length = BinaryPrimitives.ReadUInt32LittleEndian(header);
        return length is >= MinLength and <= MinLength + MaxPayloadBytes && Kind(header) is FrameKind.Final or FrameKind.Continued
            && SequenceNr(header) > 0;
    }

    /// <summary>Checks a frame that starts at the span's start; the span may be longer.</summary>
    public static FrameStatus Check(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
            return FrameStatus.End;
        if (bytes.Length < HeaderBytes)
            return FrameStatus.Short;
        if (!IsPossible(bytes))
            return FrameStatus.Impossible;
        var total = FrameBytes(bytes);
        if (bytes.Length < total)
            return FrameStatus.Short;
        return Crc32.HashToUInt32(bytes[CheckedFrom..total]) == Checksum(bytes) ? FrameStatus.Sound : FrameStatus.WrongChecksum;
    }

    /// <summary>Completes a frame whose payload already stands at <see cref="HeaderBytes"/>; returns the checksum.</summary>
    /// <param name="frame">Exactly header and payload.</param>
    /// <param name="sequenceNr">1 or more.</param>
    /// <param name="kind">Whether the atomic write ends here.</param>
    public static uint Seal(Span<byte> frame, long sequenceNr, FrameKind kind)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(frame, (uint)(frame.Length - CheckedFrom));
        BinaryPrimitives.WriteInt64LittleEndian(frame[8..], sequenceNr);
        frame[16] = (byte)kind;
        var checksum = Crc32.HashToUInt32(frame[CheckedFrom..]);
        BinaryPrimitives.WriteUInt32LittleEndian(frame[4..], checksum);
        return checksum;
    }
}
