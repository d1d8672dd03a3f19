// What replica, checkpoints and partitions say to each other about images. The receiver of an ImageWriter owns it.
using HotStandby.Core.Cells;
using HotStandby.Core.Checkpoints;
using HotStandby.Messages.Identity;

namespace HotStandby.Core.Partitions;

/// <summary>Replica to partition: write your image. Answered with <see cref="ImageTaken"/>, in order with entries and proposals.</summary>
/// <param name="StateNumber">The present one; comes back in the answer.</param>
/// <param name="FedSequence">Everything up to here has been handed to the partition: what a replica's image stands for.</param>
public sealed record TakeImage(ulong StateNumber, ulong FedSequence) : ICellMessage;

/// <summary>Partition to replica.</summary>
/// <param name="Partition">Whose.</param>
/// <param name="Reign">0: a replica's, all of it committed; else of a partition that leads, with all that it has proposed.</param>
/// <param name="Asked">What this answers.</param>
/// <param name="Image">
/// The image; null when the partition holds what was never committed and is about to be reset, or is too large for one.
/// </param>
public sealed record ImageTaken(Partition Partition, ulong Reign, TakeImage Asked, ImageWriter? Image)
    : ICellMessage;

/// <summary>
/// Checkpoints to partition: hold this and nothing else, unless your state has a higher number. Answered with
/// <see cref="PartitionRestored"/>.
/// </summary>
/// <param name="StateNumber">As in <see cref="ResetPartition"/>.</param>
/// <param name="Image">The image's bytes.</param>
/// <param name="Sequence">The seq that it stands for.</param>
public sealed record RestorePartition(ulong StateNumber, ReadOnlyMemory<byte> Image, ulong Sequence) : ICellMessage;

/// <summary>Partition to checkpoints.</summary>
/// <param name="Partition">Whose.</param>
/// <param name="StateNumber">As given.</param>
/// <param name="Problem">
/// Why the image cannot be what a partition wrote, though its hash is right: the partition holds what it held before. Empty: it was
/// restored.
/// </param>
public sealed record PartitionRestored(Partition Partition, ulong StateNumber, string Problem) : ICellMessage;
