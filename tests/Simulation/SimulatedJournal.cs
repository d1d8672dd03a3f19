// A node's journal: writes are queued, reach the disk in order after a while, and are confirmed. A crash keeps what was
// confirmed and any prefix of what was not. Batches, promises, cuts and the voting flag, as the real journal records them; and what
// stands for checkpoints: the links of the entries that are no longer in it.
using HotStandby.Core.Replication;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;
using HotStandby.Messages.Replication;

namespace HotStandby.Tests.Simulation;

/// <summary>One modelled disk.</summary>
public sealed class SimulatedJournal(PlantedBug bug)
{
    private readonly Queue<(JournalWrite Write, Link[] Checkpoint)> _pending = [];
    private readonly List<OpLogBatch> _batches = [];
    private ulong _promisedEpoch;
    private NodeId _promisedTo = NodeId.None;
    private ulong _commitSequence;
    private EpochEnd[] _below = [];

    /// <summary>What the checkpoints hold: everything up to the log's first entry.</summary>
    public Link[] Checkpoint { get; private set; } = [];

    /// <summary>Whether the disk says that its node may vote.</summary>
    public bool Voting { get; private set; }

    /// <summary>When the newest queued write will be done.</summary>
    public long BusyUntilTicks { get; set; }

    /// <summary>Asks for a write.</summary>
    /// <param name="write">What.</param>
    /// <param name="checkpoint">With a truncation or a reset: what the checkpoints hold that replace the entries.</param>
    public void Enqueue(JournalWrite write, Link[] checkpoint) => _pending.Enqueue((write, checkpoint));

    /// <summary>The oldest write reaches the disk.</summary>
    public void WriteOldest()
    {
        var (oldest, checkpoint) = _pending.Dequeue();
        switch (oldest)
        {
            case WriteBatch write:
                _batches.Add(write.Batch);
                _commitSequence = Math.Max(_commitSequence, write.Batch.CommitSequence);
                break;
            case WriteCut cut:
                CutAfter(cut.LastKeptSequence);
                break;
            case WritePromise when bug == PlantedBug.ReuseEpoch:
                break;
            case WritePromise promise:
                (_promisedEpoch, _promisedTo) = (promise.Epoch, promise.Candidate);
                break;
            case WriteVoting:
                Voting = true;
                break;
            case WriteTruncation truncation:
                (_below, Checkpoint) = (truncation.Below, checkpoint);
                _batches.RemoveAll(batch => batch.LastSequence <= _below[^1].LastSequence);
                if (_batches.Count > 0)
                    _batches[0] = _batches[0].From(Math.Max(_batches[0].FirstSequence, _below[^1].LastSequence + 1));
                break;
            case WriteReset reset:
                (_below, Checkpoint) = (reset.Below, checkpoint);
                _batches.Clear();
                _commitSequence = _below[^1].LastSequence;
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
        if (_below.Length > 0)
            log.FoundOn(_below);
        foreach (var batch in _batches)
            log.Append(batch);
        return new RecoveredJournal(log, Math.Clamp(_commitSequence, log.BaseSequence, log.LastSequence), _promisedEpoch, _promisedTo, Voting);
    }

    /// <summary>Every batch on the disk.</summary>
    public IReadOnlyList<OpLogBatch> Batches => _batches;

    /// <summary>Reads at most <paramref name="most"/> batches from a seq on.</summary>
    public List<OpLogBatch> Read(ulong fromSequence, int most)
    {
        var found = new List<OpLogBatch>();
        foreach (var batch in _batches)
            if (batch.LastSequence >= fromSequence && found.Count < most && (found.Count > 0 || batch.FirstSequence <= fromSequence))
                found.Add(batch.From(Math.Max(batch.FirstSequence, fromSequence)));
        return found;
    }

    /// <summary>A planted mistake.</summary>
    public void CutUncommitted() => CutAfter(Math.Max(_commitSequence, Checkpoint.Length == 0 ? 0 : _below[^1].LastSequence));

    /// <summary>A planted mistake.</summary>
    public void VoteAtOnce() => Voting = bug == PlantedBug.VoteWithoutDisk;

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
