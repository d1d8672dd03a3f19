using HotStandby.Mooncake.StructPack;

namespace HotStandby.Mooncake.Types;

/// <summary>What a writer says of an object when it has written it.</summary>
/// <param name="Key">The object's key.</param>
/// <param name="Checksum">Of its bytes, if the writer computes one; opaque to the master. The previous generation sends the key
/// alone.</param>
public readonly record struct ObjectMeta(ByteString Key, ulong? Checksum) : IWireValue<ObjectMeta>
{
    /// <inheritdoc/>
    public static int MinimumBytes => 1;

    /// <inheritdoc/>
    public static ObjectMeta Read(ref StructPackReader reader) =>
        new(reader.Read<ByteString>(), reader.Generation == Generation.Newest ? reader.ReadOptionalUInt64() : null);

    /// <inheritdoc/>
    public void Write<TSink>(ref TSink sink) where TSink : struct, IStructPackSink, allows ref struct
    {
        sink.WriteBytes(Key.Span);
        if (sink.Generation == Generation.Newest)
            sink.WriteOptionalUInt64(Checksum);
    }
}
