// Reads a run of batches back from whatever journal plugin is configured, by the plugin's own replay protocol. Lives for one
// request. Batches that were cut off are still in the journal; only those at the places that the index gave are taken.
using Akka.Actor;
using Akka.Persistence;
using HotStandby.Actors.Protocol;
using HotStandby.Messages.OpLog;

namespace HotStandby.Actors.OpLog;

/// <summary>One read of the journal.</summary>
internal sealed class JournalReaderActor : UntypedActor
{
    private readonly IActorRef _journal;
    private readonly string _persistenceId;
    private readonly BatchPlace[] _places;
    private readonly GetEntriesSince _request;
    private readonly IActorRef _asker;
    private readonly List<OpLogBatch> _batches = [];

    public JournalReaderActor(IActorRef journal, string persistenceId, BatchPlace[] places, GetEntriesSince request, IActorRef asker) =>
        (_journal, _persistenceId, _places, _request, _asker) = (journal, persistenceId, places, request, asker);

    public static Props Props(IActorRef journal, string persistenceId, BatchPlace[] places, GetEntriesSince request, IActorRef asker) =>
        Akka.Actor.Props.Create(() => new JournalReaderActor(journal, persistenceId, places, request, asker));

    protected override void PreStart() => _journal.Tell(new ReplayMessages(
        _places[0].JournalNumber, _places[^1].JournalNumber, long.MaxValue, _persistenceId, Self));

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case ReplayedMessage replayed:
                Take(replayed.Persistent);
                break;
            case RecoverySuccess:
                _asker.Tell(new EntriesSince(_batches, _request.Purpose));
                Context.Stop(Self);
                break;
            case ReplayMessagesFailure failure:
                throw new JournalFailedException("the journal could not be read back", failure.Cause);
            default:
                Unhandled(message);
                break;
        }
    }

    private void Take(IPersistentRepresentation persistent)
    {
        if (_batches.Count >= _places.Length || persistent.SequenceNr != _places[_batches.Count].JournalNumber
            || persistent.Payload is not BatchAppended { Batch: var batch })
            return;
        var place = _places[_batches.Count];
        var first = _batches.Count == 0 ? Math.Max(place.FirstSequence, _request.FromSequence) : place.FirstSequence;
        _batches.Add(batch.Until(place.LastSequence).From(first));
    }
}
