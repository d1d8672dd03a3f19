// The calls about copies outside of memory that a Mooncake master with its default flags answers without an error. There are no such
// copies here, so there is nothing to do; what is answered is what that master would answer.
using HotStandby.Messages.Calls;
using HotStandby.Messages.Model;
using HotStandby.Mooncake.Calls;
using HotStandby.Mooncake.Generations;
using HotStandby.Mooncake.Types;

namespace HotStandby.Mooncake.Server.Functions;

/// <summary>EvictDiskReplica and its batch, NotifyPromotionFailure, NotifyOffloadSuccess, GetAllNoFSegments.</summary>
internal static class DiskFunctions
{
    public static void AddTo(FunctionTable table, TenantScope scope)
    {
        table.Add<EvictDiskRequest, KeyedCall>(
            Rpc.EvictDiskReplica,
            (in EvictDiskRequest request, IReplySink sink) => new(
                new KeyedCall(sink, KeyedOperation.ForgetOnDisk, [scope.Key(request.Tenant, request.Key)])
                {
                    Client = request.Client, Selector = request.Type,
                },
                scope.Refusal(request.Tenant)),
            KeyedAnswers.WriteSingle);
        table.Add<BatchEvictDiskRequest, KeyedCall>(
            Rpc.BatchEvictDiskReplica,
            (in BatchEvictDiskRequest request, IReplySink sink) => new(
                new KeyedCall(sink, KeyedOperation.ForgetOnDisk, scope.Keys(request.Tenant, request.Keys))
                {
                    Client = request.Client, Selector = request.Type,
                },
                scope.Refusal(request.Tenant)),
            KeyedAnswers.WriteBatch);
        // No promotion is begun here, so there is none to end: only the object can be wrong.
        table.Add<TransferRequest, KeyedCall>(
            Rpc.NotifyPromotionFailure,
            (in TransferRequest request, IReplySink sink) => new(
                new KeyedCall(sink, KeyedOperation.ForgetOnDisk, [scope.Key(request.Tenant, request.Key)])
                {
                    Client = request.Client, Selector = ReplicaType.LocalDisk,
                },
                scope.Refusal(request.Tenant)),
            KeyedAnswers.WriteSingle);
        table.Add<OffloadReport, DoorCall>(
            Rpc.NotifyOffloadSuccess,
            (in OffloadReport report, IReplySink sink) => new DoorCall(sink, report.Client) { Error = Judge(report, scope) },
            static (in AnswerFrame frame, DoorCall call) => frame.SendIfServing(call.Error, default(Nothing)));
        table.Add<Nothing, DoorCall>(
            Rpc.GetAllNoFSegments,
            static (in Nothing _, IReplySink sink) => new DoorCall(sink),
            static (in AnswerFrame frame, DoorCall _) => frame.SendIfServing(ErrorCode.Ok, default(WireList<NofSegment>)));
    }

    // What was not written is nothing to note. What was written would have to be shown to readers: so it is refused, as a client is that
    // has registered no disk.
    private static ErrorCode Judge(in OffloadReport report, TenantScope scope)
    {
        foreach (ref readonly var task in report.Tasks.Items)
        {
            if (scope.Refusal(task.Tenant) is not ErrorCode.Ok and var refusal)
                return refusal;
        }

        if (report.Tasks.Count != report.Objects.Count)
            return ErrorCode.InvalidParams;
        foreach (ref readonly var written in report.Objects.Items)
        {
            if (written.DataBytes >= 0)
                return ErrorCode.SegmentNotFound;
        }

        return ErrorCode.Ok;
    }
}
