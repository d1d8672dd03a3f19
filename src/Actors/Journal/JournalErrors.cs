// Everything that can go wrong with the journal, each with its own type so that a caller never has to read a message.
// Damage and refusal are found at opening; failure ends the process (fail stop), and so does a queue that is full.

namespace HotStandby.Actors.Journal;

/// <summary>Base of all errors the journal raises on its own account.</summary>
public abstract class JournalException(string message, Exception? cause = null) : Exception(message, cause);

/// <summary>What was found wrong with bytes that had once been good.</summary>
public enum DamageKind
{
    /// <summary>A frame that is cut short, of impossible length, or whose checksum does not fit, and that is not a torn tail.</summary>
    BadFrame,

    /// <summary>A sound frame that does not carry the next sequenceNr.</summary>
    SequenceGap,

    /// <summary>A segment that must be there and is not.</summary>
    MissingSegment,

    /// <summary>A segment whose header is unreadable, or belongs to another place, log, node or cluster.</summary>
    WrongHeader,

    /// <summary>A segment that does not continue the one before it.</summary>
    BrokenChain,

    /// <summary>The side file with the delete floor and the newest segment is unreadable or missing.</summary>
    BadState,

    /// <summary>
    /// A sound frame whose content is no event of the journal, or does not follow from the ones before it. Found by inspection.
    /// </summary>
    BadEvent,
}

/// <summary>The log is damaged. Such a node must not lead, nor vote, before it was repaired from its peers. Exit code 65.</summary>
public sealed class JournalDamaged(DamageKind kind, string file, long offsetBytes, string reason)
    : JournalException($"Journal damaged ({kind}): {file} at byte {offsetBytes}: {reason}")
{
    /// <summary>What is wrong.</summary>
    public DamageKind Kind { get; } = kind;

    /// <summary>The file's path.</summary>
    public string File { get; } = file;

    /// <summary>Where in the file, bytes; 0 when the file itself is missing.</summary>
    public long OffsetBytes { get; } = offsetBytes;

    /// <summary>The finding in words.</summary>
    public string Reason { get; } = reason;
}

/// <summary>Why a data directory was refused.</summary>
public enum RefusalKind
{
    /// <summary>It was created by another cluster.</summary>
    AnotherCluster,

    /// <summary>It was created by another node.</summary>
    AnotherNode,

    /// <summary>The log in it belongs to a cluster of the same name that was born at another time.</summary>
    AnotherBirth,

    /// <summary>
    /// Another process (or another journal of this one) holds the lock. A disk that cannot be locked is an I/O error instead.
    /// </summary>
    InUse,

    /// <summary>It was never a data directory: it holds files of somebody else and no identity.</summary>
    Foreign,

    /// <summary>It holds logs but no identity.</summary>
    IdentityMissing,

    /// <summary>Its identity cannot be read.</summary>
    IdentityUnreadable,

    /// <summary>It was written by a version this one does not know.</summary>
    UnknownFormat,
}

/// <summary>This data directory must not be used by this node. No log or identity in it was changed. Exit code 65.</summary>
public sealed class DataDirectoryRefused(RefusalKind kind, string directory, string reason)
    : JournalException($"Data directory '{directory}' refused ({kind}): {reason}")
{
    /// <summary>Why.</summary>
    public RefusalKind Kind { get; } = kind;

    /// <summary>The directory's path.</summary>
    public string Directory { get; } = directory;
}

/// <summary>The operation during which the disk failed.</summary>
public enum JournalOperation
{
    /// <summary>Writing records.</summary>
    Write,

    /// <summary>Making records durable.</summary>
    Flush,

    /// <summary>Starting a new segment.</summary>
    Roll,

    /// <summary>Recording a delete floor or removing segments.</summary>
    Delete,
}

/// <summary>
/// A write or flush that failed. It is never retried: after a failed fsync the pages may be gone although a second fsync succeeds.
/// </summary>
/// <param name="Operation">What was being done.</param>
/// <param name="File">On which file or directory.</param>
/// <param name="Reason">The operating system's words.</param>
public sealed record JournalFailure(JournalOperation Operation, string File, string Reason);

/// <summary>The journal has failed, now or earlier; whether the records of this very call are on disk is unknown. Exit code 74.</summary>
public sealed class JournalFailed(JournalFailure failure, Exception? cause = null)
    : JournalException($"Journal failed ({failure.Operation}): {failure.File}: {failure.Reason}", cause)
{
    /// <summary>The first failure, the one that decided.</summary>
    public JournalFailure Failure { get; } = failure;
}

/// <summary>More bytes wait for the disk than allowed; nothing of this call was written.</summary>
internal sealed class JournalOverloaded(long queuedBytes, long limitBytes)
    : JournalException($"Journal overloaded: {queuedBytes} bytes wait for the disk, the limit is {limitBytes}")
{
    /// <summary>Bytes waiting.</summary>
    public long QueuedBytes { get; } = queuedBytes;
}
