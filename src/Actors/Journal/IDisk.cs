// The few file operations the journal needs, and nothing else.
// FileDisk is the real one; tests and the simulator bring disks that fail, tear writes and lose what was never flushed.
// Callers treat every exception from here as final: no operation is ever tried twice.

namespace HotStandby.Actors.Journal;

/// <summary>How <see cref="IDisk.Open"/> opens a file.</summary>
public enum DiskOpen
{
    /// <summary>An existing file, for reading only; it may grow or be unlinked meanwhile.</summary>
    Read,

    /// <summary>An existing file, for reading and writing.</summary>
    Write,

    /// <summary>A new file; what stood under the path before is discarded.</summary>
    Create,
}

/// <summary>
/// The disk below the journal. Paths use '/' or the platform's separator. All members may throw <see cref="IOException"/>.
/// </summary>
public interface IDisk
{
    /// <summary>Creates the directory and its parents; does nothing when it exists.</summary>
    void CreateDirectory(string path);

    /// <summary>The names (not paths) of files and directories directly inside, unordered; empty when the directory is absent.</summary>
    IReadOnlyList<string> List(string directory);

    /// <summary>Opens a file. Throws <see cref="FileNotFoundException"/> when it must exist and does not.</summary>
    IDiskFile Open(string path, DiskOpen mode);

    /// <summary>Renames atomically, replacing the target. Durable only after <see cref="FlushDirectory"/>.</summary>
    void Rename(string from, string to);

    /// <summary>Unlinks a file; does nothing when it is absent. Durable only after <see cref="FlushDirectory"/>.</summary>
    void Delete(string path);

    /// <summary>Makes creations, renames and deletions directly inside durable.</summary>
    void FlushDirectory(string directory);

    /// <summary>Takes an exclusive lock on a file until disposed (or until the process dies); null when somebody else holds it.</summary>
    IDisposable? TryLock(string path);
}

/// <summary>An open file. One writer; any number of readers have their own.</summary>
public interface IDiskFile : IDisposable
{
    /// <summary>Current length, bytes.</summary>
    long Length { get; }

    /// <summary>Reads up to the buffer's length; returns the bytes read, 0 only at the end of the file.</summary>
    int Read(long offset, Span<byte> into);

    /// <summary>Writes all buffers one after the other from the offset. Returning means: the operating system has them.</summary>
    void Write(long offset, IReadOnlyList<ReadOnlyMemory<byte>> buffers);

    /// <summary>Returns when everything written so far survives a power cut.</summary>
    void Flush();

    /// <summary>Cuts the file to the length, bytes.</summary>
    void Truncate(long length);
}
