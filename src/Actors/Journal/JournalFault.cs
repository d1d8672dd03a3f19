// How the journal tells the rest of the node that it is unusable. Published on the actor system's event stream by
// FileJournal; the host subscribes and ends the process with the exit code. Also here: how tests bring their own disk.

using Akka.Actor;
using Akka.Actor.Setup;

namespace HotStandby.Actors.Journal;

/// <summary>Why the journal is unusable.</summary>
public enum JournalFaultKind
{
    /// <summary>A write or flush failed, or the disk could not be read. Exit code 74.</summary>
    Failed,

    /// <summary>The stored bytes are damaged: the node must not lead or vote before it was repaired from its peers. Exit code 65.</summary>
    Damaged,

    /// <summary>The data directory belongs to another node or cluster, or is in use; or the settings are wrong. Exit code 65.</summary>
    Refused,
}

/// <summary>The journal is unusable, and the process should end. The same fault may be published again when it is met again.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="LogName">The persistenceId concerned; empty when it concerns the whole directory.</param>
/// <param name="File">The file or directory.</param>
/// <param name="OffsetBytes">Where in the file, bytes; 0 when it does not apply.</param>
/// <param name="Reason">For the log.</param>
public sealed record JournalFault(JournalFaultKind Kind, string LogName, string File, long OffsetBytes, string Reason)
    : INoSerializationVerificationNeeded
{
    /// <summary>sysexits.h: 74 (EX_IOERR) for failure, 65 (EX_DATAERR) otherwise.</summary>
    public int ExitCode => Kind == JournalFaultKind.Failed ? 74 : 65;

    internal static JournalFault From(string logName, string directory, Exception error) => error switch
    {
        JournalDamaged damaged => new(JournalFaultKind.Damaged, logName, damaged.File, damaged.OffsetBytes, damaged.Message),
        JournalFailed failed => new(JournalFaultKind.Failed, logName, failed.Failure.File, 0, failed.Message),
        DataDirectoryRefused refused => new(JournalFaultKind.Refused, logName, refused.Directory, 0, refused.Message),
        IOException or UnauthorizedAccessException => new(JournalFaultKind.Failed, logName, directory, 0, error.Message),
        _ => new(JournalFaultKind.Refused, logName, directory, 0, error.Message),
    };
}

/// <summary>Replaces the disk and clock below every <see cref="FileJournal"/> of an actor system. Without it: the real ones.</summary>
/// <param name="disk">The disk.</param>
/// <param name="time">Drives the flush interval.</param>
internal sealed class FileJournalSetup(IDisk disk, TimeProvider time) : Setup
{
    /// <summary>The disk.</summary>
    public IDisk Disk { get; } = disk;

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; } = time;
}
