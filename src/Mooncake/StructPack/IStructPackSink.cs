// Where a value writes its members, in wire order. A value is written twice through the same method: once into
// StructPackMeasure (how large, how wide the counts) and once into StructPackWriter. So the two passes cannot disagree.
namespace HotStandby.Mooncake.StructPack;

/// <summary>Takes the members of a message in wire order.</summary>
public interface IStructPackSink
{
    /// <summary>Whose members are to be written.</summary>
    Generation Generation { get; }

    /// <summary>One byte: u8, an enum of that size, a variant's index.</summary>
    void WriteByte(byte value);

    /// <summary>One byte, 0 or 1: bool, and whether an optional or an expected holds its value.</summary>
    void WriteBool(bool value);

    /// <summary>u16.</summary>
    void WriteUInt16(ushort value);

    /// <summary>i32, or an enum of that size.</summary>
    void WriteInt32(int value);

    /// <summary>u32.</summary>
    void WriteUInt32(uint value);

    /// <summary>i64.</summary>
    void WriteInt64(long value);

    /// <summary>u64.</summary>
    void WriteUInt64(ulong value);

    /// <summary>A UUID: first half, then second half.</summary>
    void WriteUuid(Uuid value);

    /// <summary>A string: its length and its bytes.</summary>
    void WriteBytes(ReadOnlySpan<byte> value);

    /// <summary>A string from text, as UTF-8.</summary>
    void WriteText(string value);

    /// <summary>The number of items of a list or map that follows; not negative.</summary>
    void WriteCount(int count);

    /// <summary>A list of u64: count and items.</summary>
    void WriteUInt64s(ReadOnlySpan<ulong> values);

    /// <summary>An optional u64.</summary>
    void WriteOptionalUInt64(ulong? value);
}
