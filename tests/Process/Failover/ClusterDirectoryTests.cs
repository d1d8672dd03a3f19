// Directories of local clusters: what a killed owner left is removed by the next, everything else is left alone.
using System.Globalization;
using HotStandby.Lab.Cluster;

namespace HotStandby.Tests.Process.Failover;

[Collection(ProcessCollection.Name)]
public sealed class ClusterDirectoryTests
{
    // Beyond what Linux ever gives a process.
    private const int NoProcess = int.MaxValue;

    [Fact]
    public void A_directory_whose_owner_is_gone_is_removed_and_no_other()
    {
        var mine = ClusterDirectory.Create();
        var orphan = Make(NoProcess.ToString(CultureInfo.InvariantCulture));
        var unmarked = Make(null);
        var odd = Make("not a number");
        var next = ClusterDirectory.Create();
        try
        {
            Assert.False(Directory.Exists(orphan));
            Assert.All([mine, unmarked, odd, next], directory => Assert.True(Directory.Exists(directory), directory));
        }
        finally
        {
            foreach (var directory in (string[])[mine, unmarked, odd, next])
                Directory.Delete(directory, recursive: true);
        }
    }

    private static string Make(string? owner)
    {
        var directory = Directory.CreateTempSubdirectory("hotstandby-").FullName;
        if (owner is not null)
            File.WriteAllText(Path.Combine(directory, ClusterDirectory.OwnerFile), owner);
        return directory;
    }
}
