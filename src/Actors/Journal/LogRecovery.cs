// Reads a log's directory at opening and decides, row by row of the table below, what is a torn tail, what is a leftover of
// an interrupted operation, and what is damage. Called by SegmentedLog.Open. It cuts and deletes only what the table says;
// where it finds damage it leaves everything as it was.
//
//  row | what is found                                             | decision
//  ----+-----------------------------------------------------------+--------------------------------------------------
//   1  | no segment, no state (or a state naming none)             | new log
//   2  | a temporary file                                          | deleted: its rename never happened
//   3  | last segment ends in a bad or short frame, no sound       | torn tail: cut to the end of the last whole
//      | record after it                                           | atomic write
//   4  | last segment ends with an atomic write's first records    | the same cut: the write was never acknowledged
//   5  | last segment: bad frame, and a sound record after it      | damage (BadFrame): records once good would be lost
//   6  | bad, short or unfinished end in a segment not the last    | damage (BadFrame): it was flushed before the next began
//   7  | sound frame, not the next sequenceNr                      | damage (SequenceGap), in every segment
//   8  | header unreadable, other index, log, node or cluster      | damage (WrongHeader), in every segment
//   9  | header does not continue the segment before               | damage (BrokenChain)
//  10  | index missing in the middle, records above the floor      | damage (MissingSegment)
//  11  | index missing in the middle, everything below it deleted  | the older ones are leftovers of a delete: deleted
//  12  | oldest segment starts above the floor + 1                 | damage (MissingSegment)
//  13  | state names a newer segment than there is                 | damage (MissingSegment)
//  14  | a segment exactly one newer than the state names          | the roll was interrupted: accepted, state rewritten
//  15  | segments more than one newer than the state names         | damage (BadState)
//  16  | segments, but the state is missing or unreadable          | damage (BadState)
//  17  | delete floor above the last record                        | damage (MissingSegment): the floor is written after a flush

namespace HotStandby.Actors.Journal;

/// <summary>What opening a log found and did.</summary>
/// <param name="Records">Records read and checked.</param>
/// <param name="HighestSequenceNr">Last record, also when it is deleted; 0 for a new log.</param>
/// <param name="DeletedTo">The delete floor.</param>
/// <param name="CutFile">The file whose torn tail was cut, or null.</param>
/// <param name="CutBytes">Bytes cut off.</param>
public sealed record RecoveryReport(long Records, long HighestSequenceNr, long DeletedTo, string? CutFile, long CutBytes);

internal sealed class LogRecovery(IDisk disk, string directory, NodeIdentity owner, string logName)
{
    private readonly List<Segment> _segments = [];
    private long _records;
    private long _expected;
    private string? _cutFile;
    private long _cutBytes;

    /// <summary>Checks the whole log. On return everything in it is durable and ends with a whole atomic write.</summary>
    public (List<Segment> Segments, LogState State, RecoveryReport Report) Run()
    {
        var names = disk.List(directory);
        var (indexes, hasState) = Survey(names);
        if (!hasState && indexes.Count > 0)
            throw Damage(DamageKind.BadState, LogState.FileName, "missing, but there are segments"); // row 16
        var state = hasState ? LogState.Read(disk, directory) : new LogState(0, 0);
        if (indexes.Count == 0)
        {
            if (state.NewestSegment > 0 || state.DeletedTo > 0)
                throw Damage(DamageKind.MissingSegment, SegmentHeader.FileName(state.NewestSegment), "missing"); // row 13
            DeleteTemporaries(names);
            return ([], state, new RecoveryReport(0, 0, 0, null, 0)); // row 1
        }
        CheckNewest(indexes[^1], state);
        var leftovers = SplitLeftovers(indexes, state);
        for (var i = 0; i < indexes.Count; i++)
            ReadSegment(indexes[i], isLast: i == indexes.Count - 1);
        if (_segments[0].FirstSequenceNr > state.DeletedTo + 1)
            throw Damage(DamageKind.MissingSegment, SegmentHeader.FileName(indexes[0] - 1), "missing, and not deleted"); // row 12
        var last = _segments[^1];
        if (state.DeletedTo > last.LastSequenceNr)
            throw Damage(DamageKind.MissingSegment, Path.GetFileName(last.Path), // row 17
                $"ends at {last.LastSequenceNr}, below the floor {state.DeletedTo}");
        state = Settle(last, state, leftovers, names);
        return (_segments, state, new RecoveryReport(_records, last.LastSequenceNr, state.DeletedTo, _cutFile, _cutBytes));
    }

    private static (List<long> Indexes, bool HasState) Survey(IReadOnlyList<string> names)
    {
        var indexes = new List<long>();
        foreach (var name in names)
            if (SegmentHeader.TryParseFileName(name, out var index))
                indexes.Add(index);
        indexes.Sort();
        return (indexes, names.Contains(LogState.FileName));
    }

    private void CheckNewest(long newest, LogState state)
    {
        if (newest < state.NewestSegment)
            throw Damage(DamageKind.MissingSegment, SegmentHeader.FileName(state.NewestSegment), "missing"); // row 13
        if (newest > state.NewestSegment + 1)
            throw Damage(DamageKind.BadState, LogState.FileName, $"names segment {state.NewestSegment}, but there is {newest}"); // row 15
    }

    // Removes from the list, and returns, what lies below a gap that the delete floor explains.
    private List<long> SplitLeftovers(List<long> indexes, LogState state)
    {
        var start = indexes.Count - 1;
        while (start > 0 && indexes[start - 1] == indexes[start] - 1)
            start--;
        if (start == 0)
            return [];
        var (header, _) = ReadHeader(indexes[start]);
        if (header.PreviousSequenceNr > state.DeletedTo)
            throw Damage(DamageKind.MissingSegment, SegmentHeader.FileName(indexes[start] - 1), "missing"); // row 10
        var leftovers = indexes[..start]; // row 11
        indexes.RemoveRange(0, start);
        return leftovers;
    }

    private void ReadSegment(long index, bool isLast)
    {
        var (header, headerBytes) = ReadHeader(index);
        var segment = new Segment(PathOf(index), header, headerBytes);
        if (_segments.Count > 0 && _segments[^1] is var previous
            && (header.PreviousSequenceNr != previous.LastSequenceNr || header.PreviousChecksum != previous.LastChecksum))
            throw Damage(DamageKind.BrokenChain, SegmentHeader.FileName(index), // row 9
                $"continues record {header.PreviousSequenceNr}, but the segment before ends at {previous.LastSequenceNr} or with another "
                    + "checksum");
        var file = disk.Open(segment.Path, DiskOpen.Read);
        var fileLength = file.Length;
        using var frames = new FrameReader(file, headerBytes, fileLength);
        var status = WalkFrames(segment, frames);
        var unfinished = segment.Length != frames.Offset;
        if (status == FrameStatus.End && !unfinished)
        {
            Accept(segment);
            return;
        }
        var what = status == FrameStatus.End ? "ends inside an atomic write" : $"frame is {status}";
        if (!isLast)
            // row 6
            throw new JournalDamaged(DamageKind.BadFrame, segment.Path, frames.Offset, what + ", and this is not the last segment");
        var badAt = frames.Offset;
        if (status != FrameStatus.End && frames.FindLater(_expected, out var laterAt))
            // row 5
            throw new JournalDamaged(DamageKind.BadFrame, segment.Path, badAt, $"{what}, but a sound record follows at byte {laterAt}");
        (_cutFile, _cutBytes) = (segment.Path, fileLength - segment.Length); // rows 3 and 4
        Accept(segment);
    }

    // Leaves segment.Length after the last whole atomic write, and the reader at the first frame that is not sound.
    private FrameStatus WalkFrames(Segment segment, FrameReader frames)
    {
        _expected = segment.FirstSequenceNr;
        long pending = 0;
        FrameStatus status;
        while ((status = frames.Next()) == FrameStatus.Sound)
        {
            if (frames.SequenceNr != _expected)
                throw new JournalDamaged(DamageKind.SequenceGap, segment.Path, frames.Offset, // row 7
                    $"found sequenceNr {frames.SequenceNr}, expected {_expected}");
            if (pending == 0)
                segment.Note(_expected, frames.Offset);
            pending++;
            _expected++;
            if (frames.Kind == FrameKind.Continued)
                continue;
            segment.LastSequenceNr += pending;
            segment.LastChecksum = frames.Checksum;
            segment.Length = frames.Offset + frames.FrameBytes;
            _records += pending;
            pending = 0;
        }
        return status;
    }

    private void Accept(Segment segment)
    {
        segment.Publish();
        _segments.Add(segment);
    }

    private (SegmentHeader Header, int Bytes) ReadHeader(long index)
    {
        var bytes = new byte[SegmentHeader.MaxBytes];
        var read = 0;
        using (var file = disk.Open(PathOf(index), DiskOpen.Read))
            for (int got; read < bytes.Length && (got = file.Read(read, bytes.AsSpan(read))) > 0;)
                read += got;
        var name = SegmentHeader.FileName(index);
        var header = SegmentHeader.Decode(bytes.AsSpan(0, read), out var headerBytes, out var fault) // row 8
            ?? throw Damage(DamageKind.WrongHeader, name, fault);
        if (header.Index != index)
            throw Damage(DamageKind.WrongHeader, name, $"its header says segment {header.Index}");
        if (header.Owner != owner)
            throw Damage(DamageKind.WrongHeader, name, $"written by {header.Owner}, this is {owner}");
        if (header.LogName != logName)
            throw Damage(DamageKind.WrongHeader, name, $"belongs to log '{header.LogName}', this is '{logName}'");
        return (header, headerBytes);
    }

    // Nothing was changed before this point: damage leaves the evidence alone.
    private LogState Settle(Segment last, LogState state, List<long> leftovers, IReadOnlyList<string> names)
    {
        using (var file = disk.Open(last.Path, DiskOpen.Write))
        {
            if (_cutFile is not null)
                file.Truncate(last.Length);
            // After kill -9 the records read above may be in the page cache only; from now on they count as durable.
            file.Flush();
        }
        DeleteTemporaries(names);
        foreach (var index in leftovers)
            disk.Delete(PathOf(index));
        disk.FlushDirectory(directory);
        if (state.NewestSegment == last.Index)
            return state;
        state = state with { NewestSegment = last.Index }; // row 14
        state.Write(disk, directory);
        return state;
    }

    private void DeleteTemporaries(IReadOnlyList<string> names)
    {
        foreach (var name in names)
            if (name.EndsWith(SideFile.TemporarySuffix, StringComparison.Ordinal))
                disk.Delete(Path.Combine(directory, name)); // row 2
    }

    private string PathOf(long index) => Path.Combine(directory, SegmentHeader.FileName(index));

    private JournalDamaged Damage(DamageKind kind, string file, string reason) => new(kind, Path.Combine(directory, file), 0, reason);
}
