// Reads what ImageWriter wrote. Bounds are checked before every read: the bytes come from a disk or from another node.
using System.Buffers.Binary;
using HotStandby.Messages.Identity;

namespace HotStandby.Core.Checkpoints;

/// <summary>An image whose bytes are not what a partition wrote: it must not be used, another one must be found.</summary>
public sealed class ImageDamagedException(string message) : Exception(message);

/// <summary>Reads an image piece by piece; throws <see cref="ImageDamagedException"/> when a piece runs over the end.</summary>
public ref struct ImageReader(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _rest = bytes;

    /// <summary>Bytes that are left.</summary>
    public readonly int Remaining => _rest.Length;

    /// <summary>One byte.</summary>
    public byte Byte() => Take(1)[0];

    /// <summary>Two bytes.</summary>
    public ushort UInt16() => BinaryPrimitives.ReadUInt16LittleEndian(Take(2));

    /// <summary>Four bytes.</summary>
    public uint UInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

    /// <summary>Eight bytes.</summary>
    public ulong UInt64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(8));

    /// <summary>Sixteen bytes.</summary>
    public Uuid Id() => new(UInt64(), UInt64());

    /// <summary>So many bytes.</summary>
    public ReadOnlySpan<byte> Raw(int count) => Take(count);

    /// <summary>Bytes behind their number.</summary>
    public ReadOnlySpan<byte> Bytes() => Take(Count(1));

    /// <summary>A number of things that take at least so many bytes each: never more than can follow.</summary>
    public int Count(int leastBytesEach)
    {
        var count = UInt32();
        return count <= (uint)(_rest.Length / leastBytesEach)
            ? (int)count
            : throw new ImageDamagedException($"{count} things of at least {leastBytesEach} bytes in {_rest.Length} bytes");
    }

    /// <summary>Nothing may be left.</summary>
    public readonly void End()
    {
        if (!_rest.IsEmpty)
            throw new ImageDamagedException($"{_rest.Length} bytes behind the end");
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if ((uint)count > (uint)_rest.Length)
            throw new ImageDamagedException($"{count} bytes wanted, {_rest.Length} left");
        var taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }
}
