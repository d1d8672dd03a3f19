// The log itself: an append-only run of records in segment files, on one thread and without waiting for anybody.
// JournalWriter drives it from its own thread; a simulation may drive it directly. Appending, flushing, deleting belong to
// one writer (FlushNow may run beside it); Read may be called from any thread. It knows nothing of actors and never retries.
using System.Diagnostics;
using HotStandby.Actors.Telemetry;

namespace HotStandby.Actors.Journal;

/// <summary>A segmented append-only log of records with contiguous sequenceNrs, starting at 1.</summary>
internal sealed class SegmentedLog : IDisposable
{
    /// <summary>Smallest segment size, bytes.</summary>
    public const long MinSegmentBytes = 4 << 10;

    /// <summary>Largest segment size, bytes.</summary>
    public const long MaxSegmentBytes = 1 << 30;

    /// <summary>Default segment size, bytes.</summary>
    public const long DefaultSegmentBytes = 64 << 20;

    private readonly IDisk _disk;
    private readonly string _directory;
    private readonly NodeIdentity _owner;
    private readonly string _name;
    private readonly long _segmentBytes;
    private readonly Lock _flushGate = new(); // a flush beside the writer must not meet a roll that closes its file
    private readonly List<ReadOnlyMemory<byte>> _gathered = [];
    private Segment[] _segments; // replaced as a whole: readers keep the array they got
    private LogState _state;
    private IDiskFile? _active;
    private long _appended;
    private long _durable;
    private long _visible;
    private long _deletedTo;
    private JournalFailed? _failed;

    private SegmentedLog(IDisk disk, string directory, NodeIdentity owner, string name, long segmentBytes)
    {
        (_disk, _directory, _owner, _name, _segmentBytes) = (disk, directory, owner, name, segmentBytes);
        var (segments, state, report) = new LogRecovery(disk, directory, owner, name).Run();
        (_segments, _state, Recovery) = ([.. segments], state, report);
        _appended = _durable = _visible = report.HighestSequenceNr;
        _deletedTo = state.DeletedTo;
        if (_segments.Length > 0)
            _active = disk.Open(_segments[^1].Path, DiskOpen.Write);
        else
            _state.Write(disk, directory);
    }

    /// <summary>What opening found.</summary>
    public RecoveryReport Recovery { get; }

    /// <summary>The last record handed to the operating system.</summary>
    public long AppendedSequenceNr => Volatile.Read(ref _appended);

    /// <summary>The last record known to survive a power cut.</summary>
    public long DurableSequenceNr => Volatile.Read(ref _durable);

    /// <summary>The last record readers see; survives deletes.</summary>
    public long HighestSequenceNr => Volatile.Read(ref _visible);

    /// <summary>Records up to here are deleted; 0 = none.</summary>
    public long DeletedTo => Volatile.Read(ref _deletedTo);

    /// <summary>Segment files in use.</summary>
    public int SegmentCount => Volatile.Read(ref _segments).Length;

    /// <summary>Set once a write or flush has failed: nothing is accepted any more.</summary>
    public JournalFailed? Failed => Volatile.Read(ref _failed);

    /// <summary>Opens a log, creating it when it does not exist. Reads and checks every record.</summary>
    /// <param name="disk">The disk.</param>
    /// <param name="directory">The log's own directory.</param>
    /// <param name="owner">Whose log it is; another's is damage.</param>
    /// <param name="name">The log's name (persistenceId); another's is damage.</param>
    /// <param name="segmentBytes">4 KiB .. 1 GiB. No segment grows past it, but for a single batch that is larger.</param>
    /// <exception cref="JournalDamaged">See the table in LogRecovery. Nothing was changed.</exception>
    /// <exception cref="IOException">The disk failed.</exception>
    public static SegmentedLog Open(IDisk disk, string directory, NodeIdentity owner, string name, long segmentBytes = DefaultSegmentBytes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(segmentBytes, MinSegmentBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(segmentBytes, MaxSegmentBytes);
        disk.CreateDirectory(directory);
        disk.FlushDirectory(Path.GetDirectoryName(directory) ?? directory);
        return new SegmentedLog(disk, directory, owner, name, segmentBytes);
    }

    /// <summary>Appends batches in order with as few writes as possible; a batch never spans two segments.</summary>
    /// <param name="batches">Whole atomic writes that continue the log without a gap. They stay the caller's.</param>
    /// <param name="flush">True: return only when they survive a power cut. False: when the operating system has them.</param>
    /// <exception cref="JournalFailed">The disk failed now or earlier; whether these records are on disk is unknown.</exception>
    public void Append(IReadOnlyList<RecordBatch> batches, bool flush)
    {
        ThrowIfFailed();
        var expected = _appended + 1;
        for (var i = 0; i < batches.Count; i++)
        {
            if (!batches[i].EndsAtomicWrite || batches[i].FirstSequenceNr != expected)
                throw new ArgumentException(
                    $"a batch of {batches[i].Count} starts at {batches[i].FirstSequenceNr}, the log continues at {expected}");
            expected = batches[i].LastSequenceNr + 1;
        }
        for (var done = 0; done < batches.Count;)
        {
            if (_active is null || MustRoll(batches[done]))
                Roll();
            done += WriteRun(batches, done);
        }
        if (flush)
            FlushNow();
        _segments[^1].Publish();
        Volatile.Write(ref _visible, _appended);
    }

    /// <summary>True when this batch would begin a segment, which flushes the one before. Asked by a thread that may append.</summary>
    public bool NeedsSegmentFor(RecordBatch batch) => _active is null || MustRoll(batch);

    /// <summary>Makes everything appended so far durable. The one member that may run beside the writer.</summary>
    /// <exception cref="JournalFailed">The disk failed now or earlier.</exception>
    public void FlushNow()
    {
        lock (_flushGate)
        {
            var appended = AppendedSequenceNr;
            if (_active is null || appended == _durable)
                return;
            ThrowIfFailed();
            try
            {
                var began = Stopwatch.GetTimestamp();
                _active.Flush();
                NodeMetrics.JournalFlushed(Stopwatch.GetElapsedTime(began));
            }
            catch (Exception error)
            {
                throw Fail(JournalOperation.Flush, _segments[^1].Path, error);
            }
            Volatile.Write(ref _durable, appended);
        }
    }

    /// <summary>Deletes all records up to and including the given one; durable on return. Whole segments below it are removed.</summary>
    /// <param name="sequenceNr">Clamped to the last record; one at or below the present floor does nothing.</param>
    /// <exception cref="JournalFailed">The disk failed now or earlier.</exception>
    public void DeleteTo(long sequenceNr)
    {
        ThrowIfFailed();
        var floor = Math.Min(sequenceNr, _visible);
        if (floor <= _deletedTo)
            return;
        // The floor must never be more durable than the records below it, or a power cut would leave a log that ends below its floor.
        FlushNow();
        try
        {
            var state = _state with { DeletedTo = floor };
            state.Write(_disk, _directory);
            _state = state;
            Volatile.Write(ref _deletedTo, floor);
            var dead = 0;
            while (dead < _segments.Length - 1 && _segments[dead].LastSequenceNr <= floor)
                dead++;
            if (dead == 0)
                return;
            var removed = _segments[..dead];
            Volatile.Write(ref _segments, _segments[dead..]);
            foreach (var segment in removed)
                _disk.Delete(segment.Path);
            _disk.FlushDirectory(_directory);
        }
        catch (Exception error)
        {
            throw Fail(JournalOperation.Delete, _directory, error);
        }
    }

    /// <summary>A cursor over the records that exist now.</summary>
    /// <param name="from">First sequenceNr; deleted ones are skipped.</param>
    /// <param name="to">Last sequenceNr, inclusive.</param>
    /// <param name="max">At most so many records.</param>
    public LogReader Read(long from, long to, long max = long.MaxValue)
    {
        // The order matters: what is visible now is in the segments read after it.
        var last = Math.Min(to, HighestSequenceNr);
        var segments = Volatile.Read(ref _segments);
        return new LogReader(_disk, this, segments, Math.Max(from, DeletedTo + 1), last, max);
    }

    /// <summary>Closes the files. Flushes nothing.</summary>
    public void Dispose()
    {
        lock (_flushGate)
        {
            _active?.Dispose();
            _active = null;
            var closed = new JournalFailure(JournalOperation.Write, _directory, "the log is closed");
            Interlocked.CompareExchange(ref _failed, new JournalFailed(closed), null);
        }
    }

    private bool MustRoll(RecordBatch next) => !_segments[^1].IsEmpty && _segments[^1].Length + next.Bytes > _segmentBytes;

    // Writes as many batches as the active segment takes, in one call to the disk.
    private int WriteRun(IReadOnlyList<RecordBatch> batches, int first)
    {
        var segment = _segments[^1];
        var end = segment.Length;
        var count = 0;
        _gathered.Clear();
        while (first + count < batches.Count && batches[first + count] is var batch
            && (count == 0 || end + batch.Bytes <= _segmentBytes))
        {
            _gathered.Add(batch.Frames);
            end += batch.Bytes;
            count++;
        }
        try
        {
            _active!.Write(segment.Length, _gathered);
        }
        catch (Exception error)
        {
            throw Fail(JournalOperation.Write, segment.Path, error);
        }
        for (var i = first; i < first + count; i++)
            segment.Advance(batches[i]);
        Volatile.Write(ref _appended, segment.LastSequenceNr);
        return count;
    }

    // Order: the old segment durable, the new file complete under its name, then the state that names it (LogRecovery rows 6, 8, 14).
    private void Roll()
    {
        if (_segments.Length > 0)
            FlushNow();
        lock (_flushGate)
        {
            var previous = _segments.Length > 0 ? _segments[^1] : null;
            var header = new SegmentHeader(
                _owner, _name, (previous?.Index ?? 0) + 1, previous?.LastSequenceNr ?? 0, previous?.LastChecksum ?? 0);
            var fileName = SegmentHeader.FileName(header.Index);
            var path = Path.Combine(_directory, fileName);
            try
            {
                var bytes = header.Encode();
                SideFile.Replace(_disk, _directory, fileName, bytes);
                var state = _state with { NewestSegment = header.Index };
                state.Write(_disk, _directory);
                _state = state;
                _active?.Dispose();
                _active = null;
                _active = _disk.Open(path, DiskOpen.Write);
                previous?.Publish();
                Volatile.Write(ref _segments, [.. _segments, new Segment(path, header, bytes.Length)]);
            }
            catch (Exception error)
            {
                throw Fail(JournalOperation.Roll, path, error);
            }
        }
    }

    private void ThrowIfFailed()
    {
        if (Failed is { } failed)
            throw new JournalFailed(failed.Failure, failed);
    }

    private JournalFailed Fail(JournalOperation operation, string file, Exception error)
    {
        var failed = new JournalFailed(new JournalFailure(operation, file, error.Message), error);
        // The first failure stays: it is the one that decided.
        return Interlocked.CompareExchange(ref _failed, failed, null) is { } earlier ? new JournalFailed(earlier.Failure, failed) : failed;
    }
}
