// The functions that look single objects up.
using HotStandby.Messages.Calls;
using HotStandby.Mooncake.Calls;
using HotStandby.Mooncake.Generations;

namespace HotStandby.Mooncake.Server.Functions;

/// <summary>ExistKey, GetReplicaList and their batches.</summary>
internal static class ReadFunctions
{
    public static void AddTo(FunctionTable table)
    {
        table.Add<ExistKeyRequest, KeyedCall>(
            Rpc.ExistKey,
            static (in ExistKeyRequest request, IReplySink sink) =>
                new KeyedCall(sink, KeyedOperation.Exist, [FromWire.Key(request.Tenant, request.Key)]),
            KeyedAnswers.WriteSingle);
        table.Add<BatchExistKeyRequest, KeyedCall>(
            Rpc.BatchExistKey,
            static (in BatchExistKeyRequest request, IReplySink sink) =>
                new KeyedCall(sink, KeyedOperation.Exist, FromWire.Keys(request.Tenant, request.Keys)),
            KeyedAnswers.WriteBatch);
        table.Add<GetReplicaListRequest, KeyedCall>(
            Rpc.GetReplicaList,
            static (in GetReplicaListRequest request, IReplySink sink) =>
                new KeyedCall(sink, KeyedOperation.GetReplicaList, [FromWire.Key(request.Tenant, request.Key)]),
            KeyedAnswers.WriteSingle);
        table.Add<BatchGetReplicaListRequest, KeyedCall>(
            Rpc.BatchGetReplicaList,
            static (in BatchGetReplicaListRequest request, IReplySink sink) =>
                new KeyedCall(sink, KeyedOperation.GetReplicaList, FromWire.Keys(request.Tenant, request.Keys)),
            KeyedAnswers.WriteBatch);
    }
}
