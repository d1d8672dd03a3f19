// What a Primary decides about replication tasks: a task asks one client to copy or move one object, and that client does it with
// CopyStart and the calls that follow. Proposes by writing an entry and having it applied at once, as SegmentLeader does.
using System.Text;
using HotStandby.Core.Segments;
using HotStandby.Messages;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Messages.OpLog;

namespace HotStandby.Core.Tasks;

/// <summary>One reign over the tasks. Not thread-safe. Times: monotonic ticks of 100 ns, and wall-clock milliseconds for people.</summary>
public sealed class TaskLeader
{
    private readonly TaskTable _table;
    private readonly SegmentTable _segments;
    private readonly TaskSettings _settings;
    private readonly RandomSource _random;
    private readonly Action<DraftBuffer> _apply;
    private readonly Dictionary<Uuid, long> _sinceTicks = [];

    /// <summary>Begins a reign: every task has its full time, whether it is open or has ended.</summary>
    /// <param name="segments">The node's segment table, with its tasks.</param>
    /// <param name="settings">Bounds.</param>
    /// <param name="random">For ids and choices.</param>
    /// <param name="apply">Applies the draft that was added last to the segment table, and remembers that it is proposed.</param>
    /// <param name="nowTicks">The reign's start.</param>
    public TaskLeader(SegmentTable segments, TaskSettings settings, RandomSource random, Action<DraftBuffer> apply, long nowTicks)
    {
        (_table, _segments, _settings, _random, _apply) = (segments.Tasks, segments, settings, random, apply);
        foreach (var task in _table.All)
            _sinceTicks[task.Task.Id] = nowTicks;
    }

    /// <summary>
    /// CreateCopyTask, CreateMoveTask, with the handles that the object's shard has filled in. InvalidParams without targets, for one that
    /// is named twice (a list without bound would not fit an entry), for a source that is a target or holds no replica, and for names that
    /// are not mounted; UnavailableInCurrentStatus for a target that takes nothing new; TaskPendingLimitExceeded when too many wait.
    /// </summary>
    public ErrorCode Create(CreateTaskCall call, long nowTicks, long wallMilliseconds, DraftBuffer drafts)
    {
        if (call.Targets.Count == 0
            || call.Targets.Distinct().Count() != call.Targets.Count || (call.Source is { } name && call.Targets.Contains(name)))
            return ErrorCode.InvalidParams;
        if (!call.Targets.All(IsMounted) || (call.Source is { } from && !IsMounted(from)))
            return ErrorCode.InvalidParams;
        if (!call.Targets.All(IsAllocatable))
            return ErrorCode.UnavailableInCurrentStatus;
        uint[] holders = [.. (call.SegmentHandles ?? []).Where(handle => _segments.ByHandle(handle) is { IsReadable: true } segment
            && (call.Source is null || segment.Segment.Name == call.Source))];
        if (holders.Length == 0)
            return ErrorCode.InvalidParams;
        // A suspect would not fetch it.
        if (Array.FindAll(holders, handle => !_segments.ByHandle(handle)!.IsSuspect) is { Length: > 0 } living)
            holders = living;
        var source = _segments.ByHandle(holders[_random.Below(holders.Length)])!;
        return TryCreate(call.Type, call.Key, source, call.Targets, 0, Uuid.None, nowTicks, wallMilliseconds, drafts, out var id)
            ? Answered(call, id)
            : ErrorCode.TaskPendingLimitExceeded;
    }

    /// <summary>Creates a task for the owner of a segment. False when too many wait.</summary>
    public bool TryCreate(
        TaskType type, in ObjectKey key, MountedSegment source, IReadOnlyList<string> targets, ulong sizeBytes, Uuid jobId, long nowTicks,
        long wallMilliseconds, DraftBuffer drafts, out Uuid id)
    {
        id = default;
        if (_table.PendingCount >= _settings.MaximumPending)
            return false;
        id = NewId();
        Propose(drafts, OpType.TaskCreated, new TaskCreatedPayload(
            id, type, source.Client, wallMilliseconds, jobId, sizeBytes, key, source.Segment.Name, targets).Encode());
        _sinceTicks[id] = nowTicks;
        return true;
    }

    /// <summary>QueryTask. TaskNotFound when it is not known (any more).</summary>
    public ErrorCode Query(QueryTaskCall call)
    {
        call.Task = _table.Task(call.TaskId)?.Task;
        return call.Task is null ? ErrorCode.TaskNotFound : ErrorCode.Ok;
    }

    /// <summary>
    /// FetchTasks: the oldest that wait for the client, which works on them from now on. Not more than it asks for, than one call may
    /// take and than may be worked on; it asks again for the others.
    /// </summary>
    public ErrorCode Fetch(FetchTasksCall call, long nowTicks, long wallMilliseconds, DraftBuffer drafts)
    {
        var room = Math.Max(0, _settings.MaximumProcessing - _table.ProcessingCount);
        var fetched = new List<ReplicationTask>();
        foreach (var id in _table.PendingOf(call.Client, Math.Min(Math.Min(call.Maximum, room), _settings.MaximumFetched)))
        {
            Propose(drafts, OpType.TaskFetched, new TaskFetchedPayload(id, ReplicationTaskStatus.Processing, wallMilliseconds).Encode());
            _sinceTicks[id] = nowTicks;
            fetched.Add(_table.Task(id)!.Task);
        }

        call.Tasks = fetched;
        return ErrorCode.Ok;
    }

    /// <summary>
    /// MarkTaskToComplete. TaskNotFound for an unknown id, IllegalClient for another's task, InvalidParams for a status that ends
    /// nothing or is not the one that the task has ended with. Said again, it is Ok.
    /// </summary>
    public ErrorCode Complete(CompleteTaskCall call, long nowTicks, long wallMilliseconds, DraftBuffer drafts)
    {
        if (_table.Task(call.TaskId)?.Task is not { } task)
            return ErrorCode.TaskNotFound;
        if (task.Client != call.Client)
            return ErrorCode.IllegalClient;
        if (call.Status is not (ReplicationTaskStatus.Failed or ReplicationTaskStatus.Success))
            return ErrorCode.InvalidParams;
        if (task.Status is ReplicationTaskStatus.Pending or ReplicationTaskStatus.Processing)
            End(task.Id, call.Status, call.Message, nowTicks, wallMilliseconds, drafts);
        else if (task.Status != call.Status)
            return ErrorCode.InvalidParams;
        return ErrorCode.Ok;
    }

    /// <summary>Gives up, tries again and forgets what is over its time or of a client that is gone; at most so many entries.</summary>
    public void Sweep(long nowTicks, long wallMilliseconds, DraftBuffer drafts, int maximumEntries)
    {
        foreach (var (task, _, _, retries) in _table.All.ToArray())
        {
            if (maximumEntries == 0)
                return;
            if (task.Status is ReplicationTaskStatus.Failed or ReplicationTaskStatus.Success)
                continue;
            if (_segments.OfClient(task.Client).Count == 0)
                End(task.Id, ReplicationTaskStatus.Failed, "its client has no segment any more", nowTicks, wallMilliseconds, drafts);
            else if (nowTicks - _sinceTicks.GetValueOrDefault(task.Id, nowTicks) < _settings.Timeout.Ticks)
                continue;
            else if (task.Status == ReplicationTaskStatus.Processing && retries < _settings.MaximumRetries)
                Retry(task.Id, nowTicks, wallMilliseconds, drafts);
            else
                End(task.Id, ReplicationTaskStatus.Failed, "not done in time", nowTicks, wallMilliseconds, drafts);
            maximumEntries--;
        }

        for (; maximumEntries > 0 && _table.OldestFinished is { } oldest && IsForgettable(oldest.Task.Id, nowTicks); maximumEntries--)
        {
            Propose(drafts, OpType.TaskForgotten, new IdPayload(oldest.Task.Id).Encode());
            _sinceTicks.Remove(oldest.Task.Id);
        }
    }

    /// <summary>A new id.</summary>
    public Uuid NewId() => new(_random.Next(), _random.Next() | 1); // never the pair of zeros

    private bool IsForgettable(Uuid finished, long nowTicks) =>
        _table.FinishedCount > _settings.MaximumFinished
        || nowTicks - _sinceTicks.GetValueOrDefault(finished, nowTicks) >= _settings.KeepFinished.Ticks;

    private void Retry(Uuid id, long nowTicks, long wallMilliseconds, DraftBuffer drafts)
    {
        Propose(drafts, OpType.TaskFetched, new TaskFetchedPayload(id, ReplicationTaskStatus.Pending, wallMilliseconds).Encode());
        _sinceTicks[id] = nowTicks;
    }

    private void End(Uuid id, ReplicationTaskStatus status, string message, long nowTicks, long wallMilliseconds, DraftBuffer drafts)
    {
        Propose(drafts, OpType.TaskEnded, new TaskEndedPayload(id, status, wallMilliseconds, Cut(message)).Encode());
        _sinceTicks[id] = nowTicks;
    }

    private string Cut(string message)
    {
        while (Encoding.UTF8.GetByteCount(message) > _settings.MaximumMessageBytes)
            message = message[..(message.Length - Math.Max(1, message.Length / 8))];
        return message;
    }

    private bool IsMounted(string name) => _segments.Named(name).Any(handle => _segments.ByHandle(handle) is { IsReadable: true });

    private bool IsAllocatable(string name) => _segments.Named(name).Any(handle => _segments.ByHandle(handle) is { IsAllocatable: true });

    private static ErrorCode Answered(CreateTaskCall call, Uuid id)
    {
        call.TaskId = id;
        return ErrorCode.Ok;
    }

    private void Propose(DraftBuffer drafts, OpType type, byte[] payload)
    {
        payload.CopyTo(drafts.Add(type, [], 0, payload.Length));
        _apply(drafts);
    }
}
