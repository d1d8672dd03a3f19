// A master of the pure core: no actors, no threads, a clock that is moved by hand. Entries are committed at once, or when they are
// released; whatever is committed is applied to the Standby's copy. Its reigns are in Reign; this is what outlives them.
using HotStandby.Core.Shards;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Messages.OpLog;

namespace HotStandby.Tests.Scenarios.Drivers;

/// <summary>One Primary and one Standby in one thread.</summary>
internal sealed class InProcessMaster : IScenarioMaster
{
    /// <summary>How far the clock moves at once: sweeps, liveness and eviction have their turn in between.</summary>
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(250);

    public const int Shards = 8;

    private readonly List<OpLogBatch> _log = [];
    private readonly Queue<(DraftBuffer? Drafts, Action Committed, Action Abandoned)> _proposed = new();
    private readonly HashSet<Uuid> _pinging = [];
    private readonly HashSet<Uuid> _silent = [];
    private readonly BatchWriter _writer = new();
    private NodeState _primary = new(Shards);
    private NodeState _standby = new(Shards);
    private Reign _reign;
    private ulong _sequence;
    private ulong _epoch = 1;
    private bool _isCommitting;
    private int _commitsLeft = int.MaxValue;

    public InProcessMaster(InProcessSettings? settings = null)
    {
        Settings = settings ?? new InProcessSettings();
        _reign = new Reign(this, _primary, _epoch);
    }

    public InProcessSettings Settings { get; }

    public long NowTicks { get; private set; } = TimeSpan.TicksPerDay;

    /// <summary>Every entry that was proposed, in order.</summary>
    public List<OpType> Entries { get; } = [];

    public byte[] Tenant { get; } = "default"u8.ToArray();

    public bool IsOnRealTime => false;

    public bool HoldsCommits { get; private set; }

    public void HoldCommits() => HoldsCommits = true;

    /// <summary>So many proposals more are committed, and then none.</summary>
    public void HoldCommitsAfter(int proposals) => (_commitsLeft, HoldsCommits) = (proposals, proposals == 0);

    public void ReleaseCommits()
    {
        HoldsCommits = false;
        CommitAll();
    }

    public Task SubmitAsync(Func<IReplySink, MasterCall> call)
    {
        var sink = new CallSink();
        var made = call(sink);
        var client = made is SegmentCall segmentCall ? segmentCall.Client : made is KeyedCall keyed ? keyed.Client : Uuid.None;
        if (client != Uuid.None)
        {
            _reign.Hear(client);
            if (made is MountSegmentCall or ReMountSegmentCall)
            {
                _silent.Remove(client);
                _pinging.Add(client);
            }
        }

        _reign.Serve(made);
        return sink.Answered;
    }

    public Task<ClientStatus> PingAsync(Uuid client) => Task.FromResult(_reign.Ping(client));

    public void FallSilent(Uuid client) => _silent.Add(client);

    public Task AdvanceAsync(TimeSpan time)
    {
        for (var end = NowTicks + time.Ticks; NowTicks < end;)
        {
            NowTicks = Math.Min(end, NowTicks + Beat.Ticks);
            foreach (var client in _pinging.Where(client => !_silent.Contains(client)))
                _reign.Hear(client);
            _reign.Tick();
        }

        return Task.CompletedTask;
    }

    public Task FailOverAsync()
    {
        _reign.End();
        while (_proposed.TryDequeue(out var lost))
            lost.Abandoned();
        _primary = _standby;
        _standby = new NodeState(Shards);
        foreach (var batch in _log)
            _standby.Apply(batch); // a Standby that joins has the whole log to read
        (HoldsCommits, _commitsLeft) = (false, int.MaxValue);
        _reign = new Reign(this, _primary, ++_epoch);
        _reign.Begin();
        return Task.CompletedTask;
    }

    // What is proposed and held back is only on the Primary; then there is nothing to compare.
    public Task<bool> DigestsAgreeAsync() =>
        Task.FromResult(_proposed.Count > 0 || _primary.Digests.SequenceEqual(_standby.Digests));

    /// <summary>Takes a proposal of the reign; it hears of it once, now or later.</summary>
    public void Propose(DraftBuffer? drafts, Action<int, ulong> committed, Action answered, Action abandoned)
    {
        foreach (var type in TypesOf(drafts))
            Entries.Add(type);
        _proposed.Enqueue((drafts, () => Commit(drafts, committed, answered), abandoned));
        if (!HoldsCommits)
            CommitAll();
    }

    private void CommitAll()
    {
        if (_isCommitting)
            return; // what a commit leads to is committed by the loop below, behind it
        _isCommitting = true;
        while (!HoldsCommits && _proposed.TryDequeue(out var next))
        {
            HoldsCommits = _commitsLeft != int.MaxValue && --_commitsLeft == 0;
            next.Committed();
        }

        _isCommitting = false;
    }

    private void Commit(DraftBuffer? drafts, Action<int, ulong> committed, Action answered)
    {
        if (drafts is { Count: > 0 })
        {
            for (var rest = drafts.Bytes; OpLogEntry.TryView(rest, out var draft); rest = rest[draft.Encoded.Length..])
                _writer.Add(draft.Encoded, ++_sequence, _epoch, NowTicks / TimeSpan.TicksPerMillisecond);
            var batch = _writer.Close(_sequence);
            _log.Add(batch);
            _standby.Apply(batch);
            committed(batch.Count, batch.LastSequence);
        }

        answered();
    }

    private static OpType[] TypesOf(DraftBuffer? drafts)
    {
        var types = new List<OpType>();
        for (var rest = drafts is null ? [] : drafts.Bytes; OpLogEntry.TryView(rest, out var draft); rest = rest[draft.Encoded.Length..])
            types.Add(draft.Type);
        return [.. types];
    }
}
