// Keeps two images of every partition in the snapshot store: takes rounds when the replica says so, one partition after the other,
// makes the images of a full sync durable, and restores the partitions. Decides nothing about when, nor about what may be truncated.
using HotStandby.Core.Cells;
using HotStandby.Core.Checkpoints;
using HotStandby.Core.Partitions;
using HotStandby.Messages.Identity;

namespace HotStandby.Core.Node;

/// <summary>
/// The checkpoints of a node. Commands: <see cref="BeginRound"/>, <see cref="SaveImage"/>, <see cref="KeepOnly"/>,
/// <see cref="RestoreImages"/>. When the store cannot save, the journal is kept for longer and an error is logged; when it cannot read or
/// delete what is wrong, the node ends.
/// </summary>
/// <remarks>
/// The bytes of an image go back to the pool only when the store says that it has written them. A save that has failed may still be going
/// on: the circuit breaker gives up on a slow store, and does not stop it.
/// </remarks>
public sealed class CheckpointCell : ICell
{
    private const ulong NoState = 0; // of what is deleted because newer images are there

    // A round's own saves have no asker.
    private readonly record struct Pending(SaveImage Save, CellAddress Asker);

    private sealed class Slot
    {
        public KeptImages Kept { get; } = new();

        // One at a time: two saves of one partition could end in either order.
        public Pending? Saving { get; set; }

        public Queue<Pending> Waiting { get; } = [];
    }

    private readonly Slot[] _slots; // by partition
    private readonly Outbox _outbox;
    private int _saves;
    private int _next = -1;
    private bool _hasFailed;
    private long _imageBytes;
    private KeepOnly? _keeping;
    private int _dropsAwaited;
    private Restoration? _restoring;

    /// <summary>The checkpoints of a node.</summary>
    /// <param name="partitions">How many: the segment table and the shards.</param>
    /// <param name="outbox">Takes what follows.</param>
    public CheckpointCell(int partitions, Outbox outbox) =>
        (_slots, _outbox) = ([.. Enumerable.Range(0, partitions).Select(_ => new Slot())], outbox);

    /// <inheritdoc/>
    /// <exception cref="JournalFailedException">An image that is wrong cannot be deleted: a later start would restore it.</exception>
    public bool Receive(object message, CellAddress from, Moment now)
    {
        switch (message)
        {
            case BeginRound when _next < 0:
                (_next, _hasFailed, _imageBytes) = (0, false, 0);
                AskForNext();
                return true;
            case BeginRound:
                return true; // one is under way
            case ImageReady ready:
                OnImage(ready);
                return true;
            case SaveImage save:
                Save(new Pending(save, from));
                return true;
            case ImageStored stored:
                OnStored(stored);
                return true;
            case KeepOnly keep:
                (_keeping, _dropsAwaited) = (keep, 0);
                SweepWhenSaved();
                return true;
            case ImagesDropped dropped:
                OnDropped(dropped);
                return true;
            case RestoreImages restore:
                _keeping = null;
                _restoring = new Restoration(restore, _slots.Length, _outbox);
                return true;
            case ImageFound found when found.StateNumber == _restoring?.StateNumber:
                _restoring.Take(found);
                return true;
            case PartitionRestored restored when restored.StateNumber == _restoring?.StateNumber:
                _restoring.Take(restored);
                if (restored.Problem.Length == 0)
                    OnSettled(_restoring, restored.Partition);
                return true;
            case ImageFound or PartitionRestored:
                return true; // of an earlier state
            default:
                return false;
        }
    }

    /// <summary>Images that wait go back to the pool. Those that the store has been given do not: it may be writing them.</summary>
    public void Stop()
    {
        foreach (var slot in _slots)
            foreach (var waiting in slot.Waiting)
                waiting.Save.Image.Dispose();
    }

    private void AskForNext() => _outbox.Send(CellAddress.Replica, new RequestImage(new Partition((ushort)_next), NodeId.None));

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
            _imageBytes += image.Length;
            Save(new Pending(new SaveImage(ready.Partition, stamp, image, Sync: 0), CellAddress.None));
        }
        else
        {
            _hasFailed = true;
            EndRound();
        }
    }

    private void Save(in Pending pending)
    {
        var slot = SlotOf(pending.Save.Partition);
        slot.Waiting.Enqueue(pending);
        _saves++;
        SaveNext(slot);
    }

    private void GoOn()
    {
        if (_next < 0)
            return;
        if (++_next < _slots.Length && !_hasFailed)
            AskForNext();
        else
            EndRound();
    }

    private void EndRound()
    {
        _next = -1;
        _outbox.Send(CellAddress.Replica, new RoundEnded(!_hasFailed, _slots.Min(slot => slot.Kept.Older.Sequence), _imageBytes));
    }

    private void SaveNext(Slot slot)
    {
        while (slot.Saving is null && slot.Waiting.TryDequeue(out var next))
        {
            var (partition, stamp, image, _) = next.Save;
            switch (next.Save.IsForSync ? SaveVerdict.Write : slot.Kept.Judge(stamp))
            {
                case SaveVerdict.IsThere:
                    image.Dispose(); // nothing was committed since
                    Answer(next, null);
                    break;
                case SaveVerdict.TooOld:
                    image.Dispose();
                    Answer(next, $"the image of {partition} at {stamp.Sequence} comes after that at {slot.Kept.Newest.Sequence}");
                    break;
                default:
                    slot.Saving = next;
                    _outbox.Send(CellAddress.Snapshots, new StoreImage(partition, stamp.Sequence, stamp.Epoch, image.Written));
                    break;
            }
        }
    }

    private void OnStored(ImageStored stored)
    {
        var slot = SlotOf(stored.Partition);
        if (slot.Saving is not { } saved || saved.Save.Stamp.Sequence != stored.Sequence)
            return;
        slot.Saving = null;
        if (stored.Failure is null)
        {
            saved.Save.Image.Dispose();
            Note(slot.Kept, saved.Save);
        }
        else
        {
            slot.Kept.Lost(stored.Sequence);
        }

        Answer(saved, stored.Failure);
        SaveNext(slot);
    }

    private void Note(KeptImages kept, SaveImage saved)
    {
        if (saved.IsForSync)
            kept.SavedForSync(saved.Stamp);
        else if (kept.Saved(saved.Stamp) is > 0 and var oldest)
            _outbox.Send(CellAddress.Snapshots, new DropImages(NoState, saved.Partition, 0, oldest - 1));
    }

    private void Answer(in Pending ended, string? failure)
    {
        _saves--;
        if (ended.Asker == CellAddress.None)
        {
            _hasFailed |= failure is not null;
            GoOn();
        }
        else
        {
            _outbox.Send(ended.Asker, new ImageSaved(ended.Save.Partition, ended.Save.Sync, failure));
        }

        SweepWhenSaved();
    }

    // Not before every save has ended: one that ends later would leave an image that must go.
    private void SweepWhenSaved()
    {
        if (_keeping is not { } keep || _saves > 0 || _dropsAwaited > 0)
            return;
        _dropsAwaited = 2 * _slots.Length;
        for (var i = 0; i < _slots.Length; i++)
        {
            var (partition, kept) = (new Partition((ushort)i), keep.Images[i]);
            _slots[i].Kept.Only(kept);
            _outbox.Send(CellAddress.Snapshots, new DropImages(keep.StateNumber, partition, 0, kept.Sequence - 1));
            _outbox.Send(CellAddress.Snapshots, new DropImages(keep.StateNumber, partition, kept.Sequence + 1, ulong.MaxValue));
        }
    }

    private void OnDropped(ImagesDropped dropped)
    {
        if (dropped.StateNumber == NoState)
        {
            if (dropped.Failure is { } failure)
                _outbox.Report(new OldImagesStay(failure));
        }
        else if (dropped.Failure is { } failure)
        {
            throw new JournalFailedException($"old checkpoints of {dropped.Partition} cannot be deleted: {failure}");
        }
        else if (dropped.StateNumber == _keeping?.StateNumber && --_dropsAwaited == 0)
        {
            _outbox.Send(CellAddress.Replica, new OnlyKept(dropped.StateNumber));
            _keeping = null;
        }
    }

    private void OnSettled(Restoration restoring, Partition partition)
    {
        SlotOf(partition).Kept.Only(restoring.Images[partition.Value]);
        if (!restoring.IsComplete)
            return;
        _outbox.Send(CellAddress.Replica, new ImagesRestored(restoring.StateNumber, restoring.Images));
        _restoring = null;
    }

    private Slot SlotOf(Partition partition) => _slots[partition.Value];
}

/// <summary>Checkpoints that are not needed any more could not be deleted: they take room, and do no other harm.</summary>
public sealed record OldImagesStay(string Reason) : Fact;
