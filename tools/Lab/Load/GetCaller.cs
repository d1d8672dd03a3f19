// get: GetReplicaList of one object. Reads are answered by the Primary from memory, under its lease.
using HotStandby.Mooncake.Types;

namespace HotStandby.Lab.Load;

/// <summary>Reads where objects are, one at a time.</summary>
/// <param name="source">Where.</param>
/// <param name="keys">Which.</param>
public sealed class GetCaller(MasterSource source, KeyWalk keys) : ICaller
{
    private static readonly ByteString Tenant = "default";

    /// <inheritdoc/>
    public async ValueTask OperateAsync() => Results.MustBeOk(
        await (await source().ConfigureAwait(false)).GetReplicaListAsync(new(keys.Next(), Tenant)).ConfigureAwait(false),
        "GetReplicaList");
}
