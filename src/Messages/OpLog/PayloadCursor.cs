// Reading and writing of rare payloads that hold texts and lists: little-endian, texts and lists behind a u16 length. Bounds are
// checked before reads. The payloads of every put are laid out by hand instead.
using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using HotStandby.Messages.Identity;

namespace HotStandby.Messages.OpLog;

/// <summary>Writes a payload piece by piece.</summary>
internal sealed class PayloadWriter
{
    private readonly ArrayBufferWriter<byte> _bytes = new(128);

    public ReadOnlySpan<byte> Written => _bytes.WrittenSpan;

    public void Byte(byte value) => _bytes.Write([value]);

    public void UInt32(uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(_bytes.GetSpan(4), value);
        _bytes.Advance(4);
    }

    public void UInt64(ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(_bytes.GetSpan(8), value);
        _bytes.Advance(8);
    }

    public void Int64(long value) => UInt64((ulong)value);

    public void Id(Uuid value)
    {
        UInt64(value.First);
        UInt64(value.Second);
    }

    public void Bytes(ReadOnlySpan<byte> value)
    {
        Count(value.Length);
        _bytes.Write(value);
    }

    public void Text(string value) => Bytes(Encoding.UTF8.GetBytes(value));

    public void Texts(IReadOnlyList<string> values)
    {
        Count(values.Count);
        foreach (var value in values)
            Text(value);
    }

    public void Count(int count)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(_bytes.GetSpan(2), checked((ushort)count));
        _bytes.Advance(2);
    }
}

/// <summary>Reads a payload piece by piece. After the first piece that does not fit, <see cref="IsWhole"/> stays false.</summary>
internal ref struct PayloadReader(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _rest = bytes;
    private bool _failed;

    /// <summary>Everything fitted, and nothing is left.</summary>
    public readonly bool IsWhole => !_failed && _rest.IsEmpty;

    /// <summary>A piece did not fit.</summary>
    public readonly bool HasFailed => _failed;

    public byte Byte() => Take(1) is [var value] ? value : (byte)0;

    public uint UInt32() => Take(4) is { Length: 4 } value ? BinaryPrimitives.ReadUInt32LittleEndian(value) : 0;

    public ulong UInt64() => Take(8) is { Length: 8 } value ? BinaryPrimitives.ReadUInt64LittleEndian(value) : 0;

    public long Int64() => (long)UInt64();

    public Uuid Id() => new(UInt64(), UInt64());

    public ReadOnlySpan<byte> Bytes() => Take(Count());

    public string Text() => Encoding.UTF8.GetString(Bytes());

    public string[] Texts()
    {
        var count = Count();
        var texts = new List<string>();
        for (var i = 0; i < count && !_failed; i++)
            texts.Add(Text());
        return [.. texts];
    }

    /// <summary>A number of things that take at least so many bytes each: 0, and a failure, for more than can follow.</summary>
    public int Count(int leastBytesEach)
    {
        var count = Count();
        if (count <= _rest.Length / leastBytesEach)
            return count;
        _failed = true;
        return 0;
    }

    public int Count() => Take(2) is { Length: 2 } value ? BinaryPrimitives.ReadUInt16LittleEndian(value) : 0;

    private ReadOnlySpan<byte> Take(int length)
    {
        if (_failed || _rest.Length < length)
        {
            _failed = true;
            return default;
        }

        var taken = _rest[..length];
        _rest = _rest[length..];
        return taken;
    }
}
