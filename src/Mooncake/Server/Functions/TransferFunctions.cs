// The functions with which a client copies or moves a replica itself.
using HotStandby.Messages.Calls;
using HotStandby.Mooncake.Calls;
using HotStandby.Mooncake.Generations;

namespace HotStandby.Mooncake.Server.Functions;

/// <summary>Copy* and Move*.</summary>
internal static class TransferFunctions
{
    public static void AddTo(FunctionTable table, TenantScope scope)
    {
        table.Add<CopyStartRequest, KeyedCall>(
            Rpc.CopyStart,
            (in CopyStartRequest request, IReplySink sink) => new(
                new KeyedCall(sink, KeyedOperation.CopyStart, [scope.Key(request.Tenant, request.Key)])
                {
                    Client = request.Client, SegmentName = request.Source.ToString(), TargetSegments = FromWire.Texts(request.Targets),
                },
                scope.WriteRefusal(request.Tenant)),
            KeyedAnswers.WriteSingle);
        table.Add<MoveStartRequest, KeyedCall>(
            Rpc.MoveStart,
            (in MoveStartRequest request, IReplySink sink) => new(
                new KeyedCall(sink, KeyedOperation.MoveStart, [scope.Key(request.Tenant, request.Key)])
                {
                    Client = request.Client, SegmentName = request.Source.ToString(), TargetSegments = [request.Target.ToString()],
                },
                scope.WriteRefusal(request.Tenant)),
            KeyedAnswers.WriteSingle);
        AddEnd(table, scope, Rpc.CopyEnd, KeyedOperation.CopyEnd);
        AddEnd(table, scope, Rpc.CopyRevoke, KeyedOperation.CopyRevoke);
        AddEnd(table, scope, Rpc.MoveEnd, KeyedOperation.MoveEnd);
        AddEnd(table, scope, Rpc.MoveRevoke, KeyedOperation.MoveRevoke);
    }

    private static void AddEnd(FunctionTable table, TenantScope scope, Rpc rpc, KeyedOperation operation) =>
        table.Add<TransferRequest, KeyedCall>(
            rpc,
            (in TransferRequest request, IReplySink sink) => new(
                new KeyedCall(sink, operation, [scope.Key(request.Tenant, request.Key)]) { Client = request.Client },
                scope.Refusal(request.Tenant)),
            KeyedAnswers.WriteSingle);
}
