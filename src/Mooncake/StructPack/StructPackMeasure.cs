// The first of the two passes over a value that is sent. Allocates nothing, touches no bytes.
using System.Text;

namespace HotStandby.Mooncake.StructPack;

/// <summary>Sums up how large a payload will be and how wide its counts must be.</summary>
/// <param name="generation">Of the message's type.</param>
public struct StructPackMeasure(Generation generation) : IStructPackSink
{
    private long _bytes;
    private long _containers;
    private int _largestCount;

    /// <inheritdoc/>
    public readonly Generation Generation => generation;

    /// <summary>Bytes of every count in the message: 1, 2 or 4, by the largest container anywhere in it.</summary>
    public readonly int CountWidth => _largestCount <= byte.MaxValue ? 1 : _largestCount <= ushort.MaxValue ? 2 : 4;

    /// <summary>Bytes of the payload, without the message's head.</summary>
    public readonly long PayloadBytes => _bytes + _containers * CountWidth;

    /// <inheritdoc/>
    public void WriteByte(byte value) => _bytes += sizeof(byte);

    /// <inheritdoc/>
    public void WriteBool(bool value) => _bytes += sizeof(byte);

    /// <inheritdoc/>
    public void WriteUInt16(ushort value) => _bytes += sizeof(ushort);

    /// <inheritdoc/>
    public void WriteInt32(int value) => _bytes += sizeof(int);

    /// <inheritdoc/>
    public void WriteUInt32(uint value) => _bytes += sizeof(uint);

    /// <inheritdoc/>
    public void WriteInt64(long value) => _bytes += sizeof(long);

    /// <inheritdoc/>
    public void WriteUInt64(ulong value) => _bytes += sizeof(ulong);

    /// <inheritdoc/>
    public void WriteUuid(Uuid value) => _bytes += Uuid.EncodedBytes;

    /// <inheritdoc/>
    public void WriteBytes(ReadOnlySpan<byte> value)
    {
        WriteCount(value.Length);
        _bytes += value.Length;
    }

    /// <inheritdoc/>
    public void WriteText(string value)
    {
        var length = Encoding.UTF8.GetByteCount(value);
        WriteCount(length);
        _bytes += length;
    }

    /// <inheritdoc/>
    public void WriteCount(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        _containers++;
        _largestCount = Math.Max(_largestCount, count);
    }

    /// <inheritdoc/>
    public void WriteUInt64s(ReadOnlySpan<ulong> values)
    {
        WriteCount(values.Length);
        _bytes += (long)values.Length * sizeof(ulong);
    }

    /// <inheritdoc/>
    public void WriteOptionalUInt64(ulong? value) => _bytes += value.HasValue ? 1 + sizeof(ulong) : 1;
}
