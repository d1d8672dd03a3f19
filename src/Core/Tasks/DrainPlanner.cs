// Drain jobs: a segment is emptied by many moves, a few at a time. The planner decides which; the segment table's reign asks the shards
// for what is left on a segment and gives the answer here. What it needs after a failover is in the task table.
using HotStandby.Core.Segments;
using HotStandby.Messages;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Messages.OpLog;

namespace HotStandby.Core.Tasks;

/// <summary>An object that lies on a segment of a drain job.</summary>
/// <param name="Key">Which.</param>
/// <param name="SizeBytes">Its size.</param>
/// <param name="SegmentHandle">The segment.</param>
/// <param name="IsBlocked">It cannot be moved now.</param>
public readonly record struct MoveCandidate(ObjectKey Key, ulong SizeBytes, uint SegmentHandle, bool IsBlocked);

/// <summary>The drain jobs of one reign. Not thread-safe.</summary>
public sealed class DrainPlanner
{
    private readonly TaskTable _table;
    private readonly SegmentLeader _segments;
    private readonly SegmentTable _segmentTable;
    private readonly TaskLeader _tasks;
    private readonly TaskSettings _settings;
    private readonly Action<DraftBuffer> _apply;

    // How often each object was tried, and how many are blocked: known to this reign only.
    private readonly Dictionary<(Uuid Job, ObjectKey Key), int> _moves = [];
    private readonly Dictionary<Uuid, long> _blocked = [];

    /// <summary>Begins a reign; jobs go on.</summary>
    public DrainPlanner(
        SegmentTable table, SegmentLeader segments, TaskLeader tasks, TaskSettings settings, Action<DraftBuffer> apply)
    {
        (_table, _segmentTable, _segments, _tasks, _settings, _apply) = (table.Tasks, table, segments, tasks, settings, apply);
    }

    /// <summary>The jobs that go on.</summary>
    public IEnumerable<StoredJob> Running => _table.Jobs.Where(job => job.IsRunning);

    /// <summary>
    /// CreateDrainJob. InvalidParams without segments, for one that is named twice and for a concurrency below 1; SegmentNotFound for
    /// a name that is not mounted; UnavailableInCurrentStatus when a segment is not in normal use.
    /// </summary>
    public ErrorCode Create(CreateDrainJobCall call, long wallMilliseconds, DraftBuffer drafts)
    {
        if (call.Segments.Count == 0 || call.Segments.Distinct().Count() != call.Segments.Count || call.MaximumConcurrency < 1
            || call.Targets.Distinct().Count() != call.Targets.Count || call.Targets.Intersect(call.Segments).Any())
            return ErrorCode.InvalidParams;
        var handles = new List<uint>();
        foreach (var name in call.Segments.Concat(call.Targets))
        {
            var mounted = _segmentTable.Named(name);
            if (mounted.Count == 0)
                return ErrorCode.SegmentNotFound;
            if (!call.Segments.Contains(name))
                continue;
            if (mounted.Any(handle => _segmentTable.ByHandle(handle)!.Status != SegmentStatus.Ok))
                return ErrorCode.UnavailableInCurrentStatus;
            handles.AddRange(mounted);
        }

        foreach (var handle in handles)
            _segments.SetStatus(handle, SegmentStatus.Draining, drafts);
        call.JobId = _tasks.NewId();
        Propose(drafts, OpType.JobCreated, new JobCreatedPayload(
            call.JobId, wallMilliseconds, (uint)call.MaximumConcurrency, handles, call.Segments, call.Targets).Encode());
        return ErrorCode.Ok;
    }

    /// <summary>QueryDrainJob and CancelDrainJob. JobNotFound for an unknown id; UnavailableInCurrentStatus while moves are active, or when it has ended.</summary>
    public ErrorCode QueryOrCancel(DrainJobCall call, long wallMilliseconds, DraftBuffer drafts)
    {
        if (_table.Job(call.JobId) is not { } job)
            return ErrorCode.JobNotFound;
        if (call.Cancel)
        {
            if (!job.IsRunning || job.Active > 0)
                return ErrorCode.UnavailableInCurrentStatus;
            Finish(job, JobStatus.Canceled, SegmentStatus.Ok, "", wallMilliseconds, drafts);
        }

        job = _table.Job(call.JobId)!;
        call.Job = new DrainJob(
            job.Id, job.Status, job.CreatedMilliseconds, job.UpdatedMilliseconds, job.Segments, job.Succeeded, job.Failed,
            job.IsRunning ? _blocked.GetValueOrDefault(job.Id) : 0, job.Active, job.MigratedBytes, job.Message);
        return ErrorCode.Ok;
    }

    /// <summary>Plans the next moves of a job.</summary>
    /// <param name="jobId">A running job.</param>
    /// <param name="candidates">What every shard has found on its segments; not more than was asked for.</param>
    /// <param name="nowTicks">Monotonic.</param>
    /// <param name="wallMilliseconds">For people.</param>
    /// <param name="drafts">Takes the entries.</param>
    public void Plan(Uuid jobId, IReadOnlyList<MoveCandidate> candidates, long nowTicks, long wallMilliseconds, DraftBuffer drafts)
    {
        if (_table.Job(jobId) is not { IsRunning: true } job)
            return;
        var underWay = _table.All.Where(task => task.Task.JobId == jobId && task.Task.Status is ReplicationTaskStatus.Pending or ReplicationTaskStatus.Processing)
            .Select(task => task.Task.Key).ToHashSet();
        var room = job.MaximumConcurrency - (int)job.Active;
        var (blocked, givenUp) = (0L, 0L);
        foreach (var candidate in candidates)
        {
            if (underWay.Contains(candidate.Key))
                continue;
            if (candidate.IsBlocked)
                blocked++;
            else if (_moves.GetValueOrDefault((jobId, candidate.Key)) >= _settings.MaximumMoves)
                givenUp++;
            else if (room > 0 && TryMove(job, candidate, nowTicks, wallMilliseconds, drafts))
                room--;
        }

        _blocked[jobId] = blocked;
        job = _table.Job(jobId)!;
        if (job.Active > 0)
            return;
        if (candidates.Count == 0)
            Finish(job, JobStatus.Succeeded, SegmentStatus.Drained, "", wallMilliseconds, drafts);
        else if (givenUp > 0 && givenUp + blocked == candidates.Count)
            Finish(job, JobStatus.Failed, SegmentStatus.Ok, $"{givenUp} objects could not be moved", wallMilliseconds, drafts);
    }

    /// <summary>Forgets jobs that ended long ago; at most so many entries.</summary>
    public void Sweep(DraftBuffer drafts, int maximumEntries)
    {
        var ended = _table.Jobs.Where(job => !job.IsRunning).OrderBy(job => job.UpdatedMilliseconds).ToArray();
        foreach (var job in ended.Take(Math.Min(maximumEntries, ended.Length - _settings.MaximumFinished)))
            Propose(drafts, OpType.JobForgotten, new IdPayload(job.Id).Encode());
    }

    private bool TryMove(StoredJob job, MoveCandidate candidate, long nowTicks, long wallMilliseconds, DraftBuffer drafts)
    {
        if (_segmentTable.ByHandle(candidate.SegmentHandle) is not { } source || TargetFor(job, candidate) is not { } target)
            return false;
        if (!_tasks.TryCreate(TaskType.ReplicaMove, candidate.Key, source, [target], candidate.SizeBytes, job.Id, nowTicks, wallMilliseconds, drafts, out _))
            return false;
        _moves[(job.Id, candidate.Key)] = _moves.GetValueOrDefault((job.Id, candidate.Key)) + 1;
        return true;
    }

    // The freest of the allowed names, counted by share.
    private string? TargetFor(StoredJob job, MoveCandidate candidate)
    {
        SegmentGroup? best = null;
        foreach (var group in _segments.Space.Groups)
        {
            if ((job.Targets.Count == 0 || job.Targets.Contains(group.Name)) && !job.Segments.Contains(group.Name)
                && (best is null || group.FreeRatio > best.FreeRatio))
                best = group;
        }

        return best?.Name;
    }

    private void Finish(StoredJob job, JobStatus status, SegmentStatus segments, string message, long wallMilliseconds, DraftBuffer drafts)
    {
        foreach (var handle in job.Handles)
            _segments.SetStatus(handle, segments, drafts); // one that was unmounted meanwhile stays as it is
        Propose(drafts, OpType.JobChanged, new JobChangedPayload(job.Id, status, wallMilliseconds, message).Encode());
        _blocked.Remove(job.Id);
        foreach (var moved in _moves.Keys.Where(key => key.Job == job.Id).ToArray())
            _moves.Remove(moved);
    }

    private void Propose(DraftBuffer drafts, OpType type, byte[] payload)
    {
        payload.CopyTo(drafts.Add(type, [], 0, payload.Length));
        _apply(drafts);
    }
}
