// Carries the rounds of drain jobs: asks every shard what lies on a job's segments, and gives the answers of all to the planner.
using HotStandby.Actors.Gateway;
using HotStandby.Actors.Protocol;
using HotStandby.Core.Tasks;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;

namespace HotStandby.Actors.Segments;

/// <summary>The drain jobs of one reign. Used by <see cref="SegmentReign"/> only.</summary>
internal sealed class DrainRounds(ulong reign, DrainPlanner planner, SegmentPeers peers, TimeProvider time)
{
    // Per shard and segment: enough to find what can be moved behind what cannot.
    private const int MostCandidates = 1024;

    private readonly List<MoveCandidate> _candidates = [];
    private ulong _round;
    private int _missing;
    private Uuid _job;
    private long _beganMilliseconds;

    private long WallMilliseconds => time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Begins a round for the next running job, unless one is under way.</summary>
    public void Begin()
    {
        if (_missing > 0)
            return;
        var jobs = planner.Running.OrderBy(job => job.Id).ToArray();
        if (jobs.Length == 0)
            return;
        var next = Array.Find(jobs, job => job.Id > _job) ?? jobs[0];
        (_job, _missing) = (next.Id, peers.Shards.ShardCount);
        _round++;
        _beganMilliseconds = WallMilliseconds;
        _candidates.Clear();
        peers.Shards.TellAll(new ListObjectsOn(reign, _round, next.Handles, MostCandidates), peers.Self);
    }

    /// <summary>A shard has answered; the last one lets the planner decide.</summary>
    public void Listed(ObjectsListed listed, DraftBuffer drafts)
    {
        if (listed.Reign != reign || listed.Round != _round || _missing == 0)
            return;
        _candidates.AddRange(listed.Candidates);
        if (--_missing == 0)
            planner.Plan(_job, _candidates, _beganMilliseconds, time.NowTicks(), WallMilliseconds, drafts);
    }
}
