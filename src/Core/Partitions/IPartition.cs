using HotStandby.Core.Cells;
using HotStandby.Core.Checkpoints;
using HotStandby.Messages.OpLog;

namespace HotStandby.Core.Partitions;

/// <summary>
/// What differs between the segment table and a shard: the state, and what is done with messages. <see cref="PartitionCell"/> is what they
/// have in common.
/// </summary>
public interface IPartition
{
    /// <summary>Seq of its last entry that is applied and committed.</summary>
    ulong AppliedSequence { get; }

    /// <summary>Of its content.</summary>
    PartitionDigest Digest { get; }

    /// <summary>Applies a committed entry, unless its state has it.</summary>
    void Apply(in OpLogEntry entry);

    /// <summary>The entries of one message are applied.</summary>
    void Applied();

    /// <summary>Forgets everything.</summary>
    void Clear();

    /// <summary>Holds what an image says, and nothing else.</summary>
    /// <exception cref="ImageDamagedException">No partition would write this; it holds what it held before.</exception>
    void Restore(ReadOnlySpan<byte> image, ulong sequence);

    /// <summary>Writes its image.</summary>
    /// <exception cref="ImageTooLargeException">It does not fit.</exception>
    void WriteImage(ImageWriter to);

    /// <summary>Who hears of comparisons.</summary>
    void Use(VerifierIs verifier);

    /// <summary>Begins to lead.</summary>
    /// <param name="begin">The reign.</param>
    /// <param name="now">When.</param>
    IReign Lead(BeginLeading begin, Moment now);

    /// <summary>A message while it does not lead.</summary>
    /// <returns>False: there is no such message.</returns>
    bool Receive(object message, CellAddress from, Moment now);
}

/// <summary>A partition's part in one reign.</summary>
public interface IReign
{
    /// <summary>Entries that are applied here but not committed yet.</summary>
    int Uncommitted { get; }

    /// <summary>A message while it leads.</summary>
    /// <returns>False: there is no such message.</returns>
    bool Receive(object message, CellAddress from, Moment now);

    /// <summary>The reign is over: calls that wait are refused.</summary>
    void End();
}
