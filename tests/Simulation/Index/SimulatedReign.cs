// One reign over a simulated index: the product's leaders, and between them what the actors carry in a node: buffers, drops, commits,
// answers that wait. One thread, no queues but that of the answers.
using HotStandby.Core.Segments;
using HotStandby.Core.Shards;
using HotStandby.Core.Verification;
using HotStandby.Messages;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Messages.OpLog;

namespace HotStandby.Tests.Simulation.Index;

/// <summary>Leaders over one process's partitions.</summary>
public sealed class SimulatedReign
{
    private readonly Simulation _world;
    private readonly SimulatedNode _node;
    private readonly SimulatedIndex _index;
    private readonly SegmentLeader _segments;
    private readonly ShardLeader[] _shards;
    private readonly Queue<(ulong Sequence, Action Answer)> _answers = [];
    private readonly Dictionary<uint, int> _dropsLeft = [];
    private readonly HashSet<Extent> _freedTooEarly = [];

    /// <summary>Everything in the index is committed.</summary>
    public SimulatedReign(Simulation world, SimulatedNode node, SimulatedIndex index, ulong epoch)
    {
        (_world, _node, _index) = (world, node, index);
        var times = world.Scenario.ReignTimes;
        var live = index.Shards.Select(static shard => shard.EnumerateLiveExtents().ToArray()).ToArray();
        _segments = new SegmentLeader(
            index.Table, live, new SegmentLeaderSettings(long.MaxValue / 8, epoch, PlacementStrategies.Random)
            {
                StrayWriteTicks = times.PutStartReleaseTimeout.Ticks,
            }, node.Clock);
        var since = world.Bug == PlantedBug.ForgetLeasesAtFailover ? node.Clock - times.LeaseTtl.Ticks : node.Clock;
        _shards = [.. index.Shards.Select(shard => new ShardLeader(shard, times, _segments.Directory, since))];
    }

    /// <summary>Entries that are applied and not committed yet.</summary>
    public int Uncommitted => _segments.Uncommitted + _shards.Sum(static shard => shard.Uncommitted);

    /// <summary>Takes up unmounts of an earlier reign.</summary>
    public void Begin()
    {
        TellReplaced();
        foreach (var handle in _segments.Unmounting.ToArray())
            BeginDrop(handle);
    }

    /// <summary>The reign is over: who waits for an answer never gets one.</summary>
    public void End()
    {
        _answers.Clear();
        foreach (var shard in _shards)
            shard.End();
    }

    /// <summary>What time does, and now and then an eviction.</summary>
    public void Tick()
    {
        for (var shard = 0; shard < _shards.Length; shard++)
            OnShard(shard, (leader, drafts) => leader.Sweep(_node.Clock, drafts, 8));
        if (_world.Random.Chance(0.1))
            OnShard(_world.Random.Below(_shards.Length), (leader, drafts) => leader.Evict(
                [.. leader.Offer(1, _node.Clock).Plain.Select(static victim => victim.Key)], _node.Clock, drafts));
        OnTable(drafts => _segments.EndStrayWrites(_node.Clock, drafts));
    }

    /// <summary>MountSegment, or UnmountSegment. A mount that must wait is asked for again by its client.</summary>
    public void Change(Uuid client, Segment segment, bool isMount)
    {
        OnTable(drafts => _ = isMount ? _segments.Mount(client, segment, _node.Clock, drafts).Error : _segments.Unmount(segment.Id, drafts));
        TellReplaced();
    }

    /// <summary>True when a mount of that segment is committed.</summary>
    public bool Knows(Segment segment) => _segments.Directory.All.Any(mounted => mounted.IsReadable && mounted.Segment.Id == segment.Id);

    /// <summary>An entry that changes nothing; returns its seq.</summary>
    public ulong ProposeMarker()
    {
        OnShard(0, (leader, drafts) => leader.MarkVerificationPoint(_node.Clock, drafts));
        return _node.Replica!.LastProposed;
    }

    /// <summary>A client's call on one object. The answer comes when what it says is committed, or never.</summary>
    public void Execute(KeyedCall call, Action<ItemResult> answered)
    {
        if (call.Operation == KeyedOperation.PutStart)
        {
            call.PlacementStride = (int)call.Config.ReplicaCount;
            call.Placements = new Extent[call.PlacementStride];
            var placed = _segments.Place(call.Sizes[0], PreferredNames.None, call.Placements);
            foreach (var taken in call.Placements.AsSpan(0, placed))
                _world.Checker.Takes(_node, taken);
        }

        var shard = Partition.ShardOf(call.Keys[0].Hash, _shards.Length);
        var freed = _world.Bug == PlantedBug.ReuseFreedSpaceBeforeCommit && _index.Shards[shard].Find(call.Keys[0]) is { } record
            ? Enumerable.Range(0, record.ReplicaCount).Select(record.ExtentOf).ToArray() : [];
        var drafts = new DraftBuffer(Partition.OfShard(shard));
        var outcome = _shards[shard].Execute(call, 0, drafts, _node.Clock);
        if (drafts.Count > 0 && drafts.Last.Type is OpType.Remove or OpType.PutRevoke)
            FreeTooEarly(freed);
        var waits = outcome == ItemOutcome.AwaitsCommit && _world.Bug != PlantedBug.AnswerBeforeCommit;
        Propose(drafts);
        Release(_shards[shard]);
        var result = call.Results[0];
        if (waits)
            _answers.Enqueue((_node.Replica!.LastProposed, () => answered(result)));
        else
            answered(result);
    }

    /// <summary>An entry is committed.</summary>
    public void Commit(in OpLogEntry entry)
    {
        if (entry.Type is OpType.EpochStart or OpType.VoterReturned)
        {
            _index.Table.MarkCommitted(entry.Sequence);
            return;
        }

        if (!entry.Partition.IsShard)
        {
            var toDrop = new List<uint>();
            if (_segments.Commit(1, entry.Sequence, toDrop))
                Array.ForEach(_shards, shard => shard.Directory = _segments.Directory);
            _dropsToBegin.AddRange(toDrop);
            _isDroppable |= entry.Type == OpType.StrayWrites;
            return;
        }

        var leader = _shards[entry.Partition.ShardIndex];
        leader.Committed(1, entry.Sequence);
        Release(leader);
        while (leader.TryTakeDroppedSegment(out var handle))
            if (--_dropsLeft[handle] == 0)
                _toErase.Add(handle);
    }

    private readonly List<uint> _dropsToBegin = [];
    private readonly List<uint> _toErase = [];
    private bool _isDroppable;

    /// <summary>Everything up to a seq is committed: answers go out, if the lease holds, and what follows is proposed.</summary>
    public void Answer(ulong committed)
    {
        while (_answers.TryPeek(out var next) && next.Sequence <= committed)
        {
            _answers.Dequeue();
            if (_node.Serves)
                next.Answer();
        }

        if (_dropsToBegin.Count + _toErase.Count > 0 || _isDroppable)
            _world.AfterTrueTicks(0, _node, _node.Incarnation, GoOn);
    }

    private void GoOn()
    {
        if (_index.Reign != this)
            return;
        var (drops, erases) = (_dropsToBegin.ToArray(), _toErase.ToArray());
        _isDroppable = false;
        _dropsToBegin.Clear();
        _toErase.Clear();
        foreach (var handle in drops)
            BeginDrop(handle);
        while (_segments.TryTakeDroppable(out var droppable))
            Drop(droppable);
        foreach (var handle in erases)
            OnTable(drafts => _segments.Erase(handle, drafts));
    }

    private void TellReplaced()
    {
        while (_segments.TryTakeReplaced(out var replaced))
        {
            for (var shard = 0; shard < _shards.Length; shard++)
                OnShard(shard, (leader, drafts) => leader.ClientGone(replaced.Client, _node.Clock, drafts, int.MaxValue));
        }
    }

    private void BeginDrop(uint handle)
    {
        var keeps = false;
        if (_world.Bug != PlantedBug.ForgetStrayWrites)
            OnTable(drafts => keeps = _segments.KeepStrayWrites(handle, _shards.SelectMany(shard => shard.UnfinishedOn(handle)), _node.Clock, drafts));
        if (!keeps)
            Drop(handle);
    }

    private void Drop(uint handle)
    {
        _dropsLeft[handle] = _shards.Length;
        for (var shard = 0; shard < _shards.Length; shard++)
            OnShard(shard, (leader, drafts) => leader.DropSegment(handle, _node.Clock, drafts));
    }

    private void OnTable(Action<DraftBuffer> act)
    {
        var drafts = new DraftBuffer(Partition.SegmentTable);
        act(drafts);
        Propose(drafts);
    }

    private void OnShard(int shard, Action<ShardLeader, DraftBuffer> act)
    {
        var drafts = new DraftBuffer(Partition.OfShard(shard));
        act(_shards[shard], drafts);
        Propose(drafts);
        Release(_shards[shard]);
    }

    private void Propose(DraftBuffer drafts)
    {
        if (drafts.Count > 0)
            _node.Do((replica, now) => replica.Propose(drafts, now, 0));
    }

    private void Release(ShardLeader leader)
    {
        foreach (var extent in leader.TakeReleased())
            if (extent.LengthBytes > 0 && !_freedTooEarly.Remove(extent))
                _segments.Space.Release(extent);
    }

    private void FreeTooEarly(Extent[] freed)
    {
        foreach (var extent in freed)
            if (_freedTooEarly.Add(extent))
                _segments.Space.Release(extent);
    }
}
