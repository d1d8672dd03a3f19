// Writes the segment table's entries, applies them at once, and follows their commits. What others may see (the directory)
// follows commits; what must stop (placing buffers) stops at the proposal. Used by SegmentLeader, which decides.
using HotStandby.Messages;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Messages.OpLog;

namespace HotStandby.Core.Segments;

/// <summary>What is proposed and what is committed of one reign over the segment table.</summary>
internal sealed class ProposedSegments
{
    private readonly SegmentTable _table;
    private readonly SegmentSpace _space;

    // Per proposed entry, oldest first: the segments as they are after it (status Undefined: erased), and the segment whose stray writes
    // it keeps or forgets.
    private readonly record struct Proposed(MountedSegment[] Segments, StrayWrites? KeptStrays = null, uint EndedStrays = 0);

    private readonly Queue<Proposed> _proposed = new();

    // Stray writes as far as they are committed: what they reach is taken in the allocators.
    private readonly Dictionary<uint, StrayWrites> _strays;

    /// <summary>Everything in the table is committed, and these are the buffers in use; they are taken over.</summary>
    public ProposedSegments(SegmentTable table, SegmentSpace space, Occupancy live)
    {
        (_table, _space, Directory) = (table, space, table.Directory);
        _strays = table.StrayWrites.All.ToDictionary(writes => writes.Handle);
        foreach (var segment in Directory.All)
        {
            Add(segment, live.HandOver(segment.Handle, segment.Segment.SizeBytes));
            Reconcile(segment.Handle);
        }

        live.Clear();
    }

    /// <summary>The segments as far as they are committed.</summary>
    public SegmentDirectory Directory { get; private set; }

    /// <summary>Segments whose stray writes are kept since this was last looked at: the shards may drop them.</summary>
    public Queue<uint> Droppable { get; } = new();

    /// <summary>Entries that are proposed and not committed yet.</summary>
    public int Uncommitted => _proposed.Count;

    /// <summary>Proposes MOUNT_SEGMENT.</summary>
    public void Mount(Uuid client, Segment segment, DraftBuffer drafts)
    {
        var payload = new MountSegmentPayload(_table.NextHandle, client, segment);
        payload.Write(drafts.Add(OpType.MountSegment, default, 0, payload.EncodedBytes));
        Apply(drafts, [payload.SegmentHandle]);
    }

    /// <summary>Proposes UNMOUNT_SEGMENT.</summary>
    public void Unmount(uint handle, DraftBuffer drafts)
    {
        WriteHandle(drafts, OpType.UnmountSegment, handle);
        Apply(drafts, [handle]);
    }

    /// <summary>Proposes SEGMENT_ERASED.</summary>
    public void Erase(uint handle, DraftBuffer drafts)
    {
        var erased = _table.ByHandle(handle)! with { Status = SegmentStatus.Undefined };
        WriteHandle(drafts, OpType.SegmentErased, handle);
        _table.Apply(drafts.Last);
        _proposed.Enqueue(new([erased]));
    }

    /// <summary>Proposes CLIENT_REPLACED.</summary>
    public void Replace(Uuid client, Uuid successor, string endpoint, DraftBuffer drafts)
    {
        uint[] handles = [.. Mounted(client).Select(segment => segment.Handle)];
        Write(drafts, OpType.ClientReplaced, new ClientReplacedPayload(client, successor, endpoint).Encode());
        Apply(drafts, handles);
    }

    /// <summary>Proposes STRAY_WRITES.</summary>
    public void KeepStrays(uint handle, IReadOnlyList<MemoryRange> ranges, DraftBuffer drafts)
    {
        Write(drafts, OpType.StrayWrites, new StrayWritesPayload(handle, ranges).Encode());
        _table.Apply(drafts.Last);
        _proposed.Enqueue(new([], KeptStrays: _table.StrayWrites.Of(handle)));
    }

    /// <summary>Proposes STRAY_WRITES_OVER.</summary>
    public void EndStrays(uint handle, DraftBuffer drafts)
    {
        WriteHandle(drafts, OpType.StrayWritesOver, handle);
        _table.Apply(drafts.Last);
        _proposed.Enqueue(new([], EndedStrays: handle));
    }

    /// <summary>Proposes SEGMENT_STATUS.</summary>
    public void SetStatus(uint handle, SegmentStatus status, ulong graceMilliseconds, DraftBuffer drafts)
    {
        new SegmentStatusPayload(handle, status, graceMilliseconds)
            .Write(drafts.Add(OpType.SegmentStatus, default, 0, SegmentStatusPayload.EncodedBytes));
        Apply(drafts, [handle]);
    }

    /// <summary>Proposes CLIENT_SUSPECTED, CLIENT_RESTORED or CLIENT_EXPIRED.</summary>
    public void ChangeClient(OpType type, Uuid client, DraftBuffer drafts)
    {
        uint[] handles = [.. Mounted(client).Select(segment => segment.Handle)];
        new ClientPayload(client).Write(drafts.Add(type, default, 0, ClientPayload.EncodedBytes));
        Apply(drafts, handles);
    }

    /// <summary>Applies the draft that was added last, which changes no segment.</summary>
    public void ApplyOther(DraftBuffer drafts)
    {
        _table.Apply(drafts.Last);
        _proposed.Enqueue(new([]));
    }

    /// <summary>A client's segments that are not unmounting, as proposed.</summary>
    public IEnumerable<MountedSegment> Mounted(Uuid client) =>
        _table.OfClient(client).Select(handle => _table.ByHandle(handle)!).Where(segment => segment.IsReadable);

    /// <summary>The oldest proposed entries are committed; true when <see cref="Directory"/> is a new one.</summary>
    public bool Commit(int count, ulong lastSequence, ICollection<uint> toDrop)
    {
        if (count > _proposed.Count)
            throw new InvariantViolation(4, $"{count} entries are committed, but only {_proposed.Count} were proposed");
        var changed = false;
        for (; count > 0; count--)
        {
            var (segments, kept, ended) = _proposed.Dequeue();
            foreach (var segment in segments)
            {
                See(segment, toDrop);
                changed = true;
            }

            if (kept is not null)
            {
                // Nothing is mounted over them: a mount waits until the segment that they are written to is forgotten.
                _strays.Add(kept.Handle, kept);
                Droppable.Enqueue(kept.Handle);
            }

            if (ended != 0)
                SeeStraysEnded(ended);
        }

        _table.MarkCommitted(lastSequence);
        return changed;
    }

    private void See(MountedSegment segment, ICollection<uint> toDrop)
    {
        if (segment.Status == SegmentStatus.Undefined)
        {
            Directory = Directory.Without(segment.Handle);
            _space.Remove(segment.Handle);
            return;
        }

        if (Directory.ByHandle(segment.Handle) is null)
            Add(segment, new ExtentAllocator(segment.Segment.SizeBytes));
        Directory = Directory.With(segment);
        if (segment.Status == SegmentStatus.Unmounting)
            toDrop.Add(segment.Handle);
        Reconcile(segment.Handle);
    }

    private void Add(MountedSegment segment, ExtentAllocator allocator)
    {
        _space.Add(segment, allocator);
        foreach (var reached in StrayWritesTable.Over(segment, _strays.Values))
            _space.Take(reached);
    }

    private void SeeStraysEnded(uint handle)
    {
        _strays.Remove(handle, out var ended);
        foreach (var segment in Directory.All)
        {
            var range = new MemoryRange(segment.Segment.BaseAddress, segment.Segment.SizeBytes);
            var still = MemoryRanges.Union(_strays.Values
                .Where(writes => writes.Handle != segment.Handle && writes.Endpoint == segment.Segment.TransportEndpoint)
                .SelectMany(writes => MemoryRanges.Clip(writes.Ranges, range)));
            foreach (var free in StrayWritesTable.Over(segment, [ended!], still))
                _space.Release(free);
        }
    }

    private void Apply(DraftBuffer drafts, uint[] handles)
    {
        _table.Apply(drafts.Last);
        _proposed.Enqueue(new([.. handles.Select(handle => _table.ByHandle(handle)!)]));
        foreach (var handle in handles)
            Reconcile(handle);
    }

    // A segment can be used for what both its committed and its proposed state allow.
    private void Reconcile(uint handle)
    {
        var (committed, proposed) = (Directory.ByHandle(handle), _table.ByHandle(handle));
        _space.Set(
            handle, committed is { IsReadable: true } && proposed is { IsReadable: true },
            committed is { IsAllocatable: true } && proposed is { IsAllocatable: true });
    }

    private static void Write(DraftBuffer drafts, OpType type, byte[] payload) =>
        payload.CopyTo(drafts.Add(type, default, 0, payload.Length));

    private static void WriteHandle(DraftBuffer drafts, OpType type, uint handle) =>
        new SegmentHandlePayload(handle).Write(drafts.Add(type, default, 0, SegmentHandlePayload.EncodedBytes));
}
