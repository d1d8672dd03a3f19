// Single values that are a whole message or an item of a list, and pairs: a map travels as the list of its pairs.
using HotStandby.Mooncake.StructPack;

namespace HotStandby.Mooncake.Types;

/// <summary>An i32.</summary>
/// <param name="Value">The number.</param>
public readonly record struct WireInt32(int Value) : IWireValue<WireInt32>
{
    /// <inheritdoc/>
    public static int MinimumBytes => sizeof(int);

    /// <inheritdoc/>
    public static WireInt32 Read(ref StructPackReader reader) => new(reader.ReadInt32());

    /// <inheritdoc/>
    public void Write<TSink>(ref TSink sink) where TSink : struct, IStructPackSink, allows ref struct => sink.WriteInt32(Value);
}

/// <summary>An i64.</summary>
/// <param name="Value">The number.</param>
public readonly record struct WireInt64(long Value) : IWireValue<WireInt64>
{
    /// <inheritdoc/>
    public static int MinimumBytes => sizeof(long);

    /// <inheritdoc/>
    public static WireInt64 Read(ref StructPackReader reader) => new(reader.ReadInt64());

    /// <inheritdoc/>
    public void Write<TSink>(ref TSink sink) where TSink : struct, IStructPackSink, allows ref struct => sink.WriteInt64(Value);
}

/// <summary>A UUID.</summary>
/// <param name="Value">The id.</param>
public readonly record struct WireUuid(Uuid Value) : IWireValue<WireUuid>
{
    /// <inheritdoc/>
    public static int MinimumBytes => Uuid.EncodedBytes;

    /// <summary>The same id.</summary>
    public static implicit operator WireUuid(Uuid value) => new(value);

    /// <inheritdoc/>
    public static WireUuid Read(ref StructPackReader reader) => new(reader.ReadUuid());

    /// <inheritdoc/>
    public void Write<TSink>(ref TSink sink) where TSink : struct, IStructPackSink, allows ref struct => sink.WriteUuid(Value);
}

/// <summary>One entry of a map.</summary>
/// <typeparam name="TKey">Type of the keys.</typeparam>
/// <typeparam name="TValue">Type of the values.</typeparam>
/// <param name="Key">The key; unique, if the sender is right.</param>
/// <param name="Value">The value.</param>
public readonly record struct WirePair<TKey, TValue>(TKey Key, TValue Value) : IWireValue<WirePair<TKey, TValue>>
    where TKey : struct, IWireValue<TKey>
    where TValue : struct, IWireValue<TValue>
{
    /// <inheritdoc/>
    static int IWireValue<WirePair<TKey, TValue>>.MinimumBytes => TKey.MinimumBytes + TValue.MinimumBytes;

    /// <inheritdoc/>
    static WirePair<TKey, TValue> IWireValue<WirePair<TKey, TValue>>.Read(ref StructPackReader reader) =>
        new(TKey.Read(ref reader), TValue.Read(ref reader));

    /// <inheritdoc/>
    public void Write<TSink>(ref TSink sink) where TSink : struct, IStructPackSink, allows ref struct
    {
        Key.Write(ref sink);
        Value.Write(ref sink);
    }
}
