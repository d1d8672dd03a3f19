// The size of the data directory, and how many files the process has open, measured in the background: a scrape shows the last measurement
// and never waits for a disk. Directories that may not be read, such as lost+found, are left out.
using System.IO.Enumeration;
using HotStandby.Host.Logging;
using Microsoft.Extensions.Logging;

namespace HotStandby.Host.Telemetry;

/// <summary>One measurement.</summary>
/// <param name="JournalBytes">Size of the journal's files.</param>
/// <param name="DataBytes">Size of everything in the data directory.</param>
/// <param name="FreeBytes">Room on its disk.</param>
/// <param name="OldestCheckpoint">When the newest checkpoint of that partition whose newest is oldest was saved; null without any.</param>
internal sealed record DiskUse(long JournalBytes, long DataBytes, long FreeBytes, DateTimeOffset? OldestCheckpoint)
{
    private const string DescriptorDirectory = "/proc/self/fd"; // of Linux; elsewhere it is not known
    private const string JournalDirectory = "logs";
    private const string CheckpointDirectory = "checkpoints";

    // A link may lead anywhere, and round in circles.
    private static readonly EnumerationOptions Everything = new()
    {
        RecurseSubdirectories = true, IgnoreInaccessible = true, AttributesToSkip = FileAttributes.ReparsePoint,
    };

    /// <summary>File descriptors that this process has open; 0: not known.</summary>
    public int OpenDescriptors { get; init; }

    /// <summary>Nothing is known.</summary>
    public static readonly DiskUse Unknown = new(0, 0, 0, null);

    /// <summary>Measures.</summary>
    /// <exception cref="IOException">The directory cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be.</exception>
    public static DiskUse Of(string directory) => new(
        BytesIn(Path.Combine(directory, JournalDirectory)), BytesIn(directory), new DriveInfo(directory).AvailableFreeSpace,
        OldestCheckpointIn(Path.Combine(directory, CheckpointDirectory)))
    {
        OpenDescriptors = Directory.Exists(DescriptorDirectory) ? Directory.EnumerateFileSystemEntries(DescriptorDirectory).Count() : 0,
    };

    // Files are named for their partition, then @ and the seq. One that was deleted meanwhile has a date of 1601, and a newer sibling.
    private static DateTimeOffset? OldestCheckpointIn(string directory)
    {
        if (!Directory.Exists(directory))
            return null;
        var newest = new Dictionary<string, DateTime>();
        foreach (var file in new DirectoryInfo(directory).EnumerateFiles("checkpoint-*@*"))
        {
            var partition = file.Name[..file.Name.LastIndexOf('@')];
            if (!newest.TryGetValue(partition, out var known) || file.LastWriteTimeUtc > known)
                newest[partition] = file.LastWriteTimeUtc;
        }

        return newest.Count == 0 ? null : newest.Values.Min();
    }

    // The entry brings its length along; one that is truncated away meanwhile counts 0.
    private static long BytesIn(string directory) => !Directory.Exists(directory)
        ? 0
        : new FileSystemEnumerable<long>(directory, static (ref entry) => entry.Length, Everything)
        {
            ShouldIncludePredicate = static (ref entry) => !entry.IsDirectory,
        }.Sum();
}

/// <summary>The newest measurement. Thread-safe.</summary>
/// <param name="directory">The data directory; null: there is nothing to measure.</param>
/// <param name="log">Gets a line when the directory cannot be measured, once for each reason.</param>
/// <param name="time">The clock.</param>
internal sealed class DiskWatch(string? directory, ILogger log, TimeProvider time)
{
    /// <summary>How often it is measured, at most; and only while it is looked at.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private DiskUse _latest = DiskUse.Unknown;
    private Task _measuring = Task.CompletedTask;
    private long _measuredAt = long.MinValue;
    private string? _toldReason;

    /// <summary>What was measured last; begins to measure when that is old. Unknown until the first measurement is done.</summary>
    public DiskUse Latest
    {
        get
        {
            lock (_lock)
            {
                if (directory is not null && _measuring.IsCompleted
                    && (_measuredAt == long.MinValue || time.GetElapsedTime(_measuredAt) >= Interval))
                {
                    _measuredAt = time.GetTimestamp();
                    _measuring = Task.Run(Measure);
                }

                return _latest;
            }
        }
    }

    private void Measure()
    {
        try
        {
            var measured = Directory.Exists(directory) ? DiskUse.Of(directory!) : DiskUse.Unknown;
            lock (_lock)
                (_latest, _toldReason) = (measured, null);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            if (_toldReason != error.Message)
                HostEvents.DiskNotMeasured(log, directory!, error.Message);
            _toldReason = error.Message;
        }
    }
}
