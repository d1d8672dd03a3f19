// A node's journal: writes are queued, reach the disk in order after a while, and are confirmed. A crash keeps what was
// confirmed and any prefix of what was not. Batches, promises, cuts and the voting flag, as the real journal records them.
using HotStandby.Core.Replication;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;

namespace HotStandby.Tests.Simulation;

/// <summary>One modelled disk.</summary>
public sealed class SimulatedJournal
{
    private readonly Queue<JournalWrite> _pending = [];
    private readonly List<OpLogBatch> _batches = [];
    private ulong _promisedEpoch;
    private NodeId _promisedTo = NodeId.None;
    private ulong _commitSequence;

    /// <summary>Whether the disk says that its node may vote.</summary>
    public bool Voting { get; private set; }

    /// <summary>When the newest queued write will be done.</summary>
    public long BusyUntilTicks { get; set; }

    /// <summary>Asks for a write.</summary>
    public void Enqueue(JournalWrite write) => _pending.Enqueue(write);

    /// <summary>The oldest write reaches the disk.</summary>
    public void WriteOldest()
    {
        switch (_pending.Dequeue())
        {
            case WriteBatch write:
                _batches.Add(write.Batch);
                _commitSequence = Math.Max(_commitSequence, write.Batch.CommitSequence);
                break;
            case WriteCut cut:
                CutAfter(cut.LastKeptSequence);
                break;
            case WritePromise promise:
                (_promisedEpoch, _promisedTo) = (promise.Epoch, promise.Candidate);
                break;
            case WriteVoting:
                Voting = true;
                break;
            default:
                throw new InvalidOperationException("unknown write");
        }
    }

    /// <summary>Power fails: some prefix of what was not confirmed is there all the same.</summary>
    public void Crash(SeededRandom random)
    {
        for (var kept = random.Chance(0.5) ? 0 : random.Between(0, _pending.Count); kept > 0; kept--)
            WriteOldest();
        _pending.Clear();
        BusyUntilTicks = 0;
    }

    /// <summary>What a start finds.</summary>
    public RecoveredJournal Recover()
    {
        var log = new LogIndex();
        foreach (var batch in _batches)
            log.Append(batch);
        return new RecoveredJournal(log, Math.Min(_commitSequence, log.LastSequence), _promisedEpoch, _promisedTo, Voting);
    }

    /// <summary>Every batch on the disk.</summary>
    public IReadOnlyList<OpLogBatch> Batches => _batches;

    /// <summary>Reads at most <paramref name="most"/> batches from a seq on.</summary>
    public List<OpLogBatch> Read(ulong fromSequence, int most)
    {
        var found = new List<OpLogBatch>();
        foreach (var batch in _batches)
            if (batch.LastSequence >= fromSequence && found.Count < most)
                found.Add(batch.From(fromSequence));
        return found;
    }

    private void CutAfter(ulong lastKept)
    {
        while (_batches.Count > 0 && _batches[^1].LastSequence > lastKept)
        {
            var last = _batches[^1];
            _batches.RemoveAt(_batches.Count - 1);
            if (last.FirstSequence <= lastKept)
                _batches.Add(last.Until(lastKept));
        }
    }
}
