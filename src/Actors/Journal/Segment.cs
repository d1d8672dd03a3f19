// What is known in memory of one segment file: its place, its range of records, how much of it readers may see,
// and a sparse index. One writer (SegmentedLog) changes it, many LogReaders look.

namespace HotStandby.Actors.Journal;

/// <summary>One segment of a log.</summary>
internal sealed class Segment(string path, SegmentHeader header, int headerBytes)
{
    /// <summary>Distance of index entries, bytes: a replay from the middle skips at most about this much.</summary>
    public const int IndexStepBytes = 64 << 10;

    private readonly Lock _gate = new();
    private readonly List<(long SequenceNr, long Offset)> _index = [];
    private long _visibleLength = headerBytes;
    private long _visibleSequenceNr = header.PreviousSequenceNr;
    private long _lastIndexedAt = long.MinValue / 2;

    public string Path { get; } = path;

    public long Index { get; } = header.Index;

    public long FirstSequenceNr { get; } = header.PreviousSequenceNr + 1;

    // The three below belong to the writer.
    public long Length { get; set; } = headerBytes;

    public long LastSequenceNr { get; set; } = header.PreviousSequenceNr;

    public uint LastChecksum { get; set; } = header.PreviousChecksum;

    public bool IsEmpty => LastSequenceNr < FirstSequenceNr;

    /// <summary>Lets readers see everything written so far.</summary>
    public void Publish()
    {
        lock (_gate)
            (_visibleLength, _visibleSequenceNr) = (Length, LastSequenceNr);
    }

    /// <summary>What readers may see, and a good place to start looking for a record.</summary>
    public (long Start, long End, long LastSequenceNr) Locate(long sequenceNr)
    {
        lock (_gate)
        {
            var (low, high) = (0, _index.Count);
            while (low < high)
            {
                var middle = (low + high) / 2;
                if (_index[middle].SequenceNr <= sequenceNr)
                    low = middle + 1;
                else
                    high = middle;
            }
            return (low == 0 ? headerBytes : _index[low - 1].Offset, _visibleLength, _visibleSequenceNr);
        }
    }

    /// <summary>Notes one record; most are too near to the last noted one to be kept.</summary>
    public void Note(long sequenceNr, long offset)
    {
        if (offset - _lastIndexedAt < IndexStepBytes)
            return;
        _lastIndexedAt = offset;
        lock (_gate)
            _index.Add((sequenceNr, offset));
    }

    /// <summary>Notes a batch written at the current end, then advances past it.</summary>
    public void Advance(RecordBatch batch)
    {
        if (Length + batch.Bytes - _lastIndexedAt >= IndexStepBytes)
        {
            var frames = batch.Frames.Span;
            var at = 0;
            for (var sequenceNr = batch.FirstSequenceNr; at < frames.Length; sequenceNr++)
            {
                Note(sequenceNr, Length + at);
                at += JournalFrame.FrameBytes(frames[at..]);
            }
        }
        Length += batch.Bytes;
        LastSequenceNr = batch.LastSequenceNr;
        LastChecksum = batch.LastChecksum;
    }
}
