// The second of the two passes over a value that is sent: lays the bytes into a span that was measured before.
// Called through StructPackMessage; a span that is too short is a bug of the caller and throws.
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace HotStandby.Mooncake.StructPack;

/// <summary>Writes a payload with a fixed width for all its counts.</summary>
/// <param name="destination">At least as long as the payload.</param>
/// <param name="countWidth">1, 2 or 4 bytes, from <see cref="StructPackMeasure.CountWidth"/>.</param>
/// <param name="generation">Of the message's type.</param>
public ref struct StructPackWriter(Span<byte> destination, int countWidth, Generation generation) : IStructPackSink
{
    private readonly Span<byte> _destination = destination;

    /// <inheritdoc/>
    public readonly Generation Generation => generation;

    /// <summary>Bytes written so far.</summary>
    public int Written { get; private set; }

    /// <inheritdoc/>
    public void WriteByte(byte value) => _destination[Written++] = value;

    /// <inheritdoc/>
    public void WriteBool(bool value) => _destination[Written++] = value ? (byte)1 : (byte)0;

    /// <inheritdoc/>
    public void WriteUInt16(ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(Take(sizeof(ushort)), value);

    /// <inheritdoc/>
    public void WriteInt32(int value) => BinaryPrimitives.WriteInt32LittleEndian(Take(sizeof(int)), value);

    /// <inheritdoc/>
    public void WriteUInt32(uint value) => BinaryPrimitives.WriteUInt32LittleEndian(Take(sizeof(uint)), value);

    /// <inheritdoc/>
    public void WriteInt64(long value) => BinaryPrimitives.WriteInt64LittleEndian(Take(sizeof(long)), value);

    /// <inheritdoc/>
    public void WriteUInt64(ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(Take(sizeof(ulong)), value);

    /// <inheritdoc/>
    public void WriteUuid(Uuid value)
    {
        WriteUInt64(value.First);
        WriteUInt64(value.Second);
    }

    /// <inheritdoc/>
    public void WriteBytes(ReadOnlySpan<byte> value)
    {
        WriteCount(value.Length);
        value.CopyTo(Take(value.Length));
    }

    /// <inheritdoc/>
    public void WriteText(string value)
    {
        WriteCount(Encoding.UTF8.GetByteCount(value));
        Written += Encoding.UTF8.GetBytes(value, _destination[Written..]);
    }

    /// <inheritdoc/>
    public void WriteCount(int count)
    {
        switch (countWidth)
        {
            case 1:
                WriteByte(checked((byte)count));
                break;
            case 2:
                WriteUInt16(checked((ushort)count));
                break;
            default:
                WriteUInt32(checked((uint)count));
                break;
        }
    }

    /// <inheritdoc/>
    public void WriteUInt64s(ReadOnlySpan<ulong> values)
    {
        WriteCount(values.Length);
        if (BitConverter.IsLittleEndian)
        {
            MemoryMarshal.AsBytes(values).CopyTo(Take(values.Length * sizeof(ulong)));
            return;
        }
        foreach (var value in values)
            WriteUInt64(value);
    }

    /// <inheritdoc/>
    public void WriteOptionalUInt64(ulong? value)
    {
        WriteBool(value.HasValue);
        if (value is { } present)
            WriteUInt64(present);
    }

    private Span<byte> Take(int length)
    {
        var taken = _destination.Slice(Written, length);
        Written += length;
        return taken;
    }
}
