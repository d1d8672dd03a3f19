// Speaks Akka.Persistence's snapshot-store protocol for the cell that keeps the checkpoints. The protocol's answers do not say what they
// answer, so each question has an actor of its own. Decides nothing.
using Akka.Actor;
using Akka.Event;
using Akka.Persistence;
using HotStandby.Core.Journal;
using HotStandby.Core.Cells;
using HotStandby.Core.Node;
using HotStandby.Messages.Identity;

namespace HotStandby.Actors.Checkpoints;

/// <summary>
/// The snapshot store, for <see cref="StoreImage"/>, <see cref="FindImage"/> and <see cref="DropImages"/>. Throws
/// <see cref="JournalFailedException"/> when it cannot be read: fail stop.
/// </summary>
internal sealed class SnapshotsActor : UntypedActor
{
    private readonly NodeId _node;
    private readonly IActorRef _store;

    public SnapshotsActor(NodeId node, string snapshotPluginId) =>
        (_node, _store) = (node, Persistence.Instance.Apply(Context.System).SnapshotStoreFor(snapshotPluginId));

    /// <summary>How to make one.</summary>
    /// <param name="node">Whose images.</param>
    /// <param name="snapshotPluginId">HOCON path of the snapshot-store plugin.</param>
    public static Props Props(NodeId node, string snapshotPluginId) =>
        Akka.Actor.Props.Create(() => new SnapshotsActor(node, snapshotPluginId));

    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(_ => Directive.Escalate);

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case StoreImage store:
                Ask(store, new SaveSnapshot(
                    new SnapshotMetadata(IdOf(store.Partition), (long)store.Sequence, default),
                    new PartitionCheckpoint(store.Sequence, store.Epoch, store.Bytes)));
                break;
            case FindImage find:
                Ask(find, new LoadSnapshot(IdOf(find.Partition), Range(find.From, find.UpTo), Number(find.UpTo)));
                break;
            case DropImages drop:
                Ask(drop, new DeleteSnapshots(IdOf(drop.Partition), Range(drop.From, drop.UpTo)));
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void Ask(ICellMessage asked, object question)
    {
        var (asker, store) = (Sender, _store);
        Context.ActorOf(Akka.Actor.Props.Create(() => new Question(asked, asker, store, question)));
    }

    private string IdOf(Partition partition) => $"checkpoint-{_node}-{partition}";

    private static SnapshotSelectionCriteria Range(ulong from, ulong upTo) => new(Number(upTo), DateTime.MaxValue, Number(from));

    private static long Number(ulong number) => (long)Math.Min(number, long.MaxValue);

    // One question to the store, until it is answered.
    private sealed class Question(ICellMessage asked, IActorRef asker, IActorRef store, object question) : UntypedActor
    {
        private readonly ILoggingAdapter _log = Context.GetLogger();

        protected override void PreStart() => store.Tell(question);

        protected override void OnReceive(object message)
        {
            if (AnswerTo(message) is { } answer)
            {
                asker.Tell(answer, Context.Parent);
                Context.Stop(Self);
            }
            else
            {
                Unhandled(message);
            }
        }

        private ICellMessage? AnswerTo(object message) => (asked, message) switch
        {
            (StoreImage store, SaveSnapshotSuccess) => new ImageStored(store.Partition, store.Sequence, null),
            (StoreImage store, SaveSnapshotFailure { Cause: var cause }) => NotStored(store, cause),
            (FindImage find, LoadSnapshotResult { Snapshot: var found }) => new ImageFound(find.StateNumber, find.Partition, Unpack(found)),
            (FindImage find, LoadSnapshotFailed { Cause: var cause }) =>
                throw new JournalFailedException($"the checkpoints of {find.Partition} cannot be read", cause),
            (DropImages drop, DeleteSnapshotsSuccess) => new ImagesDropped(drop.StateNumber, drop.Partition, null),
            (DropImages drop, DeleteSnapshotsFailure { Cause: var cause }) =>
                new ImagesDropped(drop.StateNumber, drop.Partition, cause.Message),
            _ => null,
        };

        // Here, since a cell hears no more of it than its text.
        private ImageStored NotStored(StoreImage store, Exception cause)
        {
            _log.Error(
                cause, "The checkpoint of {Partition} at {Sequence} could not be saved; the journal is kept for longer",
                store.Partition, store.Sequence);
            return new ImageStored(store.Partition, store.Sequence, cause.Message);
        }

        private static FoundImage? Unpack(SelectedSnapshot? found)
        {
            if (found is null)
                return null;
            var number = (ulong)found.Metadata.SequenceNr;
            return found.Snapshot is PartitionCheckpoint checkpoint
                ? new FoundImage(number, checkpoint.Sequence, checkpoint.Epoch, checkpoint.Image)
                : new FoundImage(number, 0, 0, default, $"it is a {found.Snapshot.GetType()}");
        }
    }
}
