// What tells one image of a partition from every other. A seq alone does not: two images of one seq can differ, and when they do, one of
// them is wrong.
using HotStandby.Messages.Replication;

namespace HotStandby.Core.Checkpoints;

/// <summary>An image's identity. The default stands for no image.</summary>
/// <param name="Sequence">The image stands for everything up to here.</param>
/// <param name="Epoch">Epoch of the entry there.</param>
/// <param name="Hash">Of all its bytes, from <see cref="PartitionImage.HashOf"/>.</param>
public readonly record struct ImageStamp(ulong Sequence, ulong Epoch, ulong Hash)
{
    /// <summary>True for the default: there is no image.</summary>
    public bool IsNone => Sequence == 0;

    /// <summary>Why a node whose log has this shape must not use the image; null: it may.</summary>
    /// <param name="log">The whole log, epoch by epoch, oldest first.</param>
    /// <param name="imagesUpTo">Images up to here came with a full sync and may be ahead of the log.</param>
    public string? FaultIn(ReadOnlySpan<EpochEnd> log, ulong imagesUpTo)
    {
        if (log.IsEmpty || Sequence > log[^1].LastSequence)
            return Sequence <= imagesUpTo ? null : "it is ahead of the log";
        foreach (var end in log)
            if (end.LastSequence >= Sequence)
                return end.Epoch == Epoch ? null : $"it is of epoch {Epoch}, the log is of epoch {end.Epoch} there";
        return null;
    }
}
