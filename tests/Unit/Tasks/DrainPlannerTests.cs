// Drain jobs: which moves are planned, and how a job ends.
using HotStandby.Core.Segments;
using HotStandby.Core.Tasks;
using HotStandby.Messages;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Messages.OpLog;

namespace HotStandby.Tests.Unit.Tasks;

public sealed class DrainPlannerTests
{
    private static readonly TaskSettings Settings = new();

    private readonly Reign _reign = new();
    private readonly DraftBuffer _drafts = new(Partition.SegmentTable);
    private TaskLeader _tasks;
    private DrainPlanner _planner;
    private long _wall = 1_000;

    public DrainPlannerTests()
    {
        for (var id = 1; id <= 3; id++)
            _reign.MountAndCommit(id, Reign.Segment(id));
        (_tasks, _planner) = Lead();
    }

    private StoredJob Job => Assert.Single(_reign.Table.Tasks.Jobs);

    private IEnumerable<ReplicationTask> Open =>
        _reign.Table.Tasks.All.Select(task => task.Task)
            .Where(task => task.Status is ReplicationTaskStatus.Pending or ReplicationTaskStatus.Processing);

    [Fact]
    public void A_job_names_mounted_segments_in_normal_use_each_once_and_moves_something_at_a_time()
    {
        Assert.Equal(ErrorCode.InvalidParams, Create([], []));
        Assert.Equal(ErrorCode.InvalidParams, Create(["host-1", "host-1"], []));
        Assert.Equal(ErrorCode.InvalidParams, Create(["host-1"], ["host-1"]));
        Assert.Equal(ErrorCode.InvalidParams, Create(["host-1"], [], concurrency: 0));
        Assert.Equal(ErrorCode.SegmentNotFound, Create(["host-9"], []));
        Assert.Equal(ErrorCode.SegmentNotFound, Create(["host-1"], ["host-9"]));
        Assert.Equal(0, _drafts.Count);
        Assert.Equal(ErrorCode.Ok, Create(["host-1"], []));
        Assert.Equal(SegmentStatus.Draining, Status(1));
        Assert.Equal(ErrorCode.UnavailableInCurrentStatus, Create(["host-1"], []));
    }

    [Fact]
    public void As_many_moves_as_allowed_run_at_a_time_each_object_once()
    {
        Create(["host-1"], [], concurrency: 2);
        Plan(On1("a"), On1("b"), On1("c"));
        Plan(On1("a"), On1("b"), On1("c"));
        Assert.Equal(["a", "b"], Open.Select(task => task.Key.ToString()).Order());
        Assert.All(Open, task => Assert.Equal((TaskType.ReplicaMove, "host-1", Reign.Id(1)), (task.Type, task.Source, task.Client)));
        Assert.Equal((JobStatus.Running, 2), (Job.Status, Job.Active));
    }

    [Fact]
    public void Moves_of_a_round_are_spread_over_the_targets()
    {
        Create(["host-1"], [], concurrency: 4);
        Plan(On1("a"), On1("b"), On1("c"), On1("d"));
        Assert.Equal([2, 2], Open.GroupBy(task => task.Targets[0]).Select(target => target.Count()));
    }

    [Fact]
    public void A_target_that_holds_a_replica_is_passed_over()
    {
        Create(["host-1"], [], concurrency: 4);
        Plan(On1("a", holders: [1, 2]), On1("b", holders: [1, 3]), On1("c", holders: [1, 2, 3]));
        Assert.Equal([("a", "host-3"), ("b", "host-2")], Open.Select(task => (task.Key.ToString(), task.Targets[0])).Order());
        Assert.Equal(1, Report().BlockedUnits);
    }

    [Fact]
    public void Only_the_allowed_targets_are_used()
    {
        Create(["host-1"], ["host-3"], concurrency: 4);
        Plan(On1("a"), On1("b"));
        Assert.All(Open, task => Assert.Equal("host-3", task.Targets[0]));
    }

    [Fact]
    public void What_is_blocked_waits_and_is_counted()
    {
        Create(["host-1"], []);
        Plan(On1("a", isBlocked: true));
        Assert.Empty(Open);
        Assert.Equal((1, JobStatus.Created), (Report().BlockedUnits, Job.Status));
        Plan(On1("a"));
        Assert.Single(Open);
    }

    [Fact]
    public void An_object_of_a_suspect_waits_until_its_owner_is_heard_again()
    {
        Create(["host-1", "host-2"], [], concurrency: 1);
        _reign.Wait(11, talking: [2, 3]);
        Assert.True(_reign.Table.ByHandle(1)!.IsSuspect);
        Plan(On1("a"), new MoveCandidate(ObjectKey.From("b"), 10, 2, false, [2]));
        Assert.Equal("b", Assert.Single(Open).Key.ToString()); // the suspect would not fetch a task, and its task would take the only place
        Assert.Equal((1, true), (Report().BlockedUnits, Job.IsRunning));
        EndAll(ReplicationTaskStatus.Success);
        Assert.Equal(ErrorCode.Ok, _reign.ReMount(1, Reign.Segment(1)));
        Plan(On1("a"));
        Assert.Equal("a", Assert.Single(Open).Key.ToString());
    }

    [Fact]
    public void A_move_that_ended_after_the_shards_were_asked_is_not_planned_again_in_that_round()
    {
        Create(["host-1"], []);
        Plan(On1("a"));
        var asked = _wall;
        EndAll(ReplicationTaskStatus.Success);
        Plan(asked, On1("a"));
        Assert.Empty(Open);
        Assert.True(Job.IsRunning);
    }

    [Fact]
    public void A_job_whose_segments_are_empty_has_succeeded_and_they_are_drained()
    {
        Create(["host-1"], []);
        Plan(On1("a", size: 100));
        EndAll(ReplicationTaskStatus.Success);
        Plan();
        Assert.Equal((JobStatus.Succeeded, 1, 100), (Job.Status, Job.Succeeded, Job.MigratedBytes));
        Assert.Equal(SegmentStatus.Drained, Status(1));
    }

    [Fact]
    public void An_object_is_tried_three_times_also_across_a_failover_and_then_the_job_fails_and_the_segment_is_open_again()
    {
        Create(["host-1"], []);
        for (var move = 1; move <= 3; move++)
        {
            Plan(On1("a"));
            EndAll(ReplicationTaskStatus.Failed);
            (_tasks, _planner) = Lead();
        }

        Plan(On1("a"));
        Assert.Equal((JobStatus.Failed, SegmentStatus.Ok), (Job.Status, Status(1)));
        Assert.Equal((1, 0), (Report().FailedUnits, Report().ActiveUnits));
        Assert.Contains("1 objects could not be moved", Job.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_job_without_any_target_fails_when_its_time_is_over()
    {
        Create(["host-1", "host-2", "host-3"], []);
        Plan(On1("a"));
        _planner.Sweep(_reign.NowTicks, _wall, _drafts, 10);
        Assert.True(Job.IsRunning);
        _reign.NowTicks += Settings.Timeout.Ticks;
        Plan(On1("a"));
        _planner.Sweep(_reign.NowTicks, _wall, _drafts, 10);
        Assert.Equal((JobStatus.Failed, SegmentStatus.Ok), (Job.Status, Status(2)));
    }

    [Fact]
    public void A_job_is_canceled_only_while_no_move_runs()
    {
        Create(["host-1"], []);
        Plan(On1("a"));
        Assert.Equal(ErrorCode.UnavailableInCurrentStatus, Ask(Job.Id, cancel: true, out _));
        EndAll(ReplicationTaskStatus.Success);
        Assert.Equal(ErrorCode.Ok, Ask(Job.Id, cancel: true, out var canceled));
        Assert.Equal((JobStatus.Canceled, SegmentStatus.Ok), (canceled!.Status, Status(1)));
        Assert.Equal(ErrorCode.UnavailableInCurrentStatus, Ask(Job.Id, cancel: true, out _));
        Assert.Equal(ErrorCode.JobNotFound, Ask(Reign.Id(99), cancel: false, out _));
    }

    [Fact]
    public void A_draining_segment_without_a_job_is_opened_again()
    {
        _reign.Leader.SetStatus(1, SegmentStatus.Draining, _drafts);
        _planner.Sweep(_reign.NowTicks, _wall, _drafts, 10);
        Assert.Equal(SegmentStatus.Ok, Status(1));
    }

    [Fact]
    public void A_job_goes_on_in_a_new_reign_and_closes_its_segment_if_the_old_one_could_not()
    {
        Create(["host-1"], []);
        _reign.Leader.SetStatus(1, SegmentStatus.Ok, _drafts); // as if only the job had been committed
        (_tasks, _planner) = Lead();
        Plan(On1("a"));
        Assert.Equal(SegmentStatus.Draining, Status(1));
        Assert.Single(Open);
    }

    [Fact]
    public void A_job_that_has_ended_is_forgotten_a_day_later_and_one_that_goes_on_is_not()
    {
        Create(["host-1"], []);
        Plan();
        Create(["host-2"], []);
        _planner.Sweep(_reign.NowTicks, _wall, _drafts, 10);
        _reign.NowTicks += TimeSpan.FromDays(1).Ticks - 1;
        _planner.Sweep(_reign.NowTicks, _wall, _drafts, 10);
        Assert.Equal(2, _reign.Table.Tasks.Jobs.Count);
        _reign.NowTicks++;
        _planner.Sweep(_reign.NowTicks, _wall, _drafts, 10);
        Assert.Equal(["host-2"], Job.Segments);
        Assert.True(Job.IsRunning);
    }

    [Fact]
    public void Entries_give_a_Standby_the_same_tasks_and_jobs()
    {
        Create(["host-1"], []);
        Plan(On1("a"), On1("b"));
        EndAll(ReplicationTaskStatus.Failed);
        Plan(On1("b"));
        var standby = new TaskTable();
        for (var rest = _drafts.Bytes; OpLogEntry.TryView(rest, out var entry); rest = rest[entry.Encoded.Length..])
        {
            if (TaskTable.Applies(entry.Type))
                standby.Apply(entry);
        }

        Assert.Equal(_reign.Table.Tasks.Digest, standby.Digest);
        Assert.NotEqual(default, standby.Digest);
    }

    private static MoveCandidate On1(string key, bool isBlocked = false, ulong size = 10, uint[]? holders = null) =>
        new(ObjectKey.From(key), size, 1, isBlocked, holders ?? [1]);

    private SegmentStatus Status(uint handle) => _reign.Table.ByHandle(handle)!.Status;

    private (TaskLeader Tasks, DrainPlanner Planner) Lead()
    {
        var tasks = new TaskLeader(_reign.Table, Settings, new RandomSource(1 + (ulong)_wall), _reign.Leader.ApplyOther, _reign.NowTicks);
        return (tasks, new DrainPlanner(_reign.Table, _reign.Leader, tasks, Settings, _reign.Leader.ApplyOther));
    }

    private ErrorCode Create(string[] segments, string[] targets, int concurrency = 4) =>
        _planner.Create(new CreateDrainJobCall(NoSink.Instance, segments, targets, concurrency), _wall, _drafts);

    private ErrorCode Ask(Uuid job, bool cancel, out DrainJob? report)
    {
        var call = new DrainJobCall(NoSink.Instance, job, cancel);
        var error = _planner.QueryOrCancel(call, _wall, _drafts);
        report = call.Job;
        return error;
    }

    private DrainJob Report()
    {
        Assert.Equal(ErrorCode.Ok, Ask(Job.Id, cancel: false, out var report));
        return report!;
    }

    private void Plan(params MoveCandidate[] candidates) => Plan(++_wall, candidates);

    private void Plan(long asked, params MoveCandidate[] candidates) =>
        _planner.Plan(Job.Id, candidates, asked, _reign.NowTicks, _wall, _drafts);

    private void EndAll(ReplicationTaskStatus status)
    {
        foreach (var task in Open.ToArray())
            Assert.Equal(ErrorCode.Ok, _tasks.Complete(
                new CompleteTaskCall(NoSink.Instance, task.Client, task.Id, status, ""), _reign.NowTicks, _wall, _drafts));
    }
}
