// What a Primary does with one shard during one reign: decides calls by upstream's rules, in upstream's order of checks,
// writes drafts and applies them at once, so that later calls see earlier ones. Holds what only a Primary knows: leases,
// start times, what is not committed yet, what is mounted. Changes the shard through ShardState.Apply only.
// Called by ShardActor; never reads a clock.
using System.Text;
using HotStandby.Core.Segments;
using HotStandby.Messages;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Messages.OpLog;

namespace HotStandby.Core.Shards;

/// <summary>The Primary's side of a shard, for one reign. All times are of one monotonic clock, in units of 100 ns.</summary>
public sealed class ShardLeader
{
    private const int SmallGroupBytes = 256;

    private readonly ShardState _state;
    private readonly ShardSettings _settings;
    private readonly PendingChanges _pending = new();
    private readonly PutTimers _timers = new();
    private readonly List<Extent> _released = [];
    private readonly Queue<uint> _droppedSegments = new();

    /// <summary>
    /// Begins a reign: every object is leased for one full time, since its readers' leases are not known; the timers of
    /// unfinished and of parked puts start anew. One walk over the shard, as for the live extents.
    /// </summary>
    public ShardLeader(ShardState state, ShardSettings settings, SegmentDirectory directory, long nowTicks)
    {
        (_state, _settings, Directory) = (state, settings, directory);
        foreach (var (key, record) in state.Objects)
        {
            if (record.IsBeingWritten)
                _timers.Start(key, record, nowTicks);
            else
                GrantLease(record, nowTicks);
        }

        foreach (var parkedPut in state.ParkedPuts)
            _timers.Park(parkedPut, nowTicks);
    }

    /// <summary>What is mounted now, as far as it is committed.</summary>
    public SegmentDirectory Directory { get; set; }

    /// <summary>Entries that are applied here but not committed yet.</summary>
    public int Uncommitted => _pending.Count;

    /// <summary>
    /// Decides one item: fills in its result, adds the entries it needs to <paramref name="drafts"/> and applies them.
    /// </summary>
    /// <param name="call">The call; a PutStart with its placements.</param>
    /// <param name="index">Which of its items.</param>
    /// <param name="drafts">Of this shard; what is in it must be proposed before anything later.</param>
    /// <param name="nowTicks">Now.</param>
    /// <returns>Whether the answer, be it a value or a refusal, depends on a change that is not committed yet.</returns>
    public ItemOutcome Execute(KeyedCall call, int index, DraftBuffer drafts, long nowTicks)
    {
        ref var result = ref call.Results[index];
        ref readonly var key = ref call.Keys[index];
        switch (call.Operation)
        {
            case KeyedOperation.Exist:
                result.Exists = Exist(key, nowTicks);
                break;
            case KeyedOperation.GetReplicaList:
                result.Error = GetReplicaList(key, ref result, nowTicks);
                break;
            case KeyedOperation.PutStart:
                result.Error = PutStart(call, index, ref result, drafts, nowTicks);
                break;
            case KeyedOperation.PutEnd:
                result.Error = PutEnd(call, index, drafts, nowTicks);
                break;
            case KeyedOperation.PutRevoke:
                result.Error = PutRevoke(call, key, drafts);
                break;
            case KeyedOperation.Remove:
                result.Error = Remove(key, call.Force, drafts, nowTicks);
                break;
            default:
                result.Error = ErrorCode.NotSupported;
                break;
        }

        return _pending.Concern(key) ? ItemOutcome.AwaitsCommit : ItemOutcome.SettledNow;
    }

    /// <summary>The next entries, in the order of proposal, are committed.</summary>
    /// <param name="count">How many.</param>
    /// <param name="lastSequence">Seq of the last of them.</param>
    public void Committed(int count, ulong lastSequence)
    {
        _pending.Commit(count, _released, _droppedSegments);
        _state.MarkCommitted(lastSequence);
    }

    /// <summary>
    /// The buffers that became free since this was last asked: their end is committed, or they were placed for a PutStart
    /// that was refused. Some may lie on segments that are gone.
    /// </summary>
    public Extent[] TakeReleased()
    {
        if (_released.Count == 0)
            return [];
        var released = _released.ToArray();
        _released.Clear();
        return released;
    }

    /// <summary>The next segment whose drop from this shard is committed.</summary>
    public bool TryTakeDroppedSegment(out uint handle) => _droppedSegments.TryDequeue(out handle);

    /// <summary>Proposes that every replica and every parked buffer on a dead segment goes.</summary>
    public void DropSegment(uint handle, DraftBuffer drafts)
    {
        new SegmentHandlePayload(handle).Write(drafts.Add(OpType.SegmentDropped, [], 0, SegmentHandlePayload.EncodedBytes));
        _pending.Apply(_state, drafts, handle);
    }

    /// <summary>
    /// Ends what nobody will finish: puts older than the release timeout lose their object, and the buffers of those and
    /// of puts that were taken over long ago become free.
    /// </summary>
    /// <param name="nowTicks">Now.</param>
    /// <param name="drafts">Takes the entries.</param>
    /// <param name="maximumEntries">Adds no more than this; the rest stays for the next call.</param>
    public void Sweep(long nowTicks, DraftBuffer drafts, int maximumEntries)
    {
        var before = nowTicks - _settings.PutStartReleaseTimeout.Ticks;
        for (; maximumEntries >= 1 && _timers.TryTakeParked(before, out var parkedPut); maximumEntries--)
            Release(parkedPut, drafts);
        for (; maximumEntries >= 2 && _timers.TryTakeStarted(before, out var key, out _); maximumEntries -= 2)
            Release(Discard(key, drafts), drafts);
    }

    private bool Exist(in ObjectKey key, long nowTicks)
    {
        if (_state.Find(key) is not { } record || CountReadable(record) == 0)
            return false;
        GrantLease(record, nowTicks);
        return true;
    }

    private ErrorCode GetReplicaList(in ObjectKey key, ref ItemResult result, long nowTicks)
    {
        if (FindAlive(key) is not { } record)
            return ErrorCode.ObjectNotFound;
        var readable = CountReadable(record);
        if (readable == 0)
            return ErrorCode.ReplicaIsNotReady;
        GrantLease(record, nowTicks);
        result.Replicas = Describe(record, ReplicaStatus.Complete, readable);
        result.LeaseTtlMilliseconds = (ulong)_settings.LeaseTtl.TotalMilliseconds;
        result.ObjectChecksum = record.ObjectChecksum;
        return ErrorCode.Ok;
    }

    private ErrorCode PutStart(KeyedCall call, int index, ref ItemResult result, DraftBuffer drafts, long nowTicks)
    {
        var places = call.PlacementStride == 0 ? default : call.Placements.AsSpan(index * call.PlacementStride, call.PlacementStride);
        var error = PutStartRules.Check(call, index, _settings);
        ref readonly var key = ref call.Keys[index];
        var existing = error == ErrorCode.Ok ? _state.Find(key) : null;
        if (existing is not null && IsAlive(existing) && !MayBeTakenOver(existing, nowTicks))
            error = ErrorCode.ObjectAlreadyExists;
        if (error != ErrorCode.Ok)
        {
            GiveBack(places);
            return error;
        }

        Span<PlacedReplica> replicas = stackalloc PlacedReplica[Math.Min(places.Length, byte.MaxValue)];
        replicas = replicas[..TakePlaces(places, call.Sizes[index], replicas)];
        if (replicas.IsEmpty)
            return ErrorCode.NoAvailableHandle;
        if (existing is not null)
            MakeWay(key, existing, drafts);
        var record = WritePutStart(call, index, replicas, drafts);
        _timers.Start(key, record, nowTicks);
        result.Replicas = Describe(record, ReplicaStatus.Processing, record.ReplicaCount);
        return ErrorCode.Ok;
    }

    private bool MayBeTakenOver(ObjectRecord record, long nowTicks) =>
        record.IsBeingWritten && record.PutStartTicks + _settings.PutStartDiscardTimeout.Ticks < nowTicks;

    /// <summary>
    /// An object that died with its segments is erased; an abandoned put that is alive leaves its buffers parked.
    /// A put that is not alive has nothing to park: no memory of its own can be handed out again.
    /// </summary>
    private void MakeWay(in ObjectKey key, ObjectRecord existing, DraftBuffer drafts)
    {
        if (IsAlive(existing))
        {
            _timers.Park(Discard(key, drafts), existing.PutStartTicks);
            return;
        }

        drafts.Add(OpType.Remove, key.Bytes, key.Hash, 0);
        _pending.Apply(_state, drafts, key);
    }

    private int TakePlaces(Span<Extent> places, ulong size, Span<PlacedReplica> replicas)
    {
        var taken = 0;
        foreach (var place in places)
        {
            if (place.LengthBytes == 0)
                continue;
            if (place.LengthBytes != size)
                throw new InvariantViolation(5, $"a buffer of {place.LengthBytes} bytes was placed for an object of {size}");
            if (taken == replicas.Length || Directory.Readable(place.SegmentHandle) is null)
                _released.Add(place);
            else
                replicas[taken] = new PlacedReplica(_state.NextReplicaId(taken++), place.SegmentHandle, place.Offset);
        }

        return taken;
    }

    private void GiveBack(Span<Extent> places)
    {
        foreach (var place in places)
        {
            if (place.LengthBytes != 0)
                _released.Add(place);
        }
    }

    private ObjectRecord WritePutStart(KeyedCall call, int index, Span<PlacedReplica> replicas, DraftBuffer drafts)
    {
        ref readonly var key = ref call.Keys[index];
        var config = call.Config;
        var groupName = config.GroupIds is { } groups ? groups[index] : "";
        var groupBytes = Encoding.UTF8.GetByteCount(groupName);
        Span<byte> group = groupBytes <= SmallGroupBytes ? stackalloc byte[groupBytes] : new byte[groupBytes];
        Encoding.UTF8.GetBytes(groupName, group);
        var payload = drafts.Add(OpType.PutStart, key.Bytes, key.Hash, PutStartPayload.SizeOf(groupBytes, replicas.Length));
        PutStartPayload.Write(
            payload, call.Client, call.Sizes[index], config.SoftPinTtlMilliseconds, config.HardPin, config.SoftPinAction,
            config.DataType, group, replicas);
        _pending.Apply(_state, drafts, key);
        return _state.Find(key)!;
    }

    private ErrorCode PutEnd(KeyedCall call, int index, DraftBuffer drafts, long nowTicks)
    {
        ref readonly var key = ref call.Keys[index];
        if (FindAlive(key) is not { } record)
            return ErrorCode.ObjectNotFound;
        if (record.Client != call.Client)
            return ErrorCode.IllegalClient;
        if (!ObjectRecord.Selects(call.Selector))
            return ErrorCode.InvalidWrite;
        if (!record.IsBeingWritten)
            return ErrorCode.Ok;
        var checksum = index < call.Checksums.Length ? call.Checksums[index] : null;
        new PutEndPayload(call.Selector, checksum).Write(drafts.Add(OpType.PutEnd, key.Bytes, key.Hash, PutEndPayload.EncodedBytes));
        _pending.Apply(_state, drafts, key);
        record.LeaseUntilTicks = nowTicks;
        return ErrorCode.Ok;
    }

    private ErrorCode PutRevoke(KeyedCall call, in ObjectKey key, DraftBuffer drafts)
    {
        if (FindAlive(key) is not { } record)
            return ErrorCode.ObjectNotFound;
        if (record.Client != call.Client)
            return ErrorCode.IllegalClient;
        if (!ObjectRecord.Selects(call.Selector) || !record.IsBeingWritten)
            return ErrorCode.InvalidWrite;
        new PutRevokePayload(call.Selector).Write(drafts.Add(OpType.PutRevoke, key.Bytes, key.Hash, PutRevokePayload.EncodedBytes));
        _pending.Apply(_state, drafts, key);
        return ErrorCode.Ok;
    }

    private ErrorCode Remove(in ObjectKey key, bool force, DraftBuffer drafts, long nowTicks)
    {
        if (FindAlive(key) is not { } record)
            return ErrorCode.ObjectNotFound;
        if (record.LeaseUntilTicks > nowTicks && !force)
            return ErrorCode.ObjectHasLease;
        if (record.IsBeingWritten)
            return ErrorCode.ReplicaIsNotReady;
        drafts.Add(OpType.Remove, key.Bytes, key.Hash, 0);
        _pending.Apply(_state, drafts, key);
        return ErrorCode.Ok;
    }

    private ulong Discard(in ObjectKey key, DraftBuffer drafts)
    {
        var number = _state.NextParkedPut;
        drafts.Add(OpType.PutDiscard, key.Bytes, key.Hash, 0);
        _pending.Apply(_state, drafts, key);
        return number;
    }

    private void Release(ulong parkedPut, DraftBuffer drafts)
    {
        if (!_state.IsParked(parkedPut))
            return;
        new ReleaseParkedPayload(parkedPut).Write(drafts.Add(OpType.ReleaseParked, [], 0, ReleaseParkedPayload.EncodedBytes));
        _pending.Apply(_state, drafts);
    }

    private void GrantLease(ObjectRecord record, long nowTicks) =>
        record.LeaseUntilTicks = Math.Max(record.LeaseUntilTicks, nowTicks + _settings.LeaseTtl.Ticks);

    private ObjectRecord? FindAlive(in ObjectKey key) =>
        _state.Find(key) is { } record && IsAlive(record) ? record : null;

    /// <summary>True when at least one replica, in whatever state, is on a segment that lives.</summary>
    private bool IsAlive(ObjectRecord record)
    {
        for (var i = 0; i < record.ReplicaCount; i++)
        {
            if (Directory.Readable(record.Replica(i).SegmentHandle) is not null)
                return true;
        }

        return false;
    }

    private int CountReadable(ObjectRecord record)
    {
        var count = 0;
        for (var i = 0; i < record.ReplicaCount; i++)
        {
            var replica = record.Replica(i);
            count += replica.Status == ReplicaStatus.Complete && Directory.Readable(replica.SegmentHandle) is not null ? 1 : 0;
        }

        return count;
    }

    private ReplicaList Describe(ObjectRecord record, ReplicaStatus status, int count)
    {
        if (count == 1)
            return new ReplicaList(DescribeNext(record, status, 0, out _));
        var all = new ReplicaDescriptor[count];
        for (int i = 0, from = 0; i < count; i++)
            all[i] = DescribeNext(record, status, from, out from);
        return new ReplicaList(all);
    }

    private ReplicaDescriptor DescribeNext(ObjectRecord record, ReplicaStatus status, int from, out int next)
    {
        for (; ; from++)
        {
            var replica = record.Replica(from);
            if (replica.Status != status || Directory.Readable(replica.SegmentHandle) is not { Segment: var segment })
                continue;
            next = from + 1;
            return new ReplicaDescriptor(
                replica.Id, record.SizeBytes, segment.BaseAddress + replica.Offset, segment.Protocol, segment.TransportEndpoint, status);
        }
    }
}
