// The arrows between the rooms of the house, and the size of its files. Looks at what the compiled assemblies refer to, inside
// methods too, not at what the project files promise.
using System.Reflection;
using System.Reflection.Metadata;
using HotStandby.Messages.OpLog;

namespace HotStandby.Tests.Unit.Architecture;

public sealed class ArrowTests
{
    private const int MostLinesOfAFile = 400;

    // Time, threads, randomness and I/O do not enter the two pure assemblies. (Single members, such as DateTime.UtcNow, are the
    // business of src/BannedSymbols.txt.)
    private static readonly string[] ForbiddenTypes =
    [
        "System.Threading.Tasks.Task", "System.Threading.Tasks.Task`1", "System.Threading.Tasks.ValueTask", "System.Threading.Thread",
        "System.Threading.Timer", "System.Threading.ThreadPool", "System.Diagnostics.Stopwatch", "System.TimeProvider", "System.Random",
        "System.IO.File", "System.IO.FileStream", "System.IO.Directory", "System.Net.Sockets.Socket",
    ];

    private static readonly Assembly Messages = typeof(OpLogBatch).Assembly;

    private static readonly Assembly Core = typeof(HotStandby.Core.PartitionDigest).Assembly;

    [Fact]
    public void Messages_refers_to_nothing_but_the_runtime_and_hashing() =>
        Assert.All(ReferencesOf(Messages), name => Assert.StartsWith("System.", name, StringComparison.Ordinal));

    [Fact]
    public void Core_refers_to_nothing_but_Messages_and_the_runtime() =>
        Assert.All(ReferencesOf(Core), name => Assert.True(
            name == "HotStandby.Messages" || name.StartsWith("System.", StringComparison.Ordinal), name));

    [Fact]
    public void Messages_uses_no_clock_no_thread_no_randomness_and_no_input_or_output() =>
        Assert.Empty(TypesUsedBy(Messages).Intersect(ForbiddenTypes));

    [Fact]
    public void Core_uses_no_clock_no_thread_no_randomness_and_no_input_or_output() =>
        Assert.Empty(TypesUsedBy(Core).Intersect(ForbiddenTypes));

    [Fact]
    public void The_check_for_forbidden_types_sees_what_a_method_uses_inside()
    {
        Assert.True(System.Diagnostics.Stopwatch.GetTimestamp() != 0);
        Assert.Contains("System.Diagnostics.Stopwatch", TypesUsedBy(typeof(ArrowTests).Assembly).Intersect(ForbiddenTypes));
    }

    [Fact]
    public void No_file_is_longer_than_400_lines()
    {
        var root = CompiledAssembly.RepositoryRoot();
        var files = Directory.EnumerateFiles(Path.Combine(root, "src"), "*.cs", SearchOption.AllDirectories)
            .Where(file => !Path.GetRelativePath(root, file).Split(Path.DirectorySeparatorChar).Any(part => part is "obj" or "bin"))
            .ToList();
        Assert.NotEmpty(files);
        Assert.All(files, file => Assert.True(
            File.ReadLines(file).Count() <= MostLinesOfAFile, $"{Path.GetRelativePath(root, file)} has {File.ReadLines(file).Count()} lines"));
    }

    private static IEnumerable<string> ReferencesOf(Assembly assembly)
    {
        using var image = CompiledAssembly.Open(assembly.GetName().Name!);
        var metadata = image.GetMetadataReader();
        var names = metadata.AssemblyReferences.Select(reference => metadata.GetString(metadata.GetAssemblyReference(reference).Name)).ToList();
        Assert.Contains("System.Runtime", names);
        return names;
    }

    private static HashSet<string> TypesUsedBy(Assembly assembly)
    {
        using var image = CompiledAssembly.Open(assembly.GetName().Name!);
        var metadata = image.GetMetadataReader();
        return metadata.TypeReferences
            .Select(metadata.GetTypeReference)
            .Select(type => $"{metadata.GetString(type.Namespace)}.{metadata.GetString(type.Name)}")
            .ToHashSet();
    }
}
