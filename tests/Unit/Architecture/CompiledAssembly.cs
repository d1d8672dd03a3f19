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
        var output = Path.GetRelativePath(Path.Combine(Repository.Root, "tests", "Unit"), AppContext.BaseDirectory);
        var room = Path.Combine(Repository.Root, name.Contains(".Tests.", StringComparison.Ordinal) ? "tests" : "src", project);
        return new PEReader(File.OpenRead(Path.Combine(room, output, name + ".dll")));
    }
}
