// What a Primary answers to calls on tasks, and what becomes of tasks in time and after a failover.
using HotStandby.Core.Segments;
using HotStandby.Core.Tasks;
using HotStandby.Messages;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Messages.OpLog;
using HotStandby.Tests.Unit.Segments;

namespace HotStandby.Tests.Unit.Tasks;

public sealed class TaskLeaderTests
{
    private readonly Reign _reign = new();
    private readonly DraftBuffer _drafts = new(Partition.SegmentTable);
    private TaskLeader _tasks;

    public TaskLeaderTests()
    {
        _reign.MountAndCommit(1, Reign.Segment(1));
        _reign.MountAndCommit(2, Reign.Segment(2));
        _tasks = Lead();
    }

    [Fact]
    public void A_task_without_targets_with_one_twice_or_unknown_or_from_no_holder_is_invalid()
    {
        Assert.Equal(ErrorCode.InvalidParams, Create(null, [1]));
        Assert.Equal(ErrorCode.InvalidParams, Create(null, [1], "host-2", "host-2"));
        Assert.Equal(ErrorCode.InvalidParams, Create(null, [1], "unknown"));
        Assert.Equal(ErrorCode.InvalidParams, Create("host-2", [1], "host-2"));
        Assert.Equal(ErrorCode.InvalidParams, Create("host-2", [1], "host-1"));
        Assert.Equal(0, _drafts.Count);
    }

    [Fact]
    public void One_pending_task_too_many_is_refused()
    {
        _tasks = Lead(new TaskSettings { MaximumPending = 1 });
        Assert.Equal(ErrorCode.Ok, Create(null, [1], "host-2"));
        Assert.Equal(ErrorCode.TaskPendingLimitExceeded, Create(null, [1], "host-2"));
    }

    [Fact]
    public void Only_the_assignee_ends_a_task_with_a_terminal_status_and_may_say_so_again()
    {
        Create(null, [1], "host-2");
        var id = Assert.Single(_reign.Table.Tasks.All).Task.Id;
        Assert.Equal(ErrorCode.TaskNotFound, Complete(1, Reign.Id(99), ReplicationTaskStatus.Success));
        Assert.Equal(ErrorCode.IllegalClient, Complete(2, id, ReplicationTaskStatus.Success));
        Assert.Equal(ErrorCode.InvalidParams, Complete(1, id, ReplicationTaskStatus.Processing));
        Assert.Equal(ErrorCode.Ok, Complete(1, id, ReplicationTaskStatus.Success));
        var entries = _drafts.Count;
        Assert.Equal(ErrorCode.Ok, Complete(1, id, ReplicationTaskStatus.Success));
        Assert.Equal(entries, _drafts.Count);
    }

    [Fact]
    public void A_task_that_is_not_ended_in_time_is_tried_ten_times_more_and_then_fails_also_with_a_new_reign_between()
    {
        Create(null, [1], "host-2");
        for (var tries = 0; tries <= 10; tries++)
        {
            Assert.Single(Fetch(1));
            if (tries == 5)
                _tasks = Lead();
            _reign.NowTicks += TimeSpan.FromSeconds(300).Ticks;
            _tasks.Sweep(_reign.NowTicks, 0, _drafts, 10);
        }

        Assert.Equal(ReplicationTaskStatus.Failed, Assert.Single(_reign.Table.Tasks.All).Task.Status);
        Assert.Empty(Fetch(1));
    }

    private TaskLeader Lead(TaskSettings? settings = null) =>
        new(_reign.Table, settings ?? new TaskSettings(), new RandomSource(7), _reign.Leader.ApplyOther, _reign.NowTicks);

    private ErrorCode Create(string? source, uint[] handles, params string[] targets) => _tasks.Create(
        new CreateTaskCall(null!, source is null ? TaskType.ReplicaCopy : TaskType.ReplicaMove, ObjectKey.From("k"), source, targets)
        {
            SegmentHandles = handles,
        },
        _reign.NowTicks, 0, _drafts);

    private IReadOnlyList<ReplicationTask> Fetch(int client)
    {
        var call = new FetchTasksCall(null!, Reign.Id(client), 5);
        Assert.Equal(ErrorCode.Ok, _tasks.Fetch(call, _reign.NowTicks, 0, _drafts));
        return call.Tasks;
    }

    private ErrorCode Complete(int client, Uuid id, ReplicationTaskStatus status) =>
        _tasks.Complete(new CompleteTaskCall(null!, Reign.Id(client), id, status, ""), _reign.NowTicks, 0, _drafts);
}
