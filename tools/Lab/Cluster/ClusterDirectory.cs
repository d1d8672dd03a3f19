// The temporary directory of a local cluster. It is marked with the process that owns it, so that what a killed owner left
// behind is found and removed by the next one. Never touches a directory without a mark, or whose owner lives.
using System.Diagnostics;
using System.Globalization;

namespace HotStandby.Lab.Cluster;

/// <summary>Makes temporary directories for local clusters.</summary>
internal static class ClusterDirectory
{
    private const string Prefix = "hotstandby-";

    /// <summary>Name of the file that says whose a directory is: the owner's process id.</summary>
    public const string OwnerFile = "owner.pid";

    /// <summary>Makes a directory that belongs to this process, and removes those whose process is gone.</summary>
    public static string Create()
    {
        RemoveLeftOver();
        var path = Directory.CreateTempSubdirectory(Prefix).FullName;
        File.WriteAllText(Path.Combine(path, OwnerFile), Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
        return path;
    }

    /// <summary>The directories whose process is gone. Those without a mark are not ours.</summary>
    public static IReadOnlyList<string> LeftOver() =>
        [.. Directory.EnumerateDirectories(Path.GetTempPath(), Prefix + "*")
            .Where(directory => OwnerOf(directory) is { } owner && !IsAlive(owner))];

    private static void RemoveLeftOver()
    {
        foreach (var directory in LeftOver())
        {
            try
            {
                // The mark goes last: what cannot be removed now, since its nodes are still ending or a disk is mounted in it, stays
                // marked.
                foreach (var content in Directory.EnumerateDirectories(directory))
                    Directory.Delete(content, recursive: true);
                Directory.Delete(directory, recursive: true);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                // The next one tries again.
            }
        }
    }

    private static int? OwnerOf(string directory)
    {
        try
        {
            return int.TryParse(File.ReadAllText(Path.Combine(directory, OwnerFile)), CultureInfo.InvariantCulture, out var owner)
                ? owner : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    // An id that another process has by now counts as alive: what is left stays until that one has gone, too.
    private static bool IsAlive(int id)
    {
        try
        {
            using var process = Process.GetProcessById(id);
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}
