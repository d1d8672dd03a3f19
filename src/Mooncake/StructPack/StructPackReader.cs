// Reads the members of a received message. Bad input is expected here: nothing throws, nothing is allocated for a count
// that the remaining bytes cannot hold, and after the first failure every read returns zero and Failed stays set.
using System.Buffers.Binary;

namespace HotStandby.Mooncake.StructPack;

/// <summary>A cursor over one struct_pack message.</summary>
public ref struct StructPackReader
{
    /// <summary>
    /// Most items of one list; a longer one is refused, because empty items cost the sender one byte but the receiver sixteen
    /// or more.
    /// </summary>
    public const int MaximumListItems = 1 << 20;

    private const byte LiteralFlag = 0b0000_0100;
    private const byte UnknownFlags = 0b1110_0011;

    private readonly ReadOnlyMemory<byte> _message;
    private readonly ReadOnlySpan<byte> _bytes;
    private int _position;
    private int _countWidth = 1;

    /// <summary>Starts at the message's head.</summary>
    /// <param name="message">The whole message. Byte strings that are read point into it.</param>
    public StructPackReader(ReadOnlyMemory<byte> message)
    {
        _message = message;
        _bytes = message.Span;
    }

    /// <summary>True once anything was missing, out of range or of another type. Never reset.</summary>
    public bool Failed { get; private set; }

    /// <summary>Whose members the message has; known once its head is read.</summary>
    public Generation Generation { get; private set; }

    /// <summary>Bytes not read yet.</summary>
    public readonly int Remaining => _bytes.Length - _position;

    /// <summary>
    /// Reads the head: the type's hash, then, if its bit 0 is set, the meta byte with the width of counts and perhaps the
    /// type's literal. Fails unless the type is the expected one. Total-length fields (no type here has one) are refused.
    /// </summary>
    public void ReadHead(MessageType expected)
    {
        ArgumentNullException.ThrowIfNull(expected);
        Generation = expected.Generation;
        var hash = ReadUInt32();
        if ((hash & ~1u) != expected.Hash)
        {
            Failed = true;
            return;
        }
        if ((hash & 1) == 0)
            return;
        var meta = ReadByte();
        if ((meta & UnknownFlags) != 0)
            Failed = true;
        _countWidth = 1 << ((meta >> 3) & 0b11);
        if ((meta & LiteralFlag) == 0)
            return;
        var literal = Take(expected.Literal.Length + 1);
        if (Failed || literal[^1] != 0 || !literal[..^1].SequenceEqual(expected.Literal))
            Failed = true;
    }

    /// <summary>u8.</summary>
    public byte ReadByte()
    {
        var taken = Take(sizeof(byte));
        return Failed ? (byte)0 : taken[0];
    }

    /// <summary>bool; a byte other than 0 and 1 fails.</summary>
    public bool ReadBool()
    {
        var value = ReadByte();
        if (value > 1)
            Failed = true;
        return value == 1;
    }

    /// <summary>u16.</summary>
    public ushort ReadUInt16()
    {
        var taken = Take(sizeof(ushort));
        return Failed ? (ushort)0 : BinaryPrimitives.ReadUInt16LittleEndian(taken);
    }

    /// <summary>i32.</summary>
    public int ReadInt32() => (int)ReadUInt32();

    /// <summary>u32.</summary>
    public uint ReadUInt32()
    {
        var taken = Take(sizeof(uint));
        return Failed ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(taken);
    }

    /// <summary>i64.</summary>
    public long ReadInt64() => (long)ReadUInt64();

    /// <summary>u64.</summary>
    public ulong ReadUInt64()
    {
        var taken = Take(sizeof(ulong));
        return Failed ? 0 : BinaryPrimitives.ReadUInt64LittleEndian(taken);
    }

    /// <summary>An optional u64.</summary>
    public ulong? ReadOptionalUInt64() => ReadBool() ? ReadUInt64() : null;

    /// <summary>A UUID.</summary>
    public Uuid ReadUuid() => new(ReadUInt64(), ReadUInt64());

    /// <summary>A value of any type that travels.</summary>
    public T Read<T>() where T : struct, IWireValue<T> => T.Read(ref this);

    /// <summary>A string. The result points into the message; it is not text until someone says so.</summary>
    public ReadOnlyMemory<byte> ReadBytes()
    {
        var length = ReadCount(minimumItemBytes: 1);
        var start = _position;
        Take(length);
        return Failed ? default : _message.Slice(start, length);
    }

    /// <summary>
    /// The number of items that follow. Fails when the remaining bytes cannot hold so many, so that the caller may allocate
    /// for what is returned.
    /// </summary>
    /// <param name="minimumItemBytes">Least bytes of one item; at least 1.</param>
    public int ReadCount(int minimumItemBytes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(minimumItemBytes, 1);
        var count = _countWidth switch
        {
            1 => ReadByte(),
            2 => ReadUInt16(),
            4 => ReadUInt32(),
            _ => ReadUInt64(),
        };
        if (count <= (ulong)(Remaining / minimumItemBytes))
            return (int)count;
        Failed = true;
        return 0;
    }

    /// <summary>The number of items of a list; fails beyond <see cref="MaximumListItems"/>, too.</summary>
    /// <inheritdoc cref="ReadCount"/>
    public int ReadListCount(int minimumItemBytes)
    {
        var count = ReadCount(minimumItemBytes);
        if (count <= MaximumListItems)
            return count;
        Failed = true;
        return 0;
    }

    /// <summary>A list of u64.</summary>
    public ulong[] ReadUInt64s()
    {
        var count = ReadListCount(sizeof(ulong));
        if (count == 0)
            return [];
        var values = new ulong[count];
        for (var index = 0; index < values.Length; index++)
            values[index] = ReadUInt64();
        return values;
    }

    /// <summary>Marks the message as bad: for readers that meet a value their type does not have.</summary>
    public void Fail() => Failed = true;

    private ReadOnlySpan<byte> Take(int length)
    {
        if (Failed || length > Remaining)
        {
            Failed = true;
            return default;
        }
        var taken = _bytes.Slice(_position, length);
        _position += length;
        return taken;
    }
}
