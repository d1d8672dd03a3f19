// put: PutStart, then PutEnd of one object with one replica. Both are replicated before they are answered.
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Mooncake.Types;

namespace HotStandby.Lab.Load;

/// <summary>Puts new objects, one at a time.</summary>
/// <param name="source">Where.</param>
/// <param name="client">The client that puts.</param>
/// <param name="number">Of the caller; its keys begin with it.</param>
/// <param name="objectBytes">Size of each object.</param>
/// <param name="config">How they are placed.</param>
public sealed class PutCaller(MasterSource source, Uuid client, ulong number, ulong objectBytes, WireReplicateConfig config) : ICaller
{
    private static readonly ByteString Tenant = "default";
    private readonly KeyBlock _block = new(number, 1);

    /// <inheritdoc/>
    public async ValueTask OperateAsync()
    {
        _block.Renew();
        var (master, key) = (await source().ConfigureAwait(false), _block.Keys[0]);
        Results.MustBeOk(
            await master.PutStartAsync(new(client, key, objectBytes, config, Tenant)).ConfigureAwait(false), "PutStart");
        Results.MustBeOk(
            await master.PutEndAsync(new(client, new ObjectMeta(key, null), ReplicaType.All, Tenant)).ConfigureAwait(false), "PutEnd");
    }
}
