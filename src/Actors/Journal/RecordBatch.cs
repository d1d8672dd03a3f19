// A run of consecutive records, framed and checksummed in one pooled buffer on the caller's thread, so that the
// writer only hands buffers to the disk. Built by FileJournal; owned by whoever holds it, until disposed.

using System.Buffers;

namespace HotStandby.Actors.Journal;

/// <summary>Framed records with consecutive sequenceNrs, written together. Not thread safe.</summary>
internal sealed class RecordBatch : IDisposable
{
    private byte[] _buffer;

    /// <summary>Starts an empty batch.</summary>
    /// <param name="firstSequenceNr">sequenceNr of the first record, 1 or more.</param>
    /// <param name="expectedBytes">A hint for the buffer.</param>
    public RecordBatch(long firstSequenceNr, int expectedBytes = 4096)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(firstSequenceNr, 1);
        FirstSequenceNr = firstSequenceNr;
        _buffer = ArrayPool<byte>.Shared.Rent(Math.Max(expectedBytes, 256));
    }

    /// <summary>sequenceNr of the first record.</summary>
    public long FirstSequenceNr { get; }

    /// <summary>Records so far.</summary>
    public int Count { get; private set; }

    /// <summary>sequenceNr of the last record; one less than the first while empty.</summary>
    public long LastSequenceNr => FirstSequenceNr + Count - 1;

    /// <summary>Framed bytes so far.</summary>
    public int Bytes { get; private set; }

    /// <summary>Checksum of the last record, for the next segment's header.</summary>
    public uint LastChecksum { get; private set; }

    /// <summary>True when the last record ends its atomic write; only such a batch may be appended.</summary>
    public bool EndsAtomicWrite { get; private set; }

    /// <summary>The framed bytes; valid until disposed or added to.</summary>
    /// <exception cref="ObjectDisposedException">The buffer was given back.</exception>
    public ReadOnlyMemory<byte> Frames
    {
        get
        {
            ObjectDisposedException.ThrowIf(_buffer.Length == 0, this);
            return _buffer.AsMemory(0, Bytes);
        }
    }

    /// <summary>Adds a record whose payload is head followed by body. The only copy a payload sees on its way to the disk.</summary>
    /// <param name="head">First part of the payload.</param>
    /// <param name="body">Rest of the payload; together at most <see cref="JournalFrame.MaxPayloadBytes"/>.</param>
    /// <param name="kind">Whether the atomic write ends here.</param>
    public void Add(ReadOnlySpan<byte> head, ReadOnlySpan<byte> body, FrameKind kind = FrameKind.Final)
    {
        var payloadBytes = (long)head.Length + body.Length;
        if (payloadBytes > JournalFrame.MaxPayloadBytes)
            throw new ArgumentException(
                $"a record of {payloadBytes} bytes exceeds the limit of {JournalFrame.MaxPayloadBytes}", nameof(body));
        var frameBytes = JournalFrame.HeaderBytes + (int)payloadBytes;
        Reserve(frameBytes);
        var frame = _buffer.AsSpan(Bytes, frameBytes);
        head.CopyTo(frame[JournalFrame.HeaderBytes..]);
        body.CopyTo(frame[(JournalFrame.HeaderBytes + head.Length)..]);
        LastChecksum = JournalFrame.Seal(frame, FirstSequenceNr + Count, kind);
        EndsAtomicWrite = kind == FrameKind.Final;
        Bytes += frameBytes;
        Count++;
    }

    /// <summary>Returns the buffer to the pool.</summary>
    public void Dispose()
    {
        var buffer = Interlocked.Exchange(ref _buffer, []);
        if (buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(buffer);
        Bytes = 0;
    }

    private void Reserve(int more)
    {
        ObjectDisposedException.ThrowIf(_buffer.Length == 0, this);
        var needed = checked(Bytes + more);
        if (needed <= _buffer.Length)
            return;
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(needed, (int)Math.Min(_buffer.Length * 2L, Array.MaxLength)));
        _buffer.AsSpan(0, Bytes).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }
}
