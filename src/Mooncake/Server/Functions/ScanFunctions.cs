// The functions on every object of a tenant, or on those whose key matches a pattern.
using HotStandby.Messages.Calls;
using HotStandby.Mooncake.Calls;
using HotStandby.Mooncake.Generations;
using HotStandby.Mooncake.StructPack;
using HotStandby.Mooncake.Types;

namespace HotStandby.Mooncake.Server.Functions;

/// <summary>GetReplicaListByRegex, RemoveByRegex and RemoveAll.</summary>
internal static class ScanFunctions
{
    public static void AddTo(FunctionTable table, TenantScope scope)
    {
        table.Add<ExistKeyRequest, ScanCall>(
            Rpc.GetReplicaListByRegex,
            (in ExistKeyRequest request, IReplySink sink) =>
                Scan(sink, scope, ScanOperation.GetReplicaLists, request.Tenant, request.Key, false),
            static (in AnswerFrame frame, ScanCall call) => frame.Send(new FoundReplicas(call)));
        table.Add<RemoveRequest, ScanCall>(
            Rpc.RemoveByRegex,
            (in RemoveRequest request, IReplySink sink) =>
                Scan(sink, scope, ScanOperation.Remove, request.Tenant, request.Key, request.Force),
            static (in AnswerFrame frame, ScanCall call) => frame.Send(call.Error, new WireInt64(call.RemovedCount)));
        // Its result has no place for an error; clients report a negative number as one.
        table.Add<RemoveAllRequest, ScanCall>(
            Rpc.RemoveAll,
            (in RemoveAllRequest request, IReplySink sink) => RemoveAll(sink, scope, request),
            static (in AnswerFrame frame, ScanCall call) =>
                frame.Send(new WireInt64(call.Error == ErrorCode.Ok ? call.RemovedCount : (long)call.Error)));
    }

    private static DecodedCall Scan(
        IReplySink sink, TenantScope scope, ScanOperation operation, ByteString tenant, ByteString pattern, bool force) => new(
        new ScanCall(sink, operation, scope.Tenant(tenant), pattern.ToString()) { Force = force }, scope.Refusal(tenant));

    // Without a tenant it is about all of them, even those that were stored when the cluster kept tenants apart.
    private static DecodedCall RemoveAll(IReplySink sink, TenantScope scope, in RemoveAllRequest request) => new(
        new ScanCall(sink, ScanOperation.Remove, request.Tenant.Length == 0 ? null : scope.Tenant(request.Tenant), null)
        {
            Force = request.Force,
        },
        scope.Refusal(request.Tenant));

    // A map from key to replicas, straight from what was found.
    private readonly struct FoundReplicas(ScanCall call) : IWireWritable
    {
        public void Write<TSink>(ref TSink sink) where TSink : struct, IStructPackSink, allows ref struct
        {
            sink.WriteBool(call.Error == ErrorCode.Ok);
            if (call.Error != ErrorCode.Ok)
            {
                sink.WriteInt32((int)call.Error);
                return;
            }

            sink.WriteCount(call.Found.Count);
            foreach (var (key, replicas) in call.Found)
            {
                sink.WriteBytes(key.UserKey);
                KeyedAnswers.WriteReplicas(ref sink, replicas);
            }
        }
    }
}
