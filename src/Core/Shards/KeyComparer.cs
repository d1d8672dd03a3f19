// Lets the object table be asked with the bytes of an entry, so that applying an entry copies its key only when the key
// is new. Used by ShardState only.
using System.Runtime.InteropServices;
using HotStandby.Messages.Identity;

namespace HotStandby.Core.Shards;

/// <summary>A key that somebody else's buffer holds, with its hash.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly ref struct KeyView(ReadOnlySpan<byte> bytes, ulong hash)
{
    /// <summary>The scoped bytes.</summary>
    public ReadOnlySpan<byte> Bytes { get; } = bytes;

    /// <summary>Their <see cref="ObjectKey.Hash"/>.</summary>
    public ulong Hash { get; } = hash;
}

/// <summary>Equality of keys, whoever holds their bytes.</summary>
internal sealed class KeyComparer : IEqualityComparer<ObjectKey>, IAlternateEqualityComparer<KeyView, ObjectKey>
{
    /// <summary>The only one.</summary>
    public static readonly KeyComparer Instance = new();

    private KeyComparer()
    {
    }

    /// <inheritdoc/>
    public bool Equals(ObjectKey x, ObjectKey y) => x.Equals(y);

    /// <inheritdoc/>
    public int GetHashCode(ObjectKey obj) => obj.GetHashCode();

    /// <inheritdoc/>
    public bool Equals(KeyView alternate, ObjectKey other) =>
        alternate.Hash == other.Hash && alternate.Bytes.SequenceEqual(other.Bytes);

    /// <inheritdoc/>
    public int GetHashCode(KeyView alternate) => (int)alternate.Hash;

    /// <inheritdoc/>
    public ObjectKey Create(KeyView alternate) => ObjectKey.FromScoped(alternate.Bytes, alternate.Hash);
}
