// The assemblies of this repository, as they were built: a run that measures coverage changes the copies beside the tests.
using System.Reflection.PortableExecutable;

namespace HotStandby.Tests.Unit.Architecture;

internal static class CompiledAssembly
{
    /// <summary>Opens one.</summary>
    /// <param name="name">Its name, such as HotStandby.Core.</param>
    public static PEReader Open(string name)
    {
        var project = name["HotStandby.".Length..].Replace("Tests.", "", StringComparison.Ordinal);
        var output = Path.GetRelativePath(Path.Combine(RepositoryRoot(), "tests", "Unit"), AppContext.BaseDirectory);
        var room = Path.Combine(RepositoryRoot(), name.Contains(".Tests.", StringComparison.Ordinal) ? "tests" : "src", project);
        return new PEReader(File.OpenRead(Path.Combine(room, output, name + ".dll")));
    }

    /// <summary>The directory of the solution.</summary>
    public static string RepositoryRoot()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "HotStandby.Actors.sln")))
            directory = directory.Parent;
        return directory?.FullName ?? throw new DirectoryNotFoundException("no HotStandby.Actors.sln above the tests");
    }
}
