// A shard of a Primary with everything around it played by the test: allocator, log, commit, and a Standby that applies
// what is committed. Time stands still unless the test moves it.
using HotStandby.Core.Segments;
using HotStandby.Core.Shards;
using HotStandby.Core.Verification;
using HotStandby.Messages;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Messages.OpLog;

namespace HotStandby.Tests.Doubles;

internal sealed class TestPrimary
{
    public static readonly Uuid Alice = new(1, 1);
    public static readonly Uuid Bob = new(2, 2);

    private readonly HashSet<uint> _mounted = [1, 2];
    private readonly Queue<byte[]> _proposed = new();
    private ulong _sequence;

    public TestPrimary(ShardSettings? settings = null, ShardState? state = null)
    {
        Settings = settings ?? ShardSettings.Default;
        State = state ?? new ShardState(Partition.OfShard(0), 1);
        Leader = new ShardLeader(State, Settings, Directory, Now);
    }

    public ShardSettings Settings { get; }
    public ShardState State { get; private set; }
    public ShardState Standby { get; private set; } = new(Partition.OfShard(0), 1);
    public ShardLeader Leader { get; private set; }
    public TestAllocator Allocator { get; } = new();
    public List<byte[]> Drafts { get; } = [];
    public List<uint> Dropped { get; } = [];
    public List<Extent> Released { get; } = [];
    public long Now { get; private set; } = TimeSpan.FromDays(1).Ticks;
    public int Pending => _proposed.Count;
    public ItemOutcome Outcome { get; private set; }

    public SegmentDirectory Directory => new(_mounted.Select(handle => new MountedSegment(
        handle, Alice, new Segment(new Uuid(9, handle), $"s{handle}", 0x1000_0000UL * handle, 1 << 20, $"host{handle}:1", "tcp", ""),
        SegmentStatus.Ok)));

    public bool IsMounted(uint handle) => _mounted.Contains(handle);

    public void Advance(TimeSpan by) => Now += by.Ticks;

    public void Mount(uint handle)
    {
        _mounted.Add(handle);
        Leader.Directory = Directory;
    }

    public void Kill(uint handle)
    {
        _mounted.Remove(handle);
        Leader.Directory = Directory;
    }

    /// <summary>Hears of every entry that is committed.</summary>
    public Action<byte[]>? Committed { get; set; }

    public void MarkVerificationPoint() => Turn(drafts => Leader.MarkVerificationPoint(Now, drafts));

    public void DropSegment(uint handle) => Turn(drafts => Leader.DropSegment(handle, Now, drafts));

    public void Sweep(int maximumEntries = 1024) => Turn(drafts => Leader.Sweep(Now, drafts, maximumEntries));

    public ItemResult PutStart(string key, Uuid? client = null, ulong size = 100, ReplicateConfig? config = null, uint[]? on = null) =>
        BatchPutStart([key], client, size, config, on)[0];

    public ItemResult Upsert(string key, Uuid? client = null, ulong size = 100, ReplicateConfig? config = null, uint[]? on = null) =>
        BatchStart(KeyedOperation.UpsertStart, [key], client, size, config, on)[0];

    public ItemResult[] BatchPutStart(
        string[] keys, Uuid? client = null, ulong size = 100, ReplicateConfig? config = null, uint[]? on = null) =>
        BatchStart(KeyedOperation.PutStart, keys, client, size, config, on);

    public ItemResult[] BatchStart(
        KeyedOperation operation, string[] keys, Uuid? client, ulong size, ReplicateConfig? config = null, uint[]? on = null)
    {
        on ??= [1];
        var call = new KeyedCall(NoSink.Instance, operation, [.. keys.Select(key => ObjectKey.From(key))])
        {
            Client = client ?? Alice,
            Sizes = [.. keys.Select(_ => size)],
            Config = config ?? new ReplicateConfig { ReplicaCount = (ulong)Math.Max(1, on.Length) },
            PlacementStride = Math.Max(1, on.Length),
        };
        call.Placements = new Extent[call.PlacementStride * keys.Length];
        for (var i = 0; i < keys.Length && size > 0; i++)
        {
            for (var j = 0; j < on.Length; j++)
                call.Placements[(i * call.PlacementStride) + j] = Place(on[j], size);
        }

        return Execute(call);
    }

    public ErrorCode PutEnd(string key, Uuid? client = null, ReplicaType selector = ReplicaType.All, ulong? checksum = null) =>
        Execute(new KeyedCall(NoSink.Instance, KeyedOperation.PutEnd, [ObjectKey.From(key)])
        {
            Client = client ?? Alice,
            Selector = selector,
            Checksums = checksum is null ? [] : [checksum],
        })[0].Error;

    public ErrorCode PutRevoke(string key, Uuid? client = null, ReplicaType selector = ReplicaType.All) =>
        Execute(new KeyedCall(NoSink.Instance, KeyedOperation.PutRevoke, [ObjectKey.From(key)])
        {
            Client = client ?? Alice,
            Selector = selector,
        })[0].Error;

    public ErrorCode Remove(string key, bool force = false) => TryRemove(key, force).Error;

    public ItemResult TryRemove(string key, bool force = false) =>
        Execute(new KeyedCall(NoSink.Instance, KeyedOperation.Remove, [ObjectKey.From(key)]) { Force = force })[0];

    public bool Clear(string key, string segment = "", Uuid? client = null)
    {
        var result = Execute(new KeyedCall(NoSink.Instance, KeyedOperation.ReplicaClear, [ObjectKey.From(key)])
        {
            Client = client ?? Alice,
            SegmentName = segment,
        })[0];
        Assert.Equal(ErrorCode.Ok, result.Error);
        return result.Exists;
    }

    /// <summary>CopyStart or MoveStart between segments by handle, by way of the allocator, as long as that has room.</summary>
    public ItemResult Transfer(string key, uint from, uint[] to, Uuid? client = null, bool move = false, bool isFull = false)
    {
        var call = TransferCall(move ? KeyedOperation.MoveStart : KeyedOperation.CopyStart, key, client, from, to);
        Execute(call);
        return Outcome == ItemOutcome.NeedsPlacement ? Execute(Placed(call, to, isFull))[0] : call.Results[0];
    }

    public static KeyedCall TransferCall(KeyedOperation operation, string key, Uuid? client, uint from = 0, uint[]? to = null) =>
        new(NoSink.Instance, operation, [ObjectKey.From(key)])
        {
            Client = client ?? Alice,
            SegmentName = $"s{from}",
            TargetSegments = [.. (to ?? []).Select(handle => $"s{handle}")],
        };

    /// <summary>What the segment table does with a call whose size the shard has filled in.</summary>
    public KeyedCall Placed(KeyedCall call, uint[] to, bool isFull = false)
    {
        call.PlacementStride = to.Length;
        call.Placements = [.. to.Select(handle => isFull ? default : Place(handle, call.Sizes[0]))];
        return call;
    }

    public ErrorCode EndTransfer(string key, Uuid? client = null, bool move = false) =>
        Execute(TransferCall(move ? KeyedOperation.MoveEnd : KeyedOperation.CopyEnd, key, client))[0].Error;

    public ErrorCode RevokeTransfer(string key, Uuid? client = null, bool move = false) =>
        Execute(TransferCall(move ? KeyedOperation.MoveRevoke : KeyedOperation.CopyRevoke, key, client))[0].Error;

    public int Evict(params string[] keys)
    {
        var count = 0;
        Turn(drafts => (count, _) = Leader.Evict([.. keys.Select(key => ObjectKey.From(key))], Now, drafts));
        return count;
    }

    public bool ClientGone(Uuid client, int maximumEntries = 1024)
    {
        var more = false;
        Turn(drafts => more = Leader.ClientGone(client, Now, drafts, maximumEntries));
        return more;
    }

    /// <summary>Who writes or copies this object now, and whether that is a move: whose call a random step makes to get anywhere.</summary>
    public (Uuid Client, bool IsMove)? WriterOf(string key) => State.Find(ObjectKey.From(key)) switch
    {
        { HasTransfer: true } record => (State.TransferOf(record)!.Client, State.TransferOf(record)!.IsMove),
        { IsBeingWritten: true } record => (record.Client, false),
        _ => null,
    };

    /// <summary>Types of all entries that were proposed.</summary>
    public OpType[] Types() => [.. Drafts.Select(draft => OpLogEntry.TryView(draft, out var entry) ? entry.Type : OpType.None)];

    public ObjectRecord Record(string key) => State.Find(ObjectKey.From(key)) ?? throw new InvalidOperationException($"{key} is not there");

    public string[] Plain(int limit = 100) => [.. Leader.Offer(limit, Now).Plain.Select(victim => victim.Key.ToString())];

    public string[] SoftPinned(int limit = 100) => [.. Leader.Offer(limit, Now).SoftPinned.Select(victim => victim.Key.ToString())];

    public bool Exist(string key) => Execute(new KeyedCall(NoSink.Instance, KeyedOperation.Exist, [ObjectKey.From(key)]))[0].Exists;

    public ItemResult Get(string key) => Execute(new KeyedCall(NoSink.Instance, KeyedOperation.GetReplicaList, [ObjectKey.From(key)]))[0];

    public void Put(string key, Uuid? client = null, uint[]? on = null)
    {
        Assert.Equal(ErrorCode.Ok, PutStart(key, client, on: on).Error);
        Assert.Equal(ErrorCode.Ok, PutEnd(key, client));
    }

    public ItemResult[] Execute(KeyedCall call)
    {
        Turn(drafts =>
        {
            for (var i = 0; i < call.Keys.Length; i++)
                Outcome = Leader.Execute(call, i, drafts, Now);
        });
        return call.Results;
    }

    /// <summary>Commits the oldest entries: gives them seqs, applies them on the Standby, then tells the leader.</summary>
    public void Commit(int count)
    {
        if (count == 0)
            return;
        var writer = new BatchWriter();
        for (var i = 0; i < count; i++)
            writer.Add(_proposed.Dequeue(), ++_sequence, 7, 0);
        foreach (var entry in writer.Close(0))
        {
            Standby.Apply(entry);
            Committed?.Invoke(entry.Encoded.ToArray());
        }

        Leader.Committed(count, _sequence);
        TakeReleased();
        while (Leader.TryTakeDroppedSegment(out var handle))
        {
            Dropped.Add(handle);
            Allocator.DropSegment(handle);
        }
    }

    public void CommitAll() => Commit(Pending);

    /// <summary>The Standby takes over: what is not committed is lost, allocators are rebuilt, a new Standby replays.</summary>
    public void FailOver()
    {
        var committed = Drafts[..^Pending];
        _proposed.Clear();
        Drafts.Clear();
        Drafts.AddRange(committed);
        State = Standby;
        Standby = Replay(committed);
        Allocator.Rebuild(State.EnumerateLiveExtents());
        Leader = new ShardLeader(State, Settings, Directory, Now);
    }

    public static ShardState Replay(IReadOnlyList<byte[]> drafts) => ReplayThroughImage(drafts, drafts.Count);

    /// <summary>The same by way of a checkpoint: an image after so many entries, then the others.</summary>
    public static ShardState ReplayThroughImage(IReadOnlyList<byte[]> drafts, int imageAfter)
    {
        var state = new ShardState(Partition.OfShard(0), 1);
        if (drafts.Count == 0)
            return state;
        var writer = new BatchWriter();
        for (var i = 0; i < drafts.Count; i++)
            writer.Add(drafts[i], (ulong)i + 1, 7, 0);
        Assert.True(OpLogBatch.TryOpen(writer.Close(0).Encoded, out var batch, out var problem), problem);
        foreach (var entry in batch)
        {
            if (entry.Sequence == (ulong)imageAfter + 1)
                state = ThroughImage(state);
            state.Apply(entry);
        }

        return state;
    }

    /// <summary>What comes back from an image of it.</summary>
    public static ShardState ThroughImage(ShardState state)
    {
        using var image = new HotStandby.Core.Checkpoints.ImageWriter();
        state.WriteImage(image);
        return ShardState.FromImage(image.Written.Span, state.Partition, 1, state.AppliedSequence);
    }

    /// <summary>No two buffers of the list share a byte.</summary>
    public static void AssertDisjoint(IEnumerable<Extent> extents)
    {
        Extent? before = null;
        foreach (var extent in extents.OrderBy(extent => extent.SegmentHandle).ThenBy(extent => extent.Offset))
        {
            if (before is { } b && b.SegmentHandle == extent.SegmentHandle && extent.Offset < b.End)
                Assert.Fail($"{before} and {extent} overlap");
            before = extent;
        }
    }

    private Extent Place(uint handle, ulong size)
    {
        var extent = Allocator.Allocate(handle, size);
        AssertDisjoint(Standby.EnumerateLiveExtents().Append(extent));
        return extent;
    }

    private void Turn(Action<DraftBuffer> act)
    {
        var drafts = new DraftBuffer(State.Partition);
        act(drafts);
        for (var rest = drafts.Bytes; OpLogEntry.TryView(rest, out var entry); rest = rest[entry.Encoded.Length..])
        {
            _proposed.Enqueue(entry.Encoded.ToArray());
            Drafts.Add(entry.Encoded.ToArray());
        }

        drafts.Release();
        TakeReleased();
        Quick.Equal(Pending, Leader.Uncommitted);
    }

    private void TakeReleased()
    {
        foreach (var extent in Leader.TakeReleased())
        {
            Released.Add(extent);
            Allocator.Free(extent);
        }
    }
}
