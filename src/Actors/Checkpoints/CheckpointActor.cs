// Keeps two images of every partition in the snapshot store: takes rounds when the replica says so, one partition after the other,
// and restores the partitions from them. Decides nothing about when, nor about what may be truncated.
using Akka.Actor;
using Akka.Event;
using Akka.Persistence;
using HotStandby.Actors.Protocol;
using HotStandby.Core.Checkpoints;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Replication;

namespace HotStandby.Actors.Checkpoints;

/// <summary>
/// The child of the replica. Commands: <see cref="BeginRound"/>, <see cref="SaveImage"/>, <see cref="RestoreImages"/>. A store that
/// cannot save costs a longer journal and is logged; one that cannot read ends the node.
/// </summary>
public sealed class CheckpointActor : UntypedActor
{
    // Kept: the newest and the one before it.
    private readonly record struct Kept(ulong Older, ulong Newest);

    private readonly NodeId _node;
    private readonly IReadOnlyList<IActorRef> _partitions;
    private readonly IActorRef _store;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Kept[] _kept;
    private readonly Dictionary<(string Id, long Sequence), (SaveImage Save, IActorRef Asker)> _saving = [];
    private int _next = -1;
    private bool _hasFailed;
    private RestoreImages? _restoring;
    private EpochEnd[] _restored = [];
    private int _awaited;

    public CheckpointActor(NodeId node, IReadOnlyList<IActorRef> partitions, string snapshotPluginId)
    {
        (_node, _partitions, _kept) = (node, partitions, new Kept[partitions.Count]);
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

    /// <inheritdoc/>
    protected override void PostStop()
    {
        foreach (var (save, _) in _saving.Values)
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
        if (ready.Image is { } image)
        {
            Save(new SaveImage(ready.Partition, ready.Sequence, EpochAtEnd(ready.Log), image), Self);
            return;
        }

        _hasFailed = true;
        EndRound();
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
        Context.Parent.Tell(new RoundEnded(!_hasFailed, _kept.Min(kept => kept.Older)));
    }

    private void Save(SaveImage save, IActorRef asker)
    {
        var id = IdOf(save.Partition);
        if (save.Sequence == _kept[save.Partition.Value].Newest || !_saving.TryAdd((id, (long)save.Sequence), (save, asker)))
        {
            save.Image.Dispose(); // nothing was committed since
            asker.Tell(new ImageSaved(save.Partition, save.Sequence, null));
            return;
        }

        _store.Tell(new SaveSnapshot(
            new SnapshotMetadata(id, (long)save.Sequence, default), new PartitionCheckpoint(save.Sequence, save.Epoch, save.Image.Written)));
    }

    private void Saved(SnapshotMetadata metadata, Exception? failure)
    {
        if (!_saving.Remove((metadata.PersistenceId, metadata.SequenceNr), out var saving))
            return;
        var (save, asker) = saving;
        save.Image.Dispose();
        if (failure is null)
        {
            ref var kept = ref _kept[save.Partition.Value];
            kept = new Kept(kept.Newest, save.Sequence);
            if (kept.Older > 0)
                _store.Tell(new DeleteSnapshots(metadata.PersistenceId, new SnapshotSelectionCriteria((long)kept.Older - 1)));
        }
        else
        {
            _log.Error(failure, "The checkpoint of {0} at {1} could not be saved; the journal is kept for longer", save.Partition, save.Sequence);
        }

        asker.Tell(new ImageSaved(save.Partition, save.Sequence, failure));
    }

    private void Restore(RestoreImages restore)
    {
        (_restoring, _restored, _awaited) = (restore, new EpochEnd[_partitions.Count], _partitions.Count);
        for (var i = 0; i < _partitions.Count; i++)
        {
            var partition = new Partition((ushort)i);
            Context.ActorOf(ImageLoader.Props(_store, IdOf(partition), partition, _partitions.Count - 1, _partitions[i], restore));
        }
    }

    private void OnLoaded(ImageLoader.Loaded loaded)
    {
        if (_restoring is null || loaded.Life != _restoring.Life)
            return;
        var partition = loaded.Partition.Value;
        _restored[partition] = loaded.At;
        _kept[partition] = new Kept(0, loaded.At.LastSequence);
        if (--_awaited > 0)
            return;
        Context.Parent.Tell(new ImagesRestored(_restoring.Life, _restored));
        _restoring = null;
    }

    private string IdOf(Partition partition) => $"checkpoint-{_node}-{partition}";

    private static ulong EpochAtEnd(ReadOnlySpan<EpochEnd> log) => log.IsEmpty ? 0 : log[^1].Epoch;
}
