// The functions that write and remove single objects. An upsert is a put by other names: only its start is another operation.
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Mooncake.Calls;
using HotStandby.Mooncake.Generations;
using HotStandby.Mooncake.Types;

namespace HotStandby.Mooncake.Server.Functions;

/// <summary>Put*, Upsert*, Remove, BatchRemove and BatchReplicaClear.</summary>
internal static class WriteFunctions
{
    public static void AddTo(FunctionTable table, TenantScope scope)
    {
        table.Add<PutStartRequest, KeyedCall>(Rpc.PutStart, Start(scope, KeyedOperation.PutStart), KeyedAnswers.WriteSingle);
        table.Add<PutStartRequest, KeyedCall>(Rpc.UpsertStart, Start(scope, KeyedOperation.UpsertStart), KeyedAnswers.WriteSingle);
        table.Add<BatchPutStartRequest, KeyedCall>(Rpc.BatchPutStart, BatchStart(scope, KeyedOperation.PutStart), KeyedAnswers.WriteBatch);
        table.Add<BatchPutStartRequest, KeyedCall>(
            Rpc.BatchUpsertStart, BatchStart(scope, KeyedOperation.UpsertStart), KeyedAnswers.WriteBatch);

        table.Add<PutEndRequest, KeyedCall>(Rpc.PutEnd, End(scope), KeyedAnswers.WriteSingle);
        table.Add<PutEndRequest, KeyedCall>(Rpc.UpsertEnd, End(scope), KeyedAnswers.WriteSingle);
        table.Add<BatchPutEndRequest, KeyedCall>(
            Rpc.BatchPutEnd,
            (in BatchPutEndRequest request, IReplySink sink) =>
                BatchEnd(sink, scope, request.Client, request.Objects, request.Selector, request.Tenant),
            KeyedAnswers.WriteBatch);
        table.Add<BatchUpsertEndRequest, KeyedCall>(
            Rpc.BatchUpsertEnd,
            (in BatchUpsertEndRequest request, IReplySink sink) =>
                BatchEnd(sink, scope, request.Client, request.Objects, ReplicaType.All, request.Tenant),
            KeyedAnswers.WriteBatch);

        table.Add<PutRevokeRequest, KeyedCall>(Rpc.PutRevoke, Revoke(scope), KeyedAnswers.WriteSingle);
        table.Add<PutRevokeRequest, KeyedCall>(Rpc.UpsertRevoke, Revoke(scope), KeyedAnswers.WriteSingle);
        table.Add<BatchPutRevokeRequest, KeyedCall>(
            Rpc.BatchPutRevoke,
            (in BatchPutRevokeRequest request, IReplySink sink) =>
                BatchRevoke(sink, scope, request.Client, request.Keys, request.Selector, request.Tenant),
            KeyedAnswers.WriteBatch);
        table.Add<BatchUpsertRevokeRequest, KeyedCall>(
            Rpc.BatchUpsertRevoke,
            (in BatchUpsertRevokeRequest request, IReplySink sink) =>
                BatchRevoke(sink, scope, request.Client, request.Keys, ReplicaType.All, request.Tenant),
            KeyedAnswers.WriteBatch);

        table.Add<RemoveRequest, KeyedCall>(
            Rpc.Remove,
            (in RemoveRequest request, IReplySink sink) => new(
                new KeyedCall(sink, KeyedOperation.Remove, [scope.Key(request.Tenant, request.Key)]) { Force = request.Force },
                scope.Refusal(request.Tenant)),
            KeyedAnswers.WriteSingle);
        table.Add<BatchRemoveRequest, KeyedCall>(
            Rpc.BatchRemove,
            (in BatchRemoveRequest request, IReplySink sink) => new(
                new KeyedCall(sink, KeyedOperation.Remove, scope.Keys(request.Tenant, request.Keys)) { Force = request.Force },
                scope.Refusal(request.Tenant)),
            KeyedAnswers.WriteBatch);

        // It names no tenant, so it is about the default one.
        table.Add<ReplicaClearRequest, KeyedCall>(
            Rpc.BatchReplicaClear,
            (in ReplicaClearRequest request, IReplySink sink) =>
                new KeyedCall(sink, KeyedOperation.ReplicaClear, scope.Keys(default, request.Keys))
                {
                    Client = request.Client, SegmentName = request.SegmentName.ToString(),
                },
            KeyedAnswers.WriteCleared);
    }

    private static CallMaker<PutStartRequest> Start(TenantScope scope, KeyedOperation operation) =>
        (in PutStartRequest request, IReplySink sink) => Fitting(
            new KeyedCall(sink, operation, [scope.Key(request.Tenant, request.Key)])
            {
                Client = request.Client, Sizes = [request.SizeBytes], Config = FromWire.Config(request.Config),
            },
            scope.WriteRefusal(request.Tenant));

    private static CallMaker<BatchPutStartRequest> BatchStart(TenantScope scope, KeyedOperation operation) =>
        (in BatchPutStartRequest request, IReplySink sink) => Fitting(
            new KeyedCall(sink, operation, scope.Keys(request.Tenant, request.Keys))
            {
                Client = request.Client, Sizes = request.SizesBytes.ToArray(), Config = FromWire.Config(request.Config),
            },
            scope.WriteRefusal(request.Tenant));

    // The lists of a call must be of one length; no partition is asked about a call where they are not.
    private static DecodedCall Fitting(KeyedCall call, ErrorCode refusal)
    {
        var fits = call.Sizes.Length == call.Keys.Length && (call.Config.GroupIds is not { } groups || groups.Count == call.Keys.Length);
        return new(call, fits ? refusal : ErrorCode.InvalidParams);
    }

    private static CallMaker<PutEndRequest> End(TenantScope scope) => (in PutEndRequest request, IReplySink sink) => new(
        new KeyedCall(sink, KeyedOperation.PutEnd, [scope.Key(request.Tenant, request.Object.Key)])
        {
            Client = request.Client, Selector = request.Selector, Checksums = request.Object.Checksum is { } sum ? [sum] : [],
        },
        scope.Refusal(request.Tenant));

    private static DecodedCall BatchEnd(
        IReplySink sink, TenantScope scope, Uuid client, in WireList<ObjectMeta> written, ReplicaType selector, ByteString tenant)
    {
        var objects = written.Items;
        var keys = new ObjectKey[objects.Length];
        var checksums = new ulong?[objects.Length];
        for (var i = 0; i < objects.Length; i++)
            (keys[i], checksums[i]) = (scope.Key(tenant, objects[i].Key), objects[i].Checksum);
        return new(
            new KeyedCall(sink, KeyedOperation.PutEnd, keys) { Client = client, Selector = selector, Checksums = checksums },
            scope.Refusal(tenant));
    }

    private static CallMaker<PutRevokeRequest> Revoke(TenantScope scope) => (in PutRevokeRequest request, IReplySink sink) => new(
        new KeyedCall(sink, KeyedOperation.PutRevoke, [scope.Key(request.Tenant, request.Key)])
        {
            Client = request.Client, Selector = request.Selector,
        },
        scope.Refusal(request.Tenant));

    private static DecodedCall BatchRevoke(
        IReplySink sink, TenantScope scope, Uuid client, in WireList<ByteString> keys, ReplicaType selector, ByteString tenant) => new(
        new KeyedCall(sink, KeyedOperation.PutRevoke, scope.Keys(tenant, keys)) { Client = client, Selector = selector },
        scope.Refusal(tenant));
}
