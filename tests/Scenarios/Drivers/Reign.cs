// One reign of the in-process master: the leaders of the core, and between them what the actors carry in a node (buffers, drops,
// commits, rounds), here as plain calls in one thread.
using System.Text;
using System.Text.RegularExpressions;
using HotStandby.Core.Eviction;
using HotStandby.Core.Segments;
using HotStandby.Core.Shards;
using HotStandby.Core.Tasks;
using HotStandby.Messages;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Messages.OpLog;

namespace HotStandby.Tests.Scenarios.Drivers;

/// <summary>Leaders over one node's state.</summary>
internal sealed class Reign
{
    private const ulong Seed = 20260822;
    private const int MostEntries = 1024;

    private readonly InProcessMaster _master;
    private readonly SegmentLeader _segments;
    private readonly TaskLeader _tasks;
    private readonly DrainPlanner _planner;
    private readonly ShardLeader[] _shards;
    private readonly EvictionPolicy _policy;
    private readonly EvictionPacer _pacer;
    private readonly Dictionary<uint, int> _dropsLeft = [];
    private readonly Queue<SegmentCall> _waiting = new();
    private readonly ulong _epoch;

    public Reign(InProcessMaster master, NodeState state, ulong epoch)
    {
        (_master, _epoch) = (master, epoch);
        var settings = master.Settings;
        var live = state.Shards.Select(shard => shard.EnumerateLiveExtents().ToArray()).ToArray();
        _segments = new SegmentLeader(
            state.Table, live, new SegmentLeaderSettings(settings.ClientTtl.Ticks, Seed, PlacementStrategies.Random)
            {
                StrayWriteTicks = settings.Shards.PutStartReleaseTimeout.Ticks,
            }, Now);
        _tasks = new TaskLeader(state.Table, settings.Tasks, new RandomSource(Seed ^ epoch), _segments.ApplyOther, Now);
        _planner = new DrainPlanner(state.Table, _segments, _tasks, settings.Tasks, _segments.ApplyOther);
        _shards = [.. state.Shards.Select(shard => new ShardLeader(shard, settings.Shards, _segments.Directory, Now))];
        _policy = new EvictionPolicy(settings.Eviction);
        _pacer = new EvictionPacer(_policy);
    }

    private long Now => _master.NowTicks;

    private long Wall => _master.NowTicks / TimeSpan.TicksPerMillisecond;

    /// <summary>Takes up unmounts of an earlier reign.</summary>
    public void Begin()
    {
        TellReplaced();
        foreach (var handle in _segments.Unmounting.ToArray())
            BeginDrop(handle);
    }

    public void End()
    {
        Array.ForEach(_shards, shard => shard.End());
        while (_waiting.TryDequeue(out var call))
            call.Abandon();
    }

    public void Hear(Uuid client) => _segments.Clients.Hear(client, Now);

    public ClientStatus Ping(Uuid client) => _segments.Ping(client, Now);

    public void Serve(MasterCall call)
    {
        switch (call)
        {
            case KeyedCall { Operation: KeyedOperation.PutStart or KeyedOperation.UpsertStart } put:
                Place(put);
                break;
            case KeyedCall keyed:
                Execute(keyed);
                break;
            case CreateTaskCall create:
                Locate(create);
                break;
            case SegmentCall segmentCall:
                Answer(segmentCall);
                break;
            case ScanCall scan:
                Scan(scan);
                break;
            default:
                throw new NotSupportedException(call.GetType().Name);
        }
    }

    /// <summary>Everything that time does.</summary>
    public void Tick()
    {
        for (var shard = 0; shard < _shards.Length; shard++)
            OnShard(shard, (leader, drafts) => leader.Sweep(Now, drafts, MostEntries));
        var own = new DraftBuffer(Partition.SegmentTable);
        var dead = _segments.ExpireClients(Now, own).Where(silent => silent.IsDead).Select(silent => silent.Client).ToArray();
        _segments.UnmountDue(Now, own);
        _segments.EndStrayWrites(Now, own);
        _tasks.Sweep(Now, Wall, own, MostEntries);
        _planner.Sweep(Now, Wall, own, MostEntries);
        Propose(own);
        Array.ForEach(dead, TellGone);
        PlanDrains();
        Evict();
    }

    private void PlanDrains()
    {
        foreach (var job in _planner.Running.ToArray())
        {
            var asked = Wall;
            var candidates = new List<MoveCandidate>();
            foreach (var handle in job.Handles)
            {
                foreach (var shard in _shards)
                    candidates.AddRange(shard.ListOn(handle, MostEntries, Now)
                        .Select(found => new MoveCandidate(found.Key, found.SizeBytes, handle, found.IsBlocked, found.Holders)));
            }

            var drafts = new DraftBuffer(Partition.SegmentTable);
            _planner.Plan(job.Id, candidates, asked, Now, Wall, drafts);
            Propose(drafts);
        }
    }

    private void Evict()
    {
        var used = _segments.Space.UsedRatio;
        if (!_pacer.TryAsk(Now, used))
            return;
        var cycle = new EvictionCycle(_policy, _policy.Goal(used, _pacer.IsForced), _shards.Length, MostEntries);
        for (var shard = 0; shard < _shards.Length; shard++)
            cycle.Add(shard, _shards[shard].Offer(MostEntries, Now));
        while (cycle.Choose(Now, mayAsk: true) is { Count: > 0 } unknown)
        {
            ulong[] groups = [.. unknown];
            cycle.Ask(groups);
            foreach (var shard in _shards)
            {
                var states = new GroupState[groups.Length];
                shard.DescribeGroups(groups, states);
                cycle.AddGroups(groups, states);
            }
        }

        var chosen = cycle.TakeChosen();
        for (var shard = 0; shard < _shards.Length; shard++)
        {
            OnShard(shard, (leader, drafts) =>
            {
                var (count, bytes) = leader.Evict(chosen[Array.IndexOf(_shards, leader)], Now, drafts);
                cycle.Evicted(count, bytes);
            });
        }

        _pacer.Done(Now, cycle.EvictedCount, cycle.EvictedBytes);
    }

    private void Place(KeyedCall call)
    {
        call.PlacementReign = _epoch;
        if (call.Operation is KeyedOperation.CopyStart or KeyedOperation.MoveStart)
        {
            call.PlacementStride = call.TargetSegments.Count;
            call.Placements = new Extent[call.PlacementStride];
            for (var i = 0; i < call.PlacementStride; i++)
            {
                var error = _segments.PlaceOn(call.TargetSegments[i], call.Sizes[0], out call.Placements[i]);
                if (error == ErrorCode.Ok)
                    continue;
                foreach (var taken in call.Placements.Where(taken => taken.LengthBytes > 0))
                    _segments.Space.Release(taken);
                call.Results[0].Error = error;
                call.Settle(1);
                return;
            }
        }
        else
        {
            var names = (ulong)Math.Clamp(_segments.Space.Groups.Count, 1, byte.MaxValue);
            call.PlacementStride = (int)Math.Clamp(call.Config.ReplicaCount, 1, names);
            call.Placements = new Extent[call.Keys.Length * call.PlacementStride];
            for (var i = 0; i < call.Sizes.Length; i++)
            {
                var places = call.Placements.AsSpan(i * call.PlacementStride, call.PlacementStride);
                if (call.Sizes[i] > 0 && _segments.Place(call.Sizes[i], PreferredNames.Of(call.Config), places) == 0
                    && _segments.Explain(call.Sizes[i], call.PlacementStride) is { MissingNames: 0 })
                    _pacer.Force(_segments.Space.UsedRatio);
            }
        }

        Execute(call);
    }

    private void Execute(KeyedCall call)
    {
        foreach (var group in Enumerable.Range(0, call.Keys.Length).GroupBy(i => ShardOf(call.Keys[i])).ToArray())
        {
            var drafts = new DraftBuffer(Partition.OfShard(group.Key));
            var (waiting, settled) = (0, 0);
            foreach (var index in group)
            {
                switch (_shards[group.Key].Execute(call, index, drafts, Now))
                {
                    case ItemOutcome.AwaitsCommit:
                        waiting++;
                        break;
                    case ItemOutcome.NeedsPlacement:
                        Place(call);
                        break;
                    default:
                        settled++;
                        break;
                }
            }

            Propose(drafts, waiting > 0 ? () => call.Settle(waiting) : null, call.Abandon);
            if (settled > 0)
                call.Settle(settled);
            Release(_shards[group.Key]);
        }
    }

    private void Locate(CreateTaskCall call)
    {
        var error = _shards[ShardOf(call.Key)].Locate(call.Key, out var handles);
        call.SegmentHandles = handles;
        if (error == ErrorCode.Ok)
            Answer(call);
        else
            call.Finish(error);
    }

    private void Answer(SegmentCall call)
    {
        var drafts = new DraftBuffer(Partition.SegmentTable);
        var decision = call switch
        {
            MountSegmentCall mount => _segments.Mount(mount.Client, mount.Segment, Now, drafts),
            ReMountSegmentCall remount => _segments.ReMount(remount.Client, remount.Segments, Now, drafts),
            _ => new(Decide(call, drafts)),
        };
        call.Decide(decision.Error);
        TellReplaced();
        if (decision.IsForNow)
        {
            _waiting.Enqueue(call);
            Propose(drafts);
        }
        else
        {
            Propose(drafts, () => call.Settle(1), call.Abandon);
        }
    }

    private ErrorCode Decide(SegmentCall call, DraftBuffer drafts) => call switch
    {
        UnmountSegmentCall unmount => _segments.Unmount(unmount.SegmentId, drafts),
        GracefulUnmountSegmentCall graceful =>
            _segments.GracefulUnmount(graceful.Client, graceful.SegmentId, graceful.GracePeriod, Now, drafts),
        QuerySegmentStatusCall query => Query(query),
        ListSegmentsCall list => Ok(list.Segments = _segments.Queries.List()),
        QueryIpCall query => Ok(query.Hosts = _segments.Queries.HostsOf(query.Clients)),
        CreateTaskCall create => _tasks.Create(create, Now, Wall, drafts),
        QueryTaskCall query => _tasks.Query(query),
        FetchTasksCall fetch => _tasks.Fetch(fetch, Now, Wall, drafts),
        CompleteTaskCall complete => _tasks.Complete(complete, Now, Wall, drafts),
        CreateDrainJobCall create => _planner.Create(create, Wall, drafts),
        DrainJobCall job => _planner.QueryOrCancel(job, Wall, drafts),
        _ => throw new NotSupportedException(call.GetType().Name),
    };

    private void TellReplaced()
    {
        while (_segments.TryTakeReplaced(out var replaced))
            TellGone(replaced.Client);
    }

    private void TellGone(Uuid client)
    {
        for (var shard = 0; shard < _shards.Length; shard++)
            OnShard(shard, (leader, drafts) => leader.ClientGone(client, Now, drafts, MostEntries));
    }

    private ErrorCode Query(QuerySegmentStatusCall call)
    {
        SegmentStatus status;
        var error = call.Name is { } name
            ? _segments.Queries.StatusOf(name, out status) : _segments.Queries.StatusOf(call.SegmentId, out status);
        call.Status = status;
        return error;
    }

    private void Scan(ScanCall scan)
    {
        Regex? pattern = null;
        try
        {
            if (scan.Pattern is { } text)
                pattern = new Regex(text, RegexOptions.ECMAScript);
        }
        catch (ArgumentException)
        {
            scan.Refuse(ErrorCode.InvalidParams); // the pattern is the caller's
            return;
        }

        var keys = _shards.SelectMany(shard => shard.ListKeys(scan.Operation != ScanOperation.Remove, scan.Tenant))
            .SelectMany(piece => piece)
            .Where(key => pattern is null || pattern.IsMatch(Encoding.UTF8.GetString(key.UserKey))).ToArray();
        if (keys.Length == 0 || scan.Operation == ScanOperation.ListKeys)
        {
            scan.Finish([.. keys.Select(key => (key, default(ReplicaList)))], 0);
            return;
        }

        var operation = scan.Operation == ScanOperation.Remove ? KeyedOperation.Remove : KeyedOperation.GetReplicaList;
        var each = new KeyedCall(new ScanEnd(scan, operation), operation, keys) { Force = scan.Force };
        Execute(each);
    }

    private void OnShard(int shard, Action<ShardLeader, DraftBuffer> act)
    {
        var drafts = new DraftBuffer(Partition.OfShard(shard));
        act(_shards[shard], drafts);
        Propose(drafts);
        Release(_shards[shard]);
    }

    private void Propose(DraftBuffer drafts, Action? answer = null, Action? abandon = null)
    {
        if (drafts.Count > 0 || answer is not null)
            _master.Propose(
                drafts, (count, last) => Committed(drafts.Partition, count, last), answer ?? (() => { }), abandon ?? (() => { }));
    }

    private void Committed(Partition partition, int count, ulong lastSequence)
    {
        if (!partition.IsShard)
        {
            var toDrop = new List<uint>();
            if (_segments.Commit(count, lastSequence, toDrop))
                Array.ForEach(_shards, shard => shard.Directory = _segments.Directory);
            toDrop.ForEach(BeginDrop);
            while (_segments.TryTakeDroppable(out var droppable))
                Drop(droppable);
            return;
        }

        var leader = _shards[partition.ShardIndex];
        leader.Committed(count, lastSequence);
        Release(leader);
        while (leader.TryTakeDroppedSegment(out var handle))
        {
            if (--_dropsLeft[handle] > 0)
                continue;
            var drafts = new DraftBuffer(Partition.SegmentTable);
            _segments.Erase(handle, drafts);
            Propose(drafts);
            for (var left = _waiting.Count; left > 0; left--)
                Answer(_waiting.Dequeue());
        }
    }

    private void BeginDrop(uint handle)
    {
        var drafts = new DraftBuffer(Partition.SegmentTable);
        if (!_segments.KeepStrayWrites(handle, _shards.SelectMany(shard => shard.UnfinishedOn(handle)), Now, drafts))
            Drop(handle);
        Propose(drafts);
    }

    private void Drop(uint handle)
    {
        _dropsLeft[handle] = _shards.Length;
        for (var shard = 0; shard < _shards.Length; shard++)
            OnShard(shard, (leader, drafts) => leader.DropSegment(handle, Now, drafts));
    }

    private void Release(ShardLeader leader)
    {
        foreach (var extent in leader.TakeReleased().Where(extent => extent.LengthBytes > 0))
            _segments.Space.Release(extent);
    }

    private int ShardOf(in ObjectKey key) => Partition.ShardOf(key.Hash, _shards.Length);

    private static ErrorCode Ok(object answer) => answer is null ? ErrorCode.InternalError : ErrorCode.Ok;
}
