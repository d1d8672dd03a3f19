// The calls on every object of a tenant, or on those whose key matches a pattern. They are scattered over the shards as lists of
// keys and as ordinary keyed calls, so that no shard is held up by a pattern.
using HotStandby.Messages.Identity;

namespace HotStandby.Messages.Calls;

/// <summary>What a <see cref="ScanCall"/> does with each object it finds.</summary>
public enum ScanOperation : byte
{
    /// <summary>GetAllKeys: lists what is readable.</summary>
    ListKeys,
    /// <summary>GetReplicaListByRegex: lists replicas and grants leases.</summary>
    GetReplicaLists,
    /// <summary>RemoveByRegex, RemoveAll: removes what Remove would not refuse.</summary>
    Remove,
}

/// <summary>A call on many objects. It is not atomic: what appears or goes meanwhile may be found or not.</summary>
/// <param name="sink">Where the answer goes.</param>
/// <param name="operation">What to do.</param>
/// <param name="tenant">Whose objects, as bytes (<c>default</c> for the default tenant); null for all tenants.</param>
/// <param name="pattern">ECMAScript regular expression that is searched for in the user's key; null for every key.</param>
public sealed class ScanCall(IReplySink sink, ScanOperation operation, byte[]? tenant, string? pattern) : MasterCall(sink, 1)
{
    /// <summary>What to do.</summary>
    public ScanOperation Operation { get; } = operation;

    /// <summary>Whose objects; null for all tenants.</summary>
    public byte[]? Tenant { get; } = tenant;

    /// <summary>The pattern; null for every key.</summary>
    public string? Pattern { get; } = pattern;

    /// <summary>Remove: ignore leases.</summary>
    public bool Force { get; init; }

    /// <summary>Ok; InvalidParams for a pattern that cannot be read or takes too long.</summary>
    public ErrorCode Error { get; private set; }

    /// <summary>ListKeys, GetReplicaLists: what was found, in no order; ListKeys leaves the replicas empty.</summary>
    public IReadOnlyList<(ObjectKey Key, ReplicaList Replicas)> Found { get; private set; } = [];

    /// <summary>Remove: how many were removed.</summary>
    public long RemovedCount { get; private set; }

    /// <inheritdoc/>
    public override void Refuse(ErrorCode error)
    {
        Error = error;
        Settle(1);
    }

    /// <summary>Settles the call with what was found or removed.</summary>
    public void Finish(IReadOnlyList<(ObjectKey Key, ReplicaList Replicas)> found, long removedCount)
    {
        (Found, RemovedCount) = (found, removedCount);
        Settle(1);
    }
}
