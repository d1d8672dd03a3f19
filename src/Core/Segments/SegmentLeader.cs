// What only a Primary knows of segments, and every decision about them. It proposes by applying an entry to the table and
// leaving it in the caller's DraftBuffer; the caller reports commits in the same order. What others may see (the directory,
// the allocatable segments) follows commits; what must stop (placing buffers) stops at the proposal. Called by SegmentActor.
using System.Text;
using HotStandby.Messages;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Messages.OpLog;

namespace HotStandby.Core.Segments;

/// <summary>Settings of a <see cref="SegmentLeader"/>.</summary>
/// <param name="ClientTtlTicks">How long a client may be silent, in ticks of 100 ns; above 0.</param>
/// <param name="Seed">Of its random choices.</param>
/// <param name="Strategy">Where new objects go.</param>
public sealed record SegmentLeaderSettings(long ClientTtlTicks, ulong Seed, PlacementStrategy Strategy);

/// <summary>One reign over the segment table. Not thread-safe.</summary>
public sealed class SegmentLeader
{
    /// <summary>Longest text of a segment, in bytes of UTF-8.</summary>
    public const int MaximumTextBytes = ushort.MaxValue;

    private readonly SegmentTable _table;
    private readonly PlacementStrategy _strategy;
    private readonly ClientLiveness _clients;
    private readonly Dictionary<uint, MountedSegment> _committed = [];

    // Per proposed entry, oldest first: the segments as they are after it. Status Undefined: erased.
    private readonly Queue<MountedSegment[]> _proposed = new();

    /// <summary>Begins a reign: everything in the table is committed, and these are the buffers in use.</summary>
    /// <param name="table">The node's segment table.</param>
    /// <param name="live">Every buffer that the shards' objects and parked puts cover, in parts.</param>
    /// <param name="settings">Settings.</param>
    /// <param name="nowTicks">The reign's start: no client counts as silent since before it.</param>
    /// <exception cref="InvariantViolation">5: two live buffers overlap.</exception>
    public SegmentLeader(SegmentTable table, IReadOnlyList<Extent[]> live, SegmentLeaderSettings settings, long nowTicks)
    {
        (_table, _strategy, _clients) = (table, settings.Strategy, new ClientLiveness(settings.ClientTtlTicks));
        Space = new SegmentSpace(new RandomSource(settings.Seed));
        foreach (var segment in table.All)
        {
            _committed.Add(segment.Handle, segment);
            Space.Add(segment);
            if (segment.IsAllocatable)
                Space.Open(segment);
            if (segment.Status != SegmentStatus.Unmounting)
                _clients.Watch(segment.Client, nowTicks);
        }

        Space.Rebuild(live);
        Directory = table.Directory;
    }

    /// <summary>Allocators and names.</summary>
    public SegmentSpace Space { get; }

    /// <summary>The segments as far as they are committed: what readers and shards may see.</summary>
    public SegmentDirectory Directory { get; private set; }

    /// <summary>Entries that are proposed and not committed yet.</summary>
    public int Uncommitted => _proposed.Count;

    /// <summary>Committed segments that wait for the shards to drop them: where a new reign takes the flow up again.</summary>
    public IEnumerable<uint> Unmounting =>
        _committed.Values.Where(segment => segment.Status == SegmentStatus.Unmounting).Select(segment => segment.Handle);

    /// <summary>
    /// MountSegment. Ok without an entry when the id is mounted already; UnavailableInCurrentStatus when that segment is in
    /// another state; InvalidParams for an empty range, one that another segment of the endpoint overlaps, or too long texts.
    /// </summary>
    public ErrorCode Mount(Uuid client, Segment segment, long nowTicks, DraftBuffer drafts)
    {
        if (!IsPossible(segment))
            return ErrorCode.InvalidParams;
        if (_table.ById(segment.Id) is { } known)
        {
            if (known.Status != SegmentStatus.Ok)
                return ErrorCode.UnavailableInCurrentStatus;
            _clients.Hear(client, nowTicks);
            return ErrorCode.Ok;
        }

        if (Overlaps(segment))
            return ErrorCode.InvalidParams;
        _clients.Watch(client, nowTicks);
        ProposeMount(client, segment, drafts);
        return ErrorCode.Ok;
    }

    /// <summary>
    /// ReMountSegment: mounts what is missing; then the client is OK. InvalidParams when a known segment differs or belongs to
    /// another client, UnavailableInCurrentStatus when one is unmounting: then nothing is done. Impossible and overlapping
    /// segments are passed over.
    /// </summary>
    public ErrorCode ReMount(Uuid client, IReadOnlyList<Segment> segments, long nowTicks, DraftBuffer drafts)
    {
        if (_clients.IsOk(client))
        {
            _clients.Hear(client, nowTicks);
            return ErrorCode.Ok;
        }

        foreach (var segment in segments)
        {
            if (_table.ById(segment.Id) is not { } known)
                continue;
            if (known.Status == SegmentStatus.Unmounting)
                return ErrorCode.UnavailableInCurrentStatus;
            if (known.Client != client || known.Segment != segment)
                return ErrorCode.InvalidParams;
        }

        foreach (var segment in segments)
        {
            if (_table.ById(segment.Id) is null && IsPossible(segment) && !Overlaps(segment))
                ProposeMount(client, segment, drafts);
        }

        _clients.MarkOk(client, nowTicks);
        return ErrorCode.Ok;
    }

    /// <summary>UnmountSegment. Ok without an entry for an unknown id; UnavailableInCurrentStatus when it is being unmounted already.</summary>
    public ErrorCode Unmount(Uuid segmentId, DraftBuffer drafts)
    {
        if (_table.ById(segmentId) is not { } segment)
            return ErrorCode.Ok;
        if (segment.Status == SegmentStatus.Unmounting)
            return ErrorCode.UnavailableInCurrentStatus;
        Space.Close(segment);
        WriteHandle(drafts, OpType.UnmountSegment, segment.Handle);
        _table.Apply(drafts.Last);
        _proposed.Enqueue([_table.ByHandle(segment.Handle)!]);
        return ErrorCode.Ok;
    }

    /// <summary>Ping: the client is alive. NeedRemount until it has remounted in this reign.</summary>
    public ClientStatus Ping(Uuid client, long nowTicks)
    {
        _clients.Hear(client, nowTicks);
        return _clients.IsOk(client) ? ClientStatus.Ok : ClientStatus.NeedRemount;
    }

    /// <summary>Proposes the expiry of every client that is silent for the TTL and has segments or has remounted.</summary>
    public void ExpireClients(long nowTicks, DraftBuffer drafts)
    {
        foreach (var (client, wasOk) in _clients.TakeSilent(nowTicks))
        {
            var lost = _table.OfClient(client).Select(handle => _table.ByHandle(handle)!)
                .Where(segment => segment.Status != SegmentStatus.Unmounting).ToArray();
            if (!wasOk && lost.Length == 0)
                continue;
            new ClientExpiredPayload(client).Write(drafts.Add(OpType.ClientExpired, default, 0, ClientExpiredPayload.EncodedBytes));
            _table.Apply(drafts.Last);
            for (var i = 0; i < lost.Length; i++)
            {
                Space.Close(lost[i]);
                lost[i] = _table.ByHandle(lost[i].Handle)!;
            }

            _proposed.Enqueue(lost);
        }
    }

    /// <summary>Proposes to forget a segment that every shard has dropped.</summary>
    public void Erase(uint handle, DraftBuffer drafts)
    {
        var erased = _table.ByHandle(handle)! with { Status = SegmentStatus.Undefined };
        WriteHandle(drafts, OpType.SegmentErased, handle);
        _table.Apply(drafts.Last);
        _proposed.Enqueue([erased]);
    }

    /// <summary>The oldest proposed entries are committed.</summary>
    /// <param name="count">How many.</param>
    /// <param name="lastSequence">Seq of the last of them.</param>
    /// <param name="toDrop">Receives the handles of the segments that the shards must drop now.</param>
    /// <returns>True when <see cref="Directory"/> is a new one.</returns>
    public bool Commit(int count, ulong lastSequence, ICollection<uint> toDrop)
    {
        if (count > _proposed.Count)
            throw new InvariantViolation(4, $"{count} entries are committed, but only {_proposed.Count} were proposed");
        var changed = false;
        for (; count > 0; count--)
        {
            foreach (var segment in _proposed.Dequeue())
            {
                See(segment, toDrop);
                changed = true;
            }
        }

        _table.MarkCommitted(lastSequence);
        if (changed)
            Directory = new SegmentDirectory(_committed.Values);
        return changed;
    }

    /// <summary>Finds buffers for one object, on distinct names; see <see cref="PlacementStrategy"/>.</summary>
    public int Place(ulong length, PreferredNames preferred, Span<Extent> places) => _strategy(Space, length, preferred, places);

    /// <summary>Name of a committed segment.</summary>
    public string NameOf(uint handle) => _committed[handle].Segment.Name;

    private void See(MountedSegment segment, ICollection<uint> toDrop)
    {
        if (segment.Status == SegmentStatus.Undefined)
        {
            _committed.Remove(segment.Handle);
            Space.Remove(segment.Handle);
            return;
        }

        _committed[segment.Handle] = segment;
        if (segment.Status == SegmentStatus.Unmounting)
        {
            toDrop.Add(segment.Handle);
            return;
        }

        Space.Add(segment);
        if (_table.ByHandle(segment.Handle) is { IsAllocatable: true })
            Space.Open(segment); // else its end is proposed already
    }

    private void ProposeMount(Uuid client, Segment segment, DraftBuffer drafts)
    {
        var payload = new MountSegmentPayload(_table.NextHandle, client, segment);
        payload.Write(drafts.Add(OpType.MountSegment, default, 0, payload.EncodedBytes));
        _table.Apply(drafts.Last);
        _proposed.Enqueue([_table.ByHandle(payload.SegmentHandle)!]);
    }

    private static void WriteHandle(DraftBuffer drafts, OpType type, uint handle) =>
        new SegmentHandlePayload(handle).Write(drafts.Add(type, default, 0, SegmentHandlePayload.EncodedBytes));

    private static bool IsPossible(Segment segment) =>
        segment.BaseAddress != 0 && segment.SizeBytes != 0 && segment.SizeBytes <= ulong.MaxValue - segment.BaseAddress
        && Fits(segment.Name) && Fits(segment.TransportEndpoint) && Fits(segment.Protocol) && Fits(segment.HostId);

    private static bool Fits(string text) => Encoding.UTF8.GetByteCount(text) <= MaximumTextBytes;

    private bool Overlaps(Segment segment)
    {
        foreach (var handle in _table.AtEndpoint(segment.TransportEndpoint))
        {
            var other = _table.ByHandle(handle)!.Segment;
            if (segment.BaseAddress < other.BaseAddress + other.SizeBytes && other.BaseAddress < segment.BaseAddress + segment.SizeBytes)
                return true;
        }

        return false;
    }
}
