// What the tenant that a request names means to this cluster. Asked where requests are decoded only: behind that, keys carry their tenant.

namespace HotStandby.Messages.Identity;

/// <summary>Whether tenants are apart from each other.</summary>
/// <param name="IsolatesTenants">
/// False: every tenant's name, an impossible one too, means the default tenant, as with a Mooncake master's default flags.
/// </param>
public readonly record struct Tenancy(bool IsolatesTenants)
{
    /// <summary>False for a name that begins with an underscore or holds a control character, where names matter.</summary>
    public bool Accepts(ReadOnlySpan<byte> tenant) =>
        !IsolatesTenants || tenant.IsEmpty
        || (tenant[0] != (byte)'_' && tenant.IndexOfAnyInRange((byte)0, (byte)0x1f) < 0 && !tenant.Contains((byte)0x7f));

    /// <summary>The tenant that is meant; empty for the default one.</summary>
    public ReadOnlySpan<byte> Scope(ReadOnlySpan<byte> tenant) => IsolatesTenants ? tenant : default;
}
