// A small disk of its own for each node: an ext4 image, mounted through a loop device. It can be filled to the last byte and frozen for a
// while. Needs root and the tools to mount; where they are missing there is no such disk, and CanMake says so.
using System.Globalization;
using HotStandby.Lab.Cluster;

namespace HotStandby.Lab.Chaos;

/// <summary>A disk under faults, mounted as long as this lives.</summary>
internal sealed class FaultyDisk : IAsyncDisposable
{
    private const long ImageBytes = 96L << 20;
    private const string Ballast = "ballast";
    private const string ImageSuffix = ".disk";
    private static readonly string[] Tools = ["mkfs.ext4", "mount", "umount", "fsfreeze"];

    private FaultyDisk(string directory) => DirectoryPath = directory;

    /// <summary>Where it is mounted.</summary>
    public string DirectoryPath { get; }

    private string BallastFile => Path.Combine(DirectoryPath, Ballast);

    /// <summary>Null when such disks can be made here; otherwise why not. Tries it.</summary>
    public static async Task<string?> WhyNotAsync(string workDirectory)
    {
        if (!Environment.IsPrivilegedProcess)
            return "mounting a disk needs root";
        var directory = Path.Combine(workDirectory, "disk-trial");
        try
        {
            await using var disk = await MakeAsync(directory);
            await disk.FreezeAsync(TimeSpan.FromMilliseconds(1));
            return null;
        }
        catch (IOException error)
        {
            return error.Message.ReplaceLineEndings(" ");
        }
    }

    /// <summary>Makes a disk and mounts it.</summary>
    /// <exception cref="IOException">Not here; the message says what failed.</exception>
    public static async Task<FaultyDisk> MakeAsync(string directory)
    {
        var image = directory + ImageSuffix;
        Directory.CreateDirectory(directory);
        await using (var file = File.Create(image))
            file.SetLength(ImageBytes);
        await SystemTool.RunAsync(Tools[0], "-q", "-F", "-m", "0", image);
        await SystemTool.RunAsync(Tools[1], "-o", "loop", image, directory);
        Directory.Delete(Path.Combine(directory, "lost+found"));
        return new FaultyDisk(directory);
    }

    /// <summary>Unmounts what a run that was killed has left in its directory, and removes that.</summary>
    /// <exception cref="IOException">It could not be unmounted.</exception>
    public static async Task RemoveLeftOverAsync()
    {
        const string mounts = "/proc/mounts";
        if (!Environment.IsPrivilegedProcess || !File.Exists(mounts))
            return;
        var places = (await File.ReadAllLinesAsync(mounts)).Select(line => line.Split(' ')[1]).ToArray();
        foreach (var cluster in ClusterDirectory.LeftOver())
        {
            foreach (var place in places.Where(place => Path.GetDirectoryName(place) == cluster))
                await SystemTool.RunAsync(Tools[2], place);
            Directory.Delete(cluster, recursive: true);
        }
    }

    /// <summary>Writes until nothing more fits.</summary>
    public void Fill()
    {
        // Down to single blocks: what is left would still take some journal entries.
        for (var piece = 1 << 20; piece >= 1 << 9; piece /= 2)
        {
            try
            {
                using var file = new FileStream(BallastFile, FileMode.Append, FileAccess.Write, FileShare.None, bufferSize: 0);
                var bytes = new byte[piece];
                while (true)
                    file.Write(bytes);
            }
            catch (IOException)
            {
                // Full, for pieces of this size.
            }
        }
    }

    /// <summary>Makes room again.</summary>
    public void Clear() => File.Delete(BallastFile);

    /// <summary>
    /// Every write to the disk waits for so long. A process of its own ends that, so that it ends whatever happens to this one.
    /// </summary>
    public Task FreezeAsync(TimeSpan time) => SystemTool.RunAsync("sh", "-c",
        string.Create(CultureInfo.InvariantCulture,
            $"fsfreeze -f '{DirectoryPath}' && sleep {time.TotalSeconds:0.000}; fsfreeze -u '{DirectoryPath}'"));

    /// <summary>Unmounts it. Nobody may use it any more.</summary>
    public async ValueTask DisposeAsync()
    {
        await SystemTool.RunAsync(Tools[2], DirectoryPath);
        File.Delete(DirectoryPath + ImageSuffix);
    }
}
