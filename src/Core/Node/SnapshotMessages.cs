// What the checkpoints and the snapshot store say to each other. Each question is answered once. A store that cannot read does not answer:
// its node ends.
using HotStandby.Core.Cells;
using HotStandby.Messages.Identity;

namespace HotStandby.Core.Node;

/// <summary>To the store: make this image durable. Answered with <see cref="ImageStored"/>.</summary>
/// <param name="Partition">Whose. One save of a partition at a time.</param>
/// <param name="Sequence">What it stands for, and the number under which it is found again.</param>
/// <param name="Epoch">Of the entry there.</param>
/// <param name="Bytes">
/// Stay as they are until the store says that it has written them; after a failed save it may still be reading them.
/// </param>
public sealed record StoreImage(Partition Partition, ulong Sequence, ulong Epoch, ReadOnlyMemory<byte> Bytes) : ICellMessage;

/// <summary>The answer.</summary>
/// <param name="Partition">As asked.</param>
/// <param name="Sequence">As asked.</param>
/// <param name="Failure">
/// Why it is not durable; null: it is. The store has reported the failure, and may have deleted what it held under this number.
/// </param>
public sealed record ImageStored(Partition Partition, ulong Sequence, string? Failure) : ICellMessage;

/// <summary>To the store: which is the newest image of the partition in this range? Answered with <see cref="ImageFound"/>.</summary>
/// <param name="StateNumber">Comes back in the answer.</param>
/// <param name="Partition">Whose.</param>
/// <param name="From">The smallest number.</param>
/// <param name="UpTo">The largest number.</param>
public sealed record FindImage(ulong StateNumber, Partition Partition, ulong From, ulong UpTo) : ICellMessage;

/// <summary>The answer.</summary>
/// <param name="StateNumber">As asked.</param>
/// <param name="Partition">As asked.</param>
/// <param name="Image">Null: there is none.</param>
public sealed record ImageFound(ulong StateNumber, Partition Partition, FoundImage? Image) : ICellMessage;

/// <summary>What a store found. Nothing of it has been checked.</summary>
/// <param name="Number">The number under which it was found.</param>
/// <param name="Sequence">What it says that it stands for.</param>
/// <param name="Epoch">Of the entry there.</param>
/// <param name="Bytes">The image.</param>
/// <param name="Problem">Why it is no image at all; empty: it may be one.</param>
public sealed record FoundImage(ulong Number, ulong Sequence, ulong Epoch, ReadOnlyMemory<byte> Bytes, string Problem = "");

/// <summary>To the store: delete the images of the partition in this range, durably. Answered with <see cref="ImagesDropped"/>.</summary>
/// <param name="StateNumber">Comes back in the answer.</param>
/// <param name="Partition">Whose.</param>
/// <param name="From">The smallest number.</param>
/// <param name="UpTo">The largest number.</param>
public sealed record DropImages(ulong StateNumber, Partition Partition, ulong From, ulong UpTo) : ICellMessage;

/// <summary>The answer.</summary>
/// <param name="StateNumber">As asked.</param>
/// <param name="Partition">As asked.</param>
/// <param name="Failure">Why they may still be there; null: they are gone.</param>
public sealed record ImagesDropped(ulong StateNumber, Partition Partition, string? Failure) : ICellMessage;
