// What only a Primary knows of segments, and every decision about them. It proposes by applying an entry to the table and
// leaving it in the caller's DraftBuffer; the caller reports commits in the same order (see ProposedSegments). Called by
// SegmentService; only its Clients may be used from other threads.
using HotStandby.Messages;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Messages.OpLog;

namespace HotStandby.Core.Segments;

/// <summary>Settings of a <see cref="SegmentLeader"/>.</summary>
/// <param name="ClientTtlTicks">How long a client may be silent before it is suspect, in ticks of 100 ns; above 0.</param>
/// <param name="Seed">Of its random choices.</param>
/// <param name="Strategy">Where new objects go.</param>
public sealed record SegmentLeaderSettings(long ClientTtlTicks, ulong Seed, PlacementStrategy Strategy)
{
    /// <summary>For how long a suspect may be silent further before it expires, in ticks. Default: as long again.</summary>
    public long SuspectTicks { get; init; } = ClientTtlTicks;

    /// <summary>For how long a writer may write into a buffer that it was given, in ticks. Default 600 s, as for parked puts.</summary>
    public long StrayWriteTicks { get; init; } = 600 * TimeSpan.TicksPerSecond;

    /// <summary>How often <see cref="SegmentLeader.ExpireClients"/> is called when all is well, in ticks. Default 1 s.</summary>
    public long CheckIntervalTicks { get; init; } = TimeSpan.TicksPerSecond;
}

/// <summary>One reign over the segment table. Not thread-safe.</summary>
public sealed class SegmentLeader
{
    /// <summary>Longest text of a segment, in bytes of UTF-8.</summary>
    public const int MaximumTextBytes = ushort.MaxValue;

    private readonly SegmentTable _table;
    private readonly SegmentLeaderSettings _settings;
    private readonly LivenessMonitor _monitor;
    private readonly ProposedSegments _proposed;
    private readonly MountRules _mounts;
    private readonly GracePeriods _grace = new();
    private readonly Dictionary<uint, long> _straysSinceTicks = [];
    private readonly Queue<ReplacedClient> _replaced = new();
    private readonly List<SilentClient> _silent = [];

    /// <summary>Begins a reign: everything in the table is committed, and these are the buffers in use.</summary>
    /// <param name="table">The node's segment table.</param>
    /// <param name="live">Every buffer that the shards' objects and parked puts cover; taken over.</param>
    /// <param name="settings">Settings.</param>
    /// <param name="nowTicks">The reign's start: no client counts as silent since before it, and every grace period begins again.</param>
    /// <exception cref="InvariantViolation">5: two live buffers overlap, or one lies outside of its segment.</exception>
    public SegmentLeader(SegmentTable table, Occupancy live, SegmentLeaderSettings settings, long nowTicks)
    {
        (_table, _settings) = (table, settings);
        Space = new SegmentSpace(new RandomSource(settings.Seed));
        Queries = new SegmentQueries(table, Space);
        (_mounts, _proposed) = (new MountRules(table), new ProposedSegments(table, Space, live));
        _monitor = new LivenessMonitor(
            Clients, new(settings.ClientTtlTicks, settings.SuspectTicks, settings.CheckIntervalTicks), nowTicks);
        foreach (var segment in table.All.Where(segment => segment.IsReadable))
        {
            // A suspect of an earlier reign stays one, but has the time that others have before it must come back.
            Clients.Watch(segment.Client, nowTicks);
            if (segment.IsSuspect)
                Clients.Suspect(segment.Client, nowTicks + settings.ClientTtlTicks);
            if (segment.Status == SegmentStatus.GracefullyUnmounting)
                _grace.Begin(segment.Handle, segment.GraceMilliseconds, nowTicks);
        }

        foreach (var writes in table.StrayWrites.All)
            _straysSinceTicks[writes.Handle] = nowTicks;
        // Replaced in an earlier reign and still being dropped: the shards may not have parked their puts yet.
        var leaving = table.All.Where(segment => !segment.IsReadable)
            .Select(segment => (segment.Client, segment.Segment.TransportEndpoint));
        foreach (var (client, endpoint) in leaving.Distinct())
        {
            if (table.Replaced.Contains(endpoint, client))
                _replaced.Enqueue(new(client, Uuid.None, endpoint));
        }
    }

    /// <summary>Allocators and names.</summary>
    public SegmentSpace Space { get; }

    /// <summary>Who is alive. Any thread may hear clients in it and ask what Ping answers.</summary>
    public ClientRegistry Clients { get; } = new();

    /// <summary>What can be asked about segments and their owners.</summary>
    public SegmentQueries Queries { get; }

    /// <summary>The segments as far as they are committed: what readers and shards may see.</summary>
    public SegmentDirectory Directory => _proposed.Directory;

    /// <summary>Entries that are proposed and not committed yet.</summary>
    public int Uncommitted => _proposed.Uncommitted;

    /// <summary>Committed segments that wait for the shards to drop them: where a new reign takes the flow up again.</summary>
    public IEnumerable<uint> Unmounting =>
        Directory.All.Where(segment => segment.Status == SegmentStatus.Unmounting).Select(segment => segment.Handle);

    /// <summary>
    /// MountSegment. Ok without an entry of its own when it is mounted already. UnavailableInCurrentStatus when that segment is in another
    /// state, or when the range is still taken by one that will go: for now, where that is being dropped. InvalidParams for an empty range
    /// or one that wraps, for more bytes than can be counted, for too long texts, for an id that is mounted as something else, and for a
    /// range that another of the caller's segments overlaps. IllegalClient when another client has taken the caller's place. Segments of
    /// other clients at the endpoint only prove that those clients are gone: see <see cref="TryTakeReplaced"/>. A suspect that mounts is
    /// restored.
    /// </summary>
    public MountDecision Mount(Uuid client, Segment segment, long nowTicks, DraftBuffer drafts)
    {
        Clients.Hear(client, nowTicks);
        var decision = Carry(client, _mounts.Admit(client, [segment], needsOk: true), drafts);
        if (decision.Error == ErrorCode.Ok)
            Clients.Watch(client, nowTicks);
        return decision;
    }

    /// <summary>
    /// ReMountSegment: restores a suspect and mounts what is missing; then the client is OK. It is refused as a whole, with the error of
    /// a <see cref="Mount"/>, when one of the segments cannot be mounted; also when one is mounted as something else, or being unmounted.
    /// A client that is OK already has nothing mounted by it: Ok when all is mounted, else InvalidParams.
    /// </summary>
    public MountDecision ReMount(Uuid client, IReadOnlyList<Segment> segments, long nowTicks, DraftBuffer drafts)
    {
        var isOk = Ping(client, nowTicks) == ClientStatus.Ok;
        var admission = _mounts.Admit(client, segments, needsOk: false);
        if (isOk && admission.Missing.Count > 0)
            return new(ErrorCode.InvalidParams); // a late repetition, of before a segment was unmounted
        var decision = Carry(client, admission, drafts);
        if (decision.Error == ErrorCode.Ok)
            Clients.MarkOk(client, nowTicks);
        return decision;
    }

    /// <summary>The next client whose place another one has taken: its puts will not be finished.</summary>
    public bool TryTakeReplaced(out ReplacedClient replaced) => _replaced.TryDequeue(out replaced);

    /// <summary>UnmountSegment. Ok without an entry for an unknown id and for a segment that is being unmounted already.</summary>
    public ErrorCode Unmount(Uuid segmentId, DraftBuffer drafts)
    {
        if (_table.ById(segmentId) is { Status: not SegmentStatus.Unmounting } segment)
            UnmountNow(segment.Handle, drafts);
        return ErrorCode.Ok;
    }

    /// <summary>
    /// GracefulUnmountSegment: from now on nothing is placed on it, and <see cref="UnmountDue"/> unmounts it when the grace period
    /// is over. Asked again, the earlier end counts. SegmentNotFound when the client has no segments, InvalidParams when the segment
    /// is not its own or the period is negative, UnavailableInCurrentStatus when it is drained or being unmounted.
    /// </summary>
    public ErrorCode GracefulUnmount(Uuid client, Uuid segmentId, TimeSpan gracePeriod, long nowTicks, DraftBuffer drafts)
    {
        if (gracePeriod < TimeSpan.Zero)
            return ErrorCode.InvalidParams;
        if (_table.OfClient(client).Count == 0)
            return ErrorCode.SegmentNotFound;
        if (_table.ById(segmentId) is not { } segment || segment.Client != client)
            return ErrorCode.InvalidParams;
        if (segment.Status is SegmentStatus.Unmounting or SegmentStatus.Drained)
            return ErrorCode.UnavailableInCurrentStatus;
        var graceMilliseconds = (ulong)(gracePeriod.Ticks / TimeSpan.TicksPerMillisecond);
        if (_grace.Begin(segment.Handle, graceMilliseconds, nowTicks))
            _proposed.SetStatus(segment.Handle, SegmentStatus.GracefullyUnmounting, graceMilliseconds, drafts);
        return ErrorCode.Ok;
    }

    /// <summary>Unmounts the segments whose grace period is over; returns how many.</summary>
    public int UnmountDue(long nowTicks, DraftBuffer drafts)
    {
        var due = _grace.Due(nowTicks);
        foreach (var handle in due)
            UnmountNow(handle, drafts);
        return due.Count;
    }

    /// <summary>
    /// For drain jobs: Ok to Draining, Draining to Drained, and either back to Ok. Ok without an entry when it is in that status;
    /// SegmentNotFound for an unknown handle, InvalidParams for another target, UnavailableInCurrentStatus for another way there.
    /// </summary>
    public ErrorCode SetStatus(uint handle, SegmentStatus status, DraftBuffer drafts)
    {
        if (status is not (SegmentStatus.Ok or SegmentStatus.Draining or SegmentStatus.Drained))
            return ErrorCode.InvalidParams;
        if (_table.ByHandle(handle) is not { } segment)
            return ErrorCode.SegmentNotFound;
        if (segment.Status == status)
            return ErrorCode.Ok;
        if ((segment.Status, status) is not ((SegmentStatus.Ok, SegmentStatus.Draining) or (SegmentStatus.Draining, _)
            or (SegmentStatus.Drained, SegmentStatus.Ok)))
            return ErrorCode.UnavailableInCurrentStatus;
        _proposed.SetStatus(handle, status, graceMilliseconds: 0, drafts);
        return ErrorCode.Ok;
    }

    /// <summary>Ping: the client is alive. NeedRemount until it has remounted in this reign.</summary>
    public ClientStatus Ping(Uuid client, long nowTicks)
    {
        Clients.Hear(client, nowTicks);
        return Clients.StatusOf(client);
    }

    /// <summary>
    /// Looks for silent clients (see <see cref="LivenessMonitor"/>) and proposes what follows: after the TTL the client's segments are
    /// suspect, after the further suspect time it expires and loses them. Returns them for the log; the next call reuses the list.
    /// </summary>
    public IReadOnlyList<SilentClient> ExpireClients(long nowTicks, DraftBuffer drafts)
    {
        _silent.Clear();
        foreach (var client in _monitor.Check(nowTicks))
        {
            // A client without segments that has remounted has nothing to be suspected, but its death is an entry all the same.
            var hasSegments = _proposed.Mounted(client.Client).Any();
            _silent.Add(client with { HasSegments = hasSegments });
            if (hasSegments || (client.IsDead && client.WasOk))
                _proposed.ChangeClient(client.IsDead ? OpType.ClientExpired : OpType.ClientSuspected, client.Client, drafts);
            if (client.IsDead || (!hasSegments && !client.WasOk))
                Clients.Forget(client.Client);
            else
                Clients.Suspect(client.Client, nowTicks);
            if (client.IsDead)
                EndGraceOf(client.Client);
        }

        return _silent;
    }

    /// <summary>
    /// What may still be written to an unmounted segment is known, before the shards forget it. True when it is proposed: the shards may
    /// drop the segment when that is committed (<see cref="TryTakeDroppable"/>). False: there is nothing, or it is known; they may drop it
    /// now.
    /// </summary>
    /// <param name="handle">The segment.</param>
    /// <param name="buffers">Its buffers that a put or a transfer, also one that was given up, may write into.</param>
    /// <param name="nowTicks">Monotonic.</param>
    /// <param name="drafts">Takes the entry.</param>
    public bool KeepStrayWrites(uint handle, IEnumerable<Extent> buffers, long nowTicks, DraftBuffer drafts)
    {
        var segment = _table.ByHandle(handle)!.Segment;
        var ranges = MemoryRanges.Union(buffers.Select(buffer => new MemoryRange(segment.BaseAddress + buffer.Offset, buffer.LengthBytes)));
        if (ranges.Count == 0 || _table.StrayWrites.Of(handle) is not null)
            return false;
        _straysSinceTicks[handle] = nowTicks;
        _proposed.KeepStrays(handle, MemoryRanges.Coarsen(ranges, StrayWritesPayload.MaximumRanges), drafts);
        return true;
    }

    /// <summary>The next segment whose stray writes are kept: the shards may drop it.</summary>
    public bool TryTakeDroppable(out uint handle) => _proposed.Droppable.TryDequeue(out handle);

    /// <summary>Proposes to forget stray writes that had their time.</summary>
    public void EndStrayWrites(long nowTicks, DraftBuffer drafts)
    {
        foreach (var (handle, _) in _straysSinceTicks.Where(writes => nowTicks - writes.Value >= _settings.StrayWriteTicks).ToArray())
        {
            _straysSinceTicks.Remove(handle);
            _proposed.EndStrays(handle, drafts);
        }
    }

    /// <summary>Proposes to forget a segment that every shard has dropped.</summary>
    public void Erase(uint handle, DraftBuffer drafts) => _proposed.Erase(handle, drafts);

    /// <summary>The oldest proposed entries are committed.</summary>
    /// <param name="count">How many.</param>
    /// <param name="lastSequence">Seq of the last of them.</param>
    /// <param name="toDrop">Receives the handles of the segments that the shards must drop now.</param>
    /// <returns>True when <see cref="Directory"/> is a new one.</returns>
    public bool Commit(int count, ulong lastSequence, ICollection<uint> toDrop) => _proposed.Commit(count, lastSequence, toDrop);

    /// <summary>Applies a draft of somebody else who leads this partition too (tasks), and counts it among the proposed.</summary>
    public void ApplyOther(DraftBuffer drafts) => _proposed.ApplyOther(drafts);

    /// <summary>Finds buffers for one object, on distinct names; see <see cref="PlacementStrategy"/>.</summary>
    public int Place(ulong length, PreferredNames preferred, Span<Extent> places) =>
        _settings.Strategy(Space, length, preferred, places);

    /// <summary>
    /// Finds a buffer on exactly that name, for a copy or move. SegmentNotFound when there is no such segment, InvalidParams for
    /// length 0, UnavailableInCurrentStatus when it is not allocatable; Ok with an empty extent when it is full.
    /// </summary>
    public ErrorCode PlaceOn(string name, ulong length, out Extent extent)
    {
        extent = default;
        if (length == 0)
            return ErrorCode.InvalidParams;
        if (Space.Group(name) is { } group)
        {
            Space.BeginRequest();
            Space.TryPlace(group, length, out extent);
            return ErrorCode.Ok;
        }

        return _table.Named(name).Count == 0 ? ErrorCode.SegmentNotFound : ErrorCode.UnavailableInCurrentStatus;
    }

    /// <summary>Why <see cref="Place"/> found nothing; see <see cref="SegmentSpace.Explain"/>.</summary>
    public AllocationFailure Explain(ulong length, int names) => Space.Explain(length, names);

    /// <summary>Name of a committed segment.</summary>
    public string NameOf(uint handle) => Directory.ByHandle(handle)!.Segment.Name;

    private void UnmountNow(uint handle, DraftBuffer drafts)
    {
        _grace.End(handle);
        _proposed.Unmount(handle, drafts);
    }

    private void EndGraceOf(Uuid client)
    {
        foreach (var handle in _table.OfClient(client))
            _grace.End(handle);
    }

    private void Restore(Uuid client, DraftBuffer drafts)
    {
        if (_proposed.Mounted(client).Any(segment => segment.IsSuspect))
            _proposed.ChangeClient(OpType.ClientRestored, client, drafts);
    }

    // Those whose place is taken are gone, whether or not the caller's segments can be mounted already.
    private MountDecision Carry(Uuid client, in MountRules.Admission admission, DraftBuffer drafts)
    {
        foreach (var gone in admission.Gone)
        {
            EndGraceOf(gone.Client);
            _proposed.Replace(gone.Client, gone.Successor, gone.Endpoint, drafts);
            Clients.Forget(gone.Client);
            _replaced.Enqueue(gone);
        }

        if (admission.Decision.Error != ErrorCode.Ok)
            return admission.Decision;
        Restore(client, drafts);
        foreach (var segment in admission.Missing)
            _proposed.Mount(client, segment, drafts);
        return admission.Decision;
    }
}
