// The real disk: RandomAccess for files, flock (through FileShare.None) for the lock, fsync(2) for files and directories.
// Used by FileJournal and FileSnapshotStore. It never hides an error, and tries again only where no file descriptor was left: then with
// one of its reserve.

using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace HotStandby.Actors.Journal;

/// <summary>The operating system's file system. Stateless: one instance serves everybody.</summary>
public sealed class FileDisk : IDisk
{
    /// <summary>The only instance needed.</summary>
    public static FileDisk Instance { get; } = new();

    // Of the process, as the descriptors are. Only Unix has a bound that matters.
    private static readonly DescriptorReserve Reserve = new(
        DescriptorReserve.Size,
        static () => OperatingSystem.IsWindows()
            ? null
            : File.OpenHandle("/dev/null", FileMode.Open, FileAccess.Read, FileShare.ReadWrite));

    /// <inheritdoc/>
    public void CreateDirectory(string path)
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(path);
        else
            // keys of others' data are in it
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> List(string directory)
    {
        if (!Directory.Exists(directory))
            return [];
        var names = new List<string>();
        foreach (var path in Reserve.Open(() => Directory.GetFileSystemEntries(directory)))
            names.Add(Path.GetFileName(path));
        return names;
    }

    /// <inheritdoc/>
    public IDiskFile Open(string path, DiskOpen mode) => new RealFile(path, Reserve.Open(() => mode switch
    {
        // Readers run beside the writer, and a deleted segment may still have one: hence the wide sharing.
        DiskOpen.Read => File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete),
        DiskOpen.Write => File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete),
        DiskOpen.Create => File.OpenHandle(path, FileMode.Create, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete),
        _ => throw new ArgumentOutOfRangeException(nameof(mode), mode, "not a way to open a file"),
    }));

    /// <inheritdoc/>
    public void Rename(string from, string to) => File.Move(from, to, overwrite: true);

    /// <inheritdoc/>
    public void Delete(string path) => File.Delete(path);

    /// <inheritdoc/>
    public void FlushDirectory(string directory)
    {
        // Windows journals its directories and offers no way to flush one.
        if (OperatingSystem.IsWindows())
            return;
        var descriptor = Reserve.Open(() =>
            NativeMethods.Open(Encoding.UTF8.GetBytes(directory + '\0'), NativeMethods.CloseOnExec) is var opened and >= 0
                ? opened
                : throw NativeMethods.Error("open of directory", directory));
        var flushed = NativeMethods.Flush(descriptor) == 0;
        var error = flushed ? null : NativeMethods.Error("fsync of directory", directory);
        if (NativeMethods.Close(descriptor) != 0 && error is null)
            error = NativeMethods.Error("close of directory", directory);
        if (error is not null)
            throw error;
    }

    /// <inheritdoc/>
    public IDisposable? TryLock(string path)
    {
        try
        {
            return Reserve.Open(() => File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException error) when (IsHeldByAnother(error))
        {
            return null;
        }
    }

    // Only the refused lock itself: a disk that is full, read-only or broken must not read as "somebody else is here".
    private static bool IsHeldByAnother(IOException error)
    {
        const int windowsSharingViolation = unchecked((int)0x80070020), linuxWouldBlock = 11, bsdWouldBlock = 35;
        var refusedLock = OperatingSystem.IsWindows()
            ? windowsSharingViolation : OperatingSystem.IsLinux() ? linuxWouldBlock : bsdWouldBlock;
        return error.HResult == refusedLock;
    }

    private sealed class RealFile(string path, SafeFileHandle handle) : IDiskFile
    {
        public long Length => RandomAccess.GetLength(handle);

        public int Read(long offset, Span<byte> into) => RandomAccess.Read(handle, into, offset);

        public void Write(long offset, IReadOnlyList<ReadOnlyMemory<byte>> buffers)
        {
            if (buffers.Count == 1)
                RandomAccess.Write(handle, buffers[0].Span, offset);
            else
                RandomAccess.Write(handle, buffers, offset);
        }

        // Not RandomAccess.FlushToDisk: on Unix it returns as if all were well when fsync fails with EIO.
        public void Flush()
        {
            if (OperatingSystem.IsWindows())
                RandomAccess.FlushToDisk(handle);
            else if (NativeMethods.Flush(handle) != 0)
                throw NativeMethods.Error("fsync of", path);
        }

        public void Truncate(long length) => RandomAccess.SetLength(handle, length);

        public void Dispose()
        {
            handle.Dispose();
            Reserve.FillUp();
        }
    }

    private static class NativeMethods
    {
        // O_CLOEXEC; its number differs elsewhere.
        public static readonly int CloseOnExec = OperatingSystem.IsLinux() ? 0x80000 : 0;

        [DllImport("libc", EntryPoint = "open", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
        public static extern int Open(byte[] path, int flags);

        [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
        public static extern int Flush(int descriptor);

        [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
        public static extern int Flush(SafeFileHandle file);

        [DllImport("libc", EntryPoint = "close", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
        public static extern int Close(int descriptor);

        public static IOException Error(string call, string path) =>
            new($"{call} '{path}' failed: {Marshal.GetLastPInvokeErrorMessage()}", Marshal.GetLastPInvokeError());
    }
}
