// One operation of the replicated log, as a view over its encoded bytes: the bytes that are journalled are the bytes that
// are replicated and the bytes that are checksummed. Reading happens in OpLogBatch (checked), writing in DraftBuffer and
// BatchWriter.
using System.Buffers.Binary;
using System.IO.Hashing;
using HotStandby.Messages.Identity;

namespace HotStandby.Messages.OpLog;

/// <summary>
/// A view over one encoded entry. Little-endian layout, in bytes:
/// <code>
///  0 u32 length of the whole entry      32 u64 prefix hash (XxHash3 of the key)
///  4 u32 CRC-32 of bytes [8, length)    40 u16 partition
///  8 u64 seq                            42 u8  op type
/// 16 u64 epoch                          43 u8  layout version (1)
/// 24 i64 timestamp, Unix milliseconds   44 u32 key length
///                                       48 key, then payload
/// </code>
/// The timestamp informs; nothing decides on it.
/// </summary>
public readonly ref struct OpLogEntry
{
    /// <summary>Bytes before the key.</summary>
    public const int HeaderBytes = 48;

    /// <summary>The layout that is written.</summary>
    public const byte LayoutVersion = 1;

    /// <summary>Longest payload: 10 MiB.</summary>
    public const int MaximumPayloadBytes = 10 * 1024 * 1024;

    private readonly ReadOnlySpan<byte> _bytes;

    private OpLogEntry(ReadOnlySpan<byte> bytes) => _bytes = bytes;

    /// <summary>The encoded bytes.</summary>
    public ReadOnlySpan<byte> Encoded => _bytes;

    /// <summary>CRC-32 (IEEE) of everything behind it.</summary>
    public uint Checksum => BinaryPrimitives.ReadUInt32LittleEndian(_bytes[4..]);

    /// <summary>1-based, dense position in the one order; 0 in a draft that has no seq yet.</summary>
    public ulong Sequence => BinaryPrimitives.ReadUInt64LittleEndian(_bytes[8..]);

    /// <summary>The reign in which it was proposed.</summary>
    public ulong Epoch => BinaryPrimitives.ReadUInt64LittleEndian(_bytes[16..]);

    /// <summary>Wall clock of the Primary, Unix milliseconds; informs only.</summary>
    public long TimestampMilliseconds => BinaryPrimitives.ReadInt64LittleEndian(_bytes[24..]);

    /// <summary><see cref="ObjectKey.Hash"/> of the key; 0 without a key.</summary>
    public ulong PrefixHash => BinaryPrimitives.ReadUInt64LittleEndian(_bytes[32..]);

    /// <summary>What it changes.</summary>
    public Partition Partition => new(BinaryPrimitives.ReadUInt16LittleEndian(_bytes[40..]));

    /// <summary>What it does.</summary>
    public OpType Type => (OpType)_bytes[42];

    /// <summary>The scoped key; empty for entries of the segment table.</summary>
    public ReadOnlySpan<byte> Key => _bytes.Slice(HeaderBytes, KeyLength);

    /// <summary>What the operation needs to know; its layout belongs to the op type (see Payloads).</summary>
    public ReadOnlySpan<byte> Payload => _bytes[(HeaderBytes + KeyLength)..];

    private int KeyLength => (int)BinaryPrimitives.ReadUInt32LittleEndian(_bytes[44..]);

    /// <summary>
    /// Views the first entry of <paramref name="source"/>. False when its bounds are impossible: too short, a length beyond
    /// the source, a key above 4096 or a payload above 10 MiB, another layout version. Does not look at the checksum.
    /// </summary>
    public static bool TryView(ReadOnlySpan<byte> source, out OpLogEntry entry)
    {
        entry = default;
        if (source.Length < HeaderBytes)
            return false;
        var length = BinaryPrimitives.ReadUInt32LittleEndian(source);
        var keyLength = BinaryPrimitives.ReadUInt32LittleEndian(source[44..]);
        if (length < HeaderBytes || length > (uint)source.Length || keyLength > ObjectKey.MaximumBytes
            || keyLength > length - HeaderBytes || length - HeaderBytes - keyLength > MaximumPayloadBytes
            || source[43] != LayoutVersion)
            return false;
        entry = new OpLogEntry(source[..(int)length]);
        return true;
    }

    /// <summary>True when the bytes are those that were written.</summary>
    public bool ChecksumMatches() => Crc32.HashToUInt32(_bytes[8..]) == Checksum;
}
