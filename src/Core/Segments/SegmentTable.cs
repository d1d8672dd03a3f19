// The replicated state of partition 0: which segments are mounted, by whom. Every node has one; entries are the only way it
// changes, so that equal entries give equal tables. It knows no allocator, no liveness and no time: see SegmentLeader.
using System.IO.Hashing;
using HotStandby.Messages;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Messages.OpLog;

namespace HotStandby.Core.Segments;

/// <summary>The segment table. Not thread-safe.</summary>
public sealed partial class SegmentTable
{
    private readonly Dictionary<uint, MountedSegment> _byHandle = [];
    private readonly Dictionary<Uuid, uint> _byId = [];
    private readonly Dictionary<Uuid, List<uint>> _byClient = [];
    private readonly Dictionary<string, List<uint>> _byEndpoint = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<uint>> _byName = new(StringComparer.Ordinal);
    private PartitionDigest _segments;
    private SegmentDirectory? _directory;

    /// <summary>The handle that the next mount gets: 1-based, never reused, replicated.</summary>
    public uint NextHandle { get; private set; } = 1;

    /// <summary>Seq of the last entry of this partition that is applied and committed; 0 before the first.</summary>
    public ulong AppliedSequence { get; private set; }

    /// <summary>Replication tasks and drain jobs.</summary>
    public TaskTable Tasks { get; } = new();

    /// <summary>Clients whose place another one has taken.</summary>
    public ReplacedClients Replaced { get; } = new();

    /// <summary>What may still be written to segments that were dropped.</summary>
    public StrayWritesTable StrayWrites { get; } = new();

    /// <summary>Bytes of the segments that are not unmounting. What a client offers is never added to it unchecked.</summary>
    public UInt128 TotalBytes { get; private set; }

    /// <summary>Segments, unmounting ones included.</summary>
    public int Count => _byHandle.Count;

    /// <summary>All segments, in no order.</summary>
    public IReadOnlyCollection<MountedSegment> All => _byHandle.Values;

    /// <summary>
    /// Of every segment with its status and owner, and of the next handle. Two tables with equal content have equal digests.
    /// </summary>
    public PartitionDigest Digest => Tasks.Digest.And(Replaced.Digest).And(StrayWrites.Digest).And(
        NextHandle == 1 ? _segments : _segments with { Sum = unchecked(_segments.Sum + (NextHandle * 0x9E37_79B9_7F4A_7C15UL)) });

    /// <summary>A snapshot of everything applied.</summary>
    public SegmentDirectory Directory => _directory ??= new SegmentDirectory(_byHandle.Values);

    /// <summary>The segment with that handle, or null.</summary>
    public MountedSegment? ByHandle(uint handle) => _byHandle.GetValueOrDefault(handle);

    /// <summary>The segment with that id, or null.</summary>
    public MountedSegment? ById(Uuid id) => _byId.TryGetValue(id, out var handle) ? _byHandle[handle] : null;

    /// <summary>Handles of a client's segments in the order of their mounts, unmounting ones included.</summary>
    public IReadOnlyList<uint> OfClient(Uuid client) => _byClient.TryGetValue(client, out var handles) ? handles : [];

    /// <summary>Handles of the segments at an endpoint, unmounting ones included.</summary>
    public IReadOnlyList<uint> AtEndpoint(string endpoint) => _byEndpoint.TryGetValue(endpoint, out var handles) ? handles : [];

    /// <summary>Handles of the segments with a name in the order of their mounts, unmounting ones included.</summary>
    public IReadOnlyList<uint> Named(string name) => _byName.TryGetValue(name, out var handles) ? handles : [];

    /// <summary>
    /// Applies one entry of this partition. An entry with a seq that is applied already is skipped; a draft (seq 0) is always applied.
    /// </summary>
    /// <exception cref="InvariantViolation">7: the entry is of another partition, unreadable, or impossible in this state.</exception>
    public void Apply(in OpLogEntry entry)
    {
        if (entry.Sequence != 0 && entry.Sequence <= AppliedSequence)
            return;
        if (entry.Partition != Partition.SegmentTable)
            throw new InvariantViolation(7, $"entry {entry.Sequence} of {entry.Partition} came to the segment table");
        Change(entry);
        AppliedSequence = Math.Max(AppliedSequence, entry.Sequence);
    }

    /// <summary>Says that drafts which are applied already are committed now, and the seq of the last of them.</summary>
    public void MarkCommitted(ulong lastSequence) => AppliedSequence = Math.Max(AppliedSequence, lastSequence);

    private void Change(in OpLogEntry entry)
    {
        switch (entry.Type)
        {
            case OpType.MountSegment:
                Mount(entry);
                break;
            case OpType.UnmountSegment:
                Unmount(Known(entry));
                break;
            case OpType.SegmentErased:
                Erase(Known(entry));
                break;
            case OpType.SegmentStatus:
                ChangeStatus(entry);
                break;
            case OpType.ClientExpired:
                foreach (var segment in OfItsClient(entry))
                    Unmount(segment);
                break;
            case OpType.ClientSuspected:
                foreach (var segment in OfItsClient(entry))
                    Set(segment with { IsSuspect = true });
                break;
            case OpType.ClientRestored:
                foreach (var segment in OfItsClient(entry))
                    Set(segment with { IsSuspect = false });
                break;
            case OpType.ClientReplaced:
                Replace(entry);
                break;
            case OpType.StrayWrites:
                KeepStrayWrites(entry);
                break;
            case OpType.StrayWritesOver:
                if (!SegmentHandlePayload.TryRead(entry.Payload, out var over) || !StrayWrites.Remove(over.SegmentHandle))
                    throw new InvariantViolation(7, $"entry {entry.Sequence} ends stray writes that are not known");
                break;
            case OpType.EpochStart or OpType.VerificationMarker or OpType.VoterReturned or OpType.VotersChanged:
                break;
            case var type when TaskTable.Applies(type):
                Tasks.Apply(entry);
                break;
            default:
                throw new InvariantViolation(7, $"entry {entry.Sequence} of type {entry.Type} came to the segment table");
        }
    }

    private void Mount(in OpLogEntry entry)
    {
        if (!MountSegmentPayload.TryRead(entry.Payload, out var mount))
            throw Unreadable(entry);
        if (mount.SegmentHandle != NextHandle || _byId.ContainsKey(mount.Segment.Id))
            throw new InvariantViolation(
                7, $"entry {entry.Sequence} mounts {mount.Segment.Id} as {mount.SegmentHandle}; the next handle is {NextHandle}");
        NextHandle++;
        Enter(new MountedSegment(mount.SegmentHandle, mount.Client, mount.Segment, SegmentStatus.Ok));
        Replaced.Mounted(mount.Segment.TransportEndpoint, mount.Client);
    }

    private void Replace(in OpLogEntry entry)
    {
        if (!ClientReplacedPayload.TryRead(entry.Payload, out var payload))
            throw Unreadable(entry);
        foreach (var segment in ReadableOf(payload.Client))
            Unmount(segment);
        Replaced.Add(payload.Endpoint, payload.Client, payload.Successor);
    }

    private void KeepStrayWrites(in OpLogEntry entry)
    {
        if (!StrayWritesPayload.TryRead(entry.Payload, out var payload))
            throw Unreadable(entry);
        var segment = Known(payload.SegmentHandle, entry);
        if (segment.Status != SegmentStatus.Unmounting || StrayWrites.Of(segment.Handle) is not null)
            throw new InvariantViolation(
                7, $"entry {entry.Sequence} keeps stray writes of segment {segment.Handle}, which is {segment.Status}");
        StrayWrites.Add(new(segment.Handle, segment.Segment.TransportEndpoint, payload.Ranges));
    }

    private void Enter(MountedSegment segment)
    {
        _byId.Add(segment.Segment.Id, segment.Handle);
        AddTo(_byClient, segment.Client, segment.Handle);
        AddTo(_byEndpoint, segment.Segment.TransportEndpoint, segment.Handle);
        AddTo(_byName, segment.Segment.Name, segment.Handle);
        Set(segment);
    }

    private void Unmount(MountedSegment segment)
    {
        if (segment.Status != SegmentStatus.Unmounting)
            Set(segment with { Status = SegmentStatus.Unmounting });
    }

    private void ChangeStatus(in OpLogEntry entry)
    {
        if (!SegmentStatusPayload.TryRead(entry.Payload, out var change))
            throw Unreadable(entry);
        var segment = Known(change.SegmentHandle, entry);
        if (segment.Status == SegmentStatus.Unmounting)
            throw new InvariantViolation(7, $"entry {entry.Sequence} makes the unmounting segment {segment.Handle} {change.Status}");
        Set(segment with { Status = change.Status, GraceMilliseconds = change.GraceMilliseconds });
    }

    // A client's segments that are not unmounting. A copy: what is done to them changes the table.
    private MountedSegment[] OfItsClient(in OpLogEntry entry)
    {
        if (!ClientPayload.TryRead(entry.Payload, out var payload))
            throw Unreadable(entry);
        return ReadableOf(payload.Client);
    }

    private MountedSegment[] ReadableOf(Uuid client) =>
        [.. OfClient(client).Select(handle => _byHandle[handle]).Where(segment => segment.IsReadable)];

    private void Erase(MountedSegment segment)
    {
        if (segment.Status != SegmentStatus.Unmounting)
            throw new InvariantViolation(7, $"segment {segment.Handle} is erased while it is {segment.Status}");
        _byHandle.Remove(segment.Handle);
        _byId.Remove(segment.Segment.Id);
        RemoveFrom(_byClient, segment.Client, segment.Handle);
        RemoveFrom(_byEndpoint, segment.Segment.TransportEndpoint, segment.Handle);
        RemoveFrom(_byName, segment.Segment.Name, segment.Handle);
        if (!AtEndpoint(segment.Segment.TransportEndpoint).Any(handle => _byHandle[handle].Client == segment.Client))
            Replaced.Left(segment.Segment.TransportEndpoint, segment.Client);
        _segments = _segments.Minus(HashOf(segment));
        _directory = null;
    }

    private void Set(MountedSegment segment)
    {
        if (_byHandle.TryGetValue(segment.Handle, out var old))
        {
            _segments = _segments.Minus(HashOf(old));
            TotalBytes -= old.IsReadable ? old.Segment.SizeBytes : 0;
        }

        TotalBytes += segment.IsReadable ? segment.Segment.SizeBytes : 0;
        _segments = _segments.Plus(HashOf(segment));
        _byHandle[segment.Handle] = segment;
        _directory = null;
    }

    private MountedSegment Known(in OpLogEntry entry) => SegmentHandlePayload.TryRead(entry.Payload, out var payload)
        ? Known(payload.SegmentHandle, entry)
        : throw Unreadable(entry);

    private MountedSegment Known(uint handle, in OpLogEntry entry) => ByHandle(handle)
        ?? throw new InvariantViolation(7, $"entry {entry.Sequence} ({entry.Type}) names the unknown segment {handle}");

    private static InvariantViolation Unreadable(in OpLogEntry entry) =>
        new(7, $"the payload of entry {entry.Sequence} ({entry.Type}) cannot be read");

    // The hash of the mount's own encoding, continued by what can change: the same bytes on every node.
    private static ulong HashOf(MountedSegment segment)
    {
        var payload = new MountSegmentPayload(segment.Handle, segment.Client, segment.Segment);
        var bytes = new byte[payload.EncodedBytes + SegmentStatusPayload.EncodedBytes + 1];
        payload.Write(bytes);
        var rest = bytes.AsSpan(payload.EncodedBytes);
        new SegmentStatusPayload(segment.Handle, segment.Status, segment.GraceMilliseconds).Write(rest);
        rest[^1] = segment.IsSuspect ? (byte)1 : (byte)0;
        return XxHash3.HashToUInt64(bytes);
    }

    private static void AddTo<TKey>(Dictionary<TKey, List<uint>> index, TKey key, uint handle) where TKey : notnull
    {
        if (!index.TryGetValue(key, out var handles))
            index.Add(key, handles = []);
        handles.Add(handle);
    }

    private static void RemoveFrom<TKey>(Dictionary<TKey, List<uint>> index, TKey key, uint handle) where TKey : notnull
    {
        index[key].Remove(handle);
        if (index[key].Count == 0)
            index.Remove(key);
    }
}
