using HotStandby.Messages.Identity;

namespace HotStandby.Actors.Scans;

/// <summary>Whose key is it? Used by shards that list their keys.</summary>
public static class TenantFilter
{
    private static ReadOnlySpan<byte> DefaultTenant => "default"u8;

    /// <summary>True when the key belongs to the tenant.</summary>
    /// <param name="tenant">The tenant as bytes; null: every tenant.</param>
    /// <param name="key">The key.</param>
    public static bool Includes(byte[]? tenant, in ObjectKey key)
    {
        if (tenant is null)
            return true;
        var bytes = key.Bytes;
        var end = bytes.IndexOf((byte)0);
        return (end < 0 ? DefaultTenant : bytes[..end]).SequenceEqual(tenant.Length == 0 ? DefaultTenant : tenant);
    }
}
