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

    // Per proposed entry, oldest first: the segments as they are after it. Status Undefined: erased.
    private readonly Queue<MountedSegment[]> _proposed = new();

    /// <summary>Everything in the table is committed, and these are the buffers in use.</summary>
    public ProposedSegments(SegmentTable table, SegmentSpace space, IReadOnlyList<Extent[]> live)
    {
        (_table, _space, Directory) = (table, space, table.Directory);
        foreach (var segment in Directory.All)
            space.Add(segment);
        space.Rebuild(live);
        foreach (var segment in Directory.All)
            Reconcile(segment.Handle);
    }

    /// <summary>The segments as far as they are committed.</summary>
    public SegmentDirectory Directory { get; private set; }

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
        _proposed.Enqueue([erased]);
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
        _proposed.Enqueue([]);
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
            foreach (var segment in _proposed.Dequeue())
            {
                See(segment, toDrop);
                changed = true;
            }
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
            _space.Add(segment);
        Directory = Directory.With(segment);
        if (segment.Status == SegmentStatus.Unmounting)
            toDrop.Add(segment.Handle);
        Reconcile(segment.Handle);
    }

    private void Apply(DraftBuffer drafts, uint[] handles)
    {
        _table.Apply(drafts.Last);
        _proposed.Enqueue([.. handles.Select(handle => _table.ByHandle(handle)!)]);
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

    private static void WriteHandle(DraftBuffer drafts, OpType type, uint handle) =>
        new SegmentHandlePayload(handle).Write(drafts.Add(type, default, 0, SegmentHandlePayload.EncodedBytes));
}
