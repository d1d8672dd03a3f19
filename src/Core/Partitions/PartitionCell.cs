// One partition of a node, the same on every node, in one of two roles. Following, it applies committed entries; leading, its reign decides
// calls and proposes entries. What it says to the replica is here, once; what it holds and decides is behind IPartition and IReign.
using HotStandby.Core.Cells;
using HotStandby.Core.Checkpoints;
using HotStandby.Messages;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;

namespace HotStandby.Core.Partitions;

/// <summary>The mind of one partition.</summary>
/// <param name="id">Which.</param>
/// <param name="partition">Its state.</param>
/// <param name="outbox">Takes what follows.</param>
public sealed class PartitionCell(Partition id, IPartition partition, Outbox outbox) : ICell
{
    private IReign? _leading;
    private ulong _reign;
    private ulong _stateNumber;
    private int _uncommittedTail;
    private int _imageBytes = 4096;

    /// <inheritdoc/>
    public bool Receive(object message, CellAddress from, Moment now)
    {
        switch (message)
        {
            case ApplyEntries entries:
                Apply(entries);
                return true;
            case BeginLeading begin:
                Lead(begin, now);
                return true;
            case StopLeading:
                EndLeading();
                return true;
            case ResetPartition reset:
                if (reset.StateNumber >= _stateNumber)
                    BeginState(reset.StateNumber, partition.Clear);
                outbox.Send(from, new PartitionRestored(id, reset.StateNumber, ""));
                return true;
            case RestorePartition restore:
                outbox.Send(from, new PartitionRestored(id, restore.StateNumber, Restore(restore)));
                return true;
            case TakeImage take:
                WriteImage(take);
                return true;
            case ReportPartition:
                outbox.Send(
                    from, new PartitionReport(id, partition.AppliedSequence, partition.Digest, _leading?.Uncommitted ?? _uncommittedTail));
                return true;
            case VerifierIs verifier:
                partition.Use(verifier);
                return true;
            default:
                return _leading is { } leading ? leading.Receive(message, from, now) : partition.Receive(message, from, now);
        }
    }

    /// <inheritdoc/>
    public void Stop() => _leading?.End();

    private void Apply(ApplyEntries entries)
    {
        if (entries.StateNumber < _stateNumber)
            return; // of a state that has been replaced since
        RequireToFollow(nameof(ApplyEntries));
        var encoded = entries.Batch.Encoded.Span;
        foreach (var offset in entries.Offsets.AsSpan(0, entries.Count))
        {
            if (!OpLogEntry.TryView(encoded[offset..], out var entry))
                throw new InvariantViolation(7, $"{id}: no entry at {offset} of the batch {entries.Batch.FirstSequence}");
            partition.Apply(entry);
        }

        partition.Applied();
        outbox.Send(CellAddress.Replica, new EntriesApplied(entries.StateNumber, entries.Batch.LastSequence));
    }

    private void Lead(BeginLeading begin, Moment now)
    {
        RequireToFollow(nameof(BeginLeading));
        _reign = begin.Reign;
        _leading = partition.Lead(begin, now);
    }

    private void EndLeading()
    {
        if (_leading is { } leading)
        {
            _uncommittedTail = leading.Uncommitted;
            EndReign();
        }

        outbox.Send(CellAddress.Replica, new LeadingStopped(_uncommittedTail > 0));
    }

    private void BeginState(ulong stateNumber, Action hold)
    {
        hold();
        EndReign();
        (_uncommittedTail, _stateNumber) = (0, stateNumber);
    }

    // An image with the right hash may still hold what no partition would write: its writer's memory was damaged.
    private string Restore(RestorePartition restore)
    {
        try
        {
            if (restore.StateNumber >= _stateNumber)
                BeginState(restore.StateNumber, () => partition.Restore(restore.Image.Span, restore.Sequence));
            return "";
        }
        catch (ImageDamagedException damaged)
        {
            return damaged.Message;
        }
    }

    private void WriteImage(TakeImage take)
    {
        var image = _uncommittedTail == 0 ? NewImage() : null;
        outbox.Send(CellAddress.Replica, new ImageTaken(id, _leading is null ? 0 : _reign, take, image));
    }

    private ImageWriter? NewImage()
    {
        var image = new ImageWriter(_imageBytes);
        try
        {
            partition.WriteImage(image);
            _imageBytes = (int)Math.Min(ImageWriter.LargestBytes, image.Length + (image.Length / 8L)); // the next one will be about as long
            return image;
        }
        catch (ImageTooLargeException tooLarge)
        {
            outbox.Report(new ImageRefused(id, tooLarge.Message));
            image.Dispose();
            return null;
        }
    }

    private void EndReign()
    {
        _leading?.End();
        _leading = null;
    }

    // What was proposed and never committed must not be built upon: the replica resets a partition that has such a tail.
    private void RequireToFollow(string by)
    {
        if (_leading is not null)
            throw new InvariantViolation(7, $"{id} leads in reign {_reign} and was sent {by}");
        if (_uncommittedTail > 0)
            throw new InvariantViolation(7, $"{id}: {by} with {_uncommittedTail} uncommitted entries of reign {_reign} applied");
    }
}

/// <summary>No image of a partition can be taken; it goes without.</summary>
public sealed record ImageRefused(Partition Partition, string Reason) : Fact;
