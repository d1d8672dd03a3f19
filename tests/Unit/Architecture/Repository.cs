// The files of this repository, for tests that look at what is written, not at what it does.
namespace HotStandby.Tests.Unit.Architecture;

/// <summary>The working copy that the tests were built from.</summary>
internal static class Repository
{
    /// <summary>Its top.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>Files below some of its directories, without what builds put there.</summary>
    /// <param name="pattern">Of their names.</param>
    /// <param name="directories">Relative to the top.</param>
    public static IEnumerable<string> Files(string pattern, params IEnumerable<string> directories) => directories
        .SelectMany(directory => Directory.EnumerateFiles(Path.Combine(Root, directory), pattern, SearchOption.AllDirectories))
        .Where(
            static file => !Path.GetRelativePath(Root, file).Split(Path.DirectorySeparatorChar).Any(static part => part is "obj" or "bin"));

    /// <summary>A file as it is called from the top, with slashes.</summary>
    public static string NameOf(string file) => Path.GetRelativePath(Root, file).Replace(Path.DirectorySeparatorChar, '/');

    private static string FindRoot()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "HotStandby.Actors.sln")))
            directory = directory.Parent;
        return directory?.FullName ?? throw new DirectoryNotFoundException("no HotStandby.Actors.sln above the tests");
    }
}
