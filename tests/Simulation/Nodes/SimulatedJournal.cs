// A node's journal, modelled, and in a share of the runs the product's own beside it: writes are queued, reach the disk in order after a
// while, and are confirmed. A crash keeps what was confirmed and any prefix of what was not. Batches, promises, cuts and the voting flag,
// as the real journal records them; and what stands for checkpoints: the links of the entries that are no longer in it.
using HotStandby.Actors.Journal;
using HotStandby.Core.Replication;
using HotStandby.Messages;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;
using HotStandby.Messages.Replication;

namespace HotStandby.Tests.Simulation.Nodes;

/// <summary>One modelled disk.</summary>
/// <param name="bug">A planted mistake.</param>
/// <param name="memory">What its directory is known by.</param>
/// <param name="real">The product's own journal, which must say the same as the model at every start; null: the model alone.</param>
public sealed class SimulatedJournal(PlantedBug bug, ulong memory, RealLog? real)
{
    private readonly Queue<(JournalWrite Write, Link[] Checkpoint)> _pending = [];
    private readonly List<OpLogBatch> _batches = [];
    private ulong _votingMemory;
    private uint _starts;
    private ulong _promisedEpoch;
    private NodeId _promisedTo = NodeId.None;
    private ulong _commitSequence;
    private EpochEnd[] _below = [];
    private VoterRoll _roll = VoterRoll.Empty;

    /// <summary>The checkpoints beside it.</summary>
    public SimulatedImages Images { get; } = new(bug);

    /// <summary>The images beside it, where the process is a whole node.</summary>
    public SimulatedSnapshots Snapshots { get; } = new();

    /// <summary>A full sync was asked for and has not ended.</summary>
    public bool NeedsFullSync { get; set; }

    /// <summary>Which memory the directory holds.</summary>
    public ulong Memory { get; private set; } = memory;

    /// <summary>Which cluster it belongs to; 0: it does not know.</summary>
    public ulong Birth { get; set; }

    /// <summary>What the checkpoints hold: everything up to the log's first entry.</summary>
    public Link[] Checkpoint { get; private set; } = [];

    /// <summary>Whether the disk says that its node may vote. A damaged one will say nothing any more.</summary>
    public bool Voting => _votingMemory == Memory && !IsDamaged;

    /// <summary>Something that was once good is not any more: its node will not start.</summary>
    public bool IsDamaged { get; private set; }

    /// <summary>When the newest queued write will be done.</summary>
    public long BusyUntilTicks { get; set; }

    /// <summary>Asks for a write.</summary>
    /// <param name="write">What.</param>
    /// <param name="checkpoint">With a truncation or a reset: what the checkpoints hold that replace the entries.</param>
    public void Enqueue(JournalWrite write, Link[] checkpoint)
    {
        _pending.Enqueue((write, checkpoint));
        real?.Ask(write);
    }

    /// <summary>The oldest write reaches the disk. False: the disk has failed, and the process must end.</summary>
    public bool TryWriteOldest()
    {
        try
        {
            real?.WriteOldest();
            WriteOldest();
            real?.WriteOwn();
            return true;
        }
        catch (JournalFailed)
        {
            return false;
        }
    }

    private void WriteOldest()
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
            case WriteVoting voting:
                _votingMemory = voting.Memory;
                break;
            case WriteTruncation truncation:
                (_below, _roll, Checkpoint) = (truncation.Below, truncation.Roll, checkpoint);
                _batches.RemoveAll(batch => batch.LastSequence <= _below[^1].LastSequence);
                if (_batches.Count > 0)
                    _batches[0] = _batches[0].From(Math.Max(_batches[0].FirstSequence, _below[^1].LastSequence + 1));
                break;
            case WriteReset reset:
                (_below, _roll, Checkpoint) = (reset.Below, reset.Roll, checkpoint);
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
        var kept = random.Chance(0.5) ? 0 : random.Between(0, _pending.Count);
        try
        {
            kept = real?.Crash(random, kept) ?? kept;
        }
        catch (JournalDamaged) when (IsDamaged)
        {
            kept = 0;
        }

        for (; kept > 0; kept--)
            WriteOldest();
        _pending.Clear();
        BusyUntilTicks = 0;
    }

    /// <summary>A process starts. False: it must not, since what is there is damaged.</summary>
    /// <exception cref="InvariantViolation">8: the journal says something else than was written.</exception>
    public bool TryStart()
    {
        if (real is null)
            return true;
        try
        {
            real.Open();
        }
        catch (JournalDamaged damaged) when (IsDamaged && bug == PlantedBug.TakeDamageForTornTail)
        {
            return real.TryCutWhereDamaged(damaged);
        }
        catch (JournalDamaged) when (IsDamaged)
        {
            return false;
        }

        IsDamaged = false; // what was damaged has been replaced or deleted since
        var (found, expected) = (real.Recovered, Model());
        if (!found.Log.Describe().SequenceEqual(expected.Log.Describe()) || found.Log.BaseSequence != expected.Log.BaseSequence
            || (found.PromisedEpoch, found.PromisedTo, found.VotingMemory) != (expected.PromisedEpoch, expected.PromisedTo,
                expected.VotingMemory)
            || !Named(found).SequenceEqual(Named(expected)))
            throw new InvariantViolation(8, $"the journal gives back {Describe(found)} instead of {Describe(expected)}");
        return true;
    }

    /// <summary>What a start finds.</summary>
    public RecoveredJournal Recover() => real?.Recovered ?? Model();

    private static IEnumerable<NamedVoter> Named(RecoveredJournal journal) => journal.Log.Roster.At(journal.Log.LastSequence).Voters;

    /// <summary>What the directory promised as a voter is void.</summary>
    public void Renew(ulong drawn) => Memory = drawn | (1UL << 40);

    /// <summary>
    /// A process opens the directory. Where its log gives its name to another memory, what it once promised as a voter is void.
    /// </summary>
    public Life OpenAs(NodeId name, RecoveredJournal found, ulong drawn)
    {
        if (found.Log.Roster.Find(name) is { Memory: not 0 } seat && seat.Memory != Memory)
            Renew(drawn);
        return new Life(Memory, Life.IncarnationOf(++_starts, (uint)drawn));
    }

    private static string Describe(RecoveredJournal journal) =>
        $"a log behind {journal.Log.BaseSequence} that ends {string.Join(' ', journal.Log.Describe())}, "
        + $"promise {journal.PromisedEpoch} to {journal.PromisedTo}, voting {journal.VotingMemory:x}, names "
        + $"{string.Join(' ', Named(journal))}";

    private RecoveredJournal Model()
    {
        var log = new LogIndex();
        if (_below.Length > 0)
            log.FoundOn(_below, _roll);
        foreach (var batch in _batches)
            log.Append(batch);
        return new RecoveredJournal(log, Math.Clamp(_commitSequence, log.BaseSequence, log.LastSequence), _promisedEpoch, _promisedTo,
            _votingMemory != 0, VotingMemory: _votingMemory);
    }

    /// <summary>Every batch on the disk.</summary>
    public IReadOnlyList<OpLogBatch> Batches => real?.Read(real.Recovered.Log.BaseSequence + 1, int.MaxValue) ?? _batches;

    /// <summary>The disk fails at the next write, if it can.</summary>
    public void Break(bool isFull) => real?.Break(isFull);

    /// <summary>It does not fail any more.</summary>
    public void Mend() => real?.Mend();

    /// <summary>Something in it goes bad, if it can; null if it cannot.</summary>
    public string? Damage(SeededRandom random)
    {
        if (real is null || IsDamaged)
            return null;
        IsDamaged = true;
        return real.Damage(random);
    }

    /// <summary>Reads at most <paramref name="most"/> batches from a seq on.</summary>
    /// <exception cref="JournalDamaged">It is.</exception>
    public List<OpLogBatch> Read(ulong fromSequence, int most)
    {
        if (real is not null)
            return real.Read(fromSequence, most);
        var (low, high) = (0, _batches.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = _batches[middle].LastSequence < fromSequence ? (middle + 1, high) : (low, middle);
        }

        if (low == _batches.Count || _batches[low].FirstSequence > fromSequence)
            return [];
        var found = _batches.GetRange(low, Math.Min(most, _batches.Count - low));
        found[0] = found[0].From(fromSequence);
        return found;
    }

    /// <summary>A planted mistake.</summary>
    public void CutUncommitted() => CutAfter(Math.Max(_commitSequence, Checkpoint.Length == 0 ? 0 : _below[^1].LastSequence));

    /// <summary>A planted mistake: an empty log in a directory that takes itself for the old one.</summary>
    public void VoteAs(SimulatedJournal old) => (Memory, _votingMemory, _starts) = (old.Memory, old.Memory, old._starts);

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
