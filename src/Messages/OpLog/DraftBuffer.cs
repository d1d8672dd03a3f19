// Entries that a partition proposes, already in their final layout but without seq, epoch, time and checksum, which
// BatchWriter puts in. A partition fills one per turn and hands it over; it is never shared.
using System.Buffers;
using System.Buffers.Binary;
using HotStandby.Messages.Identity;

namespace HotStandby.Messages.OpLog;

/// <summary>A growing, pooled buffer of draft entries of one partition.</summary>
public sealed class DraftBuffer(Partition partition)
{
    private byte[] _bytes = ArrayPool<byte>.Shared.Rent(1024);

    /// <summary>The partition of all entries in it.</summary>
    public Partition Partition { get; } = partition;

    /// <summary>Number of entries.</summary>
    public int Count { get; private set; }

    /// <summary>Bytes used.</summary>
    public int Length { get; private set; }

    /// <summary>The encoded drafts, one behind the other.</summary>
    /// <exception cref="ObjectDisposedException">The memory was given back.</exception>
    public ReadOnlySpan<byte> Bytes
    {
        get
        {
            ObjectDisposedException.ThrowIf(_bytes.Length == 0, this);
            return _bytes.AsSpan(0, Length);
        }
    }

    /// <summary>
    /// Adds an entry and returns the place of its payload, to be filled at once (before the next call). To apply what was
    /// just added, view it with <see cref="Last"/>.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The key is above 4096 bytes or the payload above 10 MiB.</exception>
    /// <exception cref="ObjectDisposedException">The memory was given back.</exception>
    public Span<byte> Add(OpType type, ReadOnlySpan<byte> key, ulong keyHash, int payloadBytes)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(key.Length, ObjectKey.MaximumBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)payloadBytes, (uint)OpLogEntry.MaximumPayloadBytes);
        var length = OpLogEntry.HeaderBytes + key.Length + payloadBytes;
        EnsureRoom(length);
        var entry = _bytes.AsSpan(Length, length);
        entry[..OpLogEntry.HeaderBytes].Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(entry, (uint)length);
        BinaryPrimitives.WriteUInt64LittleEndian(entry[32..], keyHash);
        BinaryPrimitives.WriteUInt16LittleEndian(entry[40..], Partition.Value);
        entry[42] = (byte)type;
        entry[43] = OpLogEntry.LayoutVersion;
        BinaryPrimitives.WriteUInt32LittleEndian(entry[44..], (uint)key.Length);
        key.CopyTo(entry[OpLogEntry.HeaderBytes..]);
        _lastStart = Length;
        Length += length;
        Count++;
        return entry[(OpLogEntry.HeaderBytes + key.Length)..];
    }

    private int _lastStart;

    /// <summary>The entry that was added last.</summary>
    public OpLogEntry Last =>
        OpLogEntry.TryView(_bytes.AsSpan(_lastStart, Length - _lastStart), out var entry) ? entry : default;

    /// <summary>Gives the memory back. The buffer must not be used after.</summary>
    public void Release()
    {
        var bytes = _bytes;
        _bytes = [];
        (Length, Count) = (0, 0);
        if (bytes.Length > 0)
            ArrayPool<byte>.Shared.Return(bytes);
    }

    private void EnsureRoom(int more)
    {
        if (_bytes.Length - Length >= more)
            return;
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max((int)Math.Min(_bytes.Length * 2L, Array.MaxLength), checked(Length + more)));
        Bytes.CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = larger;
    }
}
