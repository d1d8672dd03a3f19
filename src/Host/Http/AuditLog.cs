// Who had the node do what: one JSON line for each command that changes something, in a file that only the node's user reads, and in
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
/// <param name="Outcome">done, or why not.</param>
public sealed record AuditLine(
    DateTimeOffset Time, string Node, string Address, string User, string Command, string Arguments, int Status, string Outcome);

/// <summary>The audit log of a node. Thread-safe.</summary>
/// <param name="path">The file; null: only the node's log.</param>
/// <param name="log">The node's log.</param>
/// <param name="time">The clock.</param>
public sealed class AuditLog(string? path, Action<string> log, TimeProvider time)
{
    /// <summary>Its name in the data directory.</summary>
    public const string FileName = "audit.log";

    // At this size the file is put aside, over the one before.
    private const long MostBytes = 16L * 1024 * 1024;

    // Refused strangers may be many; one line a second says enough.
    private static readonly TimeSpan RefusalInterval = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private long _refusedAt = long.MinValue;

    /// <summary>Notes a command.</summary>
    public void Note(string node, string address, string user, string command, string arguments, int status, string outcome)
    {
        var line = JsonSerializer.Serialize(
            new AuditLine(time.GetUtcNow(), node, address, user, command, arguments, status, outcome), AuditJson.Default.AuditLine);
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

    /// <summary>Somebody was turned away. At most one line a second, in the node's log alone: strangers must not fill the disk.</summary>
    public void NoteRefusal(string address, string path, string reason)
    {
        lock (_lock)
        {
            if (_refusedAt != long.MinValue && time.GetElapsedTime(_refusedAt) < RefusalInterval)
                return;
            _refusedAt = time.GetTimestamp();
        }

        log($"Refused {path} to {address}: {reason}");
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
