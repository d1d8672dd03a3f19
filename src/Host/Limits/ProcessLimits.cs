// How much this process may use of what it shares with others: file descriptors, memory, threads. Read at the start and by check-config.
using System.Globalization;
using System.Runtime.InteropServices;

namespace HotStandby.Host.Limits;

/// <summary>A bound that something outside of the node has set.</summary>
/// <param name="Value">How much.</param>
/// <param name="Source">What sets it, for people.</param>
internal readonly record struct Limit(long Value, string Source);

/// <summary>The bounds of a process; null is none that is known.</summary>
/// <param name="Descriptors">Open files and connections.</param>
/// <param name="MemoryBytes">Memory of its control groups.</param>
/// <param name="Threads">Processes and threads: of its control groups, or of its user.</param>
/// <param name="Processors">Processors it may run on.</param>
internal sealed partial record ProcessLimits(Limit? Descriptors, Limit? MemoryBytes, Limit? Threads, int Processors)
{
    private const int OfProcesses = 6, OfDescriptors = 7; // RLIMIT_NPROC, RLIMIT_NOFILE of Linux
    private const ulong Infinite = ulong.MaxValue;

    /// <summary>Raises the soft limit of file descriptors to the hard one, and reads all limits.</summary>
    public static ProcessLimits Raise()
    {
        if (!OperatingSystem.IsLinux())
            return new ProcessLimits(null, null, null, Environment.ProcessorCount);
        var groups = new ControlGroups("/");
        var threads = Read(OfProcesses, raise: false) is { } processes ? new Limit(processes, "RLIMIT_NPROC of its user") : (Limit?)null;
        if (groups.MostThreads() is { } most && (threads is null || most < threads.Value.Value))
            threads = new Limit(most, "pids.max of its control group");
        return new ProcessLimits(
            Read(OfDescriptors, raise: true) is { } descriptors ? new Limit(descriptors, "RLIMIT_NOFILE") : null,
            groups.MostMemory() is { } memory ? new Limit(memory, "the memory limit of its control group") : null,
            threads, Environment.ProcessorCount);
    }

    // Null: no limit, or none that can be read.
    private static long? Read(int resource, bool raise)
    {
        if (GetLimit(resource, out var bounds) != 0)
            return null;
        var soft = bounds.Soft;
        // The runtime has mostly done so already.
        if (raise && soft < bounds.Hard && SetLimit(resource, new Bounds { Soft = bounds.Hard, Hard = bounds.Hard }) == 0)
            soft = bounds.Hard;
        return soft == Infinite ? null : (long)Math.Min(soft, long.MaxValue);
    }

    [LibraryImport("libc", EntryPoint = "getrlimit", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int GetLimit(int resource, out Bounds bounds);

    [LibraryImport("libc", EntryPoint = "setrlimit", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SetLimit(int resource, in Bounds bounds);

    [StructLayout(LayoutKind.Sequential)]
    private struct Bounds
    {
        public ulong Soft;
        public ulong Hard;
    }
}

/// <summary>The Linux control groups of this process, of version 1 or 2.</summary>
/// <param name="root">Where proc and sys are: /, or a directory of a test.</param>
internal sealed class ControlGroups(string root)
{
    // Version 1 says no limit by a number near the largest.
    private const long NoLimit = 1L << 60;

    private readonly string _mounts = Path.Combine(root, "sys/fs/cgroup");

    /// <summary>The least memory that one of the groups allows, in bytes; null: none does.</summary>
    public long? MostMemory() => Least("memory", "memory.limit_in_bytes", "memory.max");

    /// <summary>The fewest processes and threads that one of the groups allows; null: none does.</summary>
    public long? MostThreads() => Least("pids", "pids.max", "pids.max");

    private long? Least(string controller, string first, string second)
    {
        long? least = null;
        foreach (var (directory, file) in Places(controller, first, second))
        {
            if (ValueIn(Path.Combine(directory, file)) is { } value && value < (least ?? NoLimit))
                least = value;
        }

        return least;
    }

    // The process's group and all above it. In a container the path may be that of the machine, while only the container's own is mounted.
    private IEnumerable<(string Directory, string File)> Places(string controller, string first, string second)
    {
        foreach (var line in Lines(Path.Combine(root, "proc/self/cgroup")))
        {
            if (line.Split(':', 3) is not [_, var controllers, var path])
                continue;
            var isSecond = controllers.Length == 0;
            if (!isSecond && !controllers.Split(',').Contains(controller))
                continue;
            var mount = isSecond ? _mounts : Path.Combine(_mounts, controller);
            for (var inside = path.Trim('/'); ; inside = Path.GetDirectoryName(inside) ?? "")
            {
                yield return (Path.Combine(mount, inside), isSecond ? second : first);
                if (inside.Length == 0)
                    break;
            }
        }
    }

    private static long? ValueIn(string path) => Lines(path).FirstOrDefault() is { } text
        && long.TryParse(text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : null;

    private static string[] Lines(string path)
    {
        try
        {
            return File.ReadAllLines(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return []; // no such controller here: no limit
        }
    }
}
