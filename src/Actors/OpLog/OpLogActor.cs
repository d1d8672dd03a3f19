// The OpLog: a persistent actor whose events are encoded batches, promises, cuts, truncations and the right to vote. The replica decides
// what is written; this writes it, in order, and finds it again. It never changes a seq and never applies anything.
using Akka.Actor;
using Akka.Persistence;
using HotStandby.Core.Journal;
using HotStandby.Core.Node;
using HotStandby.Core.Partitions;
using HotStandby.Actors.Telemetry;
using HotStandby.Actors.Replication;
using HotStandby.Core.Replication;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;
using HotStandby.Messages.Replication;

namespace HotStandby.Actors.OpLog;

/// <summary>
/// The node's journal. Commands: <see cref="JournalWrite"/> (answered with <see cref="JournalWritten"/>, in order),
/// <see cref="GetEntriesSince"/>. A failed write throws <see cref="JournalFailedException"/>: fail stop.
/// </summary>
internal sealed class OpLogActor : UntypedPersistentActor
{
    private readonly OpLogBook _book = new();
    private readonly IActorRef _replica;

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
    public static Props Props(NodeId node, string journalPluginId) =>
        Akka.Actor.Props.Create(() => new OpLogActor(node, journalPluginId)).WithDispatcher(ReplicaActor.DispatcherName);

    /// <inheritdoc/>
    protected override void OnRecover(object message)
    {
        switch (message)
        {
            case IJournalEvent happened:
                _book.Replay(happened, LastSequenceNr);
                break;
            case RecoveryCompleted:
                _replica.Tell(new OpLogRecovered(_book.Recovered));
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
                PersistAsync(_book.Ask(write), Written);
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

    private void Written(IJournalEvent written)
    {
        DeleteUpTo(_book.Written(written, LastSequenceNr));
        _replica.Tell(JournalWritten.Instance);
    }

    // The journal deletes everything up to a number: promise and vote are written again first.
    private void DeleteUpTo(long journalNumber)
    {
        if (journalNumber <= 0)
            return;
        if (_book.Standing is { Count: > 0 } standing)
            PersistAllAsync(standing, static _ => { });
        DeferAsync(journalNumber, DeleteMessages);
    }

    private void Read(GetEntriesSince request, IActorRef asker)
    {
        var places = _book.Index.From(request.FromSequence, request.MaximumBytes);
        if (places.Length == 0)
            asker.Tell(new EntriesSince([], request.Purpose));
        else
            Context.ActorOf(JournalReaderActor.Props(Journal, PersistenceId, places, request, asker, JournalReaderActor.Step));
    }
}
