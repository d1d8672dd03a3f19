// The first bytes of a segment file, and its name. The header says whose segment it is and what it continues.
//   [magic 8][header length u32][crc32 of the rest u32][format u32][previous checksum u32]
//   [segment index u64][previous sequenceNr u64][incarnation 16][cluster, node, log: u16 length + UTF-8 each]
// Written once, into a temporary name, flushed and renamed: a header under the final name is never half written.

using System.Buffers.Binary;
using System.Globalization;
using System.IO.Hashing;
using System.Text;

namespace HotStandby.Actors.Journal;

/// <summary>The header of one segment.</summary>
/// <param name="Owner">Who writes it.</param>
/// <param name="LogName">The log it belongs to (the persistenceId), at most 1024 bytes of UTF-8.</param>
/// <param name="Index">1, 2, 3 ..; also the file's name.</param>
/// <param name="PreviousSequenceNr">Last sequenceNr of the segment before; 0 for the first.</param>
/// <param name="PreviousChecksum">Checksum of that record; 0 for the first.</param>
internal sealed record SegmentHeader(NodeIdentity Owner, string LogName, long Index, long PreviousSequenceNr, uint PreviousChecksum)
{
    /// <summary>The format this version writes, and the only one it reads.</summary>
    public const uint FormatVersion = 1;

    /// <summary>More than any header needs; how much a reader fetches.</summary>
    public const int MaxBytes = 4096;

    /// <summary>Suffix of a segment file.</summary>
    public const string FileSuffix = ".segment";

    private const int FixedBytes = 56;
    private const int ChecksumFrom = 16;
    private const int IndexDigits = 16;

    private static ReadOnlySpan<byte> Magic => "HSJOURN1"u8;

    /// <summary>Name of the segment's file: its index in 16 decimal digits.</summary>
    public static string FileName(long index) => index.ToString($"D{IndexDigits}", CultureInfo.InvariantCulture) + FileSuffix;

    /// <summary>The index in a file name; false for every name <see cref="FileName"/> does not produce.</summary>
    public static bool TryParseFileName(string name, out long index)
    {
        index = 0;
        return name.Length == IndexDigits + FileSuffix.Length && name.EndsWith(FileSuffix, StringComparison.Ordinal)
            && long.TryParse(name.AsSpan(0, IndexDigits), NumberStyles.None, CultureInfo.InvariantCulture, out index) && index > 0;
    }

    /// <summary>The header's bytes.</summary>
    public byte[] Encode()
    {
        var names = new[] { Owner.ClusterId, Owner.NodeId, LogName };
        var bytes = new byte[FixedBytes + names.Sum(name => 2 + Encoding.UTF8.GetByteCount(name))];
        var span = bytes.AsSpan();
        Magic.CopyTo(span);
        BinaryPrimitives.WriteInt32LittleEndian(span[8..], bytes.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(span[16..], FormatVersion);
        BinaryPrimitives.WriteUInt32LittleEndian(span[20..], PreviousChecksum);
        BinaryPrimitives.WriteInt64LittleEndian(span[24..], Index);
        BinaryPrimitives.WriteInt64LittleEndian(span[32..], PreviousSequenceNr);
        Owner.Incarnation.TryWriteBytes(span[40..]);
        var at = FixedBytes;
        foreach (var name in names)
        {
            var count = Encoding.UTF8.GetBytes(name, span[(at + 2)..]);
            BinaryPrimitives.WriteUInt16LittleEndian(span[at..], checked((ushort)count));
            at += 2 + count;
        }
        BinaryPrimitives.WriteUInt32LittleEndian(span[12..], Crc32.HashToUInt32(span[ChecksumFrom..]));
        return bytes;
    }

    /// <summary>Reads a header from the start of a file.</summary>
    /// <param name="file">The file's first bytes, up to <see cref="MaxBytes"/>.</param>
    /// <param name="headerBytes">Where the first record starts.</param>
    /// <param name="fault">What is wrong, when null is returned.</param>
    public static SegmentHeader? Decode(ReadOnlySpan<byte> file, out int headerBytes, out string fault)
    {
        headerBytes = 0;
        fault = "";
        if (file.Length < FixedBytes || !file[..8].SequenceEqual(Magic))
        {
            fault = "not a journal segment";
            return null;
        }
        var length = BinaryPrimitives.ReadInt32LittleEndian(file[8..]);
        if (length < FixedBytes || length > file.Length || length > MaxBytes)
        {
            fault = "header of impossible length";
            return null;
        }
        file = file[..length];
        if (Crc32.HashToUInt32(file[ChecksumFrom..]) != BinaryPrimitives.ReadUInt32LittleEndian(file[12..]))
        {
            fault = "header checksum does not fit";
            return null;
        }
        var format = BinaryPrimitives.ReadUInt32LittleEndian(file[16..]);
        if (format != FormatVersion)
        {
            fault = $"format {format}, this version knows {FormatVersion}";
            return null;
        }
        var names = new string[3];
        var at = FixedBytes;
        for (var i = 0; i < names.Length; i++)
        {
            if (at + 2 > length || at + 2 + BinaryPrimitives.ReadUInt16LittleEndian(file[at..]) > length)
            {
                fault = "header names run over its end";
                return null;
            }
            var count = BinaryPrimitives.ReadUInt16LittleEndian(file[at..]);
            names[i] = Encoding.UTF8.GetString(file.Slice(at + 2, count));
            at += 2 + count;
        }
        headerBytes = length;
        return new SegmentHeader(
            new NodeIdentity(names[0], names[1], new Guid(file.Slice(40, 16))),
            names[2],
            BinaryPrimitives.ReadInt64LittleEndian(file[24..]),
            BinaryPrimitives.ReadInt64LittleEndian(file[32..]),
            BinaryPrimitives.ReadUInt32LittleEndian(file[20..]));
    }
}
