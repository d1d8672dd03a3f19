// Carries the cells of one simulated process, the scans that come and go among them.
using HotStandby.Core.Cells;
using HotStandby.Core.Node;
using HotStandby.Core.Partitions;
using HotStandby.Core.Partitions.Segments;
using HotStandby.Core.Partitions.Shards;
using HotStandby.Core.Shards;
using HotStandby.Messages.Calls;
using HotStandby.Messages.Identity;
using HotStandby.Tests.Doubles;

namespace HotStandby.Tests.Simulation.Nodes;

/// <summary>The cells of one process.</summary>
internal sealed class CellCarrier(CellProcess process, Scenario scenario) : CarriedCells
{
    private readonly ShardPartition[] _shards = new ShardPartition[CellProcess.ShardCount];

    /// <inheritdoc/>
    public override int Count => CellProcess.ShardCount;

    /// <summary>All of them.</summary>
    public IReadOnlyDictionary<CellAddress, (ICell Cell, Outbox Letters)> All => Cells;

    /// <inheritdoc/>
    protected override Moment Now => process.Now;

    private ScanSettings Scans { get; } =
        new() { KeysPerLot = 2, MaximumLots = 2, Timeout = TimeSpan.FromTicks(scenario.LeaseTicks * 2) };

    /// <summary>What a shard holds.</summary>
    public ShardState StateOf(int shard) => _shards[shard].State;

    /// <summary>Makes all that live as long as the process.</summary>
    public ReplicaCell Make(ReplicaCellSettings settings, SegmentSettings segments, VerifierSettings verifier, ulong firstSync)
    {
        var replica = AddNode(
            settings, segments, scenario.ReignTimes, TimeSpan.FromTicks(scenario.LeaseTicks), process, process, firstSync);
        Add(CellAddress.Verifier, letters => new VerifierCell(verifier, 1 + Count, letters));
        return replica;
    }

    /// <summary>A scan has ended.</summary>
    public void EndScan(CellAddress scan) => Remove(scan);

    /// <inheritdoc/>
    public override void Send(in CellAddress to, ICellMessage message)
    {
        if (message is ScanRequest request)
            Begin(request.Call);
        else
            base.Send(to, message);
    }

    /// <inheritdoc/>
    public override void Post(CellAddress to, object message, CellAddress from) => process.Deliver(to, message, from);

    /// <inheritdoc/>
    public override void Take(CellAddress to, object message, CellAddress from) => process.Take(to, message, from);

    /// <summary>Does what lies in the outbox of a cell.</summary>
    public void CarryOut(CellAddress from) => CarryOut(from, Cells[from].Letters);

    /// <inheritdoc/>
    protected override PartitionCell NewShard(Partition shard, int shards, ShardSettings settings, Outbox letters) =>
        new(shard, _shards[shard.ShardIndex] = new ShardPartition(shard, shards, settings, ReplyAfter.Commit, letters), letters);

    /// <inheritdoc/>
    protected override void After(TimeSpan time, Action then) => process.After(time, then);

    /// <inheritdoc/>
    protected override void Pass(CellAddress from, CellAddress to, in Letter letter) => process.Pass(from, to, letter);

    /// <inheritdoc/>
    protected override void Leave(CellAddress from, in Letter letter) => process.Leave(from, letter);

    private void Begin(ScanCall call)
    {
        var scan = CellAddress.Asker(call);
        Add(scan, letters => new ScanCell(
            call, Now.Ticks + Scans.Timeout.Ticks, Count, Scans, new EndOfKey(process), new LotSink(process, scan), letters));
        Post(scan, Core.Cells.Begin.Instance, from: default);
    }

    // A pattern is the characters with which a key may end. To search takes no time.
    private sealed class EndOfKey(CellProcess process) : IKeyMatcher
    {
        private string _ends = "";

        public bool TryRead(string pattern)
        {
            _ends = pattern;
            return true;
        }

        public KeyMatch Search(in ObjectKey key, out long endedTicks)
        {
            endedTicks = process.Now.Ticks;
            return _ends.Contains((char)key.UserKey[^1], StringComparison.Ordinal) ? KeyMatch.Yes : KeyMatch.No;
        }
    }

    private sealed class LotSink(CellProcess process, CellAddress scan) : IReplySink
    {
        public void Answer(MasterCall call) => process.Deliver(scan, new LotAnswered((KeyedCall)call), from: default);

        public void Abandon(MasterCall call) => process.Deliver(scan, LotAbandoned.Instance, from: default);
    }
}
