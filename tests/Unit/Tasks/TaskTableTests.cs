// What a task table refuses to apply: entries that cannot follow upon what it holds.
using HotStandby.Core.Segments;
using HotStandby.Core.Tasks;
using HotStandby.Messages;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Messages.OpLog;

namespace HotStandby.Tests.Unit.Tasks;

public sealed class TaskTableTests
{
    private static readonly Uuid Open = new(1, 1);
    private static readonly Uuid Ended = new(1, 2);
    private static readonly Uuid Running = new(2, 1);
    private static readonly Uuid Over = new(2, 2);
    private static readonly Uuid Unknown = new(9, 9);

    private readonly TaskTable _table = new();

    public TaskTableTests()
    {
        Apply(OpType.TaskCreated, Created(Open));
        Apply(OpType.TaskCreated, Created(Ended));
        Apply(OpType.TaskEnded, End(Ended, ReplicationTaskStatus.Success));
        Apply(OpType.JobCreated, CreatedJob(Running));
        Apply(OpType.JobCreated, CreatedJob(Over));
        Apply(OpType.JobChanged, Changed(Over, JobStatus.Canceled));
    }

    [Fact]
    public void A_task_or_job_is_created_once()
    {
        Refuses(OpType.TaskCreated, Created(Open));
        Refuses(OpType.TaskCreated, Created(Ended));
        Refuses(OpType.JobCreated, CreatedJob(Running));
    }

    [Fact]
    public void Only_an_open_task_is_fetched_or_goes_back_to_pending()
    {
        Refuses(OpType.TaskFetched, Fetched(Unknown, ReplicationTaskStatus.Processing));
        Refuses(OpType.TaskFetched, Fetched(Ended, ReplicationTaskStatus.Processing));
        Refuses(OpType.TaskFetched, Fetched(Open, ReplicationTaskStatus.Success));
        Refuses(OpType.TaskFetched, Fetched(Open, (ReplicationTaskStatus)77));
        Apply(OpType.TaskFetched, Fetched(Open, ReplicationTaskStatus.Processing));
        Assert.Equal((0, 1), (_table.PendingCount, _table.ProcessingCount));
        Apply(OpType.TaskFetched, Fetched(Open, ReplicationTaskStatus.Pending));
        Assert.Equal((1, 1), (_table.PendingCount, _table.Task(Open)!.Retries));
    }

    [Fact]
    public void Only_an_open_task_ends_and_only_with_a_status_that_ends_it()
    {
        Refuses(OpType.TaskEnded, End(Unknown, ReplicationTaskStatus.Failed));
        Refuses(OpType.TaskEnded, End(Ended, ReplicationTaskStatus.Success));
        Refuses(OpType.TaskEnded, End(Open, ReplicationTaskStatus.Processing));
        Refuses(OpType.TaskEnded, End(Open, (ReplicationTaskStatus)77));
        Apply(OpType.TaskEnded, End(Open, ReplicationTaskStatus.Failed));
        Assert.Equal((0, 2), (_table.PendingCount, _table.FinishedCount));
    }

    [Fact]
    public void Only_what_has_ended_is_forgotten()
    {
        Refuses(OpType.TaskForgotten, new IdPayload(Unknown).Encode());
        Refuses(OpType.TaskForgotten, new IdPayload(Open).Encode());
        Refuses(OpType.JobForgotten, new IdPayload(Unknown).Encode());
        Refuses(OpType.JobForgotten, new IdPayload(Running).Encode());
        Apply(OpType.TaskForgotten, new IdPayload(Ended).Encode());
        Apply(OpType.JobForgotten, new IdPayload(Over).Encode());
        Assert.Equal((Open, Running), (Assert.Single(_table.All).Task.Id, Assert.Single(_table.Jobs).Id));
        Assert.Null(_table.OldestFinished);
    }

    [Fact]
    public void Only_a_running_job_changes()
    {
        Refuses(OpType.JobChanged, Changed(Unknown, JobStatus.Failed));
        Refuses(OpType.JobChanged, Changed(Over, JobStatus.Failed));
        Apply(OpType.JobChanged, Changed(Running, JobStatus.Failed));
        Assert.False(_table.Job(Running)!.IsRunning);
    }

    [Fact]
    public void Entries_of_others_are_refused()
    {
        Assert.False(TaskTable.Applies(OpType.MountSegment));
        Refuses(OpType.MountSegment, new IdPayload(Open).Encode());
    }

    private static byte[] Created(Uuid id) => new TaskCreatedPayload(
        id, TaskType.ReplicaCopy, new(5, 5), 1, default, 8, ObjectKey.From("k"), "a", ["b"]).Encode();

    private static byte[] Fetched(Uuid id, ReplicationTaskStatus status) => new TaskFetchedPayload(id, status, 2).Encode();

    private static byte[] End(Uuid id, ReplicationTaskStatus status) => new TaskEndedPayload(id, status, 3, "").Encode();

    private static byte[] CreatedJob(Uuid id) => new JobCreatedPayload(id, 1, 4, [1], ["a"], []).Encode();

    private static byte[] Changed(Uuid id, JobStatus status) => new JobChangedPayload(id, status, 4, "").Encode();

    private void Apply(OpType type, byte[] payload) => TaskEntries.Apply(_table, type, payload);

    private void Refuses(OpType type, byte[] payload)
    {
        var before = _table.Digest;
        Assert.Equal(7, Assert.Throws<InvariantViolation>(() => Apply(type, payload)).Number);
        Assert.Equal(before, _table.Digest);
    }
}
