// A Primary's segment table without actors: proposals are collected, numbered and committed when the test says so.
using HotStandby.Core.Segments;
using HotStandby.Messages;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Messages.OpLog;

namespace HotStandby.Tests.Doubles;

internal sealed class Reign
{
    public const long ClientTtlTicks = 10 * TimeSpan.TicksPerSecond;
    public const long SuspectTicks = 5 * TimeSpan.TicksPerSecond;
    public const long IntervalTicks = TimeSpan.TicksPerSecond;

    private readonly BatchWriter _open = new();
    private ulong _lastSequence;

    public Reign(SegmentTable? table = null, params Extent[][] live)
        : this(table, PlacementStrategies.Random, startTicks: 5, live)
    {
    }

    public Reign(SegmentTable? table, PlacementStrategy strategy, long startTicks, params Extent[][] live)
    {
        (Table, NowTicks) = (table ?? new SegmentTable(), startTicks);
        _lastSequence = Table.AppliedSequence;
        var settings = new SegmentLeaderSettings(ClientTtlTicks, Seed: 1, strategy)
        {
            SuspectTicks = SuspectTicks,
            CheckIntervalTicks = IntervalTicks,
        };
        var occupancy = new Occupancy();
        occupancy.Rebuild(live);
        Leader = new SegmentLeader(Table, occupancy, settings, NowTicks);
    }

    public long NowTicks { get; set; }

    public SegmentTable Table { get; }

    public SegmentLeader Leader { get; }

    /// <summary>Committed batches.</summary>
    public List<OpLogBatch> Log { get; } = [];

    /// <summary>Clients that became suspect or expired.</summary>
    public List<SilentClient> Silent { get; } = [];

    /// <summary>Handles that the shards were told to drop.</summary>
    public List<uint> ToDrop { get; } = [];

    public static Uuid Id(int number) => new(0, (ulong)number);

    public static Segment Segment(int id, string? name = null, ulong baseAddress = 0, ulong size = 1000, string? endpoint = null) =>
        new(Id(id), name ?? $"host-{id}", baseAddress == 0 ? 4096 : baseAddress, size, endpoint ?? $"host-{id}:12345", "tcp", $"host-{id}");

    public ErrorCode Mount(int client, Segment segment) => Propose(drafts => Decided(Leader.Mount(Id(client), segment, NowTicks, drafts)));

    public ErrorCode ReMount(int client, params Segment[] segments) =>
        Propose(drafts => Decided(Leader.ReMount(Id(client), segments, NowTicks, drafts)));

    /// <summary>The last refusal of a mount or remount ends by itself.</summary>
    public bool IsForNow { get; private set; }

    public ErrorCode Unmount(int segment) => Propose(drafts => Leader.Unmount(Id(segment), drafts));

    public ClientStatus Ping(int client) => Leader.Ping(Id(client), NowTicks);

    public void Erase(uint handle) => Propose(drafts =>
    {
        Leader.Erase(handle, drafts);
        return ErrorCode.Ok;
    });

    public void ExpireClients() => Propose(drafts =>
    {
        Silent.AddRange(Leader.ExpireClients(NowTicks, drafts));
        return ErrorCode.Ok;
    });

    public ErrorCode GracefulUnmount(int client, int segment, double seconds) => Propose(drafts =>
        Leader.GracefulUnmount(Id(client), Id(segment), TimeSpan.FromSeconds(seconds), NowTicks, drafts));

    public ErrorCode SetStatus(uint handle, SegmentStatus status) => Propose(drafts => Leader.SetStatus(handle, status, drafts));

    public int UnmountDue()
    {
        var unmounted = 0;
        Propose(drafts =>
        {
            unmounted = Leader.UnmountDue(NowTicks, drafts);
            return ErrorCode.Ok;
        });
        return unmounted;
    }

    /// <summary>Time passes with a punctual look at the clients every second; those in <paramref name="talking"/> are heard.</summary>
    public void Wait(double seconds, params int[] talking)
    {
        for (var rest = (long)(seconds * TimeSpan.TicksPerSecond); rest > 0; rest -= IntervalTicks)
        {
            NowTicks += Math.Min(rest, IntervalTicks);
            foreach (var client in talking)
                Ping(client);
            ExpireClients();
        }
    }

    /// <summary>Types of the entries that are committed, without those before <paramref name="from"/>.</summary>
    public IEnumerable<OpType> Committed(int from = 0)
    {
        var types = new List<OpType>();
        foreach (var batch in Log)
        {
            foreach (var entry in batch)
                types.Add(entry.Type);
        }

        return types.Skip(from);
    }

    /// <summary>Commits everything proposed; true when the directory changed.</summary>
    public bool Commit()
    {
        if (_open.Count == 0)
            return false;
        var count = _open.Count;
        Log.Add(_open.Close(_lastSequence));
        return Leader.Commit(count, _lastSequence, ToDrop);
    }

    public void MountAndCommit(int client, params Segment[] segments)
    {
        foreach (var segment in segments)
            Assert.Equal(ErrorCode.Ok, Mount(client, segment));
        Commit();
    }

    public Extent? Place(ulong length, params string[] preferred)
    {
        Span<Extent> places = stackalloc Extent[1];
        return Leader.Place(length, new(null, preferred), places) == 0 ? null : places[0];
    }

    public int ProposedEntries => _open.Count;

    private ErrorCode Decided(MountDecision decision)
    {
        IsForNow = decision.IsForNow;
        return decision.Error;
    }

    public ErrorCode Propose(Func<DraftBuffer, ErrorCode> decide)
    {
        var drafts = new DraftBuffer(Partition.SegmentTable);
        var error = decide(drafts);
        for (var rest = drafts.Bytes; OpLogEntry.TryView(rest, out var entry); rest = rest[entry.Encoded.Length..])
            _open.Add(entry.Encoded, ++_lastSequence, epoch: 1, timestampMilliseconds: 0);
        drafts.Release();
        return error;
    }
}
