// The calls on objects, over the wire.
using HotStandby.Messages;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Model;
using HotStandby.Mooncake.Calls;
using HotStandby.Mooncake.Client;
using HotStandby.Mooncake.Types;

namespace HotStandby.Tests.Scenarios.Drivers;

internal sealed partial class WireMaster
{
    private async Task SendAsync(KeyedCall call, MasterClient client)
    {
        ByteString tenant = new(Tenant);
        ByteString[] keys = [.. call.Keys.Select(key => new ByteString(key.UserKey.ToArray()))];
        var caller = Own(call.Client);
        switch (call.Operation)
        {
            case KeyedOperation.Exist:
                Fill(call, await client.BatchExistKeyAsync(new(keys, tenant)), (result, value) => result with { Exists = value.Value });
                break;
            case KeyedOperation.GetReplicaList:
                Fill(call, await client.BatchGetReplicaListAsync(new(keys, tenant)), (result, value) =>
                    result with { Replicas = ListOf(value.Replicas.Count) });
                break;
            case KeyedOperation.PutStart:
                FillStarted(call, await client.BatchPutStartAsync(new(caller, keys, call.Sizes, ToWire(call.Config), tenant)));
                break;
            case KeyedOperation.UpsertStart:
                FillStarted(call, await client.BatchUpsertStartAsync(new(caller, keys, call.Sizes, ToWire(call.Config), tenant)));
                _upserts.UnionWith(call.Keys);
                break;
            case KeyedOperation.PutEnd:
                ObjectMeta[] objects = [.. keys.Select(key => new ObjectMeta(key, null))];
                Fill(
                    call,
                    IsUpsert(call) ? await client.BatchUpsertEndAsync(
                        new(caller, objects, tenant)) : await client.BatchPutEndAsync(new(caller, objects, call.Selector, tenant)),
                    (result, _) => result);
                break;
            case KeyedOperation.PutRevoke:
                Fill(
                    call,
                    IsUpsert(call) ? await client.BatchUpsertRevokeAsync(
                        new(caller, keys, tenant)) : await client.BatchPutRevokeAsync(new(caller, keys, call.Selector, tenant)),
                    (result, _) => result);
                break;
            case KeyedOperation.Remove:
                Fill(call, await client.BatchRemoveAsync(new(keys, call.Force, tenant)), (result, _) => result);
                break;
            default:
                call.Results[0].Error = await TransferAsync(call, client, new(caller, keys[0], tenant));
                break;
        }
    }

    private static async Task<ErrorCode> TransferAsync(KeyedCall call, MasterClient client, TransferRequest request)
    {
        var (caller, key, tenant) = (request.Client, request.Key, request.Tenant);
        ByteString[] targets = [.. call.TargetSegments.Select(target => (ByteString)target)];
        return call.Operation switch
        {
            KeyedOperation.CopyStart => (await client.CopyStartAsync(new(caller, key, tenant, call.SegmentName, targets))).Error,
            KeyedOperation.CopyEnd => (await client.CopyEndAsync(request)).Error,
            KeyedOperation.CopyRevoke => (await client.CopyRevokeAsync(request)).Error,
            KeyedOperation.MoveStart => (await client.MoveStartAsync(new(caller, key, tenant, call.SegmentName, targets[0]))).Error,
            KeyedOperation.MoveEnd => (await client.MoveEndAsync(request)).Error,
            KeyedOperation.MoveRevoke => (await client.MoveRevokeAsync(request)).Error,
            _ => throw new NotSupportedException(call.Operation.ToString()),
        };
    }

    // An upsert ends by functions of its own, which mean the same.
    private bool IsUpsert(KeyedCall call) => call.Keys.All(_upserts.Contains);

    private static void FillStarted(KeyedCall call, WireList<Expected<WireList<WireReplica>>> answers) =>
        Fill(call, answers, (result, value) => result with { Replicas = ListOf(value.Count) });

    private static void Fill<T>(KeyedCall call, WireList<Expected<T>> answers, Func<ItemResult, T, ItemResult> take)
        where T : struct, HotStandby.Mooncake.StructPack.IWireValue<T>
    {
        Assert.Equal(call.Keys.Length, answers.Count);
        for (var i = 0; i < answers.Count; i++)
            call.Results[i] = answers[i].IsOk ? take(default, answers[i].Value) : new ItemResult { Error = answers[i].Error };
    }

    private static ReplicaList ListOf(int count) => new(new ReplicaDescriptor[count]);

    private static WireReplicateConfig ToWire(ReplicateConfig config) => new()
    {
        ReplicaCount = config.ReplicaCount,
        SoftPinAction = config.SoftPinAction,
        SoftPinTtlMilliseconds = config.SoftPinTtlMilliseconds,
        HardPin = config.HardPin,
        PreferredSegment = config.PreferredSegment,
        GroupIds = config.GroupIds is { } groups
            ? new WireList<ByteString>([.. groups.Select(group => (ByteString)group)]) : (WireList<ByteString>?)null,
    };
}
