// The steps about tasks and drain jobs, whose ids are known only when they run. One for each scenario.
using HotStandby.Messages;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using static HotStandby.Tests.Scenarios.Steps;

namespace HotStandby.Tests.Scenarios;

/// <summary>Steps about the last task and the last drain job that were created.</summary>
internal sealed class TaskSteps
{
    private Uuid _task;
    private Uuid _job;

    public Step CreateCopy(string key, params string[] targets) => Create(TaskType.ReplicaCopy, key, null, targets);

    public Step CreateMove(string key, string source, string target) => Create(TaskType.ReplicaMove, key, source, [target]);

    public Step Status() => Segment<QueryTaskCall>(
        "status of the task", sink => new(sink, _task), call => $"{call.Task!.Type} {call.Task.Status}");

    /// <summary>Says what a client is asked to do.</summary>
    public static Step Fetch(string client = "writer", int maximum = 10) => Segment<FetchTasksCall>(
        $"{client} fetches tasks", sink => new(sink, Id(client), maximum), call =>
            string.Join("; ", call.Tasks.Select(Words).Order(StringComparer.Ordinal)));

    public Step Complete(ReplicationTaskStatus status = ReplicationTaskStatus.Success, string client = "writer") =>
        Segment<CompleteTaskCall>(
        $"{client} says {status}", sink => new(sink, Id(client), _task, status, "done"), _ => "Ok");

    public Step Drain(string segment, params string[] targets) => Segment<CreateDrainJobCall>(
        $"{segment} is drained", sink => new(sink, [segment], targets, 4), call =>
        {
            _job = call.JobId;
            return "Ok";
        });

    public Step Job() => AskForJob(cancel: false);

    public Step CancelJob() => AskForJob(cancel: true);

    /// <summary>What a client does again and again: fetches its tasks, carries each out and says so. Tells which.</summary>
    public static Step DoTasks(string client = "writer") => new($"{client} does its tasks", async master =>
    {
        FetchTasksCall? fetched = null;
        await master.SubmitAsync(sink => fetched = new FetchTasksCall(sink, Id(client), 10));
        var tasks = fetched!.Tasks;
        foreach (var task in tasks)
        {
            foreach (var step in StepsOf(task))
            {
                var outcome = await step.Do(master);
                if (outcome != "Ok")
                    return $"{Words(task)}: {step.Words}: {outcome}";
            }

            CompleteTaskCall? complete = null;
            await master.SubmitAsync(
                sink => complete = new CompleteTaskCall(sink, Id(client), task.Id, ReplicationTaskStatus.Success, "done"));
            if (complete!.Error != ErrorCode.Ok)
                return $"{Words(task)}: {complete.Error}";
        }

        return string.Join("; ", tasks.Select(Words).Order(StringComparer.Ordinal));
    });

    private static Step[] StepsOf(ReplicationTask task)
    {
        var key = System.Text.Encoding.UTF8.GetString(task.Key.UserKey);
        return task.Type == TaskType.ReplicaMove
            ? [MoveStart(key, task.Source, task.Targets[0]), Transfer(KeyedOperation.MoveEnd, key)]
            : [CopyStart(key, task.Source, [.. task.Targets]), Transfer(KeyedOperation.CopyEnd, key)];
    }

    private static string Words(ReplicationTask task) =>
        $"{task.Type} {System.Text.Encoding.UTF8.GetString(task.Key.UserKey)} from {task.Source} to {string.Join('+', task.Targets)}";

    private Step Create(TaskType type, string key, string? source, string[] targets) => new($"{type} task for {key}", async master =>
    {
        CreateTaskCall? call = null;
        await master.SubmitAsync(sink => call = new CreateTaskCall(
            sink, type, ObjectKey.From(master.Tenant, System.Text.Encoding.UTF8.GetBytes(key)), source, targets));
        _task = call!.TaskId;
        return call.Error.ToString();
    });

    private Step AskForJob(bool cancel) => Segment<DrainJobCall>(
        cancel ? "the job is canceled" : "the job is asked about", sink => new(sink, _job, cancel),
        call => $"{call.Job!.Status}, {call.Job.SucceededUnits} moved, {call.Job.ActiveUnits} under way");
}
