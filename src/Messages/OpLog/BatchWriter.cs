// Turns drafts into a batch: gives every entry its seq, epoch, time and checksum. Used by the Primary's OpLog only.
using System.Buffers.Binary;
using System.IO.Hashing;

namespace HotStandby.Messages.OpLog;

/// <summary>The open batch of a Primary. Reused from batch to batch.</summary>
public sealed class BatchWriter
{
    private byte[] _bytes = new byte[16 * 1024];
    private ulong _epoch;
    private ulong _firstSequence;

    /// <summary>Entries in the open batch.</summary>
    public int Count { get; private set; }

    /// <summary>Bytes of the open batch, header included.</summary>
    public int Length { get; private set; } = OpLogBatch.HeaderBytes;

    /// <summary>Adds one draft under the next seq. The first entry fixes the batch's epoch.</summary>
    public void Add(ReadOnlySpan<byte> draft, ulong sequence, ulong epoch, long timestampMilliseconds)
    {
        if (Count == 0)
            (_epoch, _firstSequence) = (epoch, sequence);
        else if (epoch != _epoch || sequence != _firstSequence + (ulong)Count)
            throw new InvariantViolation(2, $"entry {epoch}/{sequence} does not follow {_epoch}/{_firstSequence} + {Count}");
        EnsureRoom(draft.Length);
        var entry = _bytes.AsSpan(Length, draft.Length);
        draft.CopyTo(entry);
        BinaryPrimitives.WriteUInt64LittleEndian(entry[8..], sequence);
        BinaryPrimitives.WriteUInt64LittleEndian(entry[16..], epoch);
        BinaryPrimitives.WriteInt64LittleEndian(entry[24..], timestampMilliseconds);
        BinaryPrimitives.WriteUInt32LittleEndian(entry[4..], Crc32.HashToUInt32(entry[8..]));
        Length += draft.Length;
        Count++;
    }

    /// <summary>Closes the batch and starts a new one.</summary>
    /// <param name="commitSequence">What is known to be committed now.</param>
    /// <exception cref="InvalidOperationException">Nothing was added: nobody could open such a batch again.</exception>
    public OpLogBatch Close(ulong commitSequence)
    {
        if (Count == 0)
            throw new InvalidOperationException("a batch has at least one entry");
        var encoded = _bytes.AsSpan(0, Length).ToArray();
        OpLogBatch.WriteHeader(encoded, _epoch, _firstSequence, Count, commitSequence);
        (Count, Length) = (0, OpLogBatch.HeaderBytes);
        return OpLogBatch.Trusted(encoded);
    }

    private void EnsureRoom(int more)
    {
        if (_bytes.Length - Length < more)
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, Length + more));
    }
}
