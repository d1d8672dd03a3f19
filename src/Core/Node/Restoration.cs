// One restore of all partitions: finds for each the newest image in the snapshot store that may be used, or the one that a full sync has
// brought, and gives it to the partition. Used by CheckpointCell.
using HotStandby.Core.Cells;
using HotStandby.Core.Checkpoints;
using HotStandby.Core.Partitions;
using HotStandby.Messages.Identity;

namespace HotStandby.Core.Node;

/// <summary>
/// Newest first, until an image is whole, of this node's history, and understood by its partition. A partition without one begins empty.
/// </summary>
internal sealed class Restoration
{
    private readonly RestoreImages _request;
    private readonly Outbox _outbox;
    private readonly ImageStamp[] _images; // what each partition has been given
    private int _open;

    /// <summary>Asks the store for an image of each partition.</summary>
    public Restoration(RestoreImages request, int partitions, Outbox outbox)
    {
        (_request, _outbox, _images, _open) = (request, outbox, new ImageStamp[partitions], partitions);
        for (var i = 0; i < partitions; i++)
        {
            var partition = new Partition((ushort)i);
            Find(partition, OnlyOf(partition)?.Sequence ?? ulong.MaxValue);
        }
    }

    /// <summary>The number of the state that begins with it.</summary>
    public ulong StateNumber => _request.StateNumber;

    /// <summary>By partition: its image, or none. Final for those that are settled.</summary>
    public IReadOnlyList<ImageStamp> Images => _images;

    /// <summary>Every partition is settled.</summary>
    public bool IsComplete => _open == 0;

    /// <summary>The store has found an image, or none.</summary>
    public void Take(ImageFound answer)
    {
        if (answer.Image is not { } image)
        {
            BeginEmpty(answer.Partition);
        }
        else if (Fault(answer.Partition, image, out var stamp) is { } fault)
        {
            Skip(answer.Partition, image.Number, fault);
        }
        else
        {
            _images[answer.Partition.Value] = stamp;
            _outbox.Send(CellAddress.Of(answer.Partition), new RestorePartition(StateNumber, image.Bytes, stamp.Sequence));
        }
    }

    /// <summary>The partition holds its image, or is empty; or it does not understand its image.</summary>
    public void Take(PartitionRestored answer)
    {
        if (answer.Problem.Length > 0)
            Skip(answer.Partition, _images[answer.Partition.Value].Sequence, answer.Problem);
        else
            _open--;
    }

    private string? Fault(Partition partition, FoundImage found, out ImageStamp stamp)
    {
        stamp = default;
        if (found.Problem.Length > 0)
            return found.Problem;
        if (found.Sequence != found.Number)
            return $"it stands for {found.Sequence}";
        try
        {
            var (head, shards) = (PartitionImage.Open(found.Bytes.Span, out _), _images.Length - 1);
            if (head.Partition != partition || head.Shards != shards)
                return $"it is of {head.Partition} of {head.Shards} shards";
        }
        catch (ImageDamagedException damaged)
        {
            return damaged.Message;
        }

        stamp = new ImageStamp(found.Sequence, found.Epoch, PartitionImage.HashOf(found.Bytes.Span));
        return OnlyOf(partition) is { } only && stamp != only
            ? "it is not what the full sync has brought"
            : stamp.FaultIn(_request.Log, _request.ImagesUpTo);
    }

    private void Skip(Partition partition, ulong number, string fault)
    {
        _outbox.Report(new ImageSkipped(partition, number, fault));
        if (number == 0)
            BeginEmpty(partition);
        else
            Find(partition, number - 1);
    }

    private void Find(Partition partition, ulong upTo) =>
        _outbox.Send(CellAddress.Snapshots, new FindImage(StateNumber, partition, OnlyOf(partition)?.Sequence ?? 0, upTo));

    private void BeginEmpty(Partition partition)
    {
        _images[partition.Value] = default;
        _outbox.Send(CellAddress.Of(partition), new ResetPartition(StateNumber));
    }

    private ImageStamp? OnlyOf(Partition partition) => _request.Only?[partition.Value];
}

/// <summary>A checkpoint is damaged, of another history, or not understood: an older one is looked for.</summary>
public sealed record ImageSkipped(Partition Partition, ulong Sequence, string Reason) : Fact;
