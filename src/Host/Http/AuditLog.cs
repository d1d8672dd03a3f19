// Which caller had the node do what: one JSON line for each call that changes something, in a file that only the node's user reads, and in
// the node's log. It never stops a command: a disk that is full must not keep an operator from handing over.
using System.Text.Json;
using System.Text.Json.Serialization;

namespace HotStandby.Host.Http;

/// <summary>A line of the audit log.</summary>
/// <param name="Time">When it was over.</param>
/// <param name="Node">On which node.</param>
/// <param name="Address">From where it was asked.</param>
/// <param name="User">Who, as the client says; nobody checks it.</param>
/// <param name="Command">Which.</param>
/// <param name="Arguments">The query, as it came.</param>
/// <param name="Status">HTTP status of the answer.</param>
/// <param name="Outcome">What became of it: done, or why not.</param>
internal sealed record AuditLine(
    DateTimeOffset Time, string Node, string Address, string User, string Command, string Arguments, int Status, string Outcome);

/// <summary>The audit log of a node. Thread-safe.</summary>
/// <param name="path">The file; null: only the node's log.</param>
/// <param name="log">The node's log.</param>
/// <param name="time">The clock.</param>
internal sealed class AuditLog(string? path, Action<string> log, TimeProvider time)
{
    /// <summary>Its name in the data directory.</summary>
    public const string FileName = "audit.log";

    // At this size the file is put aside, over the one before.
    private const long MostBytes = 16L * 1024 * 1024;

    // Refused strangers may be many, and must not push out what was done: so many lines in so long a time say enough.
    private const int MostRefusals = 10;
    private static readonly TimeSpan RefusalPeriod = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private long _refusalsSince = time.GetTimestamp();
    private int _refusals;
    private long _refusalsLeftOut;

    /// <summary>Notes a call. Its time is now.</summary>
    public void Note(AuditLine call)
    {
        ArgumentNullException.ThrowIfNull(call);
        var line = JsonSerializer.Serialize(call with { Time = time.GetUtcNow() }, AuditJson.Default.AuditLine);
        log($"Operator: {line}");
        if (path is null)
            return;
        lock (_lock)
        {
            try
            {
                Append(line);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                log($"The audit log {path} cannot be written: {error.Message}");
            }
        }
    }

    /// <summary>Notes a call that was refused before it began: at most ten a minute, the next one says how many were left out.</summary>
    public void NoteRefusal(AuditLine call)
    {
        ArgumentNullException.ThrowIfNull(call);
        long leftOut;
        lock (_lock)
        {
            if (time.GetElapsedTime(_refusalsSince) >= RefusalPeriod)
                (_refusalsSince, _refusals) = (time.GetTimestamp(), 0);
            if (++_refusals > MostRefusals)
            {
                _refusalsLeftOut++;
                return;
            }

            (leftOut, _refusalsLeftOut) = (_refusalsLeftOut, 0);
        }

        Note(leftOut == 0 ? call : call with { Outcome = $"{call.Outcome} ({leftOut} refusals before it are left out)" });
    }

    private void Append(string line)
    {
        if (File.Exists(path) && new FileInfo(path).Length > MostBytes)
            File.Move(path!, path + ".1", overwrite: true);
        var options = new FileStreamOptions { Mode = FileMode.Append, Access = FileAccess.Write, Share = FileShare.ReadWrite };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using var writer = new StreamWriter(path!, options);
        writer.Write(line + '\n');
    }
}

/// <summary>How its lines are written.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(AuditLine))]
internal sealed partial class AuditJson : JsonSerializerContext;
