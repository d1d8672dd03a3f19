// What a Primary answers to calls on tasks, and what becomes of tasks in time and after a failover.
using HotStandby.Core.Segments;
using HotStandby.Core.Tasks;
using HotStandby.Messages;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Messages.OpLog;

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

    [Fact]
    public void Names_of_segments_that_are_unmounting_are_unknown()
    {
        _reign.Unmount(2);
        Assert.Equal(ErrorCode.InvalidParams, Create(null, [1], "host-2"));
        Assert.Equal(ErrorCode.InvalidParams, Create("host-2", [2], "host-1"));
        Assert.Equal(ErrorCode.InvalidParams, Create("unknown", [1], "host-1"));
        Assert.Equal(0, _drafts.Count);
    }

    [Fact]
    public void An_unknown_task_is_not_found()
    {
        Assert.Equal(ErrorCode.TaskNotFound, _tasks.Query(new QueryTaskCall(null!, Reign.Id(99))));
        Assert.Equal(ErrorCode.TaskNotFound, Complete(1, Reign.Id(99), ReplicationTaskStatus.Failed));
    }

    [Fact]
    public void A_task_that_has_ended_does_not_end_otherwise_nor_again_for_others()
    {
        var id = CreateOne("a");
        Assert.Equal(ErrorCode.Ok, Complete(1, id, ReplicationTaskStatus.Failed));
        Assert.Equal(ErrorCode.InvalidParams, Complete(1, id, ReplicationTaskStatus.Success));
        Assert.Equal(ErrorCode.InvalidParams, Complete(1, id, ReplicationTaskStatus.Pending));
        Assert.Equal(ErrorCode.InvalidParams, Complete(1, id, (ReplicationTaskStatus)77));
        Assert.Equal(ErrorCode.IllegalClient, Complete(2, id, ReplicationTaskStatus.Failed));
        Assert.Equal(ReplicationTaskStatus.Failed, _reign.Table.Tasks.Task(id)!.Task.Status);
    }

    [Fact]
    public void Fetched_tasks_are_the_oldest_in_the_order_of_their_creation_and_each_is_fetched_once()
    {
        var ids = Enumerable.Range(0, 20).Select(number => CreateOne($"k{number}")).ToArray();
        Assert.Equal(ids[..7], Fetch(1, 7).Select(task => task.Id));
        Assert.Equal(ids[7..], Fetch(1, 100).Select(task => task.Id));
        Assert.Empty(Fetch(1, 100));
        Assert.All(ids, id => Assert.Equal(ReplicationTaskStatus.Processing, _reign.Table.Tasks.Task(id)!.Task.Status));
    }

    [Fact]
    public void A_task_that_is_tried_again_keeps_its_place_before_younger_ones()
    {
        var first = CreateOne("first");
        Assert.Equal(first, Assert.Single(Fetch(1, 1)).Id);
        _reign.NowTicks += TimeSpan.FromSeconds(299).Ticks;
        var second = CreateOne("second");
        _reign.NowTicks += TimeSpan.FromSeconds(1).Ticks;
        _tasks.Sweep(_reign.NowTicks, 0, _drafts, 10);
        Assert.Equal([first, second], Fetch(1, 10).Select(task => task.Id));
    }

    [Fact]
    public void A_client_fetches_only_its_own_tasks()
    {
        var mine = CreateOne("mine");
        Assert.Empty(Fetch(2, 10));
        Assert.Equal(mine, Assert.Single(Fetch(1, 10)).Id);
    }

    [Theory]
    [InlineData(-1, 0)]
    [InlineData(0, 0)]
    [InlineData(3, 3)]
    [InlineData(4, 4)]
    [InlineData(int.MaxValue, 4)] // what one call may take
    public void A_fetch_takes_no_more_than_it_asks_for_and_one_call_may_take(int asked, int taken)
    {
        _tasks = Lead(new TaskSettings { MaximumFetched = 4 });
        for (var number = 0; number < 6; number++)
            CreateOne($"k{number}");
        Assert.Equal(taken, Fetch(1, asked).Count);
        Assert.Equal((6 - taken, taken), (_reign.Table.Tasks.PendingCount, _reign.Table.Tasks.ProcessingCount));
    }

    [Fact]
    public void One_fetch_takes_256_tasks_unless_settings_say_otherwise()
    {
        for (var number = 0; number < 300; number++)
            CreateOne($"k{number}");
        Assert.Equal(256, Fetch(1, int.MaxValue).Count);
        Assert.Equal(44, Fetch(1, int.MaxValue).Count);
    }

    [Fact]
    public void No_more_tasks_than_allowed_are_worked_on_and_one_that_ends_makes_room()
    {
        _tasks = Lead(new TaskSettings { MaximumProcessing = 2 });
        for (var number = 0; number < 4; number++)
            CreateOne($"k{number}");
        var first = Fetch(1, 10)[0].Id;
        Assert.Equal((2, 2), (_reign.Table.Tasks.ProcessingCount, _reign.Table.Tasks.PendingCount));
        Assert.Empty(Fetch(1, 10));
        Complete(1, first, ReplicationTaskStatus.Success);
        Assert.Single(Fetch(1, 10));
    }

    [Fact]
    public void A_task_that_has_ended_is_forgotten_a_day_later_and_not_before()
    {
        var id = CreateOne("k");
        _reign.NowTicks += TimeSpan.FromSeconds(100).Ticks;
        Complete(1, id, ReplicationTaskStatus.Success);
        _reign.NowTicks += TimeSpan.FromDays(1).Ticks - 1;
        _tasks.Sweep(_reign.NowTicks, 0, _drafts, 10);
        Assert.Equal(1, _reign.Table.Tasks.FinishedCount);
        _reign.NowTicks++;
        _tasks.Sweep(_reign.NowTicks, 0, _drafts, 10);
        Assert.Equal(0, _reign.Table.Tasks.FinishedCount);
        Assert.Equal(ErrorCode.TaskNotFound, Complete(1, id, ReplicationTaskStatus.Success));
    }

    [Fact]
    public void A_new_reign_keeps_what_has_ended_for_another_day()
    {
        Complete(1, CreateOne("k"), ReplicationTaskStatus.Success);
        _reign.NowTicks += TimeSpan.FromHours(23).Ticks;
        _tasks = Lead();
        _reign.NowTicks += TimeSpan.FromHours(23).Ticks;
        _tasks.Sweep(_reign.NowTicks, 0, _drafts, 10);
        Assert.Equal(1, _reign.Table.Tasks.FinishedCount);
        _reign.NowTicks += TimeSpan.FromHours(1).Ticks;
        _tasks.Sweep(_reign.NowTicks, 0, _drafts, 10);
        Assert.Equal(0, _reign.Table.Tasks.FinishedCount);
    }

    [Fact]
    public void One_sweep_writes_no_more_entries_than_it_may_and_forgets_what_ended_first()
    {
        var ids = Enumerable.Range(0, 5).Select(number => CreateOne($"k{number}")).ToArray();
        foreach (var id in ids.Reverse())
            Complete(1, id, ReplicationTaskStatus.Failed);
        _reign.NowTicks += TimeSpan.FromDays(1).Ticks;
        var entries = _drafts.Count;
        _tasks.Sweep(_reign.NowTicks, 0, _drafts, 3);
        Assert.Equal(3, _drafts.Count - entries);
        Assert.Equal(ids[..2].Order(), _reign.Table.Tasks.All.Select(task => task.Task.Id).Order());
    }

    [Fact]
    public void Too_many_tasks_that_have_ended_are_forgotten_before_their_time()
    {
        _tasks = Lead(new TaskSettings { MaximumFinished = 1 });
        Complete(1, CreateOne("a"), ReplicationTaskStatus.Success);
        var last = CreateOne("b");
        Complete(1, last, ReplicationTaskStatus.Success);
        _tasks.Sweep(_reign.NowTicks, 0, _drafts, 10);
        Assert.Equal(last, Assert.Single(_reign.Table.Tasks.All).Task.Id);
    }

    [Fact]
    public void A_task_whose_client_has_no_segment_any_more_fails_at_once()
    {
        var id = CreateOne("k");
        _reign.Unmount(1);
        _reign.Commit();
        _reign.Erase(1);
        _tasks.Sweep(_reign.NowTicks, 0, _drafts, 10);
        var task = _reign.Table.Tasks.Task(id)!.Task;
        Assert.Equal((ReplicationTaskStatus.Failed, "its client has no segment any more"), (task.Status, task.Message));
    }

    [Fact]
    public void A_long_message_is_cut_to_1024_bytes_between_characters()
    {
        var id = CreateOne("k");
        var call = new CompleteTaskCall(null!, Reign.Id(1), id, ReplicationTaskStatus.Failed, new string('é', 5000));
        Assert.Equal(ErrorCode.Ok, _tasks.Complete(call, _reign.NowTicks, 0, _drafts));
        var message = _reign.Table.Tasks.Task(id)!.Task.Message;
        Assert.InRange(System.Text.Encoding.UTF8.GetByteCount(message), 512, 1024);
        Assert.Equal(new string('é', message.Length), message);
    }

    private Uuid CreateOne(string key)
    {
        var call = new CreateTaskCall(null!, TaskType.ReplicaCopy, ObjectKey.From(key), null, ["host-2"]) { SegmentHandles = [1] };
        Assert.Equal(ErrorCode.Ok, _tasks.Create(call, _reign.NowTicks, 0, _drafts));
        return call.TaskId;
    }

    private TaskLeader Lead(TaskSettings? settings = null) =>
        new(_reign.Table, settings ?? new TaskSettings(), new RandomSource(7), _reign.Leader.ApplyOther, _reign.NowTicks);

    private ErrorCode Create(string? source, uint[] handles, params string[] targets) => _tasks.Create(
        new CreateTaskCall(null!, source is null ? TaskType.ReplicaCopy : TaskType.ReplicaMove, ObjectKey.From("k"), source, targets)
        {
            SegmentHandles = handles,
        },
        _reign.NowTicks, 0, _drafts);

    private IReadOnlyList<ReplicationTask> Fetch(int client, int maximum = 5)
    {
        var call = new FetchTasksCall(null!, Reign.Id(client), maximum);
        Assert.Equal(ErrorCode.Ok, _tasks.Fetch(call, _reign.NowTicks, 0, _drafts));
        return call.Tasks;
    }

    private ErrorCode Complete(int client, Uuid id, ReplicationTaskStatus status) =>
        _tasks.Complete(new CompleteTaskCall(null!, Reign.Id(client), id, status, ""), _reign.NowTicks, 0, _drafts);
}
