// The temporary directory of a local cluster. It is marked with the process that owns it, so that what a killed owner left
// behind is found and removed by the next one. Never touches a directory without a mark, or whose owner lives.
using System.Diagnostics;
using System.Globalization;

namespace HotStandby.Host.Cluster;

/// <summary>Makes temporary directories for local clusters.</summary>
public static class ClusterDirectory
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

    private static void RemoveLeftOver()
    {
        foreach (var directory in Directory.EnumerateDirectories(Path.GetTempPath(), Prefix + "*"))
        {
            try
            {
                if (IsLeftOver(directory))
                    Directory.Delete(directory, recursive: true);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                // Not marked, not ours, or its nodes are still ending: the next one tries again.
            }
        }
    }

    /// <summary>True for a directory that is marked, and whose process is gone.</summary>
    /// <exception cref="IOException">It is not marked.</exception>
    public static bool IsLeftOver(string directory) =>
        int.TryParse(File.ReadAllText(Path.Combine(directory, OwnerFile)), CultureInfo.InvariantCulture, out var owner) && !IsAlive(owner);

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
