// batch-put: BatchPutStart, then BatchPutEnd of objects with one replica each.
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Mooncake.Types;

namespace HotStandby.Lab.Load;

/// <summary>Puts new objects, a batch at a time.</summary>
public sealed class BatchPutCaller : ICaller
{
    private static readonly ByteString Tenant = "default";

    private readonly MasterSource _source;
    private readonly Uuid _client;
    private readonly KeyBlock _block;
    private readonly ObjectMeta[] _objects;
    private readonly ulong[] _sizes;
    private readonly WireReplicateConfig _config;

    /// <summary>Puts nothing yet.</summary>
    /// <param name="source">Where.</param>
    /// <param name="client">The client that puts.</param>
    /// <param name="number">Of the caller; its keys begin with it.</param>
    /// <param name="batch">Objects of a call; 1 or more.</param>
    /// <param name="objectBytes">Size of each.</param>
    /// <param name="config">How they are placed.</param>
    public BatchPutCaller(MasterSource source, Uuid client, ulong number, int batch, ulong objectBytes, WireReplicateConfig config)
    {
        (_source, _client, _config, _block) = (source, client, config, new KeyBlock(number, batch));
        _objects = [.. _block.Keys.Select(key => new ObjectMeta(key, null))]; // they share the block's bytes
        _sizes = [.. Enumerable.Repeat(objectBytes, batch)];
    }

    /// <summary>The keys that were put last.</summary>
    public IReadOnlyList<ByteString> Keys => _block.Keys;

    /// <inheritdoc/>
    public async ValueTask OperateAsync()
    {
        _block.Renew();
        var master = await _source().ConfigureAwait(false);
        Results.MustBeOk(
            await master.BatchPutStartAsync(new(_client, _block.Keys, _sizes, _config, Tenant)).ConfigureAwait(false),
            _objects.Length, "BatchPutStart");
        Results.MustBeOk(
            await master.BatchPutEndAsync(new(_client, _objects, ReplicaType.All, Tenant)).ConfigureAwait(false),
            _objects.Length, "BatchPutEnd");
    }
}
