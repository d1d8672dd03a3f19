// What a Primary does with one shard during one reign: decides calls, writes drafts and applies them at once, so that later calls see
// earlier ones. The rules of each family of calls are in files of their own (ReadRules, PutRules, UpsertRules, RemoveRules,
// TransferRules, SweepRules); what they share is the ShardBook. Called by ShardReign; never reads a clock.
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
    private readonly ShardBook _book;
    private readonly ReadRules _reads;
    private readonly PutRules _puts;
    private readonly UpsertRules _upserts;
    private readonly RemoveRules _removals;
    private readonly TransferRules _transfers;
    private readonly SweepRules _sweeps;

    /// <summary>
    /// Begins a reign: every object is leased for one full time, since its readers' leases are not known; the timers of
    /// unfinished and of parked puts and of soft pins start again. Nothing else is walked.
    /// </summary>
    public ShardLeader(ShardState state, ShardSettings settings, SegmentDirectory directory, long nowTicks)
    {
        _book = new ShardBook(state, settings, directory, nowTicks);
        (_reads, _puts, _removals) = (new ReadRules(_book), new PutRules(_book), new RemoveRules(_book));
        (_upserts, _transfers, _sweeps) = (new UpsertRules(_book, _puts), new TransferRules(_book), new SweepRules(_book));
    }

    /// <summary>What is mounted now, as far as it is committed.</summary>
    public SegmentDirectory Directory
    {
        get => _book.Directory;
        set => _book.Directory = value;
    }

    /// <summary>The shard, with everything that is proposed.</summary>
    internal ShardState State => _book.State;

    /// <summary>What of it is not committed yet.</summary>
    internal PendingChanges Pending => _book.Pending;

    /// <summary>Entries that are applied here but not committed yet.</summary>
    public int Uncommitted => _book.Pending.Count;

    /// <summary>Objects that eviction may take once their leases are over, soft-pinned ones included.</summary>
    public int EvictableCount => _book.Cold.Count;

    /// <summary>How many of them are soft-pinned.</summary>
    public int SoftPinnedEvictableCount => _book.Cold.SoftPinnedCount;

    /// <summary>All objects with a soft pin, those being written or copied and the hard-pinned included.</summary>
    public int SoftPinnedCount => _book.State.SoftPinnedCount;

    /// <summary>
    /// Decides one item: fills in its result, adds the entries it needs to <paramref name="drafts"/> and applies them.
    /// </summary>
    /// <param name="call">The call; with its placements where it needs buffers.</param>
    /// <param name="index">Which of its items.</param>
    /// <param name="drafts">Of this shard; what is in it must be proposed before anything later.</param>
    /// <param name="nowTicks">Now.</param>
    /// <returns>Whether the answer, be it a value or a refusal, depends on a change that is not committed yet.</returns>
    public ItemOutcome Execute(KeyedCall call, int index, DraftBuffer drafts, long nowTicks)
    {
        Turn(nowTicks, drafts);
        ref var result = ref call.Results[index];
        ref readonly var key = ref call.Keys[index];
        switch (call.Operation)
        {
            case KeyedOperation.Exist:
                result.Exists = _reads.Exist(key);
                break;
            case KeyedOperation.GetReplicaList:
                result.Error = _reads.GetReplicaList(key, ref result, grantLease: true);
                break;
            case KeyedOperation.Peek:
                result.Error = _reads.GetReplicaList(key, ref result, grantLease: false);
                break;
            case KeyedOperation.ForgetOnDisk:
                result.Error = _reads.ForgetOnDisk(key, call.Selector);
                break;
            case KeyedOperation.PutStart:
                result.Error = _puts.Start(call, index, ref result);
                break;
            case KeyedOperation.PutEnd:
                result.Error = _puts.End(call, index);
                break;
            case KeyedOperation.PutRevoke:
                result.Error = _puts.Revoke(call, key);
                break;
            case KeyedOperation.UpsertStart:
                result.Error = _upserts.Start(call, index, ref result);
                break;
            case KeyedOperation.Remove:
                result.Error = _removals.Remove(key, call.Force, ref result);
                break;
            case KeyedOperation.ReplicaClear:
                result.Exists = _removals.Clear(call, key);
                break;
            case KeyedOperation.CopyStart or KeyedOperation.MoveStart:
                if (!_transfers.TryStart(call, ref result))
                    return ItemOutcome.NeedsPlacement;
                break;
            case KeyedOperation.CopyEnd or KeyedOperation.MoveEnd:
                result.Error = _transfers.End(call, key, call.Operation == KeyedOperation.MoveEnd);
                break;
            case KeyedOperation.CopyRevoke or KeyedOperation.MoveRevoke:
                result.Error = _transfers.Revoke(call, key, call.Operation == KeyedOperation.MoveRevoke);
                break;
            default:
                result.Error = ErrorCode.NotSupported;
                break;
        }

        return _book.Pending.Concern(key) ? ItemOutcome.AwaitsCommit : ItemOutcome.SettledNow;
    }

    /// <summary>Until when readers hold a lease on an object (monotonic, 100 ns).</summary>
    public long LeaseOf(ObjectRecord record) => _book.Cold.LeaseOf(record);

    /// <summary>The next entries, in the order of proposal, are committed.</summary>
    /// <param name="count">How many.</param>
    /// <param name="lastSequence">Seq of the last of them.</param>
    public void Committed(int count, ulong lastSequence)
    {
        _book.Pending.Commit(count, lastSequence, _book.Released, _book.DroppedSegments);
        _book.State.MarkCommitted(lastSequence);
    }

    /// <summary>The reign is over: the state goes on without this leader.</summary>
    public void End() => _book.End();

    /// <summary>
    /// The buffers that became free since this was last asked: their end is committed, or they were placed for a call
    /// that did not need them. Some may lie on segments that are gone.
    /// </summary>
    public Extent[] TakeReleased()
    {
        if (_book.Released.Count == 0)
            return [];
        var released = _book.Released.ToArray();
        _book.Released.Clear();
        return released;
    }

    /// <summary>Buffers that are covered, or were until an entry that is not committed yet.</summary>
    public IEnumerable<Extent> CoveredExtents => State.EnumerateLiveExtents().Concat(Pending.Freed).Concat(_book.Released);

    /// <summary>The next segment whose drop from this shard is committed.</summary>
    public bool TryTakeDroppedSegment(out uint handle) => _book.DroppedSegments.TryDequeue(out handle);

    /// <summary>Proposes that every replica and every parked buffer on a dead segment goes.</summary>
    public void DropSegment(uint handle, long nowTicks, DraftBuffer drafts)
    {
        Turn(nowTicks, drafts);
        new SegmentHandlePayload(handle).Write(drafts.Add(OpType.SegmentDropped, [], 0, SegmentHandlePayload.EncodedBytes));
        _book.Apply(handle);
    }

    /// <summary>
    /// Ends what nobody will finish and what is over: puts and transfers older than the release timeout, parked buffers of that age,
    /// soft pins.
    /// </summary>
    /// <param name="nowTicks">Now.</param>
    /// <param name="drafts">Takes the entries.</param>
    /// <param name="maximumEntries">Adds no more than this; the rest stays for the next call.</param>
    public void Sweep(long nowTicks, DraftBuffer drafts, int maximumEntries)
    {
        Turn(nowTicks, drafts);
        _sweeps.Sweep(maximumEntries);
    }

    /// <summary>Parks what a dead client was writing or copying. True when there is more than <paramref name="maximumEntries"/>.</summary>
    public bool ClientGone(Uuid client, long nowTicks, DraftBuffer drafts, int maximumEntries)
    {
        Turn(nowTicks, drafts);
        return _sweeps.ClientGone(client, maximumEntries);
    }

    /// <summary>A copy of the keys here, in pieces whose arrays are of the shared pool; the caller may give them back.</summary>
    /// <param name="readableOnly">Only objects with a readable replica.</param>
    /// <param name="tenant">Whose, as bytes; null for all tenants.</param>
    public ArraySegment<ObjectKey>[] ListKeys(bool readableOnly, byte[]? tenant) => _reads.ListKeys(readableOnly, tenant);

    /// <summary>Handles of the segments with a readable replica of an object. ObjectNotFound when it does not exist.</summary>
    public ErrorCode Locate(in ObjectKey key, out uint[] handles) => _reads.Locate(key, out handles);

    /// <summary>Objects with a replica on a segment, at most so many; one walk over the shard at worst.</summary>
    public IReadOnlyList<DrainCandidate> ListOn(uint handle, int limit, long nowTicks)
    {
        _book.NowTicks = nowTicks;
        return _reads.ListOn(handle, limit);
    }

    /// <summary>The coldest objects without a lease, at most <paramref name="limit"/> of each kind.</summary>
    public VictimOffer Offer(int limit, long nowTicks)
    {
        _book.NowTicks = nowTicks;
        return new(
            EvictableCount, SoftPinnedEvictableCount, _book.Cold.Coldest(softPinned: false, limit),
            _book.Cold.Coldest(softPinned: true, limit));
    }

    /// <summary>Buffers on a segment that may still be written to: of puts and transfers that have not ended, and what is parked.</summary>
    public IReadOnlyList<Extent> UnfinishedOn(uint handle) => _reads.UnfinishedOn(handle);

    /// <summary>What the shard holds of some groups, by the hashes of their names.</summary>
    public void DescribeGroups(ReadOnlySpan<ulong> groups, Span<GroupState> states)
    {
        for (var i = 0; i < groups.Length; i++)
            states[i] = _book.Groups.Describe(groups[i], _book.Cold);
    }

    /// <summary>
    /// Proposes the eviction of these objects, but for those that may not go (any more). Returns how many go, and their bytes.
    /// </summary>
    public (int Count, ulong Bytes) Evict(IReadOnlyList<ObjectKey> keys, long nowTicks, DraftBuffer drafts)
    {
        Turn(nowTicks, drafts);
        var (count, bytes) = (0, 0UL);
        foreach (var key in keys)
        {
            if (_book.State.Find(key) is not { } record || !ColdOrder.MayBeEvicted(record) || _book.IsLeased(record))
                continue;
            bytes = Saturating.Add(bytes, Saturating.Multiply(record.SizeBytes, (ulong)record.ReplicaCount));
            count++;
            _book.Draft(OpType.Eviction, key);
            _book.Apply(key);
        }

        return (count, bytes);
    }

    /// <summary>Proposes and applies an entry that no rule of the shard knows: a verification marker.</summary>
    internal void Propose(long nowTicks, DraftBuffer drafts, Action<ShardState, DraftBuffer> draft)
    {
        Turn(nowTicks, drafts);
        draft(_book.State, drafts);
        _book.Apply();
    }

    private void Turn(long nowTicks, DraftBuffer drafts) => (_book.NowTicks, _book.Drafts) = (nowTicks, drafts);
}
