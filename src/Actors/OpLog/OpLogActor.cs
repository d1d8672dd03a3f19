// The OpLog: a persistent actor whose events are encoded batches, promises, cuts, truncations and the right to vote. The replica decides
// what is written; this writes it, in order, and finds it again. It never changes a seq and never applies anything.
using Akka.Actor;
using Akka.Persistence;
using HotStandby.Actors.Protocol;
using HotStandby.Actors.Telemetry;
using HotStandby.Core.Replication;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;
using HotStandby.Messages.Replication;

namespace HotStandby.Actors.OpLog;

/// <summary>
/// The node's journal. Commands: <see cref="JournalWrite"/> (answered with <see cref="JournalWritten"/>, in order),
/// <see cref="GetEntriesSince"/>. A failed write throws <see cref="JournalFailedException"/>: fail stop.
/// </summary>
public sealed class OpLogActor : UntypedPersistentActor
{
    private readonly OpLogIndex _index = new();
    private readonly LogIndex _log = new();
    private readonly IActorRef _replica;
    private ulong _commitSequence;
    private EpochPromised _promise = new(0, NodeId.None);
    private bool _voting;
    private ulong _imagesUpTo;

    public OpLogActor(NodeId node, string journalPluginId)
    {
        PersistenceId = $"oplog-{node}";
        JournalPluginId = journalPluginId;
        _replica = Context.Parent;
    }

    /// <inheritdoc/>
    public override string PersistenceId { get; }

    /// <inheritdoc/>
    public override Recovery Recovery => new(SnapshotSelectionCriteria.None);

    /// <summary>The child of the replica.</summary>
    /// <param name="node">Whose journal.</param>
    /// <param name="journalPluginId">HOCON path of the journal plugin.</param>
    public static Props Props(NodeId node, string journalPluginId) => Akka.Actor.Props.Create(() => new OpLogActor(node, journalPluginId));

    /// <inheritdoc/>
    protected override void OnRecover(object message)
    {
        switch (message)
        {
            case BatchAppended appended:
                _log.AppendRecovered(appended.Batch);
                Note(appended.Batch);
                break;
            case LogTruncated truncated:
                _log.FoundOn(truncated.Below);
                _index.TruncateBefore(truncated.Below[^1].LastSequence + 1);
                Founded(truncated.Below);
                break;
            case LogReset reset:
                _log.Clear();
                _log.FoundOn(reset.Below);
                _index.Clear();
                _imagesUpTo = reset.ImagesUpTo;
                Founded(reset.Below);
                break;
            case SuffixCut cut:
                _log.CutAfter(cut.LastKeptSequence);
                _index.CutAfter(cut.LastKeptSequence);
                break;
            case EpochPromised promised:
                _promise = promised;
                break;
            case VotingGranted:
                _voting = true;
                break;
            case RecoveryCompleted:
                _replica.Tell(new OpLogRecovered(
                    new RecoveredJournal(_log, _commitSequence, _promise.Epoch, _promise.Candidate, _voting, _imagesUpTo)));
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    /// <inheritdoc/>
    protected override void OnCommand(object message)
    {
        switch (message)
        {
            case JournalWrite write:
                NodeMetrics.Journaling(write);
                PersistAsync(ToEvent(write), Written);
                break;
            case GetEntriesSince request:
                // Behind every write that was asked for before: until then the index still holds what is being cut off.
                var asker = Sender;
                DeferAsync(request, asked => Read(asked, asker));
                break;
            case DeleteMessagesSuccess:
                break;
            case DeleteMessagesFailure failure:
                throw new JournalFailedException($"the journal could not be truncated to {failure.ToSequenceNr}", failure.Cause);
            default:
                Unhandled(message);
                break;
        }
    }

    /// <inheritdoc/>
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(_ => Directive.Escalate);

    /// <inheritdoc/>
    protected override void OnPersistFailure(Exception cause, object @event, long sequenceNr) =>
        throw new JournalFailedException($"journal write {sequenceNr} failed", cause);

    /// <inheritdoc/>
    protected override void OnPersistRejected(Exception cause, object @event, long sequenceNr) =>
        throw new JournalFailedException($"journal write {sequenceNr} was rejected", cause);

    /// <inheritdoc/>
    protected override void OnRecoveryFailure(Exception reason, object? message = null) =>
        throw new JournalFailedException("the journal could not be read", reason);

    private static IJournalEvent ToEvent(JournalWrite write) => write switch
    {
        WriteBatch batch => new BatchAppended(batch.Batch),
        WritePromise promise => new EpochPromised(promise.Epoch, promise.Candidate),
        WriteCut cut => new SuffixCut(cut.LastKeptSequence),
        WriteVoting => new VotingGranted(),
        WriteTruncation truncation => new LogTruncated(truncation.Below),
        WriteReset reset => new LogReset(reset.Below, reset.ImagesUpTo),
        _ => throw new ArgumentOutOfRangeException(nameof(write), write, "unknown journal write"),
    };

    private void Written(IJournalEvent written)
    {
        switch (written)
        {
            case BatchAppended appended:
                Note(appended.Batch);
                break;
            case SuffixCut cut:
                _index.CutAfter(cut.LastKeptSequence);
                break;
            case EpochPromised promised:
                _promise = promised;
                break;
            case VotingGranted:
                _voting = true;
                break;
            case LogTruncated truncated:
                Founded(truncated.Below);
                DeleteUpTo(_index.TruncateBefore(truncated.Below[^1].LastSequence + 1));
                break;
            case LogReset reset:
                _imagesUpTo = reset.ImagesUpTo;
                _index.Clear();
                Founded(reset.Below);
                DeleteUpTo(LastSequenceNr - 1);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(written), written, "unknown journal event");
        }

        _replica.Tell(JournalWritten.Instance);
    }

    private void Note(OpLogBatch batch)
    {
        _index.Add(batch, LastSequenceNr);
        _commitSequence = Math.Max(_commitSequence, batch.CommitSequence);
    }

    private void Founded(ReadOnlySpan<EpochEnd> below) => _commitSequence = Math.Max(_commitSequence, below[^1].LastSequence);

    // The journal deletes everything up to a number: promise and vote are written again first.
    private void DeleteUpTo(long journalNumber)
    {
        if (journalNumber <= 0)
            return;
        if (_voting)
            PersistAsync(new VotingGranted(), _ => { });
        if (_promise.Epoch > 0)
            PersistAsync(_promise, _ => { });
        DeferAsync(journalNumber, DeleteMessages);
    }

    private void Read(GetEntriesSince request, IActorRef asker)
    {
        var places = _index.From(request.FromSequence, request.MaximumBytes);
        if (places.Length == 0)
            asker.Tell(new EntriesSince([], request.Purpose));
        else
            Context.ActorOf(JournalReaderActor.Props(Journal, PersistenceId, places, request, asker));
    }
}

/// <summary>The journal cannot be written or read: the process ends (exit code 74), its supervisor restarts it.</summary>
public sealed class JournalFailedException(string message, Exception? cause = null)
    : Exception(cause is null ? message : $"{message}: {cause.Message}", cause);
