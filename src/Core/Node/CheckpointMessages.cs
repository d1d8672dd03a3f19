// What the cells of one node say to each other about images of partitions. The receiver of an ImageWriter owns its pooled memory.
using HotStandby.Core.Cells;
using HotStandby.Core.Checkpoints;
using HotStandby.Messages.Identity;
using HotStandby.Messages.OpLog;
using HotStandby.Messages.Replication;

namespace HotStandby.Core.Node;

/// <summary>To the replica: give me an image of committed state. Answered with <see cref="ImageReady"/>.</summary>
/// <param name="Partition">Whose.</param>
/// <param name="For">
/// The node that is synced with it, whose tail of the log must be kept; <see cref="NodeId.None"/>: a round of this node.
/// </param>
public sealed record RequestImage(Partition Partition, NodeId For) : ICellMessage;

/// <summary>The answer.</summary>
/// <param name="Partition">Whose.</param>
/// <param name="For">As asked.</param>
/// <param name="Sequence">Everything up to here, all of it committed.</param>
/// <param name="Log">The log up to there, epoch by epoch.</param>
/// <param name="Roll">The voters that it names there.</param>
/// <param name="Image">The image; null: not now, this node's state is not whole, or its reign ended meanwhile.</param>
public sealed record ImageReady(Partition Partition, NodeId For, ulong Sequence, EpochEnd[] Log, VoterRoll Roll, ImageWriter? Image)
    : ICellMessage;

/// <summary>To the checkpoints: a round, one image of every partition. One at a time; answered with <see cref="RoundEnded"/>.</summary>
public sealed record BeginRound : ICellMessage
{
    /// <summary>The only one.</summary>
    public static readonly BeginRound Instance = new();
}

/// <summary>Checkpoints to replica.</summary>
/// <param name="IsComplete">Every partition's image is durable.</param>
/// <param name="OlderSequence">The smallest seq among the older of the two images of each partition; 0 while one has none.</param>
/// <param name="ImageBytes">The length of all images that the round took.</param>
public sealed record RoundEnded(bool IsComplete, ulong OlderSequence, long ImageBytes) : ICellMessage;

/// <summary>To the checkpoints, which own the image from then on: make it durable. Answered with <see cref="ImageSaved"/>.</summary>
/// <param name="Partition">Whose.</param>
/// <param name="Stamp">What tells it from others.</param>
/// <param name="Image">Its bytes.</param>
/// <param name="Sync">
/// The full sync that it came with: it is written whatever the store holds, and counts once <see cref="KeepOnly"/> names it. 0: it is of
/// this node's own state.
/// </param>
public sealed record SaveImage(Partition Partition, ImageStamp Stamp, ImageWriter Image, ulong Sync) : ICellMessage
{
    /// <summary>It came from another node.</summary>
    public bool IsForSync => Sync != 0;
}

/// <summary>The answer.</summary>
/// <param name="Partition">Whose.</param>
/// <param name="Sync">As in <see cref="SaveImage"/>.</param>
/// <param name="Failure">Why it is not durable; null: it is.</param>
public sealed record ImageSaved(Partition Partition, ulong Sync, string? Failure) : ICellMessage;

/// <summary>
/// Replica to the checkpoints: a full sync is complete. Its images are kept, and every other one is deleted: what was there before may
/// be wrong, or of a history that this node no longer has, under any seq. Answered with <see cref="OnlyKept"/>.
/// </summary>
/// <param name="StateNumber">Comes back in the answer; positive.</param>
/// <param name="Images">By partition.</param>
public sealed record KeepOnly(ulong StateNumber, IReadOnlyList<ImageStamp> Images) : ICellMessage;

/// <summary>The answer: the others are gone, durably.</summary>
public sealed record OnlyKept(ulong StateNumber) : ICellMessage;

/// <summary>
/// Replica to the checkpoints: restore every partition from the best image that may be used. Answered with
/// <see cref="ImagesRestored"/>, unless another one follows before that.
/// </summary>
/// <param name="StateNumber">For the partitions. Each restore has its own.</param>
/// <param name="Log">The whole log, epoch by epoch: an image must be of this history.</param>
/// <param name="ImagesUpTo">Images up to here may be ahead of the log.</param>
/// <param name="Only">By partition: the image to use, and no other; null: the newest that may be used.</param>
public sealed record RestoreImages(ulong StateNumber, EpochEnd[] Log, ulong ImagesUpTo, IReadOnlyList<ImageStamp>? Only) : ICellMessage;

/// <summary>The answer; every partition holds its image, or has been told to begin empty.</summary>
/// <param name="StateNumber">As asked.</param>
/// <param name="Images">By partition: its image, or none.</param>
public sealed record ImagesRestored(ulong StateNumber, IReadOnlyList<ImageStamp> Images) : ICellMessage;
