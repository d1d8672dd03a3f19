// Random histories of tasks and drain jobs on a Primary, with lost Primaries in between: what is answered is what the table holds, and
// the log, replayed on a Standby, leaves the same. A failing history is shrunk and printed with its seed by CsCheck.
using CsCheck;
using HotStandby.Core.Checkpoints;
using HotStandby.Core.Segments;
using HotStandby.Core.Tasks;
using HotStandby.Messages;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Messages.OpLog;

namespace HotStandby.Tests.Unit.Tasks;

public sealed class TaskHistoryTests
{
    private enum Kind
    {
        CreateCopy, CreateMove, Fetch, FetchMore, Succeed, Fail, EndAgain, CreateJob, CancelJob, Plan, PlanNothing, Wait, Sweep, Commit,
        Unmount, Mount, FailOver,
    }

    private readonly record struct Step(Kind Kind, int One, int Two);

    private static readonly Gen<Step[]> Histories = Gen.Select(
        Gen.Enum<Kind>(), Gen.Int[1, 3], Gen.Int[0, 9], (kind, one, two) => new Step(kind, one, two)).Array[1, 120];

    [Fact]
    public void Log_of_tasks_and_jobs_replayed_on_a_Standby_leaves_what_the_Primary_holds() => Histories.Sample(
        steps =>
        {
            var history = new History();
            foreach (var step in steps)
                history.Do(step);
            history.Finish();
        },
        iter: 2_000);

    private sealed class History
    {
        private static readonly TaskSettings Settings = new()
        {
            MaximumPending = 6, MaximumProcessing = 4, MaximumFinished = 5, MaximumRetries = 1, MaximumMoves = 2, MaximumFetched = 3,
            Timeout = TimeSpan.FromSeconds(300), KeepFinished = TimeSpan.FromSeconds(1500),
        };

        private readonly List<OpLogBatch> _log = [];
        private readonly List<Uuid> _tasksMade = [];
        private readonly List<Uuid> _jobsMade = [];
        private Reign _reign = new();
        private TaskLeader _tasks = null!;
        private DrainPlanner _planner = null!;
        private long _wall = 1_000;
        private ulong _reigns;

        public History()
        {
            for (var id = 1; id <= 3; id++)
                _reign.MountAndCommit(id, Reign.Segment(id));
            Lead();
        }

        private TaskTable Table => _reign.Table.Tasks;

        public void Do(Step step)
        {
            _wall++;
            switch (step.Kind)
            {
                case Kind.CreateCopy or Kind.CreateMove:
                    CreateTask(step);
                    break;
                case Kind.Fetch or Kind.FetchMore:
                    Fetch(step.One, step.Kind == Kind.Fetch ? 1 : step.Two);
                    break;
                case Kind.Succeed or Kind.Fail or Kind.EndAgain:
                    Complete(step);
                    break;
                case Kind.CreateJob:
                    CreateJob(step);
                    break;
                case Kind.CancelJob when _jobsMade.Count > 0:
                    Propose(drafts => _planner.QueryOrCancel(new DrainJobCall(null!, _jobsMade[^1], cancel: true), _wall, drafts));
                    break;
                case Kind.Plan or Kind.PlanNothing:
                    Plan(step);
                    break;
                case Kind.Wait:
                    _reign.NowTicks += TimeSpan.FromSeconds(60 * step.Two).Ticks;
                    break;
                case Kind.Sweep:
                    Sweep(atMost: step.Two);
                    break;
                case Kind.Commit:
                    Commit();
                    break;
                case Kind.Unmount when step.Two == 0:
                    Unmount(step.One);
                    break;
                case Kind.Mount:
                    _reign.Mount(step.One, Reign.Segment(step.One));
                    break;
                case Kind.FailOver when step.Two < 5:
                    FailOver();
                    break;
            }

            CountsAgree();
        }

        public void Finish()
        {
            Commit();
            MustEqual(Table, Replay(through: -1).Tasks);
            MustEqual(Table, Replay(through: _log.Count / 2).Tasks); // a checkpoint and the log behind it give what the whole log gives
        }

        private void CreateTask(Step step)
        {
            var source = step.Kind == Kind.CreateMove ? $"host-{step.One}" : null;
            var handles = _reign.Table.All.Where(segment => segment.Segment.Name == $"host-{step.One}")
                .Select(segment => segment.Handle).ToArray();
            var call = new CreateTaskCall(
                null!, source is null ? TaskType.ReplicaCopy : TaskType.ReplicaMove, Key(step.Two), source, [$"host-{1 + (step.Two % 3)}"])
            {
                SegmentHandles = handles,
            };
            var isFull = Table.PendingCount >= Settings.MaximumPending;
            var error = Propose(drafts => _tasks.Create(call, _reign.NowTicks, _wall, drafts));
            Assert.True(
                error is ErrorCode.Ok or ErrorCode.InvalidParams
                    or ErrorCode.UnavailableInCurrentStatus or ErrorCode.TaskPendingLimitExceeded, error.ToString());
            Assert.False(isFull && error == ErrorCode.Ok);
            if (error == ErrorCode.Ok)
                _tasksMade.Add(call.TaskId);
        }

        private void Fetch(int client, int asked)
        {
            var room = Math.Min(Settings.MaximumFetched, Settings.MaximumProcessing - Table.ProcessingCount);
            var oldest = Table.All.Where(task => task.Task.Client == Reign.Id(client) && task.Task.Status == ReplicationTaskStatus.Pending)
                .OrderBy(task => task.Order).Select(task => task.Task.Id).Take(Math.Min(asked, room)).ToArray();
            var call = new FetchTasksCall(null!, Reign.Id(client), asked);
            Assert.Equal(ErrorCode.Ok, Propose(drafts => _tasks.Fetch(call, _reign.NowTicks, _wall, drafts)));
            Assert.Equal(oldest, call.Tasks.Select(task => task.Id));
        }

        private void Complete(Step step)
        {
            var all = Table.All.OrderBy(task => task.Order).ToArray();
            if (all.Length == 0)
                return;
            var task = all[step.Two % all.Length].Task;
            var status = step.Kind switch
            {
                Kind.Succeed => ReplicationTaskStatus.Success,
                Kind.Fail => ReplicationTaskStatus.Failed,
                _ => task.Status,
            };
            var call = new CompleteTaskCall(null!, task.Client, task.Id, status, $"said {step.One}");
            Propose(drafts => _tasks.Complete(call, _reign.NowTicks, _wall, drafts));
        }

        private void CreateJob(Step step)
        {
            string[] targets = step.Two < 6 ? [] : [$"host-{1 + (step.Two % 3)}"];
            var call = new CreateDrainJobCall(null!, [$"host-{step.One}"], targets, maximumConcurrency: 2);
            if (Propose(drafts => _planner.Create(call, _wall, drafts)) == ErrorCode.Ok)
                _jobsMade.Add(call.JobId);
        }

        private void Plan(Step step)
        {
            foreach (var job in _planner.Running.OrderBy(job => job.Id).ToArray())
            {
                MoveCandidate[] candidates = step.Kind == Kind.PlanNothing
                    ? []
                    : [.. Enumerable.Range(0, step.One)
                        .Select(i => new MoveCandidate(Key(step.Two + i), 10, job.Handles[0], step.Two + i == 4, job.Handles))];
                Propose(drafts =>
                {
                    _planner.Plan(job.Id, candidates, _wall, _reign.NowTicks, _wall, drafts);
                    return ErrorCode.Ok;
                });
            }
        }

        private void Sweep(int atMost) => Propose(drafts =>
        {
            _tasks.Sweep(_reign.NowTicks, _wall, drafts, atMost);
            _planner.Sweep(_reign.NowTicks, _wall, drafts, atMost);
            return ErrorCode.Ok;
        });

        private void Unmount(int segment)
        {
            var handle = _reign.Table.All.FirstOrDefault(mounted => mounted.Segment.Id == Reign.Id(segment))?.Handle;
            _reign.Unmount(segment);
            Commit();
            if (handle is { } gone && _reign.Table.ByHandle(gone) is not null)
                _reign.Erase(gone);
        }

        // What was not committed is lost; the Standby leads.
        private void FailOver()
        {
            _log.AddRange(_reign.Log);
            _reign = new Reign(Replay(through: -1), PlacementStrategies.Random, _reign.NowTicks);
            Lead();
        }

        private void Commit() => _reign.Commit();

        private void Lead()
        {
            var random = new RandomSource(++_reigns);
            _tasks = new TaskLeader(_reign.Table, Settings, random, _reign.Leader.ApplyOther, _reign.NowTicks);
            _planner = new DrainPlanner(_reign.Table, _reign.Leader, _tasks, Settings, _reign.Leader.ApplyOther);
        }

        private ErrorCode Propose(Func<DraftBuffer, ErrorCode> decide) => _reign.Propose(decide);

        private SegmentTable Replay(int through)
        {
            var standby = new SegmentTable();
            var batches = _log.Concat(_reign.Log.Except(_log)).ToArray();
            for (var i = 0; i < batches.Length; i++)
            {
                if (i == through)
                    standby = ThroughImage(standby);
                foreach (var entry in batches[i])
                    standby.Apply(entry);
            }

            return standby;
        }

        private static SegmentTable ThroughImage(SegmentTable table)
        {
            using var image = new ImageWriter();
            table.WriteImage(image, shards: 4);
            return SegmentTable.FromImage(image.Written.Span, shards: 4, table.AppliedSequence);
        }

        private static ObjectKey Key(int number) => ObjectKey.From($"k{number % 5}");

        private void CountsAgree()
        {
            Assert.Equal(Table.All.Count(task => task.Task.Status == ReplicationTaskStatus.Pending), Table.PendingCount);
            Assert.Equal(Table.All.Count(task => task.Task.Status == ReplicationTaskStatus.Processing), Table.ProcessingCount);
            foreach (var job in Table.Jobs)
                Assert.Equal(Table.All.Count(task => task.Task.JobId == job.Id && IsOpen(task)), job.Active);
        }

        private static bool IsOpen(StoredTask task) =>
            task.Task.Status is ReplicationTaskStatus.Pending or ReplicationTaskStatus.Processing;

        private static void MustEqual(TaskTable primary, TaskTable standby)
        {
            Assert.Equal(primary.Digest, standby.Digest);
            Assert.Equal(
                (primary.PendingCount, primary.ProcessingCount, primary.FinishedCount, primary.OldestFinished?.Task.Id, primary.Jobs.Count),
                (standby.PendingCount, standby.ProcessingCount, standby.FinishedCount, standby.OldestFinished?.Task.Id,
                    standby.Jobs.Count));
            for (var client = 1; client <= 3; client++)
                Assert.Equal(primary.PendingOf(Reign.Id(client), int.MaxValue), standby.PendingOf(Reign.Id(client), int.MaxValue));
        }
    }
}
