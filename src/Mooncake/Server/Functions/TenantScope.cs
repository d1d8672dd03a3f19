// The keys and tenants of requests, as this cluster understands tenants. Everything is copied out of the receive buffer here.
using HotStandby.Messages.Identity;
using HotStandby.Mooncake.Types;

namespace HotStandby.Mooncake.Server.Functions;

/// <summary>From a tenant and a key in a request to what the node works on.</summary>
internal sealed class TenantScope(Tenancy tenancy)
{
    /// <summary>A scoped key.</summary>
    public ObjectKey Key(ByteString tenant, ByteString key) => ObjectKey.From(ScopeOf(tenant), key.Span);

    /// <summary>Scoped keys.</summary>
    public ObjectKey[] Keys(ByteString tenant, in WireList<ByteString> keys)
    {
        var scope = ScopeOf(tenant);
        var scoped = new ObjectKey[keys.Count];
        for (var i = 0; i < scoped.Length; i++)
            scoped[i] = ObjectKey.From(scope, keys[i].Span);
        return scoped;
    }

    /// <summary>A tenant's name; <c>default</c> for none.</summary>
    public byte[] Tenant(ByteString tenant) => ScopeOf(tenant) is { IsEmpty: false } scope ? scope.ToArray() : "default"u8.ToArray();

    /// <summary>Ok, or why a call is refused whose tenant cannot be.</summary>
    public ErrorCode Refusal(ByteString tenant) => tenancy.Accepts(tenant.Span) ? ErrorCode.Ok : ErrorCode.InvalidParams;

    /// <summary>The same for a call that begins a write: Mooncake knows only registered tenants there.</summary>
    public ErrorCode WriteRefusal(ByteString tenant) => tenancy.Accepts(tenant.Span) ? ErrorCode.Ok : ErrorCode.TenantNotRegistered;

    // No key of a tenant that cannot be is made: the call is refused, and the key would read as another tenant's.
    private ReadOnlySpan<byte> ScopeOf(ByteString tenant) => tenancy.Accepts(tenant.Span) ? tenancy.Scope(tenant.Span) : default;
}
