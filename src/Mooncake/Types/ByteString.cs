// A string as C++ knows it: bytes. Keys, tenants and endpoints are never validated as text.
using System.Text;
using HotStandby.Mooncake.StructPack;

namespace HotStandby.Mooncake.Types;

/// <summary>
/// Bytes with value equality. One that was decoded points into the message it came from: <see cref="Detach"/> it to keep it.
/// </summary>
/// <param name="Memory">The bytes.</param>
public readonly record struct ByteString(ReadOnlyMemory<byte> Memory) : IWireValue<ByteString>
{
    /// <summary>No bytes.</summary>
    public static readonly ByteString Empty;

    /// <inheritdoc/>
    public static int MinimumBytes => 1;

    /// <summary>The bytes.</summary>
    public ReadOnlySpan<byte> Span => Memory.Span;

    /// <summary>How many bytes.</summary>
    public int Length => Memory.Length;

    /// <summary>Text as UTF-8.</summary>
    public static implicit operator ByteString(string text) => FromText(text);

    /// <summary>Text as UTF-8.</summary>
    public static ByteString FromText(string text) => new(Encoding.UTF8.GetBytes(text));

    /// <inheritdoc/>
    public static ByteString Read(ref StructPackReader reader) => new(reader.ReadBytes());

    /// <summary>The same bytes in memory of their own.</summary>
    public ByteString Detach() => new(Memory.ToArray());

    /// <inheritdoc/>
    public void Write<TSink>(ref TSink sink) where TSink : struct, IStructPackSink, allows ref struct => sink.WriteBytes(Span);

    /// <inheritdoc/>
    public bool Equals(ByteString other) => Span.SequenceEqual(other.Span);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.AddBytes(Span);
        return hash.ToHashCode();
    }

    /// <summary>The bytes as text, for people: what is not UTF-8 shows as replacement characters.</summary>
    public override string ToString() => Encoding.UTF8.GetString(Span);
}
