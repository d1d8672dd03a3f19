// Walks the frames of one file through a bounded buffer, checking every checksum. Used by recovery and by LogReader.
// It judges single frames only; what a bad one means (tail or damage) is for the caller to say.

using System.Buffers;

namespace HotStandby.Actors.Journal;

/// <summary>Sequential reader of frames between two offsets of a file.</summary>
internal sealed class FrameReader(IDiskFile file, long start, long end) : IDisposable
{
    private const int ChunkBytes = 256 << 10;

    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(ChunkBytes);
    private long _bufferOffset = start;
    private int _buffered;
    private int _frameBytes;

    /// <summary>Where the current frame starts.</summary>
    public long Offset { get; private set; } = start;

    /// <summary>The current frame, valid until the next call; only when the last status was Sound.</summary>
    private ReadOnlyMemory<byte> Frame => _buffer.AsMemory((int)(Offset - _bufferOffset), _frameBytes);

    public long SequenceNr => JournalFrame.SequenceNr(Frame.Span);

    public FrameKind Kind => JournalFrame.Kind(Frame.Span);

    public uint Checksum => JournalFrame.Checksum(Frame.Span);

    public int FrameBytes => _frameBytes;

    public ReadOnlyMemory<byte> Payload => Frame[JournalFrame.HeaderBytes..];

    /// <summary>Moves past the current frame and checks the next.</summary>
    public FrameStatus Next()
    {
        Offset += _frameBytes;
        _frameBytes = 0;
        return CheckHere();
    }

    /// <summary>Looks for any sound frame after the current (bad) one that carries one of the given sequenceNrs.</summary>
    public bool FindLater(long fromSequenceNr, out long offset)
    {
        // Every frame is at least 17 bytes, so this is the last sequenceNr that can follow; it sifts nearly everything without a checksum.
        var lastPossible = fromSequenceNr + (end - Offset) / JournalFrame.HeaderBytes;
        for (Offset++; Offset + JournalFrame.HeaderBytes <= end; Offset++)
        {
            var header = Window(JournalFrame.HeaderBytes);
            if (header.Length < JournalFrame.HeaderBytes)
                break;
            if (!JournalFrame.IsPossible(header)
                || JournalFrame.SequenceNr(header) < fromSequenceNr || JournalFrame.SequenceNr(header) > lastPossible)
                continue;
            if (CheckHere() != FrameStatus.Sound)
                continue;
            offset = Offset;
            return true;
        }
        offset = 0;
        return false;
    }

    public void Dispose()
    {
        var buffer = Interlocked.Exchange(ref _buffer, []);
        if (buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(buffer);
        file.Dispose();
    }

    private FrameStatus CheckHere()
    {
        var bytes = Window(JournalFrame.HeaderBytes);
        if (bytes.Length >= JournalFrame.HeaderBytes && JournalFrame.IsPossible(bytes))
            bytes = Window((int)Math.Min(JournalFrame.FrameBytes(bytes), end - Offset));
        var status = JournalFrame.Check(bytes);
        if (status == FrameStatus.Sound)
            _frameBytes = JournalFrame.FrameBytes(bytes);
        return status;
    }

    // The bytes at Offset: at least `wanted`, unless the file ends before.
    private ReadOnlySpan<byte> Window(int wanted)
    {
        var skip = (int)Math.Min(Offset - _bufferOffset, _buffered);
        if (_buffered - skip < wanted && _bufferOffset + _buffered < end)
            Fill(skip, wanted);
        return _buffer.AsSpan((int)(Offset - _bufferOffset).._buffered);
    }

    private void Fill(int skip, int wanted)
    {
        var kept = _buffered - skip;
        var target = _buffer;
        if (wanted > _buffer.Length)
            target = ArrayPool<byte>.Shared.Rent(wanted);
        _buffer.AsSpan(skip, kept).CopyTo(target);
        if (target != _buffer)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = target;
        }
        _bufferOffset = Offset;
        _buffered = kept;
        while (_buffered < wanted || _buffered < ChunkBytes)
        {
            var room = (int)Math.Min(_buffer.Length - _buffered, end - _bufferOffset - _buffered);
            if (room <= 0)
                return;
            var got = file.Read(_bufferOffset + _buffered, _buffer.AsSpan(_buffered, room));
            if (got == 0)
                return;
            _buffered += got;
        }
    }
}
