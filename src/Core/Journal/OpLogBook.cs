// What the journal's events add up to: the log's shape, where its batches are, the promise, the vote. Kept by OpLogActor, and by the
// simulation, whose journal is real but for the disk. Pure: it sees numbers and events, never a journal.
using HotStandby.Core.Replication;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;
using HotStandby.Messages.Replication;

namespace HotStandby.Core.Journal;

/// <summary>The books over one journal. Not thread safe.</summary>
public sealed class OpLogBook
{
    private readonly LogIndex _log = new();
    private ulong _commitSequence;
    private EpochPromised _promise = new(0, NodeId.None);
    private VotingGranted? _voting;
    private ulong _imagesUpTo;

    /// <summary>Where the live batches are.</summary>
    public OpLogIndex Index { get; } = new();

    /// <summary>What a start has found, once every event is replayed. The log in it is the caller's from then on.</summary>
    public RecoveredJournal Recovered => new(
        _log, _commitSequence, _promise.Epoch, _promise.Candidate, _voting is not null, _imagesUpTo, _voting?.Memory ?? 0);

    /// <summary>
    /// What must be written again before the events that said it are deleted: as asked for last, since that is what stands before the
    /// copy in the journal, whether it is confirmed or not. An older promise behind a newer one would take it back.
    /// </summary>
    public IReadOnlyList<IJournalEvent> Standing => (_voting, _promise.Epoch > 0) switch
    {
        ({ } voting, true) => [voting, _promise],
        ({ } voting, false) => [voting],
        (null, true) => [_promise],
        _ => [],
    };

    /// <summary>A write is asked for: the event that records it.</summary>
    public IJournalEvent Ask(JournalWrite write)
    {
        var asked = ToEvent(write);
        Note(asked);
        return asked;
    }

    private static IJournalEvent ToEvent(JournalWrite write) => write switch
    {
        WriteBatch batch => new BatchAppended(batch.Batch),
        WritePromise promise => new EpochPromised(promise.Epoch, promise.Candidate),
        WriteCut cut => new SuffixCut(cut.LastKeptSequence),
        WriteVoting voting => new VotingGranted(voting.Memory),
        WriteTruncation truncation => new LogTruncated(truncation.Below, truncation.Roll),
        WriteReset reset => new LogReset(reset.Below, reset.Roll, reset.ImagesUpTo),
        _ => throw new ArgumentOutOfRangeException(nameof(write), write, "unknown journal write"),
    };

    /// <summary>An event of an earlier life is replayed.</summary>
    /// <param name="happened">The event.</param>
    /// <param name="journalNumber">Its number in the journal.</param>
    public void Replay(IJournalEvent happened, long journalNumber)
    {
        switch (happened)
        {
            case BatchAppended appended:
                _log.AppendRecovered(appended.Batch);
                break;
            case LogTruncated truncated:
                _log.FoundOn(truncated.Below, truncated.Roll);
                break;
            case LogReset reset:
                _log.Clear();
                _log.FoundOn(reset.Below, reset.Roll);
                break;
            case SuffixCut cut:
                _log.CutAfter(cut.LastKeptSequence);
                break;
            default:
                break;
        }

        Note(happened);
        Written(happened, journalNumber);
    }

    /// <summary>An event is in the journal.</summary>
    /// <param name="happened">The event.</param>
    /// <param name="journalNumber">Its number in the journal.</param>
    /// <returns>Up to which number the journal can be deleted now; 0: nothing.</returns>
    public long Written(IJournalEvent happened, long journalNumber)
    {
        switch (happened)
        {
            case BatchAppended appended:
                Index.Add(appended.Batch, journalNumber);
                _commitSequence = Math.Max(_commitSequence, appended.Batch.CommitSequence);
                return 0;
            case SuffixCut cut:
                Index.CutAfter(cut.LastKeptSequence);
                return 0;
            case EpochPromised or VotingGranted:
                return 0;
            case LogTruncated truncated:
                Founded(truncated.Below);
                return Index.TruncateBefore(truncated.Below[^1].LastSequence + 1);
            case LogReset reset:
                _imagesUpTo = reset.ImagesUpTo;
                Index.Clear();
                Founded(reset.Below);
                return journalNumber - 1;
            default:
                throw new ArgumentOutOfRangeException(nameof(happened), happened, "unknown journal event");
        }
    }

    private void Note(IJournalEvent standing)
    {
        if (standing is EpochPromised promised)
            _promise = promised;
        if (standing is VotingGranted granted)
            _voting = granted;
    }

    private void Founded(ReadOnlySpan<EpochEnd> below) => _commitSequence = Math.Max(_commitSequence, below[^1].LastSequence);
}
