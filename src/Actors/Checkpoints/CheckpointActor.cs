// Keeps two images of every partition in the snapshot store: takes rounds when the replica says so, one partition after the other,
// makes the images of a full sync durable, and restores the partitions. Decides nothing about when, nor about what may be truncated.
using Akka.Actor;
using Akka.Event;
using Akka.Persistence;
using HotStandby.Core.Journal;
using HotStandby.Core.Partitions;
using HotStandby.Core.Checkpoints;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Replication;

namespace HotStandby.Actors.Checkpoints;

/// <summary>
/// The child of the replica. Commands: <see cref="BeginRound"/>, <see cref="SaveImage"/>, <see cref="KeepOnly"/>,
/// <see cref="RestoreImages"/>. When the store cannot save, the journal is kept for longer and an error is logged; when it cannot read or
/// delete, the node ends.
/// </summary>
/// <remarks>
/// The bytes of an image go back to the pool only when the store says that it has written them. A save that has failed may still be going
/// on: the circuit breaker gives up on a slow store, and does not stop it.
/// </remarks>
public sealed class CheckpointActor : UntypedActor
{
    private sealed class Slot
    {
        public KeptImages Kept { get; } = new();

        // One at a time: two saves of one partition could end in either order.
        public (SaveImage Save, IActorRef Asker)? Saving { get; set; }

        public Queue<(SaveImage Save, IActorRef Asker)> Waiting { get; } = [];
    }

    private readonly NodeId _node;
    private readonly IReadOnlyList<IActorRef> _partitions;
    private readonly IActorRef _store;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Slot[] _slots;
    private int _saves;
    private int _next = -1;
    private bool _hasFailed;
    private KeepOnly? _keeping;
    private RestoreImages? _restoring;
    private ImageStamp[] _restored = [];
    private int _awaited;

    public CheckpointActor(NodeId node, IReadOnlyList<IActorRef> partitions, string snapshotPluginId)
    {
        (_node, _partitions, _slots) = (node, partitions, [.. partitions.Select(_ => new Slot())]);
        _store = Persistence.Instance.Apply(Context.System).SnapshotStoreFor(snapshotPluginId);
    }

    /// <summary>How to make one.</summary>
    /// <param name="node">Whose.</param>
    /// <param name="partitions">By partition number.</param>
    /// <param name="snapshotPluginId">HOCON path of the snapshot-store plugin.</param>
    public static Props Props(NodeId node, IReadOnlyList<IActorRef> partitions, string snapshotPluginId) =>
        Akka.Actor.Props.Create(() => new CheckpointActor(node, partitions, snapshotPluginId));

    /// <inheritdoc/>
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(_ => Directive.Escalate);

    /// <summary>Images that wait go back to the pool. Those that the store has been given do not: it may be writing them.</summary>
    protected override void PostStop()
    {
        foreach (var slot in _slots)
            foreach (var (save, _) in slot.Waiting)
                save.Image.Dispose();
    }

    /// <inheritdoc/>
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case BeginRound when _next < 0:
                (_next, _hasFailed) = (0, false);
                AskForNext();
                break;
            case BeginRound:
                break; // one is under way
            case ImageReady ready:
                OnImage(ready);
                break;
            case SaveImage save:
                Save(save, Sender);
                break;
            case SaveSnapshotSuccess saved:
                Saved(saved.Metadata, null);
                break;
            case SaveSnapshotFailure failed:
                Saved(failed.Metadata, failed.Cause);
                break;
            case ImageSaved saved:
                _hasFailed |= saved.Failure is not null;
                GoOn();
                break;
            case KeepOnly keep:
                _keeping = keep;
                SweepWhenSaved();
                break;
            case ImageSweeper.Swept swept when swept.Life == _keeping?.Life:
                if (--_awaited == 0)
                {
                    Context.Parent.Tell(new OnlyKept(swept.Life));
                    _keeping = null;
                }

                break;
            case ImageSweeper.Swept:
                break; // of an earlier sync
            case RestoreImages restore:
                Restore(restore);
                break;
            case ImageLoader.Loaded loaded:
                OnLoaded(loaded);
                break;
            case DeleteSnapshotsFailure failed:
                _log.Warning("Old checkpoints could not be deleted: {0}", failed.Cause.Message);
                break;
            case DeleteSnapshotsSuccess:
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void AskForNext() => Context.Parent.Tell(new RequestImage(new Partition((ushort)_next), NodeId.None));

    private void OnImage(ImageReady ready)
    {
        if (ready.Partition.Value != _next)
        {
            ready.Image?.Dispose(); // no round has asked for it
        }
        else if (ready.Image is { } image)
        {
            var epoch = ready.Log.Length == 0 ? 0 : ready.Log[^1].Epoch;
            var stamp = new ImageStamp(ready.Sequence, epoch, PartitionImage.HashOf(image.Written.Span));
            Save(new SaveImage(ready.Partition, stamp, image, IsForSync: false), Self);
        }
        else
        {
            _hasFailed = true;
            EndRound();
        }
    }

    private void Save(SaveImage save, IActorRef asker)
    {
        var slot = _slots[save.Partition.Value];
        slot.Waiting.Enqueue((save, asker));
        _saves++;
        SaveNext(slot);
    }

    private void GoOn()
    {
        if (_next < 0)
            return;
        if (++_next < _partitions.Count && !_hasFailed)
            AskForNext();
        else
            EndRound();
    }

    private void EndRound()
    {
        _next = -1;
        Context.Parent.Tell(new RoundEnded(!_hasFailed, _slots.Min(slot => slot.Kept.Older.Sequence)));
    }

    private void SaveNext(Slot slot)
    {
        while (slot.Saving is null && slot.Waiting.TryDequeue(out var next))
        {
            var (partition, stamp, image, isForSync) = next.Save;
            switch (isForSync ? SaveVerdict.Write : slot.Kept.Judge(stamp))
            {
                case SaveVerdict.IsThere:
                    image.Dispose(); // nothing was committed since
                    Answer(next.Asker, partition, null);
                    break;
                case SaveVerdict.TooOld:
                    image.Dispose();
                    Answer(next.Asker, partition, new InvalidOperationException(
                        $"the image of {partition} at {stamp.Sequence} comes after that at {slot.Kept.Newest.Sequence}"));
                    break;
                default:
                    slot.Saving = next;
                    _store.Tell(new SaveSnapshot(
                        new SnapshotMetadata(IdOf(partition), (long)stamp.Sequence, default),
                        new PartitionCheckpoint(stamp.Sequence, stamp.Epoch, image.Written)));
                    break;
            }
        }
    }

    private void Saved(SnapshotMetadata metadata, Exception? failure)
    {
        var slot = Array.Find(_slots, each => each.Saving is { Save: var saving }
            && IdOf(saving.Partition) == metadata.PersistenceId && (long)saving.Stamp.Sequence == metadata.SequenceNr);
        if (slot?.Saving is not ({ } save, { } asker))
            return;
        slot.Saving = null;
        if (failure is null)
        {
            save.Image.Dispose();
            Note(slot.Kept, save, metadata.PersistenceId);
        }
        else
        {
            slot.Kept.Lost(save.Stamp.Sequence);
            _log.Error(
                failure, "The checkpoint of {0} at {1} could not be saved; the journal is kept for longer", save.Partition,
                save.Stamp.Sequence);
        }

        Answer(asker, save.Partition, failure);
        SaveNext(slot);
    }

    private void Note(KeptImages kept, SaveImage saved, string persistenceId)
    {
        if (saved.IsForSync)
            kept.SavedForSync(saved.Stamp);
        else if (kept.Saved(saved.Stamp) is > 0 and var oldest)
            _store.Tell(new DeleteSnapshots(persistenceId, new SnapshotSelectionCriteria((long)oldest - 1)));
    }

    private void Answer(IActorRef asker, Partition partition, Exception? failure)
    {
        _saves--;
        asker.Tell(new ImageSaved(partition, failure));
        SweepWhenSaved();
    }

    // Not before every save has ended: one that ends later would leave an image that must go.
    private void SweepWhenSaved()
    {
        if (_keeping is not { } keep || _saves > 0)
            return;
        _awaited = _partitions.Count;
        for (var i = 0; i < _partitions.Count; i++)
        {
            _slots[i].Kept.Only(keep.Images[i]);
            Context.ActorOf(ImageSweeper.Props(_store, IdOf(new Partition((ushort)i)), keep.Images[i].Sequence, keep.Life));
        }
    }

    private void Restore(RestoreImages restore)
    {
        (_keeping, _restoring, _restored, _awaited) = (null, restore, new ImageStamp[_partitions.Count], _partitions.Count);
        for (var i = 0; i < _partitions.Count; i++)
        {
            var partition = new Partition((ushort)i);
            Context.ActorOf(ImageLoader.Props(_store, IdOf(partition), partition, _partitions.Count - 1, _partitions[i], restore));
        }
    }

    private void OnLoaded(ImageLoader.Loaded loaded)
    {
        if (loaded.Life != _restoring?.Life)
            return;
        var partition = loaded.Partition.Value;
        _restored[partition] = loaded.Image;
        _slots[partition].Kept.Only(loaded.Image);
        if (--_awaited > 0)
            return;
        Context.Parent.Tell(new ImagesRestored(_restoring.Life, _restored));
        _restoring = null;
    }

    private string IdOf(Partition partition) => $"checkpoint-{_node}-{partition}";
}
