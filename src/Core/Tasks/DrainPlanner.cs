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
/// <param name="Holders">Handles of all segments with a replica of it, this one among them.</param>
public readonly record struct MoveCandidate(
    ObjectKey Key, ulong SizeBytes, uint SegmentHandle, bool IsBlocked, IReadOnlyList<uint> Holders);

/// <summary>The drain jobs of one reign. Not thread-safe.</summary>
public sealed class DrainPlanner
{
    private readonly TaskTable _table;
    private readonly SegmentLeader _segments;
    private readonly SegmentTable _segmentTable;
    private readonly TaskLeader _tasks;
    private readonly TaskSettings _settings;
    private readonly Action<DraftBuffer> _apply;

    // What the last round of each running job has found; known to this reign only.
    private readonly Dictionary<Uuid, Found> _found = [];

    // When this reign has first seen that a job has ended.
    private readonly Dictionary<Uuid, long> _endedTicks = [];

    private readonly record struct Found(long Blocked, long GivenUp, long? StuckSinceTicks);

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

        // The job first: a reign that ends between the two entries leaves a job that goes on, and not a segment that nobody opens again.
        call.JobId = _tasks.NewId();
        Propose(drafts, OpType.JobCreated, new JobCreatedPayload(
            call.JobId, wallMilliseconds, (uint)call.MaximumConcurrency, handles, call.Segments, call.Targets).Encode());
        foreach (var handle in handles)
            _segments.SetStatus(handle, SegmentStatus.Draining, drafts);
        return ErrorCode.Ok;
    }

    /// <summary>
    /// QueryDrainJob and CancelDrainJob. JobNotFound for an unknown id; UnavailableInCurrentStatus while moves are active, or when it has
    /// ended.
    /// </summary>
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
        var found = _found.GetValueOrDefault(job.Id);
        call.Job = new DrainJob(
            job.Id, job.Status, job.CreatedMilliseconds, job.UpdatedMilliseconds, job.Segments, job.Succeeded, found.GivenUp, found.Blocked,
            job.Active, job.MigratedBytes, job.Message);
        return ErrorCode.Ok;
    }

    /// <summary>Plans the next moves of a job.</summary>
    /// <param name="jobId">A running job.</param>
    /// <param name="candidates">What every shard has found on its segments; not more than was asked for.</param>
    /// <param name="askedMilliseconds">Wall clock of the moment when the shards were asked.</param>
    /// <param name="nowTicks">Monotonic.</param>
    /// <param name="wallMilliseconds">For people.</param>
    /// <param name="drafts">Takes the entries.</param>
    public void Plan(
        Uuid jobId, IReadOnlyList<MoveCandidate> candidates, long askedMilliseconds, long nowTicks, long wallMilliseconds,
        DraftBuffer drafts)
    {
        if (_table.Job(jobId) is not { IsRunning: true } job)
            return;
        foreach (var handle in job.Handles)
        {
            if (_segmentTable.ByHandle(handle) is { Status: SegmentStatus.Ok })
                _segments.SetStatus(handle, SegmentStatus.Draining, drafts);
        }

        var moves = MovesOf(jobId);
        var planned = new Dictionary<string, UInt128>(StringComparer.Ordinal);
        var room = job.MaximumConcurrency - (int)job.Active;
        var (blocked, givenUp, stuck) = (0L, 0L, 0L);
        foreach (var candidate in candidates)
        {
            var tried = moves.GetValueOrDefault(candidate.Key);
            // What has ended since the shards were asked may have moved the object away already.
            if (tried.IsOpen || tried.EndedMilliseconds >= askedMilliseconds)
                continue;
            // Its owner would have to move it: while that is silent, the object waits for it to be heard again, or to be dropped with it.
            if (candidate.IsBlocked || _segmentTable.ByHandle(candidate.SegmentHandle) is { IsSuspect: true })
                blocked++;
            else if (tried.Failed >= _settings.MaximumMoves)
                givenUp++;
            else if (TargetFor(job, candidate, planned) is not { } target)
                stuck++;
            else if (room > 0 && TryMove(job, candidate, target, nowTicks, wallMilliseconds, drafts))
                room--;
        }

        Remember(_table.Job(jobId)!, candidates.Count, new Found(blocked + stuck, givenUp, stuck == 0 ? null : nowTicks),
            wallMilliseconds, drafts);
    }

    /// <summary>Opens segments that no job drains (any more), gives up jobs that find no target, and forgets what ended long ago.</summary>
    public void Sweep(long nowTicks, long wallMilliseconds, DraftBuffer drafts, int maximumEntries)
    {
        var drained = Running.SelectMany(job => job.Handles).ToHashSet();
        foreach (var segment in _segmentTable.All.Where(
            segment => segment.Status == SegmentStatus.Draining && !drained.Contains(segment.Handle)).ToArray())
            _segments.SetStatus(segment.Handle, SegmentStatus.Ok, drafts);
        foreach (var job in Running.Where(job => job.Active == 0).ToArray())
        {
            if (_found.GetValueOrDefault(job.Id).StuckSinceTicks is { } since && nowTicks - since >= _settings.Timeout.Ticks)
                Finish(job, JobStatus.Failed, SegmentStatus.Ok, "no segment has room for what is left", wallMilliseconds, drafts);
        }

        Forget(nowTicks, drafts, maximumEntries);
    }

    private void Forget(long nowTicks, DraftBuffer drafts, int maximumEntries)
    {
        var ended = _table.Jobs.Where(job => !job.IsRunning).OrderBy(job => job.UpdatedMilliseconds).ToArray();
        var tooMany = ended.Length - _settings.MaximumFinished;
        foreach (var job in ended)
        {
            _endedTicks.TryAdd(job.Id, nowTicks);
            if (maximumEntries == 0 || (tooMany <= 0 && nowTicks - _endedTicks[job.Id] < _settings.KeepFinished.Ticks))
                continue;
            Propose(drafts, OpType.JobForgotten, new IdPayload(job.Id).Encode());
            _endedTicks.Remove(job.Id);
            _found.Remove(job.Id);
            (maximumEntries, tooMany) = (maximumEntries - 1, tooMany - 1);
        }
    }

    private readonly record struct Tried(bool IsOpen, int Failed, long EndedMilliseconds);

    // From the tasks themselves, so that it is known after a failover too.
    private Dictionary<ObjectKey, Tried> MovesOf(Uuid jobId)
    {
        var moves = new Dictionary<ObjectKey, Tried>();
        foreach (var (task, _, _, _) in _table.All)
        {
            if (task.JobId != jobId)
                continue;
            var before = moves.GetValueOrDefault(task.Key);
            var isOpen = task.Status is ReplicationTaskStatus.Pending or ReplicationTaskStatus.Processing;
            moves[task.Key] = new Tried(
                before.IsOpen || isOpen, before.Failed + (task.Status == ReplicationTaskStatus.Failed ? 1 : 0),
                isOpen ? before.EndedMilliseconds : Math.Max(before.EndedMilliseconds, task.UpdatedMilliseconds));
        }

        return moves;
    }

    private void Remember(StoredJob job, int candidates, Found found, long wallMilliseconds, DraftBuffer drafts)
    {
        if (found.StuckSinceTicks is { } now && _found.GetValueOrDefault(job.Id).StuckSinceTicks is { } since)
            found = found with { StuckSinceTicks = since < now ? since : now };
        _found[job.Id] = found;
        if (job.Active > 0)
            return;
        if (candidates == 0)
            Finish(job, JobStatus.Succeeded, SegmentStatus.Drained, "", wallMilliseconds, drafts);
        else if (found.GivenUp == candidates) // what is blocked is tried again first
            Finish(job, JobStatus.Failed, SegmentStatus.Ok, $"{found.GivenUp} objects could not be moved", wallMilliseconds, drafts);
    }

    private bool TryMove(StoredJob job, MoveCandidate candidate, string target, long nowTicks, long wallMilliseconds, DraftBuffer drafts) =>
        _segmentTable.ByHandle(candidate.SegmentHandle) is { } source
        && _tasks.TryCreate(
            TaskType.ReplicaMove, candidate.Key, source, [target], candidate.SizeBytes, job.Id, nowTicks, wallMilliseconds, drafts, out _);

    // The freest of the allowed names, counted by share after what this round has planned for it. Not one that holds a replica: the move
    // would end with one replica less.
    private string? TargetFor(StoredJob job, MoveCandidate candidate, Dictionary<string, UInt128> planned)
    {
        SegmentGroup? best = null;
        var bestFree = 0.0;
        foreach (var group in _segments.Space.Groups)
        {
            if ((job.Targets.Count > 0 && !job.Targets.Contains(group.Name))
                || job.Segments.Contains(group.Name) || Holds(candidate, group.Name))
                continue;
            var used = group.UsedBytes + planned.GetValueOrDefault(group.Name) + candidate.SizeBytes;
            var free = used > group.CapacityBytes ? -1 : (double)(group.CapacityBytes - used) / (double)group.CapacityBytes;
            if (free >= 0 && (best is null || free > bestFree))
                (best, bestFree) = (group, free);
        }

        if (best is not null)
            planned[best.Name] = planned.GetValueOrDefault(best.Name) + candidate.SizeBytes;
        return best?.Name;
    }

    private bool Holds(MoveCandidate candidate, string name) =>
        candidate.Holders.Any(holder => _segmentTable.ByHandle(holder)?.Segment.Name == name);

    private void Finish(StoredJob job, JobStatus status, SegmentStatus segments, string message, long wallMilliseconds, DraftBuffer drafts)
    {
        Propose(drafts, OpType.JobChanged, new JobChangedPayload(job.Id, status, wallMilliseconds, message).Encode());
        foreach (var handle in job.Handles)
            _segments.SetStatus(handle, segments, drafts); // one that was unmounted meanwhile stays as it is
        if (status != JobStatus.Failed)
            _found.Remove(job.Id);
    }

    private void Propose(DraftBuffer drafts, OpType type, byte[] payload)
    {
        payload.CopyTo(drafts.Add(type, [], 0, payload.Length));
        _apply(drafts);
    }
}
