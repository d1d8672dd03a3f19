// Files that are replaced as a whole: temporary name, flush, rename, flush of the directory. Mostly small key=value files beside the
// segments (node.identity, log.state), whose last line is a CRC-32 of the lines before it; checkpoints are written in the same way.
// Used by DataDirectory, LogState and FileSnapshotStore. A reader sees the old content or the new one, never a mixture.

using System.Globalization;
using System.IO.Hashing;
using System.Text;

namespace HotStandby.Actors.Journal;

/// <summary>Reading and replacing of small durable files.</summary>
internal static class SideFile
{
    public const string TemporarySuffix = ".tmp";

    private const int MaxBytes = 64 << 10;
    private const string ChecksumKey = "crc32=";

    /// <summary>Replaces the file with any bytes; durable on return.</summary>
    public static void Replace(IDisk disk, string directory, string name, ReadOnlyMemory<byte> content) =>
        Replace(disk, directory, name, [content]);

    /// <summary>Replaces the file with these pieces, one behind the other; durable on return.</summary>
    /// <param name="disk">Where.</param>
    /// <param name="directory">In which directory.</param>
    /// <param name="name">Name of the file.</param>
    /// <param name="pieces">Its content.</param>
    /// <param name="cancellation">The caller gives up: nothing is renamed any more.</param>
    public static void Replace(
        IDisk disk, string directory, string name, IReadOnlyList<ReadOnlyMemory<byte>> pieces, CancellationToken cancellation = default)
    {
        var path = Path.Combine(directory, name);
        var temporary = path + TemporarySuffix;
        using (var file = disk.Open(temporary, DiskOpen.Create))
        {
            file.Write(0, pieces);
            file.Flush();
        }
        cancellation.ThrowIfCancellationRequested();
        disk.Rename(temporary, path);
        disk.FlushDirectory(directory);
    }

    /// <summary>Replaces the file with lines of key=value; durable on return.</summary>
    public static void Replace(IDisk disk, string directory, string name, params ReadOnlySpan<(string Key, string Value)> lines)
    {
        var text = new StringBuilder();
        foreach (var (key, value) in lines)
            text.Append(key).Append('=').Append(value).Append('\n');
        var body = text.ToString();
        Replace(disk, directory, name, Encoding.UTF8.GetBytes($"{body}{ChecksumKey}{Checksum(body)}\n"));
    }

    /// <summary>The file's keys and values; null when they are not exactly what was written.</summary>
    public static Dictionary<string, string>? Read(IDisk disk, string path)
    {
        string text;
        using (var file = disk.Open(path, DiskOpen.Read))
        {
            if (file.Length > MaxBytes)
                return null;
            var bytes = new byte[file.Length];
            for (int read = 0, got; read < bytes.Length; read += got)
            {
                got = file.Read(read, bytes.AsSpan(read));
                if (got == 0)
                    return null;
            }
            text = Encoding.UTF8.GetString(bytes);
        }
        var checksumAt = text.LastIndexOf(ChecksumKey, StringComparison.Ordinal);
        if (checksumAt < 0 || text[checksumAt..] != ChecksumKey + Checksum(text[..checksumAt]) + '\n')
            return null;
        var values = new Dictionary<string, string>();
        foreach (var line in text[..checksumAt].Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var separator = line.IndexOf('=');
            if (separator <= 0 || !values.TryAdd(line[..separator], line[(separator + 1)..]))
                return null;
        }
        return values;
    }

    private static string Checksum(string text) =>
        Crc32.HashToUInt32(Encoding.UTF8.GetBytes(text)).ToString("x8", CultureInfo.InvariantCulture);
}
