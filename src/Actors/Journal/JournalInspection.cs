// Reads the journal of a stopped node for people: every record decoded, every check that a start makes and those of the log itself.
// Called by the verbs `oplog inspect` and `oplog verify`. It changes nothing, and holds no lock while it reads.
using HotStandby.Core.Journal;
using HotStandby.Core.Partitions;
using HotStandby.Actors.Serialization;
using HotStandby.Core.Replication;
using HotStandby.Messages;

namespace HotStandby.Actors.Journal;

/// <summary>A record of the journal.</summary>
/// <param name="File">Path of its segment.</param>
/// <param name="OffsetBytes">Where it begins there.</param>
/// <param name="Number">Its number in the journal, which is not a seq.</param>
/// <param name="Bytes">With its frame.</param>
/// <param name="Event">What it says.</param>
public sealed record InspectedRecord(string File, long OffsetBytes, long Number, int Bytes, IJournalEvent Event);

/// <summary>A segment of the journal.</summary>
/// <param name="File">Its path.</param>
/// <param name="FirstNumber">Number of its first record.</param>
/// <param name="LastNumber">Number of its last one; below the first: it is empty.</param>
/// <param name="Bytes">Up to the end of the last whole record.</param>
public sealed record InspectedSegment(string File, long FirstNumber, long LastNumber, long Bytes);

/// <summary>What a journal holds.</summary>
/// <param name="Name">Of the log.</param>
/// <param name="Owner">Whose it is.</param>
/// <param name="Segments">Oldest first.</param>
/// <param name="Report">What recovery would find. A torn tail is no damage: a start cuts it off.</param>
public sealed record InspectedLog(string Name, NodeIdentity Owner, IReadOnlyList<InspectedSegment> Segments, RecoveryReport Report)
{
    internal IReadOnlyList<Segment> Files { get; init; } = [];
}

/// <summary>Opens journals without a node. All members throw <see cref="JournalDamaged"/> for damage, with its place and kind.</summary>
public static class JournalInspection
{
    /// <summary>All logs of a data directory, checked as a start checks them.</summary>
    /// <param name="directory">A node's data directory.</param>
    /// <exception cref="DataDirectoryRefused">It is no data directory, or a process has it open.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static IReadOnlyList<InspectedLog> OpenDirectory(string directory)
    {
        var disk = new LookingDisk(FileDisk.Instance);
        var owner = DataDirectory.Look(disk, directory);
        var logs = Path.Combine(directory, DataDirectory.LogsDirectory);
        return [.. disk.List(logs)
            .Order(StringComparer.Ordinal).Select(name => OpenLog(disk, Path.Combine(logs, name), owner, Uri.UnescapeDataString(name)))];
    }

    /// <summary>One segment file by itself, as far as it can be judged without the others.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static InspectedLog OpenSegment(string path)
    {
        var disk = new LookingDisk(FileDisk.Instance);
        var start = new byte[SegmentHeader.MaxBytes];
        using var file = disk.Open(path, DiskOpen.Read);
        var header = SegmentHeader.Decode(start.AsSpan(0, file.Read(0, start)), out var headerBytes, out var fault)
            ?? throw new JournalDamaged(DamageKind.WrongHeader, path, 0, fault);
        var segment = new Segment(path, header, headerBytes);
        using var frames = new FrameReader(disk.Open(path, DiskOpen.Read), headerBytes, file.Length);
        FrameStatus status;
        while ((status = frames.Next()) == FrameStatus.Sound)
        {
            if (frames.SequenceNr != segment.LastSequenceNr + 1)
                throw new JournalDamaged(DamageKind.SequenceGap, path, frames.Offset,
                    $"found record {frames.SequenceNr}, expected {segment.LastSequenceNr + 1}");
            (segment.LastSequenceNr, segment.Length) = (frames.SequenceNr, frames.Offset + frames.FrameBytes);
        }

        if (status != FrameStatus.End)
            throw new JournalDamaged(DamageKind.BadFrame, path, frames.Offset,
                $"frame is {status}, behind record {segment.LastSequenceNr}; in the newest segment this may be a torn tail");
        var records = segment.LastSequenceNr - segment.FirstSequenceNr + 1;
        return Describe(header.LogName, header.Owner, [segment], new RecoveryReport(records, segment.LastSequenceNr, 0, null, 0));
    }

    /// <summary>The records of a log that a start would read, in order. Damage shows when its record is reached.</summary>
    public static IEnumerable<InspectedRecord> Read(InspectedLog log)
    {
        ArgumentNullException.ThrowIfNull(log);
        var disk = new LookingDisk(FileDisk.Instance);
        foreach (var segment in log.Files)
        {
            using var frames = new FrameReader(disk.Open(segment.Path, DiskOpen.Read), HeaderBytesOf(disk, segment.Path), segment.Length);
            while (frames.Next() == FrameStatus.Sound)
                if (frames.SequenceNr > log.Report.DeletedTo)
                    yield return new InspectedRecord(
                        segment.Path, frames.Offset, frames.SequenceNr, frames.FrameBytes, Decode(segment.Path, frames));
        }
    }

    /// <summary>
    /// Follows the records as a start does: batches without gaps and holes, epochs that never go back, cuts within the log.
    /// </summary>
    /// <param name="records">All records of a log.</param>
    /// <returns>The log that they make.</returns>
    public static LogIndex Follow(IEnumerable<InspectedRecord> records)
    {
        ArgumentNullException.ThrowIfNull(records);
        var log = new LogIndex();
        var promised = 0UL;
        foreach (var record in records)
        {
            try
            {
                promised = Follow(log, record.Event, promised);
            }
            catch (InvariantViolation broken)
            {
                throw new JournalDamaged(DamageKind.BadEvent, record.File, record.OffsetBytes, $"record {record.Number}: {broken.Message}");
            }
        }

        return log;
    }

    private static ulong Follow(LogIndex log, IJournalEvent happened, ulong promised)
    {
        switch (happened)
        {
            case BatchAppended appended:
                log.AppendRecovered(appended.Batch);
                return promised;
            case LogTruncated truncated:
                log.FoundOn(truncated.Below, truncated.Roll);
                return promised;
            case LogReset reset:
                log.Clear();
                log.FoundOn(reset.Below, reset.Roll);
                return promised;
            case SuffixCut cut:
                log.CutAfter(cut.LastKeptSequence);
                return promised;
            case EpochPromised promise when promise.Epoch < promised:
                throw new InvariantViolation(1, $"epoch {promise.Epoch} is promised after {promised}");
            case EpochPromised promise:
                return promise.Epoch;
            default:
                return promised;
        }
    }

    private static InspectedLog OpenLog(LookingDisk disk, string directory, NodeIdentity owner, string name)
    {
        var (segments, _, report) = new LogRecovery(disk, directory, owner, name).Run();
        return Describe(name, owner, segments, report);
    }

    private static InspectedLog Describe(string name, NodeIdentity owner, IReadOnlyList<Segment> segments, RecoveryReport report) =>
        new(name, owner, [.. segments.Select(
            each => new InspectedSegment(each.Path, each.FirstSequenceNr, each.LastSequenceNr, each.Length))], report)
        { Files = segments };

    private static int HeaderBytesOf(LookingDisk disk, string path)
    {
        var start = new byte[SegmentHeader.MaxBytes];
        using var file = disk.Open(path, DiskOpen.Read);
        return SegmentHeader.Decode(start.AsSpan(0, file.Read(0, start)), out var bytes, out var fault) is null
            ? throw new JournalDamaged(DamageKind.WrongHeader, path, 0, fault)
            : bytes;
    }

    private static IJournalEvent Decode(string path, FrameReader frames)
    {
        try
        {
            var envelope = EventEnvelope.Read(frames.Payload.Span, out var bytes);
            return JournalEventCodec.Decode(envelope.SerializerManifest, bytes.ToArray());
        }
        catch (Exception error) when (error is InvalidDataException or JournalDamagedException)
        {
            throw new JournalDamaged(DamageKind.BadEvent, path, frames.Offset, $"record {frames.SequenceNr}: {error.Message}");
        }
    }

    // A disk on which every change is accepted and none is made: recovery runs on it as it does at a start.
    private sealed class LookingDisk(FileDisk disk) : IDisk
    {
        public void CreateDirectory(string path)
        {
        }

        public IReadOnlyList<string> List(string directory) => disk.List(directory);

        public IDiskFile Open(string path, DiskOpen mode) => mode switch
        {
            DiskOpen.Read => disk.Open(path, DiskOpen.Read),
            DiskOpen.Write => new Unchanged(disk.Open(path, DiskOpen.Read)),
            _ => new Unchanged(null),
        };

        public void Rename(string from, string to)
        {
        }

        public void Delete(string path)
        {
        }

        public void FlushDirectory(string directory)
        {
        }

        // Shared, so that two inspections do not disturb each other; the node's own lock is exclusive.
        public IDisposable? TryLock(string path)
        {
            const int linuxWouldBlock = 11;
            try
            {
                return File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            }
            catch (IOException error) when (error.HResult == linuxWouldBlock)
            {
                return null;
            }
        }
    }

    private sealed class Unchanged(IDiskFile? file) : IDiskFile
    {
        public long Length => file?.Length ?? 0;

        public int Read(long offset, Span<byte> into) => file?.Read(offset, into) ?? 0;

        public void Write(long offset, IReadOnlyList<ReadOnlyMemory<byte>> buffers)
        {
        }

        public void Flush()
        {
        }

        public void Truncate(long length)
        {
        }

        public void Dispose() => file?.Dispose();
    }
}
