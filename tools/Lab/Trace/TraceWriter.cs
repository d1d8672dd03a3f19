// Writes requests in the published format: one JSON object a line. Used by the trace verb and by tests.
using System.Globalization;

namespace HotStandby.Lab.Trace;

/// <summary>Writer of the Mooncake trace format.</summary>
internal static class TraceWriter
{
    /// <summary>Writes every request as a line that ends with a line feed.</summary>
    public static void Write(TextWriter writer, IEnumerable<TraceRequest> requests)
    {
        ArgumentNullException.ThrowIfNull(writer);
        ArgumentNullException.ThrowIfNull(requests);
        foreach (var request in requests)
        {
            writer.Write(string.Create(CultureInfo.InvariantCulture,
                $"{{\"timestamp\": {request.TimestampMilliseconds}, \"input_length\": {request.InputTokens}, \"output_length\": "
                    + $"{request.OutputTokens}, \"hash_ids\": ["));
            for (var i = 0; i < request.HashIds.Length; i++)
            {
                if (i > 0)
                    writer.Write(", ");
                writer.Write(request.HashIds[i].ToString(CultureInfo.InvariantCulture));
            }
            writer.Write("]}\n");
        }
    }
}
