// The key of an object: bytes, never text. Its hash is fixed for all time (XxHash3), because shard = f(key) must be the
// same on every node and in every version, and because entries carry it as their prefix hash.
using System.IO.Hashing;
using System.Text;

namespace HotStandby.Messages.Identity;

/// <summary>
/// A scoped object key: the user's key as bytes, preceded by <c>tenant NUL</c> for any tenant but <c>default</c>.
/// 1 to <see cref="MaximumBytes"/> bytes in all.
/// </summary>
public readonly struct ObjectKey : IEquatable<ObjectKey>
{
    /// <summary>The longest scoped key that an OpLog entry carries.</summary>
    public const int MaximumBytes = 4096;

    private static ReadOnlySpan<byte> DefaultTenant => "default"u8;

    private readonly byte[] _bytes;

    private ObjectKey(byte[] bytes, ulong hash) => (_bytes, Hash) = (bytes, hash);

    /// <summary>XxHash3 (64 bit, seed 0) of the bytes; all eight bytes are the entry's prefix hash.</summary>
    public ulong Hash { get; }

    /// <summary>The scoped bytes.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>The user's part: what follows the tenant.</summary>
    public ReadOnlySpan<byte> UserKey => _bytes.AsSpan(_bytes.AsSpan().IndexOf((byte)0) + 1);

    /// <summary>The tenant's name; <c>default</c> for a key that names none.</summary>
    public ReadOnlySpan<byte> Tenant => _bytes.AsSpan().IndexOf((byte)0) is >= 0 and var end ? _bytes.AsSpan(0, end) : DefaultTenant;

    /// <summary>True for a key of the default tenant.</summary>
    public bool IsOfDefaultTenant => Tenant.SequenceEqual(DefaultTenant);

    /// <summary>Takes ownership of scoped bytes as they are stored in entries and checkpoints.</summary>
    public static ObjectKey FromScoped(byte[] scopedBytes)
    {
        ArgumentNullException.ThrowIfNull(scopedBytes);
        return new(scopedBytes, HashOf(scopedBytes));
    }

    /// <summary>Copies scoped bytes whose hash is known already (an entry carries it).</summary>
    public static ObjectKey FromScoped(ReadOnlySpan<byte> scopedBytes, ulong hash) => new(scopedBytes.ToArray(), hash);

    /// <summary>
    /// Scopes a user's key. The tenant <c>default</c> (or none) adds nothing, unless the key itself holds a NUL,
    /// which would otherwise read as a tenant's end.
    /// </summary>
    public static ObjectKey From(ReadOnlySpan<byte> tenant, ReadOnlySpan<byte> userKey)
    {
        var isDefault = tenant.IsEmpty || tenant.SequenceEqual(DefaultTenant);
        if (isDefault && !userKey.Contains((byte)0))
            return FromScoped(userKey.ToArray());
        var name = tenant.IsEmpty ? DefaultTenant : tenant;
        var bytes = new byte[name.Length + 1 + userKey.Length];
        name.CopyTo(bytes);
        userKey.CopyTo(bytes.AsSpan(name.Length + 1));
        return FromScoped(bytes);
    }

    /// <summary>A key of the default tenant from text (UTF-8).</summary>
    public static ObjectKey From(string userKey) => From(default, Encoding.UTF8.GetBytes(userKey));

    /// <summary>The fixed hash of scoped bytes.</summary>
    public static ulong HashOf(ReadOnlySpan<byte> scopedBytes) => XxHash3.HashToUInt64(scopedBytes);

    /// <inheritdoc/>
    public bool Equals(ObjectKey other) => Hash == other.Hash && _bytes.AsSpan().SequenceEqual(other._bytes);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is ObjectKey other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => (int)Hash;

    /// <inheritdoc/>
    public override string ToString() => _bytes is null ? "" : Encoding.UTF8.GetString(_bytes).Replace('\0', '/');

    /// <inheritdoc/>
    public static bool operator ==(ObjectKey left, ObjectKey right) => left.Equals(right);

    /// <inheritdoc/>
    public static bool operator !=(ObjectKey left, ObjectKey right) => !left.Equals(right);
}
