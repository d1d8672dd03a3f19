// A cluster of three nodes in one thread, made of the product's cells: a network that loses nothing and keeps the order, disks in memory,
// and a clock that is moved by hand. What a message leads to, in any node, has happened when a call of this class returns.
using HotStandby.Actors.Gateway;
using HotStandby.Core.Cells;
using HotStandby.Core.Node;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Messages.OpLog;
using HotStandby.Messages.Replication;

namespace HotStandby.Tests.Scenarios.Drivers;

/// <summary>One Primary and two Standbys. Commits can be held back.</summary>
internal sealed class InProcessMaster : IScenarioMaster
{
    public const int Shards = 8;

    public static readonly NodeId[] Names = [new("a"), new("b"), new("c")];

    private static readonly TimeSpan PingInterval = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly Dictionary<NodeId, NodeDisk> _disks = [];
    private readonly Dictionary<NodeId, InProcessNode> _nodes = [];
    private readonly Queue<(InProcessNode Node, CellAddress To, object Message, CellAddress From)> _mailbox = new();
    private readonly PriorityQueue<(InProcessNode Node, Action Then), (long DueTicks, long Number)> _timers = new();
    private readonly Queue<(InProcessNode From, NodeId To, AppendBatch Append)> _held = new();
    private readonly HashSet<Uuid> _pinging = [];
    private readonly HashSet<Uuid> _silent = [];
    private readonly ManualTime _clock = new();
    private NodeId _leader = Names[0];
    private ulong _heldFrom = ulong.MaxValue;
    private long _timerNumber;

    public InProcessMaster()
    {
        foreach (var (i, name) in Names.Index())
        {
            _disks[name] = new NodeDisk(memory: 1 + (ulong)i);
            Start(name);
        }

        Crown();
    }

    public TimeProvider Time => _clock;

    public Moment Now => new(_clock.Ticks, _clock.Ticks / TimeSpan.TicksPerMillisecond);

    /// <summary>Every entry that the Primary has proposed, beside those of the protocol itself, in order.</summary>
    public IReadOnlyList<OpType> Entries
    {
        get
        {
            var types = new List<OpType>();
            foreach (var batch in _disks[_leader].Read(1))
                foreach (var entry in batch)
                    if (entry.Type is not (OpType.EpochStart or OpType.VoterReturned))
                        types.Add(entry.Type);
            return types;
        }
    }

    public byte[] Tenant { get; } = "default"u8.ToArray();

    public bool IsOnRealTime => false;

    public bool HoldsCommits => _held.Count > 0;

    private InProcessNode Primary => _nodes[_leader];

    private MasterGateway Gateway => Primary.Gateway;

    /// <summary>Nothing that is proposed from now on leaves the Primary.</summary>
    public void HoldCommits() => HoldCommitsAfter(0);

    /// <summary>So many entries more are committed, and then none.</summary>
    public void HoldCommitsAfter(int entries) => _heldFrom = Primary.LastSequence + (ulong)entries + 1;

    public void ReleaseCommits()
    {
        _heldFrom = ulong.MaxValue;
        while (_held.TryDequeue(out var held))
            Carry(held.From, held.To, held.Append);
        Run();
    }

    public Task SubmitAsync(Func<IReplySink, MasterCall> call)
    {
        var sink = new CallSink();
        var made = call(sink);
        var client = made is SegmentCall segmentCall ? segmentCall.Client : made is KeyedCall keyed ? keyed.Client : Uuid.None;
        if (client != Uuid.None)
            Gateway.Hear(client);
        if (made is MountSegmentCall or ReMountSegmentCall)
        {
            _silent.Remove(client);
            _pinging.Add(client);
        }

        Gateway.Submit(made);
        Run();
        if (!sink.Answered.IsCompleted && !HoldsCommits)
            throw new InvalidOperationException($"nothing is held back, and {made.GetType().Name} has no answer");
        return sink.Answered;
    }

    public Task<ClientStatus> PingAsync(Uuid client)
    {
        Gateway.Hear(client);
        return Task.FromResult(Gateway.Ping(client) ?? throw new InvalidOperationException("the Primary does not serve"));
    }

    public void FallSilent(Uuid client) => _silent.Add(client);

    public Task AdvanceAsync(TimeSpan time)
    {
        for (var left = time; left > TimeSpan.Zero; left -= PingInterval)
            Advance(left < PingInterval ? left : PingInterval);
        return Task.CompletedTask;
    }

    public Task FailOverAsync()
    {
        var lost = _leader;
        Primary.Stop();
        _nodes.Remove(lost);
        (_leader, _heldFrom) = (Names[(Array.IndexOf(Names, lost) + 1) % Names.Length], ulong.MaxValue);
        _held.Clear();
        Crown();
        Start(lost);
        var back = _nodes[lost];
        AdvanceUntil(() => back.Phase == NodePhase.Following && back.AppliedSequence == Primary.LastSequence, $"{lost} follows");
        return Task.CompletedTask;
    }

    // What is held back is only on the Primary; then only the Standbys hold the same.
    public Task<bool> DigestsAgreeAsync()
    {
        var digests = _nodes.Values.Where(node => !HoldsCommits || node != Primary).Select(node => node.Digests.ToArray()).ToArray();
        return Task.FromResult(digests.All(each => each.SequenceEqual(digests[0])));
    }

    /// <summary>Puts a message into the mailbox of a cell.</summary>
    public void Post(InProcessNode node, CellAddress to, object message, CellAddress from) => _mailbox.Enqueue((node, to, message, from));

    /// <summary>Does something after a while, if the process still runs then.</summary>
    public void After(InProcessNode node, TimeSpan time, Action then) =>
        _timers.Enqueue((node, then), (_clock.Ticks + time.Ticks, _timerNumber++));

    /// <summary>Carries a message to another node.</summary>
    public void Carry(InProcessNode from, NodeId to, ReplicationMessage message)
    {
        if (message is AppendBatch { Batch: { } batch } append && batch.LastSequence >= _heldFrom)
            _held.Enqueue((from, to, append));
        else if (_nodes.TryGetValue(to, out var node))
            Post(node, CellAddress.Replica, message, CellAddress.Peer(from.Name));
    }

    private void Start(NodeId name)
    {
        var node = _nodes[name] = new InProcessNode(this, name, _disks[name]);
        node.Start();
        Run();
    }

    private void Crown()
    {
        Post(Primary, CellAddress.Replica, Core.Node.Crown.Instance, from: default);
        Run();
        AdvanceUntil(() => Gateway.Service == ServiceState.Serving, $"{_leader} serves");
    }

    private void AdvanceUntil(Func<bool> isSo, string what)
    {
        for (var end = _clock.Ticks + Patience.Ticks; !isSo(); Advance(PingInterval))
            if (_clock.Ticks >= end)
                throw new InvalidOperationException($"not after {Patience}: {what}");
    }

    // Timers fire at their time, one after the other; clients ping at the end.
    private void Advance(TimeSpan time)
    {
        var end = _clock.Ticks + time.Ticks;
        while (_timers.TryPeek(out var timer, out var due) && due.DueTicks <= end)
        {
            _timers.Dequeue();
            _clock.Advance(TimeSpan.FromTicks(Math.Max(0, due.DueTicks - _clock.Ticks)));
            if (Runs(timer.Node))
                timer.Then();
            Run();
        }

        _clock.Advance(TimeSpan.FromTicks(end - _clock.Ticks));
        foreach (var client in _pinging.Where(client => !_silent.Contains(client)))
            Gateway.Hear(client);
    }

    private void Run()
    {
        while (_mailbox.TryDequeue(out var next))
            if (Runs(next.Node))
                next.Node.Take(next.To, next.Message, next.From);
    }

    private bool Runs(InProcessNode node) => _nodes.GetValueOrDefault(node.Name) == node;
}
