// The node's log: one line an event, on standard output, written before the call returns, so that a process that ends at once has told
// why. As text for people, or as JSON for log collectors. It keeps and rotates no file: its supervisor does. A line that cannot be written
// is counted and dropped: nothing in the node fails because of its log.
using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using HotStandby.Actors.Settings;
using HotStandby.Actors.Telemetry;
using HotStandby.CommandLine.Output;
using Microsoft.Extensions.Logging;

namespace HotStandby.Host.Logging;

/// <summary>Writes events as lines.</summary>
/// <param name="output">Where to; used under a lock.</param>
/// <param name="format">How a line looks.</param>
/// <param name="node">The node's id: a field of every JSON line.</param>
/// <param name="time">The clock of the lines.</param>
internal sealed class LineLogs(TextWriter output, LogFormat format, string node, TimeProvider time) : ILoggerProvider
{
    private static readonly JsonWriterOptions Json =
        new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly EventId LinesLost = new(1005, "LogLinesLost");

    private readonly Lock _lock = new();
    private long _lost;
    private string _why = "";

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => new Lines(this, categoryName[(categoryName.LastIndexOf('.') + 1)..]);

    /// <summary>Nothing to give back: the output is its owner's.</summary>
    public void Dispose()
    {
    }

    private void Write<TState>(string source, LogLevel level, EventId id, TState state, Exception? exception, string message)
    {
        var now = time.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
        var line = LineOf(now, source, level, id, state, exception, message);
        lock (_lock)
        {
            if ((_lost == 0 || TrySayLost(now)) && TryWrite(line))
                return;
            _lost++;
        }

        NodeMetrics.LogLineLost();
    }

    private bool TrySayLost(string now)
    {
        var values = new KeyValuePair<string, object?>[] { new("Lines", _lost), new("Reason", _why) };
        var text = string.Create(CultureInfo.InvariantCulture, $"{_lost} lines of this log could not be written and are lost: {_why}");
        if (!TryWrite(LineOf(now, "Host", LogLevel.Warning, LinesLost, values, null, text)))
            return false;
        _lost = 0;
        return true;
    }

    private bool TryWrite(string line)
    {
        try
        {
            output.WriteLine(line);
            output.Flush();
            return true;
        }
        catch (Exception error) when (LossyWriter.IsLoss(error))
        {
            _why = error.Message;
            return false;
        }
    }

    private string LineOf<TState>(
        string now, string source, LogLevel level, EventId id, TState state, Exception? exception, string message) =>
        format == LogFormat.Json
            ? JsonOf(now, source, level, id, state, exception, message)
            : TextOf(now, source, level, id, exception, message);

    // An exception's lines follow indented; whatever a message holds, it stays on its line.
    private static string TextOf(string now, string source, LogLevel level, EventId id, Exception? exception, string message)
    {
        var line = string.Create(CultureInfo.InvariantCulture, $"{now} {Word(level)} {id.Id,4} {source}: {OneLine(message)}");
        return exception is null ? line : $"{line}\n    {exception.ToString().ReplaceLineEndings("\n    ")}";
    }

    private string JsonOf<TState>(string now, string source, LogLevel level, EventId id, TState state, Exception? exception, string message)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer, Json))
        {
            json.WriteStartObject();
            json.WriteString("time", now);
            json.WriteString("level", Word(level).TrimEnd().ToLowerInvariant());
            json.WriteNumber("event", id.Id);
            if (id.Name is { } name)
                json.WriteString("name", name);
            json.WriteString("node", node);
            json.WriteString("source", source);
            json.WriteString("message", message);
            if (state is IReadOnlyList<KeyValuePair<string, object?>> values)
                WriteValues(json, values);
            if (exception is not null)
                json.WriteString("exception", exception.ToString());
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static void WriteValues(Utf8JsonWriter json, IReadOnlyList<KeyValuePair<string, object?>> values)
    {
        json.WriteStartObject("values");
        foreach (var (key, value) in values)
        {
            if (key == "{OriginalFormat}")
                continue;
            json.WritePropertyName(key);
            switch (value)
            {
                case null:
                    json.WriteNullValue();
                    break;
                case bool truth:
                    json.WriteBooleanValue(truth);
                    break;
                case sbyte or byte or short or ushort or int or uint or long:
                    json.WriteNumberValue(Convert.ToInt64(value, CultureInfo.InvariantCulture));
                    break;
                case ulong number:
                    json.WriteNumberValue(number);
                    break;
                case double number when double.IsFinite(number):
                    json.WriteNumberValue(number);
                    break;
                default:
                    json.WriteStringValue(Convert.ToString(value, CultureInfo.InvariantCulture));
                    break;
            }
        }

        json.WriteEndObject();
    }

    private static string OneLine(string message) =>
        message.AsSpan().IndexOfAny('\n', '\r') < 0 ? message : message.ReplaceLineEndings(" | ");

    private static string Word(LogLevel level) => level switch
    {
        LogLevel.Trace or LogLevel.Debug => "DEBUG",
        LogLevel.Information => "INFO ",
        LogLevel.Warning => "WARN ",
        _ => "ERROR",
    };

    private sealed class Lines(LineLogs logs, string source) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            logs.Write(source, logLevel, eventId, state, exception, formatter(state, exception));
    }
}
