// The functions on replication tasks.
using HotStandby.Messages.Calls;
using HotStandby.Messages.Model;
using HotStandby.Mooncake.Calls;
using HotStandby.Mooncake.Generations;
using HotStandby.Mooncake.Types;

namespace HotStandby.Mooncake.Server.Functions;

/// <summary>CreateCopyTask, CreateMoveTask, QueryTask, FetchTasks and MarkTaskToComplete.</summary>
internal static class TaskFunctions
{
    public static void AddTo(FunctionTable table, TenantScope scope)
    {
        table.Add<CreateCopyTaskRequest, CreateTaskCall>(
            Rpc.CreateCopyTask,
            (in CreateCopyTaskRequest request, IReplySink sink) =>
                Create(sink, scope, TaskType.ReplicaCopy, request.Tenant, request.Key, null, FromWire.Texts(request.Targets)),
            WriteCreated);
        table.Add<CreateMoveTaskRequest, CreateTaskCall>(
            Rpc.CreateMoveTask,
            (in CreateMoveTaskRequest request, IReplySink sink) =>
                Create(
                    sink, scope, TaskType.ReplicaMove, request.Tenant, request.Key, request.Source.ToString(), [request.Target.ToString()]),
            WriteCreated);
        table.Add<WireUuid, QueryTaskCall>(
            Rpc.QueryTask, static (in WireUuid id, IReplySink sink) => new QueryTaskCall(sink, id.Value), WriteReport);
        table.Add<FetchTasksRequest, FetchTasksCall>(
            Rpc.FetchTasks,
            static (in FetchTasksRequest request, IReplySink sink) =>
                new FetchTasksCall(sink, request.Client, (int)Math.Min(request.BatchSize, int.MaxValue)),
            WriteTasks);
        table.Add<CompleteTaskRequest, CompleteTaskCall>(
            Rpc.MarkTaskToComplete,
            static (in CompleteTaskRequest request, IReplySink sink) =>
                new CompleteTaskCall(sink, request.Client, request.TaskId, request.Status, request.Message.ToString()),
            SegmentFunctions.WriteSuccess);
    }

    private static DecodedCall Create(
        IReplySink sink, TenantScope scope, TaskType type, ByteString tenant, ByteString key, string? source, string[] targets)
    {
        var refusal = scope.WriteRefusal(tenant);
        if (refusal == ErrorCode.Ok && targets.Length == 0)
            refusal = ErrorCode.InvalidParams; // before the object is looked for
        return new(new CreateTaskCall(sink, type, scope.Key(tenant, key), source, targets), refusal);
    }

    private static void WriteCreated(in AnswerFrame frame, CreateTaskCall call) => frame.Send(call.Error, new WireUuid(call.TaskId));

    private static void WriteReport(in AnswerFrame frame, QueryTaskCall call)
    {
        if (call.Task is { } task)
            frame.Send(call.Error, ToWire.Report(task));
        else
            frame.Send(call.Error == ErrorCode.Ok ? ErrorCode.TaskNotFound : call.Error, default(TaskReport));
    }

    private static void WriteTasks(in AnswerFrame frame, FetchTasksCall call) =>
        frame.Send(call.Error, new WireList<TaskAssignment>([.. call.Tasks.Select(ToWire.Assignment)]));
}
