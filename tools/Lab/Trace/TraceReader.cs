// Reads a trace: JSON lines, one request a line, streamed, so a trace of any length takes the memory of its longest line.
// Used by replay, demo and bench. Never skips a line that it does not understand.
using System.Text.Json;

namespace HotStandby.Lab.Trace;

/// <summary>Reader of the Mooncake trace format.</summary>
internal static class TraceReader
{
    /// <summary>Longest line, in bytes; some 1.5 million blocks.</summary>
    public const int MaximumLineBytes = 16 * 1024 * 1024;

    private const int FirstBufferBytes = 64 * 1024;

    [Flags]
    private enum Fields
    {
        None = 0,
        Timestamp = 1,
        InputLength = 2,
        OutputLength = 4,
        HashIds = 8,
        All = 15,
    }

    /// <summary>Opens a file of a trace.</summary>
    /// <exception cref="FileNotFoundException">No such file.</exception>
    /// <exception cref="DirectoryNotFoundException">No such directory.</exception>
    public static Stream Open(string path) =>
        new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1, FileOptions.SequentialScan);

    /// <summary>The requests of a file. It is opened when the first is asked for.</summary>
    /// <exception cref="FileNotFoundException">No such file.</exception>
    /// <exception cref="DirectoryNotFoundException">No such directory.</exception>
    /// <exception cref="TraceFormatException">A line is broken.</exception>
    public static IEnumerable<TraceRequest> ReadFile(string path)
    {
        using var stream = Open(path);
        foreach (var request in Read(stream))
            yield return request;
    }

    /// <summary>The requests of a stream, which stays open. Empty lines are skipped.</summary>
    /// <exception cref="TraceFormatException">A line is broken.</exception>
    public static IEnumerable<TraceRequest> Read(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        var buffer = new byte[FirstBufferBytes];
        var (start, end, line) = (0, 0, 0L);
        while (true)
        {
            var length = buffer.AsSpan(start, end - start).IndexOf((byte)'\n');
            if (length < 0)
            {
                if (start > 0)
                    (buffer.AsSpan(start, end - start)).CopyTo(buffer);
                (start, end) = (0, end - start);
                if (end > MaximumLineBytes)
                    throw new TraceFormatException(line + 1, $"longer than {MaximumLineBytes} bytes");
                if (end == buffer.Length)
                    Array.Resize(ref buffer, buffer.Length * 2);
                var read = stream.Read(buffer, end, buffer.Length - end);
                end += read;
                if (read > 0)
                    continue;
                if (end == 0)
                    yield break;
                length = end;
            }
            line++;
            if (Parse(buffer.AsSpan(start, length), line) is { } request)
                yield return request;
            start = Math.Min(start + length + 1, end);
        }
    }

    // Null for an empty line.
    private static TraceRequest? Parse(ReadOnlySpan<byte> text, long line)
    {
        if (line == 1 && text.StartsWith("\uFEFF"u8))
            text = text[3..];
        if (text.Trim(" \t\r"u8).IsEmpty)
            return null;
        try
        {
            return ParseObject(text, line);
        }
        catch (JsonException error)
        {
            throw new TraceFormatException(line, $"not valid JSON at byte {error.BytePositionInLine + 1}");
        }
    }

    private static TraceRequest ParseObject(ReadOnlySpan<byte> text, long line)
    {
        var reader = new Utf8JsonReader(text);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            throw new TraceFormatException(line, "must be a JSON object");
        var (timestamp, input, output, ids, seen) = (0L, 0L, 0L, Array.Empty<ulong>(), Fields.None);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var field = reader.ValueTextEquals("timestamp"u8) ? Fields.Timestamp
                : reader.ValueTextEquals("input_length"u8) ? Fields.InputLength
                : reader.ValueTextEquals("output_length"u8) ? Fields.OutputLength
                : reader.ValueTextEquals("hash_ids"u8) ? Fields.HashIds
                : Fields.None;
            if ((seen & field) != 0)
                throw new TraceFormatException(line, $"{NameOf(field)} occurs twice");
            seen |= field;
            reader.Read();
            switch (field)
            {
                case Fields.Timestamp:
                    timestamp = Number(ref reader, field, line);
                    break;
                case Fields.InputLength:
                    input = Number(ref reader, field, line);
                    break;
                case Fields.OutputLength:
                    output = Number(ref reader, field, line);
                    break;
                case Fields.HashIds:
                    ids = Ids(ref reader, line);
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }
        reader.Read();
        if (seen != Fields.All)
            throw new TraceFormatException(line, $"{FirstMissing(seen)} is missing");
        return new TraceRequest(timestamp, input, output, ids);
    }

    private static long Number(ref Utf8JsonReader reader, Fields field, long line) =>
        reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var value) && value >= 0
            ? value
            : throw new TraceFormatException(line, $"{NameOf(field)} must be a whole number, 0 or more, at most {long.MaxValue}");

    // Hashes fill 64 bits.
    private static ulong[] Ids(ref Utf8JsonReader reader, long line)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
            throw new TraceFormatException(line, "hash_ids must be an array");
        var ids = new List<ulong>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            ids.Add(reader.TokenType == JsonTokenType.Number && reader.TryGetUInt64(out var id)
                ? id
                : throw new TraceFormatException(line, $"hash_ids must be a whole number, 0 or more, each at most {ulong.MaxValue}"));
        return [.. ids];
    }

    private static string FirstMissing(Fields seen) =>
        NameOf(((ReadOnlySpan<Fields>)[Fields.Timestamp, Fields.InputLength, Fields.OutputLength, Fields.HashIds])[
            System.Numerics.BitOperations.TrailingZeroCount((int)~seen)]);

    private static string NameOf(Fields field) => field switch
    {
        Fields.Timestamp => "timestamp",
        Fields.InputLength => "input_length",
        Fields.OutputLength => "output_length",
        _ => "hash_ids",
    };
}
