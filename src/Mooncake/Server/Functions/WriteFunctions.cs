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
    public static void AddTo(FunctionTable table)
    {
        table.Add<PutStartRequest, KeyedCall>(Rpc.PutStart, Start(KeyedOperation.PutStart), KeyedAnswers.WriteSingle);
        table.Add<PutStartRequest, KeyedCall>(Rpc.UpsertStart, Start(KeyedOperation.UpsertStart), KeyedAnswers.WriteSingle);
        table.Add<BatchPutStartRequest, KeyedCall>(Rpc.BatchPutStart, BatchStart(KeyedOperation.PutStart), KeyedAnswers.WriteBatch);
        table.Add<BatchPutStartRequest, KeyedCall>(Rpc.BatchUpsertStart, BatchStart(KeyedOperation.UpsertStart), KeyedAnswers.WriteBatch);

        table.Add<PutEndRequest, KeyedCall>(Rpc.PutEnd, End, KeyedAnswers.WriteSingle);
        table.Add<PutEndRequest, KeyedCall>(Rpc.UpsertEnd, End, KeyedAnswers.WriteSingle);
        table.Add<BatchPutEndRequest, KeyedCall>(
            Rpc.BatchPutEnd,
            static (in BatchPutEndRequest request, IReplySink sink) =>
                BatchEnd(sink, request.Client, request.Objects, request.Selector, request.Tenant),
            KeyedAnswers.WriteBatch);
        table.Add<BatchUpsertEndRequest, KeyedCall>(
            Rpc.BatchUpsertEnd,
            static (in BatchUpsertEndRequest request, IReplySink sink) =>
                BatchEnd(sink, request.Client, request.Objects, ReplicaType.All, request.Tenant),
            KeyedAnswers.WriteBatch);

        table.Add<PutRevokeRequest, KeyedCall>(Rpc.PutRevoke, Revoke, KeyedAnswers.WriteSingle);
        table.Add<PutRevokeRequest, KeyedCall>(Rpc.UpsertRevoke, Revoke, KeyedAnswers.WriteSingle);
        table.Add<BatchPutRevokeRequest, KeyedCall>(
            Rpc.BatchPutRevoke,
            static (in BatchPutRevokeRequest request, IReplySink sink) =>
                BatchRevoke(sink, request.Client, request.Keys, request.Selector, request.Tenant),
            KeyedAnswers.WriteBatch);
        table.Add<BatchUpsertRevokeRequest, KeyedCall>(
            Rpc.BatchUpsertRevoke,
            static (in BatchUpsertRevokeRequest request, IReplySink sink) =>
                BatchRevoke(sink, request.Client, request.Keys, ReplicaType.All, request.Tenant),
            KeyedAnswers.WriteBatch);

        table.Add<RemoveRequest, KeyedCall>(
            Rpc.Remove,
            static (in RemoveRequest request, IReplySink sink) =>
                new KeyedCall(sink, KeyedOperation.Remove, [FromWire.Key(request.Tenant, request.Key)]) { Force = request.Force },
            KeyedAnswers.WriteSingle);
        table.Add<BatchRemoveRequest, KeyedCall>(
            Rpc.BatchRemove,
            static (in BatchRemoveRequest request, IReplySink sink) =>
                new KeyedCall(sink, KeyedOperation.Remove, FromWire.Keys(request.Tenant, request.Keys)) { Force = request.Force },
            KeyedAnswers.WriteBatch);

        // It names no tenant, so it is about the default one.
        table.Add<ReplicaClearRequest, KeyedCall>(
            Rpc.BatchReplicaClear,
            static (in ReplicaClearRequest request, IReplySink sink) =>
                new KeyedCall(sink, KeyedOperation.ReplicaClear, FromWire.Keys(default, request.Keys))
                {
                    Client = request.Client, SegmentName = request.SegmentName.ToString(),
                },
            KeyedAnswers.WriteCleared);
    }

    private static CallMaker<PutStartRequest> Start(KeyedOperation operation) => (in PutStartRequest request, IReplySink sink) =>
        Fitting(new KeyedCall(sink, operation, [FromWire.Key(request.Tenant, request.Key)])
        {
            Client = request.Client, Sizes = [request.SizeBytes], Config = FromWire.Config(request.Config),
        });

    private static CallMaker<BatchPutStartRequest> BatchStart(KeyedOperation operation) => (in BatchPutStartRequest request, IReplySink sink) =>
        Fitting(new KeyedCall(sink, operation, FromWire.Keys(request.Tenant, request.Keys))
        {
            Client = request.Client, Sizes = request.SizesBytes.ToArray(), Config = FromWire.Config(request.Config),
        });

    // The lists of a call must be of one length; no partition is asked about a call where they are not.
    private static DecodedCall Fitting(KeyedCall call)
    {
        var fits = call.Sizes.Length == call.Keys.Length && (call.Config.GroupIds is not { } groups || groups.Count == call.Keys.Length);
        return new(call, fits ? ErrorCode.Ok : ErrorCode.InvalidParams);
    }

    private static DecodedCall End(in PutEndRequest request, IReplySink sink) =>
        new KeyedCall(sink, KeyedOperation.PutEnd, [FromWire.Key(request.Tenant, request.Object.Key)])
        {
            Client = request.Client, Selector = request.Selector, Checksums = request.Object.Checksum is { } sum ? [sum] : [],
        };

    private static KeyedCall BatchEnd(IReplySink sink, Uuid client, in WireList<ObjectMeta> written, ReplicaType selector, ByteString tenant)
    {
        var objects = written.Items;
        var keys = new ObjectKey[objects.Length];
        var checksums = new ulong?[objects.Length];
        for (var i = 0; i < objects.Length; i++)
            (keys[i], checksums[i]) = (FromWire.Key(tenant, objects[i].Key), objects[i].Checksum);
        return new KeyedCall(sink, KeyedOperation.PutEnd, keys) { Client = client, Selector = selector, Checksums = checksums };
    }

    private static DecodedCall Revoke(in PutRevokeRequest request, IReplySink sink) =>
        new KeyedCall(sink, KeyedOperation.PutRevoke, [FromWire.Key(request.Tenant, request.Key)])
        {
            Client = request.Client, Selector = request.Selector,
        };

    private static KeyedCall BatchRevoke(IReplySink sink, Uuid client, in WireList<ByteString> keys, ReplicaType selector, ByteString tenant) =>
        new(sink, KeyedOperation.PutRevoke, FromWire.Keys(tenant, keys)) { Client = client, Selector = selector };
}
