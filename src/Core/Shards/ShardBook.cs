// What the rules of one shard's reign share: the state, what is not committed yet, what is mounted, leases, timers, the cold order,
// and the one way to change anything: write a draft, apply it, remember it.
using HotStandby.Core.Segments;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Messages.OpLog;

namespace HotStandby.Core.Shards;

/// <summary>One reign's books over one shard. Used by <see cref="ShardLeader"/> and its rules only.</summary>
internal sealed class ShardBook : IShardObserver
{
    private readonly PendingChanges _pending = new();

    public ShardBook(ShardState state, ShardSettings settings, SegmentDirectory directory, long nowTicks)
    {
        (State, Settings, Directory) = (state, settings, directory);
        Cold.BeginReign(nowTicks, settings.LeaseTtl.Ticks);
        foreach (var record in Cold.Writing)
            Inherit(record);
        foreach (var record in Cold.SoftPinned)
            StartSoftPin(record);
        foreach (var parked in state.Parked.Numbers)
            Timers.Park(parked, nowTicks);
        foreach (var (key, transfer) in state.Transfers)
            Inherit(key, transfer);
        (state.Observer, state.Extents) = (this, _pending);
    }

    public ShardState State { get; }

    public ShardSettings Settings { get; }

    public PutTimers Timers { get; } = new();

    /// <summary>What is mounted, as far as it is committed.</summary>
    public SegmentDirectory Directory { get; set; }

    /// <summary>Now, as of the last call.</summary>
    public long NowTicks
    {
        get => Cold.NowTicks;
        set => Cold.NowTicks = value;
    }

    /// <summary>Where drafts go, as of the last call.</summary>
    public DraftBuffer Drafts { get; set; } = null!;

    /// <summary>Buffers that are free since they were last taken.</summary>
    public List<Extent> Released { get; } = [];

    public Queue<uint> DroppedSegments { get; } = new();

    public PendingChanges Pending => _pending;

    public ColdOrder Cold => State.Cold;

    public GroupIndex Groups => State.Groups;

    /// <inheritdoc/>
    public void Changed(ObjectRecord record) => _pending.Changed(record);

    /// <summary>The reign is over.</summary>
    public void End()
    {
        if (State.Observer != this)
            return;
        (State.Observer, State.Extents) = (null, null);
        Cold.EndReign();
    }

    /// <summary>Applies the draft that was added last, a change of this key.</summary>
    public void Apply(in ObjectKey key) => _pending.Apply(State, Drafts, key);

    /// <summary>Applies the draft that was added last, which touches no object by key.</summary>
    public void Apply(uint? droppedSegment = null) => _pending.Apply(State, Drafts, droppedSegment);

    /// <summary>Space for the payload of an entry about this key; fill it, then <see cref="Apply(in ObjectKey)"/>.</summary>
    public Span<byte> Draft(OpType type, in ObjectKey key, int payloadBytes = 0) => Drafts.Add(type, key.Bytes, key.Hash, payloadBytes);

    /// <summary>Erases an object; its buffers are free.</summary>
    public void Remove(in ObjectKey key)
    {
        Draft(OpType.Remove, key);
        Apply(key);
    }

    /// <summary>
    /// Erases an object; its buffers stay allocated until the release timeout, counted from <paramref name="sinceTicks"/>.
    /// </summary>
    public void Discard(in ObjectKey key, long sinceTicks)
    {
        Timers.Park(State.NextParkedPut, sinceTicks);
        Draft(OpType.PutDiscard, key);
        Apply(key);
    }

    /// <summary>Erases an object that has had its time: two entries, after which its buffers are free.</summary>
    public void DiscardAndRelease(in ObjectKey key)
    {
        var number = State.NextParkedPut;
        Draft(OpType.PutDiscard, key);
        Apply(key);
        Release(number);
    }

    /// <summary>The buffers of a discarded put are free. False when they have gone with their segments.</summary>
    public bool Release(ulong parkedPut)
    {
        if (!State.IsParked(parkedPut))
            return false;
        new ReleaseParkedPayload(parkedPut).Write(Drafts.Add(OpType.ReleaseParked, [], 0, ReleaseParkedPayload.EncodedBytes));
        Apply();
        return true;
    }

    /// <summary>Gives a copy or move up.</summary>
    /// <param name="key">Of the object.</param>
    /// <param name="sinceTicks">Null: its buffers are free. Else they are parked, and their release timeout runs from then.</param>
    public void RevokeTransfer(in ObjectKey key, long? sinceTicks)
    {
        var number = State.NextParkedPut;
        new TransferRevokePayload(sinceTicks.HasValue).Write(Draft(OpType.TransferRevoke, key, TransferRevokePayload.EncodedBytes));
        Apply(key);
        // Without buffers nothing is parked: the number belongs to somebody else, later, who must not be released by this timer.
        if (sinceTicks is { } since && State.NextParkedPut > number)
            Timers.Park(number, since);
    }

    /// <summary>Gives a reader the right to read for one full time.</summary>
    public void GrantLease(ObjectRecord record)
    {
        var untilTicks = NowTicks + Settings.LeaseTtl.Ticks;
        if (untilTicks > Cold.LeaseOf(record))
            Cold.SetLease(record, untilTicks);
    }

    /// <summary>A lease of no time: an object that was written now has an age, and may be evicted at once.</summary>
    public void GrantNothing(ObjectRecord record)
    {
        if (NowTicks > Cold.LeaseOf(record))
            Cold.SetLease(record, NowTicks);
    }

    /// <summary>True while a reader may read it, or an eviction must wait.</summary>
    public bool IsLeased(ObjectRecord record) => Cold.LeaseOf(record) > NowTicks;

    /// <summary>Starts the time of a soft pin that has just been set.</summary>
    public void StartSoftPin(ObjectRecord record)
    {
        var ttl = record.SoftPinTtlMilliseconds is { } milliseconds
            ? (long)Math.Min(
                milliseconds, (ulong)(Settings.MaximumSoftPinTtl.Ticks / TimeSpan.TicksPerMillisecond)) * TimeSpan.TicksPerMillisecond
            : Settings.DefaultSoftPinTtl.Ticks;
        record.SoftPinUntilTicks = ttl > long.MaxValue - NowTicks ? long.MaxValue : NowTicks + ttl;
        Timers.Pin(record);
    }

    /// <summary>The object of a key if at least one of its replicas, in whatever state, is on a segment that lives.</summary>
    public ObjectRecord? FindAlive(in ObjectKey key) => State.Find(key) is { } record && IsAlive(record) ? record : null;

    public bool IsAlive(ObjectRecord record)
    {
        for (var i = 0; i < record.ReplicaCount; i++)
        {
            if (Directory.Readable(record.Replica(i).SegmentHandle) is not null)
                return true;
        }

        return false;
    }

    public bool IsReadable(StoredReplica replica) =>
        replica.Status == ReplicaStatus.Complete && Directory.Readable(replica.SegmentHandle) is not null;

    public int CountReadable(ObjectRecord record)
    {
        var count = 0;
        for (var i = 0; i < record.ReplicaCount; i++)
            count += IsReadable(record.Replica(i)) ? 1 : 0;
        return count;
    }

    /// <summary>Buffers that were placed for an item and are not used.</summary>
    public void GiveBack(Span<Extent> places)
    {
        foreach (var place in places)
        {
            if (place.LengthBytes != 0)
                Released.Add(place);
        }
    }

    /// <summary>The places of one item of a call.</summary>
    public static Span<Extent> PlacesOf(KeyedCall call, int index) =>
        call.PlacementStride == 0 ? default : call.Placements.AsSpan(index * call.PlacementStride, call.PlacementStride);

    public ReplicaDescriptor Describe(ObjectRecord record, StoredReplica replica)
    {
        var segment = Directory.Readable(replica.SegmentHandle)!.Segment;
        return new ReplicaDescriptor(
            replica.Id, record.SizeBytes, segment.BaseAddress + replica.Offset, segment.Protocol, segment.TransportEndpoint,
            replica.Status);
    }

    /// <summary>
    /// The replicas with this status on segments that live; those of suspects come last, since readers take the first that they like.
    /// </summary>
    public ReplicaList Describe(ObjectRecord record, ReplicaStatus status)
    {
        var count = 0;
        var only = 0;
        for (var i = 0; i < record.ReplicaCount; i++)
        {
            if (IsShown(record.Replica(i), status))
                (count, only) = (count + 1, i);
        }

        if (count <= 1)
            return count == 0 ? default : new ReplicaList(Describe(record, record.Replica(only)));
        var all = new ReplicaDescriptor[count];
        var (next, last) = (0, count);
        for (var i = 0; i < record.ReplicaCount; i++)
        {
            if (IsShown(record.Replica(i), status) && !IsSuspect(record.Replica(i)))
                all[next++] = Describe(record, record.Replica(i));
        }

        for (var i = record.ReplicaCount - 1; next < last; i--)
        {
            if (IsShown(record.Replica(i), status) && IsSuspect(record.Replica(i)))
                all[--last] = Describe(record, record.Replica(i));
        }

        return new ReplicaList(all);
    }

    /// <summary>Its owner is silent.</summary>
    public bool IsSuspect(StoredReplica replica) => Directory.ByHandle(replica.SegmentHandle) is { IsSuspect: true };

    private bool IsShown(StoredReplica replica, ReplicaStatus status) =>
        replica.Status == status && Directory.Readable(replica.SegmentHandle) is not null;

    // Its writer may not know the buffers yet, and its time begins again.
    private void Inherit(ObjectRecord record)
    {
        record.IsFromEarlierReign = true;
        Timers.Start(record.Key, record, NowTicks);
        if (record.IsSoftPinned)
            StartSoftPin(record);
    }

    private void Inherit(in ObjectKey key, Transfer transfer)
    {
        Timers.Transfer(key, transfer, NowTicks);
        if (State.Find(key) is { IsSoftPinned: true } record)
            StartSoftPin(record);
    }
}
