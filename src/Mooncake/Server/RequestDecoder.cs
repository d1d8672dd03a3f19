// From a request's body to the call that the node works on. Keys are copied out of the receive buffer here; nothing else is.
// Answers at once what needs no partition: what cannot be decoded is the connection's business (see MooncakeConnection).
using System.Text;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Mooncake.Calls;
using HotStandby.Mooncake.Generations;
using HotStandby.Mooncake.StructPack;
using HotStandby.Mooncake.Types;

namespace HotStandby.Mooncake.Server;

/// <summary>Decodes requests of one generation.</summary>
internal static class RequestDecoder
{
    /// <summary>True for the functions that this master offers.</summary>
    public static bool IsOffered(Rpc rpc) => rpc is
        Rpc.ServiceReady or Rpc.GetFsdir or Rpc.GetStorageConfig or Rpc.FetchTasks or Rpc.Ping or Rpc.MountSegment or Rpc.ReMountSegment
        or Rpc.UnmountSegment or Rpc.ExistKey or Rpc.BatchExistKey or Rpc.GetReplicaList or Rpc.BatchGetReplicaList or Rpc.PutStart
        or Rpc.BatchPutStart or Rpc.PutEnd or Rpc.BatchPutEnd or Rpc.PutRevoke or Rpc.BatchPutRevoke or Rpc.Remove or Rpc.BatchRemove;

    /// <summary>True for the functions whose result is a list, one for each key.</summary>
    public static bool IsBatch(Rpc rpc) => rpc is
        Rpc.BatchExistKey or Rpc.BatchGetReplicaList or Rpc.BatchPutStart or Rpc.BatchPutEnd or Rpc.BatchPutRevoke or Rpc.BatchRemove;

    /// <summary>Decodes a body.</summary>
    /// <param name="function">What is called; one that is offered and that takes arguments.</param>
    /// <param name="body">The arguments.</param>
    /// <param name="sink">Where the answer goes.</param>
    /// <param name="call">The call; null for a request that needs none (FetchTasks).</param>
    /// <returns>False when the arguments do not decode.</returns>
    public static bool TryDecode(RpcFunction function, ReadOnlyMemory<byte> body, IReplySink sink, out MasterCall? call)
    {
        call = null;
        switch (function.Rpc)
        {
            case Rpc.ServiceReady or Rpc.GetFsdir or Rpc.GetStorageConfig:
                return true;
            case Rpc.FetchTasks:
                return TryRead<FetchTasksRequest>(function, body, out _);
            case Rpc.Ping when TryRead<PingRequest>(function, body, out var ping):
                call = new PingCall(sink, ping.Client);
                return true;
            case Rpc.MountSegment when TryRead<MountSegmentRequest>(function, body, out var mount):
                call = new MountSegmentCall(sink, mount.Client, ToSegment(mount.Segment));
                return true;
            case Rpc.ReMountSegment when TryRead<ReMountSegmentRequest>(function, body, out var remount):
                call = new ReMountSegmentCall(sink, remount.Client, [.. remount.Segments.Items.ToArray().Select(segment => ToSegment(segment))]);
                return true;
            case Rpc.UnmountSegment when TryRead<UnmountSegmentRequest>(function, body, out var unmount):
                call = new UnmountSegmentCall(sink, unmount.Client, unmount.SegmentId);
                return true;
            case Rpc.ExistKey when TryRead<ExistKeyRequest>(function, body, out var exist):
                call = new KeyedCall(sink, KeyedOperation.Exist, [Key(exist.Tenant, exist.Key)]);
                return true;
            case Rpc.BatchExistKey when TryRead<BatchExistKeyRequest>(function, body, out var exists):
                call = new KeyedCall(sink, KeyedOperation.Exist, Keys(exists.Tenant, exists.Keys));
                return true;
            case Rpc.GetReplicaList when TryRead<GetReplicaListRequest>(function, body, out var get):
                call = new KeyedCall(sink, KeyedOperation.GetReplicaList, [Key(get.Tenant, get.Key)]);
                return true;
            case Rpc.BatchGetReplicaList when TryRead<BatchGetReplicaListRequest>(function, body, out var gets):
                call = new KeyedCall(sink, KeyedOperation.GetReplicaList, Keys(gets.Tenant, gets.Keys));
                return true;
            case Rpc.PutStart when TryRead<PutStartRequest>(function, body, out var start):
                call = new KeyedCall(sink, KeyedOperation.PutStart, [Key(start.Tenant, start.Key)])
                {
                    Client = start.Client, Sizes = [start.SizeBytes], Config = ToConfig(start.Config),
                };
                return true;
            case Rpc.BatchPutStart when TryRead<BatchPutStartRequest>(function, body, out var starts):
                call = new KeyedCall(sink, KeyedOperation.PutStart, Keys(starts.Tenant, starts.Keys))
                {
                    Client = starts.Client, Sizes = starts.SizesBytes.ToArray(), Config = ToConfig(starts.Config),
                };
                return true;
            case Rpc.PutEnd when TryRead<PutEndRequest>(function, body, out var end):
                call = new KeyedCall(sink, KeyedOperation.PutEnd, [Key(end.Tenant, end.Object.Key)])
                {
                    Client = end.Client, Selector = end.Selector, Checksums = end.Object.Checksum is { } sum ? [sum] : [],
                };
                return true;
            case Rpc.BatchPutEnd when TryRead<BatchPutEndRequest>(function, body, out var ends):
                call = EndOf(sink, ends);
                return true;
            case Rpc.PutRevoke when TryRead<PutRevokeRequest>(function, body, out var revoke):
                call = new KeyedCall(sink, KeyedOperation.PutRevoke, [Key(revoke.Tenant, revoke.Key)])
                {
                    Client = revoke.Client, Selector = revoke.Selector,
                };
                return true;
            case Rpc.BatchPutRevoke when TryRead<BatchPutRevokeRequest>(function, body, out var revokes):
                call = new KeyedCall(sink, KeyedOperation.PutRevoke, Keys(revokes.Tenant, revokes.Keys))
                {
                    Client = revokes.Client, Selector = revokes.Selector,
                };
                return true;
            case Rpc.Remove when TryRead<RemoveRequest>(function, body, out var remove):
                call = new KeyedCall(sink, KeyedOperation.Remove, [Key(remove.Tenant, remove.Key)]) { Force = remove.Force };
                return true;
            case Rpc.BatchRemove when TryRead<BatchRemoveRequest>(function, body, out var removes):
                call = new KeyedCall(sink, KeyedOperation.Remove, Keys(removes.Tenant, removes.Keys)) { Force = removes.Force };
                return true;
            default:
                return false;
        }
    }

    /// <summary>False when the lists of a call are of different lengths.</summary>
    public static bool ListsFit(KeyedCall call) => call.Operation != KeyedOperation.PutStart
        || (call.Sizes.Length == call.Keys.Length && (call.Config.GroupIds is not { } groups || groups.Count == call.Keys.Length));

    private static bool TryRead<T>(RpcFunction function, ReadOnlyMemory<byte> body, out T request) where T : struct, IWireValue<T> =>
        StructPackMessage.TryRead(body, function.Arguments!, out request);

    private static KeyedCall EndOf(IReplySink sink, in BatchPutEndRequest request)
    {
        var objects = request.Objects.Items;
        var keys = new ObjectKey[objects.Length];
        var checksums = new ulong?[objects.Length];
        for (var i = 0; i < objects.Length; i++)
            (keys[i], checksums[i]) = (Key(request.Tenant, objects[i].Key), objects[i].Checksum);
        return new KeyedCall(sink, KeyedOperation.PutEnd, keys) { Client = request.Client, Selector = request.Selector, Checksums = checksums };
    }

    private static ObjectKey[] Keys(ByteString tenant, in WireList<ByteString> keys)
    {
        var scoped = new ObjectKey[keys.Count];
        for (var i = 0; i < scoped.Length; i++)
            scoped[i] = Key(tenant, keys[i]);
        return scoped;
    }

    // A tenant that cannot be makes a key that cannot be: the gateway refuses it, item by item, with InvalidParams.
    private static ObjectKey Key(ByteString tenant, ByteString key) =>
        IsTenant(tenant.Span) ? ObjectKey.From(tenant.Span, key.Span) : ObjectKey.From(default, default);

    private static bool IsTenant(ReadOnlySpan<byte> tenant) =>
        tenant.IsEmpty || (tenant[0] != (byte)'_' && tenant.IndexOfAnyInRange((byte)0, (byte)0x1f) < 0 && !tenant.Contains((byte)0x7f));

    private static Segment ToSegment(in WireSegment segment) => new(
        segment.Id, segment.Name.ToString(), segment.BaseAddress, segment.SizeBytes, segment.TransportEndpoint.ToString(),
        segment.Protocol.ToString(), segment.HostId.ToString());

    private static ReplicateConfig ToConfig(in WireReplicateConfig config) => IsPlain(config) ? ReplicateConfig.Default : new()
    {
        ReplicaCount = config.ReplicaCount,
        NofReplicaCount = config.NofReplicaCount,
        DfsReplicaCount = config.DfsReplicaCount,
        SoftPinAction = config.SoftPinAction,
        SoftPinTtlMilliseconds = config.SoftPinTtlMilliseconds,
        HardPin = config.HardPin,
        PreferredSegments = Texts(config.PreferredSegments),
        PreferredSegment = config.PreferredSegment.ToString(),
        PreferSameNode = config.PreferSameNode,
        DataType = config.DataType,
        HostId = config.HostId.ToString(),
        GroupIds = config.GroupIds is { } groups ? Texts(groups) : null,
    };

    // What nearly every put sends: it needs no object of its own.
    private static bool IsPlain(in WireReplicateConfig config) =>
        config is { ReplicaCount: 1, NofReplicaCount: 0, DfsReplicaCount: 0, SoftPinAction: SoftPinAction.Preserve, SoftPinTtlMilliseconds: null }
        and { HardPin: false, PreferSameNode: false, DataType: 0, GroupIds: null, PreferredSegments.Count: 0 }
        && config.PreferredSegment.Length == 0 && config.HostId.Length == 0;

    private static string[] Texts(in WireList<ByteString> list)
    {
        var texts = new string[list.Count];
        for (var i = 0; i < texts.Length; i++)
            texts[i] = Encoding.UTF8.GetString(list[i].Span);
        return texts;
    }
}
