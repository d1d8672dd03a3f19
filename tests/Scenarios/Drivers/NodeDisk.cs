// What a node's process leaves behind when it dies: the product's own journal on a disk in memory, the images beside it, and what the node
// remembers.
using HotStandby.Core.Node;
using HotStandby.Core.Replication;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;

namespace HotStandby.Tests.Scenarios.Drivers;

/// <summary>The data directory of one node.</summary>
/// <param name="memory">What it is known by; not 0.</param>
internal sealed class NodeDisk(ulong memory) : INodeMemory
{
    private const long SegmentBytes = 1 << 20;

    private readonly RealLog _log = new(SegmentBytes, flushes: false);
    private readonly SimulatedSnapshots _snapshots = new();
    private uint _starts;

    public Life Life { get; private set; }

    public ulong Birth { get; private set; }

    public ulong FirstMemory => memory;

    public bool NeedsFullSync { get; private set; }

    /// <summary>A process starts: what its journal holds.</summary>
    public RecoveredJournal Open()
    {
        _log.Open();
        Life = new Life(memory, Life.IncarnationOf(++_starts, random: 0));
        return _log.Recovered;
    }

    /// <summary>The process is killed; what it has written stays.</summary>
    public void Close() => _log.Crash(new SeededRandom(0), underWay: 0);

    /// <summary>The journal writes at once.</summary>
    public void Write(JournalWrite write)
    {
        _log.Ask(write);
        _log.WriteOldest();
        _log.WriteOwn();
    }

    /// <summary>Batches of the journal from a seq on.</summary>
    public IReadOnlyList<OpLogBatch> Read(ulong fromSequence) => _log.Read(fromSequence, int.MaxValue);

    /// <summary>What the snapshot store answers.</summary>
    public object AskSnapshots(object question) => _snapshots.Answer(question, PlantedBug.None);

    public Life RenewMemory() => throw new InvalidOperationException("no node loses its vote here");

    public void StoreBirth(ulong birth) => Birth = birth;

    public void NoteFullSync(bool isNeeded) => NeedsFullSync = isNeeded;
}
