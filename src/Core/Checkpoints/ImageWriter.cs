// The growing, pooled buffer into which a partition writes what it holds. One for each checkpoint that is under way.
using System.Buffers;
using System.Buffers.Binary;
using HotStandby.Messages.Identity;

namespace HotStandby.Core.Checkpoints;

/// <summary>More bytes than an image can have: the partition goes without a checkpoint, the node keeps its journal for longer.</summary>
public sealed class ImageTooLargeException(string message) : Exception(message);

/// <summary>Writes little-endian pieces one behind the other. Not thread-safe. Its holder owns the memory.</summary>
/// <param name="expectedBytes">A hint for the first buffer.</param>
/// <param name="mostBytes">The longest image, up to <see cref="LargestBytes"/>.</param>
public sealed class ImageWriter(int expectedBytes = 4096, int mostBytes = ImageWriter.LargestBytes) : IDisposable
{
    /// <summary>The longest image: what one array can hold, with what a store writes around it.</summary>
    public const int LargestBytes = 0x7FFFFFC7 - 4096;

    private byte[] _bytes = ArrayPool<byte>.Shared.Rent(Math.Max(256, expectedBytes));

    /// <summary>Bytes written.</summary>
    public int Length { get; private set; }

    /// <summary>What was written; valid until the next piece.</summary>
    /// <exception cref="ObjectDisposedException">The memory was given back.</exception>
    public ReadOnlyMemory<byte> Written
    {
        get
        {
            ObjectDisposedException.ThrowIf(_bytes.Length == 0, this);
            return _bytes.AsMemory(0, Length);
        }
    }

    /// <summary>One byte.</summary>
    public void Byte(byte value) => Take(1)[0] = value;

    /// <summary>Two bytes.</summary>
    public void UInt16(ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(Take(2), value);

    /// <summary>Four bytes.</summary>
    public void UInt32(uint value) => BinaryPrimitives.WriteUInt32LittleEndian(Take(4), value);

    /// <summary>Eight bytes.</summary>
    public void UInt64(ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(Take(8), value);

    /// <summary>Sixteen bytes.</summary>
    public void Id(Uuid value)
    {
        UInt64(value.First);
        UInt64(value.Second);
    }

    /// <summary>Bytes whose number the reader knows.</summary>
    public void Raw(ReadOnlySpan<byte> value) => value.CopyTo(Take(value.Length));

    /// <summary>Bytes behind their number (four bytes).</summary>
    public void Bytes(ReadOnlySpan<byte> value)
    {
        UInt32((uint)value.Length);
        Raw(value);
    }

    /// <summary>Writes over four bytes that stand already.</summary>
    public void Patch(int at, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(_bytes.AsSpan(at, 4), value);

    /// <summary>The place of the next so many bytes, to be filled at once.</summary>
    /// <exception cref="ImageTooLargeException">The image would be too long.</exception>
    /// <exception cref="ObjectDisposedException">The memory was given back.</exception>
    public Span<byte> Take(int count)
    {
        if (_bytes.Length - Length < count)
            Grow(count);
        Length += count;
        return _bytes.AsSpan(Length - count, count);
    }

    /// <summary>Gives the memory back. <see cref="Written"/> must not be used after.</summary>
    public void Dispose()
    {
        if (_bytes.Length == 0)
            return;
        ArrayPool<byte>.Shared.Return(_bytes);
        (_bytes, Length) = ([], 0);
    }

    private void Grow(int more)
    {
        ObjectDisposedException.ThrowIf(_bytes.Length == 0, this);
        var needed = (long)Length + more;
        if (needed > mostBytes)
            throw new ImageTooLargeException($"an image of {needed} bytes is longer than {mostBytes}: the cluster needs more shards");
        var larger = ArrayPool<byte>.Shared.Rent((int)Math.Min(mostBytes, Math.Max(_bytes.Length * 2L, needed)));
        Written.Span.CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = larger;
    }
}
