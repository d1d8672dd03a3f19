// A forward cursor over a range of records, made by SegmentedLog.Read. It runs beside the writer and sees only what was
// published to readers when it was made. Memory: one chunk (256 KiB, or one record if larger). Not thread safe.

namespace HotStandby.Actors.Journal;

/// <summary>Reads records in order. Dispose it to close its file.</summary>
internal sealed class LogReader : IDisposable
{
    private readonly IDisk _disk;
    private readonly SegmentedLog _log;
    private readonly Segment[] _segments;
    private readonly long _to;
    private long _next;
    private long _left;
    private int _segment = -1;
    private FrameReader? _frames;

    internal LogReader(IDisk disk, SegmentedLog log, Segment[] segments, long from, long to, long max) =>
        (_disk, _log, _segments, _next, _to, _left) = (disk, log, segments, from, to, max);

    /// <summary>sequenceNr of the current record.</summary>
    public long SequenceNr { get; private set; }

    /// <summary>Payload of the current record, valid until the next call.</summary>
    public ReadOnlyMemory<byte> Payload { get; private set; }

    /// <summary>Moves to the next record; false at the end of the range.</summary>
    /// <exception cref="JournalDamaged">The bytes are no longer what was written.</exception>
    public bool TryRead()
    {
        while (_left > 0 && _next <= _to)
        {
            if (_frames is null && !OpenSegment())
            {
                if (_next > _to)
                    return false;
                throw new JournalDamaged(DamageKind.SequenceGap, _segments[^1].Path, 0, $"ends before sequenceNr {_next}, which it had");
            }
            var status = _frames!.Next();
            if (status == FrameStatus.End)
            {
                CloseSegment();
                continue;
            }
            var path = _segments[_segment].Path;
            if (status != FrameStatus.Sound)
                throw new JournalDamaged(DamageKind.BadFrame, path, _frames.Offset, $"{status} while reading sequenceNr {_next}");
            if (_frames.SequenceNr < _next)
                continue;
            if (_frames.SequenceNr != _next)
                throw new JournalDamaged(
                    DamageKind.SequenceGap, path, _frames.Offset, $"found sequenceNr {_frames.SequenceNr}, expected {_next}");
            (SequenceNr, Payload) = (_next, _frames.Payload);
            _next++;
            _left--;
            return true;
        }
        return false;
    }

    /// <inheritdoc/>
    public void Dispose() => CloseSegment();

    private bool OpenSegment()
    {
        while (++_segment < _segments.Length)
        {
            var segment = _segments[_segment];
            var (start, end, last) = segment.Locate(_next);
            if (last < _next)
                continue;
            try
            {
                _frames = new FrameReader(_disk.Open(segment.Path, DiskOpen.Read), start, end);
                return true;
            }
            catch (FileNotFoundException) when (_log.DeletedTo >= last)
            {
                // Deleted since this cursor was made: those records are gone for everybody.
                _next = Math.Max(_next, last + 1);
            }
        }
        return false;
    }

    private void CloseSegment()
    {
        _frames?.Dispose();
        _frames = null;
    }
}
