// Reads a run of batches back from whatever journal plugin is configured, by the plugin's own replay protocol. Lives for one
// request. Batches that were cut off are still in the journal; only those at the places that the index gave are taken.
using Akka.Actor;
using Akka.Persistence;
using HotStandby.Core.Journal;
using HotStandby.Core.Node;
using HotStandby.Core.Partitions;
using HotStandby.Messages.OpLog;

namespace HotStandby.Actors.OpLog;

/// <summary>One read of the journal. When the plugin says nothing for three minutes, it counts as failed, and the node ends.</summary>
internal sealed class JournalReaderActor : UntypedActor
{
    // Counted in steps: a process that was frozen for an hour has waited for one of them.
    private const int MostSilentSteps = 180;

    /// <summary>A step of the wait.</summary>
    public static readonly TimeSpan Step = TimeSpan.FromSeconds(1);

    private readonly IActorRef _journal;
    private readonly string _persistenceId;
    private readonly BatchPlace[] _places;
    private readonly GetEntriesSince _request;
    private readonly IActorRef _asker;
    private readonly TimeSpan _step;
    private readonly List<OpLogBatch> _batches = [];
    private int _silentSteps;

    public JournalReaderActor(
        IActorRef journal, string persistenceId, BatchPlace[] places, GetEntriesSince request, IActorRef asker, TimeSpan step) =>
        (_journal, _persistenceId, _places, _request, _asker, _step) = (journal, persistenceId, places, request, asker, step);

    public static Props Props(
        IActorRef journal, string persistenceId, BatchPlace[] places, GetEntriesSince request, IActorRef asker, TimeSpan step) =>
        Akka.Actor.Props.Create(() => new JournalReaderActor(journal, persistenceId, places, request, asker, step));

    protected override void PreStart()
    {
        _journal.Tell(new ReplayMessages(_places[0].JournalNumber, _places[^1].JournalNumber, long.MaxValue, _persistenceId, Self));
        Context.SetReceiveTimeout(_step);
    }

    protected override void OnReceive(object message)
    {
        _silentSteps = message is ReceiveTimeout ? _silentSteps + 1 : 0;
        switch (message)
        {
            case ReplayedMessage replayed:
                Take(replayed.Persistent);
                break;
            case RecoverySuccess:
                _asker.Tell(new EntriesSince(_batches, _request.Purpose));
                Context.Stop(Self);
                break;
            case ReceiveTimeout when _silentSteps < MostSilentSteps:
                break;
            case ReceiveTimeout:
                throw new JournalFailedException(
                    $"the journal has not answered for {(MostSilentSteps * _step).TotalSeconds:0.#} s: "
                    + $"entries from {_request.FromSequence} on were asked for");
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
