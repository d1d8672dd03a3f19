// The unit of journalling and of replication: consecutive entries of one epoch, encoded once by the Primary. The same bytes
// go to the journal and to every Standby. Immutable.
using System.Buffers.Binary;
using System.IO.Hashing;

namespace HotStandby.Messages.OpLog;

/// <summary>
/// An encoded batch. Little-endian layout, in bytes:
/// <code>
///  0 u32 magic "HSB1"            28 u32 CRC-32 of bytes [0, 28) and [32, 40)
///  4 u32 length of the batch     32 u64 commit seq known to the Primary when it made the batch
///  8 u64 epoch of the entries    40 entries
/// 16 u64 seq of the first entry
/// 24 u32 number of entries
/// </code>
/// </summary>
public sealed class OpLogBatch
{
    /// <summary>Bytes before the first entry.</summary>
    public const int HeaderBytes = 40;

    /// <summary>"HSB1", little-endian.</summary>
    public const uint Magic = 0x3142_5348;

    private OpLogBatch(ReadOnlyMemory<byte> encoded)
    {
        Encoded = encoded;
        var span = encoded.Span;
        Epoch = BinaryPrimitives.ReadUInt64LittleEndian(span[8..]);
        FirstSequence = BinaryPrimitives.ReadUInt64LittleEndian(span[16..]);
        Count = (int)BinaryPrimitives.ReadUInt32LittleEndian(span[24..]);
        CommitSequence = BinaryPrimitives.ReadUInt64LittleEndian(span[32..]);
    }

    /// <summary>The whole batch.</summary>
    public ReadOnlyMemory<byte> Encoded { get; }

    /// <summary>The epoch of every entry in it.</summary>
    public ulong Epoch { get; }

    /// <summary>Seq of the first entry.</summary>
    public ulong FirstSequence { get; }

    /// <summary>Number of entries, at least 1.</summary>
    public int Count { get; }

    /// <summary>Seq of the last entry.</summary>
    public ulong LastSequence => FirstSequence + (ulong)Count - 1;

    /// <summary>What the Primary knew to be committed when it made the batch: a lower bound for whoever recovers it.</summary>
    public ulong CommitSequence { get; }

    /// <summary>Enumerates the entries of a batch that was opened with a check.</summary>
    public Enumerator GetEnumerator() => new(Encoded.Span[HeaderBytes..]);

    /// <summary>
    /// Opens a batch and checks everything: magic, bounds, every checksum, dense seqs, one epoch. False, with the reason,
    /// for bytes that no Primary wrote.
    /// </summary>
    public static bool TryOpen(ReadOnlyMemory<byte> encoded, out OpLogBatch batch, out string problem)
    {
        batch = null!;
        problem = Check(encoded.Span);
        if (problem.Length > 0)
            return false;
        batch = new OpLogBatch(encoded);
        return true;
    }

    /// <summary>Wraps bytes that this process has just written with <see cref="BatchWriter"/>.</summary>
    internal static OpLogBatch Trusted(ReadOnlyMemory<byte> encoded) => new(encoded);

    /// <summary>The entries up to and including <paramref name="lastSequence"/>, as a batch of their own.</summary>
    public OpLogBatch Until(ulong lastSequence) => Slice(FirstSequence, Math.Min(lastSequence, LastSequence));

    /// <summary>The entries from <paramref name="firstSequence"/> on, as a batch of their own.</summary>
    public OpLogBatch From(ulong firstSequence) => Slice(Math.Max(firstSequence, FirstSequence), LastSequence);

    private OpLogBatch Slice(ulong first, ulong last)
    {
        if (first == FirstSequence && last == LastSequence)
            return this;
        ArgumentOutOfRangeException.ThrowIfGreaterThan(first, last);
        var entries = Encoded.Span[HeaderBytes..];
        var start = 0;
        var end = 0;
        for (var seq = FirstSequence; seq <= last; seq++)
        {
            if (seq == first)
                start = end;
            end += (int)BinaryPrimitives.ReadUInt32LittleEndian(entries[end..]);
        }

        var bytes = new byte[HeaderBytes + end - start];
        entries[start..end].CopyTo(bytes.AsSpan(HeaderBytes));
        WriteHeader(bytes, Epoch, first, (int)(last - first + 1), CommitSequence);
        return new OpLogBatch(bytes);
    }

    internal static void WriteHeader(Span<byte> batch, ulong epoch, ulong firstSequence, int count, ulong commitSequence)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(batch, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(batch[4..], (uint)batch.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(batch[8..], epoch);
        BinaryPrimitives.WriteUInt64LittleEndian(batch[16..], firstSequence);
        BinaryPrimitives.WriteUInt32LittleEndian(batch[24..], (uint)count);
        BinaryPrimitives.WriteUInt64LittleEndian(batch[32..], commitSequence);
        BinaryPrimitives.WriteUInt32LittleEndian(batch[28..], HeaderChecksum(batch));
    }

    private static uint HeaderChecksum(ReadOnlySpan<byte> batch)
    {
        var crc = new Crc32();
        crc.Append(batch[..28]);
        crc.Append(batch[32..HeaderBytes]);
        return crc.GetCurrentHashAsUInt32();
    }

    private static string Check(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < HeaderBytes)
            return $"a batch of {bytes.Length} bytes is shorter than its header";
        if (BinaryPrimitives.ReadUInt32LittleEndian(bytes) != Magic)
            return "not a batch: wrong magic";
        if (BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]) != (uint)bytes.Length)
            return "the batch's length does not match its bytes";
        if (BinaryPrimitives.ReadUInt32LittleEndian(bytes[28..]) != HeaderChecksum(bytes))
            return "the batch's header is corrupt";
        var epoch = BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]);
        var seq = BinaryPrimitives.ReadUInt64LittleEndian(bytes[16..]);
        var count = BinaryPrimitives.ReadUInt32LittleEndian(bytes[24..]);
        if (count == 0 || seq == 0)
            return "a batch has at least one entry, and seqs start at 1";
        if (seq > ulong.MaxValue - count)
            return $"{count} entries from seq {seq} on are more than there are seqs";
        var rest = bytes[HeaderBytes..];
        for (var i = 0u; i < count; i++, seq++)
        {
            if (!OpLogEntry.TryView(rest, out var entry))
                return $"entry {seq} does not fit its bounds";
            if (!entry.ChecksumMatches())
                return $"entry {seq} is corrupt: checksum {entry.Checksum:x8} does not match";
            if (entry.Sequence != seq || entry.Epoch != epoch)
                return $"entry {entry.Epoch}/{entry.Sequence} stands where {epoch}/{seq} should";
            rest = rest[entry.Encoded.Length..];
        }

        return rest.IsEmpty ? "" : $"{rest.Length} bytes behind the last entry";
    }

    /// <summary>Walks the entries in order without allocating.</summary>
    public ref struct Enumerator(ReadOnlySpan<byte> entries)
    {
        private ReadOnlySpan<byte> _rest = entries;
        private OpLogEntry _current;

        /// <summary>The entry at hand.</summary>
        public readonly OpLogEntry Current => _current;

        /// <summary>Goes to the next entry.</summary>
        public bool MoveNext()
        {
            if (!OpLogEntry.TryView(_rest, out _current))
                return false;
            _rest = _rest[_current.Encoded.Length..];
            return true;
        }
    }
}
