// The replicated state of replication tasks and drain jobs, part of partition 0: a function of its entries and nothing else. Limits,
// timeouts and plans are TaskLeader's and DrainPlanner's.
using System.Diagnostics.CodeAnalysis;
using System.IO.Hashing;
using HotStandby.Messages;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Messages.OpLog;

namespace HotStandby.Core.Segments;

/// <summary>A task and what clients do not see of it.</summary>
/// <param name="Task">As reported.</param>
/// <param name="Order">Grows with every task; the oldest waits longest.</param>
/// <param name="SizeBytes">Size of its object; 0 where nobody said.</param>
/// <param name="Retries">How often it went back to pending.</param>
public sealed record StoredTask(ReplicationTask Task, ulong Order, ulong SizeBytes, int Retries);

/// <summary>A drain job and what its reports leave out.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Status">How far it is.</param>
/// <param name="CreatedMilliseconds">Wall clock.</param>
/// <param name="UpdatedMilliseconds">Wall clock.</param>
/// <param name="Handles">The segments to empty.</param>
/// <param name="Segments">Their names.</param>
/// <param name="Targets">Names of the allowed targets; empty: any.</param>
/// <param name="MaximumConcurrency">Most moves at a time.</param>
/// <param name="Succeeded">Moves that ended well.</param>
/// <param name="Failed">Moves that did not.</param>
/// <param name="Active">Moves that wait or run.</param>
/// <param name="MigratedBytes">Bytes of those that ended well.</param>
/// <param name="Message">Why it failed.</param>
public sealed record StoredJob(
    Uuid Id, JobStatus Status, long CreatedMilliseconds, long UpdatedMilliseconds, IReadOnlyList<uint> Handles,
    IReadOnlyList<string> Segments,
    IReadOnlyList<string> Targets, int MaximumConcurrency, long Succeeded, long Failed, long Active, long MigratedBytes, string Message)
{
    /// <summary>It goes on by itself.</summary>
    public bool IsRunning => Status is JobStatus.Created or JobStatus.Planning or JobStatus.Running;
}

/// <summary>Tasks and jobs. Not thread-safe: the segment table owns it.</summary>
public sealed partial class TaskTable
{
    private readonly Dictionary<Uuid, StoredTask> _tasks = [];
    private readonly Dictionary<Uuid, SortedList<ulong, Uuid>> _pending = [];
    private readonly SortedList<ulong, Uuid> _finished = [];
    private readonly Dictionary<Uuid, StoredJob> _jobs = [];
    private ulong _nextOrder;
    private ulong _nextFinished;
    private readonly Dictionary<Uuid, ulong> _finishedOrder = [];

    /// <summary>Of every task and job.</summary>
    public PartitionDigest Digest { get; private set; }

    /// <summary>Tasks that wait for their clients.</summary>
    public int PendingCount { get; private set; }

    /// <summary>Tasks that their clients have taken.</summary>
    public int ProcessingCount => _tasks.Count - PendingCount - _finished.Count;

    /// <summary>Tasks that have ended.</summary>
    public int FinishedCount => _finished.Count;

    /// <summary>All tasks, in no order.</summary>
    public IReadOnlyCollection<StoredTask> All => _tasks.Values;

    /// <summary>All jobs, in no order.</summary>
    public IReadOnlyCollection<StoredJob> Jobs => _jobs.Values;

    /// <summary>The task that ended first of those that are still known, or null.</summary>
    public StoredTask? OldestFinished => _finished.Count == 0 ? null : _tasks[_finished.Values[0]];

    /// <summary>The task with that id, or null.</summary>
    public StoredTask? Task(Uuid id) => _tasks.GetValueOrDefault(id);

    /// <summary>The job with that id, or null.</summary>
    public StoredJob? Job(Uuid id) => _jobs.GetValueOrDefault(id);

    /// <summary>The oldest tasks that wait for a client, at most so many, oldest first. None for a number below 1.</summary>
    public IReadOnlyList<Uuid> PendingOf(Uuid client, int maximum) =>
        _pending.TryGetValue(client, out var waiting) ? [.. waiting.Values.Take(maximum)] : [];

    /// <summary>True for the entries that this table applies.</summary>
    public static bool Applies(OpType type) => type is >= OpType.TaskCreated and <= OpType.JobForgotten;

    /// <summary>Applies one entry.</summary>
    /// <exception cref="InvariantViolation">7: the entry is unreadable, or impossible in this state.</exception>
    public void Apply(in OpLogEntry entry)
    {
        switch (entry.Type)
        {
            case OpType.TaskCreated when TaskCreatedPayload.TryRead(entry.Payload, out var created) && !_tasks.ContainsKey(created.Id):
                Create(created);
                break;
            case OpType.TaskFetched when TaskFetchedPayload.TryRead(entry.Payload, out var fetched)
                && IsOpen(fetched.Status) && IsOpen(fetched.Id, out var task):
                Fetch(task, fetched);
                break;
            case OpType.TaskEnded when TaskEndedPayload.TryRead(entry.Payload, out var ended)
                && HasEnded(ended.Status) && IsOpen(ended.Id, out var task):
                End(task, ended);
                break;
            case OpType.TaskForgotten when IdPayload.TryRead(entry.Payload, out var id)
                && _tasks.TryGetValue(id.Id, out var task) && HasEnded(task.Task.Status):
                Forget(task);
                break;
            case OpType.JobCreated when JobCreatedPayload.TryRead(entry.Payload, out var created) && !_jobs.ContainsKey(created.Id):
                Set(new StoredJob(
                    created.Id, JobStatus.Created, created.CreatedMilliseconds, created.CreatedMilliseconds, created.Handles,
                    created.Segments, created.Targets, (int)created.MaximumConcurrency, 0, 0, 0, 0, ""));
                break;
            case OpType.JobChanged when JobChangedPayload.TryRead(entry.Payload, out var changed)
                && _jobs.TryGetValue(changed.Id, out var job) && job.IsRunning:
                Set(job with { Status = changed.Status, UpdatedMilliseconds = changed.UpdatedMilliseconds, Message = changed.Message });
                break;
            case OpType.JobForgotten when IdPayload.TryRead(entry.Payload, out var id)
                && _jobs.TryGetValue(id.Id, out var job) && !job.IsRunning:
                _jobs.Remove(job.Id);
                Digest = Digest.Minus(HashOf(job));
                break;
            default:
                throw new InvariantViolation(7, $"entry {entry.Sequence} ({entry.Type}) of the task table cannot be read or cannot follow");
        }
    }

    private void Create(TaskCreatedPayload created)
    {
        Set(new StoredTask(
            new ReplicationTask(
                created.Id, created.Type, created.Key, created.Source, created.Targets, created.Client, ReplicationTaskStatus.Pending,
                created.CreatedMilliseconds, created.CreatedMilliseconds, "", created.JobId),
            _nextOrder++, created.SizeBytes, 0));
        if (_jobs.TryGetValue(created.JobId, out var job))
            Set(job with { Status = JobStatus.Running, Active = job.Active + 1, UpdatedMilliseconds = created.CreatedMilliseconds });
    }

    private void Fetch(StoredTask task, TaskFetchedPayload fetched) => Set(task with
    {
        Task = task.Task with { Status = fetched.Status, UpdatedMilliseconds = fetched.UpdatedMilliseconds },
        Retries = task.Retries + (fetched.Status == ReplicationTaskStatus.Pending ? 1 : 0),
    });

    private void End(StoredTask task, TaskEndedPayload ended)
    {
        Set(task with
        {
            Task = task.Task with
            {
                Status = ended.Status,
                UpdatedMilliseconds = ended.UpdatedMilliseconds,
                Message = ended.Message
            }
        });
        if (!_jobs.TryGetValue(task.Task.JobId, out var job))
            return;
        var succeeded = ended.Status == ReplicationTaskStatus.Success;
        Set(job with
        {
            Active = job.Active - 1,
            Succeeded = job.Succeeded + (succeeded ? 1 : 0),
            Failed = job.Failed + (succeeded ? 0 : 1),
            MigratedBytes = succeeded ? Saturating.ToInt64(Saturating.Add((ulong)job.MigratedBytes, task.SizeBytes)) : job.MigratedBytes,
            UpdatedMilliseconds = ended.UpdatedMilliseconds,
        });
    }

    private void Forget(StoredTask task)
    {
        Unfile(task);
        _tasks.Remove(task.Task.Id);
        Digest = Digest.Minus(HashOf(task));
    }

    private void Set(StoredTask task)
    {
        if (_tasks.TryGetValue(task.Task.Id, out var old))
        {
            Unfile(old);
            Digest = Digest.Minus(HashOf(old));
        }

        _tasks[task.Task.Id] = task;
        Digest = Digest.Plus(HashOf(task));
        if (task.Task.Status == ReplicationTaskStatus.Pending)
        {
            if (!_pending.TryGetValue(task.Task.Client, out var waiting))
                _pending.Add(task.Task.Client, waiting = []);
            waiting.Add(task.Order, task.Task.Id);
            PendingCount++;
        }
        else if (task.Task.Status is ReplicationTaskStatus.Failed or ReplicationTaskStatus.Success)
        {
            _finishedOrder[task.Task.Id] = _nextFinished;
            _finished.Add(_nextFinished++, task.Task.Id);
        }
    }

    private void Unfile(StoredTask task)
    {
        if (task.Task.Status == ReplicationTaskStatus.Pending)
        {
            var waiting = _pending[task.Task.Client];
            waiting.Remove(task.Order);
            if (waiting.Count == 0)
                _pending.Remove(task.Task.Client);
            PendingCount--;
        }
        else if (_finishedOrder.Remove(task.Task.Id, out var finished))
        {
            _finished.Remove(finished);
        }
    }

    private void Set(StoredJob job)
    {
        if (_jobs.TryGetValue(job.Id, out var old))
            Digest = Digest.Minus(HashOf(old));
        _jobs[job.Id] = job;
        Digest = Digest.Plus(HashOf(job));
    }

    private bool IsOpen(Uuid id, [NotNullWhen(true)] out StoredTask? task) =>
        _tasks.TryGetValue(id, out task) && IsOpen(task.Task.Status);

    private static bool IsOpen(ReplicationTaskStatus status) => status is ReplicationTaskStatus.Pending or ReplicationTaskStatus.Processing;

    private static bool HasEnded(ReplicationTaskStatus status) => status is ReplicationTaskStatus.Failed or ReplicationTaskStatus.Success;

    // Over the payloads that would make the task or job anew, and what has become of it since.
    private static ulong HashOf(StoredTask task) => HashOf(
        XxHash3.HashToUInt64(EndedOf(task), (long)XxHash3.HashToUInt64(CreatedOf(task))), task.Retries, (long)task.Order, 0, 0);

    private static ulong HashOf(StoredJob job) => HashOf(
        XxHash3.HashToUInt64(ChangedOf(job), (long)XxHash3.HashToUInt64(CreatedOf(job))), job.Succeeded, job.Failed, job.Active,
        job.MigratedBytes);

    private static byte[] CreatedOf(StoredTask task)
    {
        var shown = task.Task;
        return new TaskCreatedPayload(
            shown.Id, shown.Type, shown.Client, shown.CreatedMilliseconds, shown.JobId, task.SizeBytes, shown.Key, shown.Source,
            shown.Targets).Encode();
    }

    private static byte[] EndedOf(StoredTask task) =>
        new TaskEndedPayload(task.Task.Id, task.Task.Status, task.Task.UpdatedMilliseconds, task.Task.Message).Encode();

    private static byte[] CreatedOf(StoredJob job) => new JobCreatedPayload(
        job.Id, job.CreatedMilliseconds, (uint)job.MaximumConcurrency, job.Handles, job.Segments, job.Targets).Encode();

    private static byte[] ChangedOf(StoredJob job) =>
        new JobChangedPayload(job.Id, job.Status, job.UpdatedMilliseconds, job.Message).Encode();

    private static ulong HashOf(ulong before, params ReadOnlySpan<long> counts) =>
        XxHash3.HashToUInt64(System.Runtime.InteropServices.MemoryMarshal.AsBytes(counts), (long)before);
}
