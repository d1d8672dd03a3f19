// batch-get: BatchGetReplicaList of many objects.
using HotStandby.Mooncake.Types;

namespace HotStandby.Lab.Load;

/// <summary>Reads where objects are, a batch at a time.</summary>
/// <param name="source">Where.</param>
/// <param name="keys">Which.</param>
/// <param name="batch">Objects of a call; 1 or more.</param>
public sealed class BatchGetCaller(MasterSource source, KeyWalk keys, int batch) : ICaller
{
    private static readonly ByteString Tenant = "default";
    private readonly ByteString[] _batch = new ByteString[batch];

    /// <inheritdoc/>
    public async ValueTask OperateAsync()
    {
        keys.Next(_batch);
        var master = await source().ConfigureAwait(false);
        Results.MustBeOk(
            await master.BatchGetReplicaListAsync(new(_batch, Tenant)).ConfigureAwait(false), batch, "BatchGetReplicaList");
    }
}
