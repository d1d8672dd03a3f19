// The functions with which a client copies or moves a replica itself.
using HotStandby.Messages.Calls;
using HotStandby.Mooncake.Calls;
using HotStandby.Mooncake.Generations;

namespace HotStandby.Mooncake.Server.Functions;

/// <summary>Copy* and Move*.</summary>
internal static class TransferFunctions
{
    public static void AddTo(FunctionTable table)
    {
        table.Add<CopyStartRequest, KeyedCall>(
            Rpc.CopyStart,
            static (in CopyStartRequest request, IReplySink sink) =>
                new KeyedCall(sink, KeyedOperation.CopyStart, [FromWire.Key(request.Tenant, request.Key)])
                {
                    Client = request.Client, SegmentName = request.Source.ToString(), TargetSegments = FromWire.Texts(request.Targets),
                },
            KeyedAnswers.WriteSingle);
        table.Add<MoveStartRequest, KeyedCall>(
            Rpc.MoveStart,
            static (in MoveStartRequest request, IReplySink sink) =>
                new KeyedCall(sink, KeyedOperation.MoveStart, [FromWire.Key(request.Tenant, request.Key)])
                {
                    Client = request.Client, SegmentName = request.Source.ToString(), TargetSegments = [request.Target.ToString()],
                },
            KeyedAnswers.WriteSingle);
        AddEnd(table, Rpc.CopyEnd, KeyedOperation.CopyEnd);
        AddEnd(table, Rpc.CopyRevoke, KeyedOperation.CopyRevoke);
        AddEnd(table, Rpc.MoveEnd, KeyedOperation.MoveEnd);
        AddEnd(table, Rpc.MoveRevoke, KeyedOperation.MoveRevoke);
    }

    private static void AddEnd(FunctionTable table, Rpc rpc, KeyedOperation operation) => table.Add<TransferRequest, KeyedCall>(
        rpc,
        (in TransferRequest request, IReplySink sink) =>
            new KeyedCall(sink, operation, [FromWire.Key(request.Tenant, request.Key)]) { Client = request.Client },
        KeyedAnswers.WriteSingle);
}
