using HotStandby.Mooncake.StructPack;

namespace HotStandby.Mooncake.Types;

/// <summary>A list of values, with value equality.</summary>
/// <typeparam name="T">What it holds.</typeparam>
/// <param name="items">Owned by the list from now on.</param>
public readonly struct WireList<T>(T[] items) : IWireValue<WireList<T>>, IEquatable<WireList<T>> where T : struct, IWireValue<T>
{
    private readonly T[]? _items = items;

    /// <inheritdoc/>
    static int IWireValue<WireList<T>>.MinimumBytes => 1;

    /// <summary>How many.</summary>
    public int Count => _items?.Length ?? 0;

    /// <summary>The items, in wire order.</summary>
    public ReadOnlySpan<T> Items => _items;

    /// <summary>The i-th item.</summary>
    public ref readonly T this[int index] => ref (_items ?? [])[index];

    /// <summary>A copy of the items.</summary>
    public T[] ToArray() => Items.ToArray();

    /// <summary>Takes ownership of an array.</summary>
    public static implicit operator WireList<T>(T[] items) => new(items);

    /// <inheritdoc/>
    static WireList<T> IWireValue<WireList<T>>.Read(ref StructPackReader reader)
    {
        var count = reader.ReadListCount(T.MinimumBytes);
        if (count == 0)
            return default;
        var items = new T[count];
        for (var index = 0; index < items.Length && !reader.Failed; index++)
            items[index] = T.Read(ref reader);
        return new(items);
    }

    /// <inheritdoc/>
    public void Write<TSink>(ref TSink sink) where TSink : struct, IStructPackSink, allows ref struct
    {
        var values = Items;
        sink.WriteCount(values.Length);
        foreach (ref readonly var value in values)
            value.Write(ref sink);
    }

    /// <inheritdoc/>
    public bool Equals(WireList<T> other) => Items.SequenceEqual(other.Items);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is WireList<T> other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (ref readonly var value in Items)
            hash.Add(value);
        return hash.ToHashCode();
    }

    /// <summary>Equal items in equal order.</summary>
    public static bool operator ==(WireList<T> left, WireList<T> right) => left.Equals(right);

    /// <summary>Not equal.</summary>
    public static bool operator !=(WireList<T> left, WireList<T> right) => !left.Equals(right);

    /// <inheritdoc/>
    public override string ToString() => $"[{string.Join(", ", _items ?? [])}]";
}
