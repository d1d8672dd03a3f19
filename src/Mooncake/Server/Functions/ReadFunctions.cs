// The functions that look single objects up.
using HotStandby.Messages.Calls;
using HotStandby.Mooncake.Calls;
using HotStandby.Mooncake.Generations;

namespace HotStandby.Mooncake.Server.Functions;

/// <summary>ExistKey, GetReplicaList and their batches.</summary>
internal static class ReadFunctions
{
    public static void AddTo(FunctionTable table, TenantScope scope)
    {
        table.Add<ExistKeyRequest, KeyedCall>(
            Rpc.ExistKey,
            (in ExistKeyRequest request, IReplySink sink) => new(
                new KeyedCall(sink, KeyedOperation.Exist, [scope.Key(request.Tenant, request.Key)]), scope.Refusal(request.Tenant)),
            KeyedAnswers.WriteSingle);
        table.Add<BatchExistKeyRequest, KeyedCall>(
            Rpc.BatchExistKey,
            (in BatchExistKeyRequest request, IReplySink sink) => new(
                new KeyedCall(sink, KeyedOperation.Exist, scope.Keys(request.Tenant, request.Keys)), scope.Refusal(request.Tenant)),
            KeyedAnswers.WriteBatch);
        table.Add<GetReplicaListRequest, KeyedCall>(
            Rpc.GetReplicaList,
            (in GetReplicaListRequest request, IReplySink sink) => new(
                new KeyedCall(sink, KeyedOperation.GetReplicaList, [scope.Key(request.Tenant, request.Key)]),
                scope.Refusal(request.Tenant)),
            KeyedAnswers.WriteSingle);
        table.Add<BatchGetReplicaListRequest, KeyedCall>(
            Rpc.BatchGetReplicaList,
            (in BatchGetReplicaListRequest request, IReplySink sink) => new(
                new KeyedCall(sink, KeyedOperation.GetReplicaList, scope.Keys(request.Tenant, request.Keys)),
                scope.Refusal(request.Tenant)),
            KeyedAnswers.WriteBatch);
    }
}
