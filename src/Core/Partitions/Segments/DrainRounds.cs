// Carries the rounds of drain jobs: asks every shard what lies on a job's segments, and gives the answers of all to the planner.
using HotStandby.Core.Cells;
using HotStandby.Core.Tasks;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;

namespace HotStandby.Core.Partitions.Segments;

/// <summary>The drain jobs of one reign. Used by <see cref="SegmentService"/> only.</summary>
internal sealed class DrainRounds(ulong reign, DrainPlanner planner, int shardCount, Outbox outbox)
{
    // Per shard and segment: enough to find what can be moved behind what cannot.
    private const int MostCandidates = 1024;

    private readonly List<MoveCandidate> _candidates = [];
    private ulong _round;
    private int _missing;
    private Uuid _job;
    private long _beganMilliseconds;

    /// <summary>Begins a round for the next running job, unless one is under way.</summary>
    public void Begin(Moment now)
    {
        if (_missing > 0)
            return;
        var jobs = planner.Running.OrderBy(job => job.Id).ToArray();
        if (jobs.Length == 0)
            return;
        var next = Array.Find(jobs, job => job.Id > _job) ?? jobs[0];
        (_job, _missing) = (next.Id, shardCount);
        _round++;
        _beganMilliseconds = now.WallMilliseconds;
        _candidates.Clear();
        outbox.Send(CellAddress.AllShards, new ListObjectsOn(reign, _round, next.Handles, MostCandidates));
    }

    /// <summary>A shard has answered; the last one lets the planner decide.</summary>
    public void Listed(ObjectsListed listed, Moment now, DraftBuffer drafts)
    {
        if (listed.Reign != reign || listed.Round != _round || _missing == 0)
            return;
        _candidates.AddRange(listed.Candidates);
        if (--_missing == 0)
            planner.Plan(_job, _candidates, _beganMilliseconds, now.Ticks, now.WallMilliseconds, drafts);
    }
}
