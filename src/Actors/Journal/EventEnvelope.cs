// What stands before an event's own bytes in a record: which serializer wrote them, and what Akka.Persistence wants back.
//   [version u8][serializer id i32][timestamp i64][serializer manifest][event manifest][writer guid], strings: u16 length + UTF-8
// Written and read by FileJournal. The event's bytes themselves are never looked at here.

using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace HotStandby.Actors.Journal;

/// <summary>The fixed part of a stored event.</summary>
/// <param name="SerializerId">Identifier of the Akka serializer.</param>
/// <param name="SerializerManifest">Its manifest for the event, may be empty.</param>
/// <param name="EventManifest">The event adapter's manifest, may be empty.</param>
/// <param name="WriterGuid">The persistent actor's life that wrote it, for the replay filter.</param>
/// <param name="Timestamp">As Akka.Persistence gave it; informative.</param>
internal readonly record struct EventEnvelope(
    int SerializerId, string SerializerManifest, string EventManifest, string WriterGuid, long Timestamp)
{
    private const byte Version = 1;
    private const int FixedBytes = 13;

    public void WriteTo(ArrayBufferWriter<byte> head)
    {
        var span = head.GetSpan(FixedBytes);
        span[0] = Version;
        BinaryPrimitives.WriteInt32LittleEndian(span[1..], SerializerId);
        BinaryPrimitives.WriteInt64LittleEndian(span[5..], Timestamp);
        head.Advance(FixedBytes);
        WriteText(head, SerializerManifest);
        WriteText(head, EventManifest);
        WriteText(head, WriterGuid);
    }

    /// <summary>Splits a record into envelope and event bytes.</summary>
    /// <exception cref="InvalidDataException">The record was not written by this journal, or by a later version of it.</exception>
    public static EventEnvelope Read(ReadOnlySpan<byte> record, out ReadOnlySpan<byte> eventBytes)
    {
        if (record.Length < FixedBytes || record[0] != Version)
            throw new InvalidDataException($"an event record of version {(record.IsEmpty ? -1 : record[0])}; this version knows {Version}");
        var serializerId = BinaryPrimitives.ReadInt32LittleEndian(record[1..]);
        var timestamp = BinaryPrimitives.ReadInt64LittleEndian(record[5..]);
        eventBytes = record[FixedBytes..];
        var serializerManifest = ReadText(ref eventBytes);
        var eventManifest = ReadText(ref eventBytes);
        var writerGuid = ReadText(ref eventBytes);
        return new EventEnvelope(serializerId, serializerManifest, eventManifest, writerGuid, timestamp);
    }

    private static void WriteText(ArrayBufferWriter<byte> head, string text)
    {
        var bytes = Encoding.UTF8.GetByteCount(text);
        if (bytes > ushort.MaxValue)
            throw new ArgumentException($"a manifest of {bytes} bytes; {ushort.MaxValue} is the limit", nameof(text));
        var span = head.GetSpan(2 + bytes);
        BinaryPrimitives.WriteUInt16LittleEndian(span, (ushort)bytes);
        Encoding.UTF8.GetBytes(text, span[2..]);
        head.Advance(2 + bytes);
    }

    private static string ReadText(ref ReadOnlySpan<byte> rest)
    {
        if (rest.Length < 2 || rest.Length < 2 + BinaryPrimitives.ReadUInt16LittleEndian(rest))
            throw new InvalidDataException("an event record whose envelope runs over its end");
        var length = BinaryPrimitives.ReadUInt16LittleEndian(rest);
        var text = length == 0 ? "" : Encoding.UTF8.GetString(rest.Slice(2, length));
        rest = rest[(2 + length)..];
        return text;
    }
}
