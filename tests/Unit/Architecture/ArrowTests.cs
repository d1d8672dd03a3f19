// The arrows between the rooms of the house. For the two pure assemblies it looks at what they refer to, inside methods too; for all of
// them at the project files, which bind the compiler: a project sees what it names itself, and nothing beyond.
using System.Reflection;
using System.Reflection.Metadata;
using System.Xml.Linq;
using HotStandby.Messages.OpLog;

namespace HotStandby.Tests.Unit.Architecture;

public sealed class ArrowTests
{
    // What every project of src and tools uses. The program, Host, links all; nothing refers to it.
    private static readonly string[] Arrows =
    [
        "Actors -> Core, Messages",
        "CommandLine -> Actors",
        "Core -> Messages",
        "Host -> Actors, CommandLine, Core, Lab, Messages, Mooncake",
        "Lab -> Actors, CommandLine, Core, Messages, Mooncake",
        "Messages -> ",
        "Mooncake -> Messages",
    ];

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
    public void Every_project_uses_those_that_it_may_use() => Assert.Equal(
        Arrows, Projects().Select(project => $"{project.Name} -> {string.Join(", ", NamesIn(project.Content, "ProjectReference"))}"));

    [Fact]
    public void A_project_sees_nothing_of_others_but_what_it_names()
    {
        var common = XDocument.Load(Path.Combine(Repository.Root, "Directory.Build.props"));
        Assert.Equal("true", common.Descendants("DisableTransitiveProjectReferences").Single().Value);
        Assert.All(Projects(), project => Assert.Empty(project.Content.Descendants("DisableTransitiveProjectReferences")));
    }

    [Fact]
    public void No_project_takes_in_the_files_of_another_or_shows_its_insides_to_anything_but_tests() => Assert.All(Projects(), project =>
    {
        Assert.DoesNotContain(project.Content.Descendants("Compile"), item => item.Attribute("Include") is not null);
        Assert.All(NamesIn(project.Content, "InternalsVisibleTo"), name => Assert.StartsWith("Tests.", name, StringComparison.Ordinal));
    });

    // Tests.MultiNode plays the stories of Tests.Failover: it is one more driver of the same suite.
    [Fact]
    public void Tests_share_their_doubles_and_nothing_else() => Assert.All(
        Projects("tests").SelectMany(static project => FilesOf(project.Content).Select(file => (project.Name, File: file))),
        static taken => Assert.True(
            !taken.File.StartsWith("../", StringComparison.Ordinal)
            || taken.File.StartsWith("../Doubles/", StringComparison.Ordinal)
            || (taken.Name == "Tests.MultiNode" && taken.File.StartsWith("../Failover/", StringComparison.Ordinal)),
            $"{taken.Name} takes {taken.File}"));

    private static IEnumerable<string> ReferencesOf(Assembly assembly)
    {
        using var image = CompiledAssembly.Open(assembly.GetName().Name!);
        var metadata = image.GetMetadataReader();
        var names = metadata.AssemblyReferences.Select(
            reference => metadata.GetString(metadata.GetAssemblyReference(reference).Name)).ToList();
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

    private static IEnumerable<(string Name, XDocument Content)> Projects() => Projects("src", "tools");

    private static IEnumerable<(string Name, XDocument Content)> Projects(params IEnumerable<string> directories)
    {
        var files = Repository.Files("*.csproj", directories).ToList();
        Assert.NotEmpty(files);
        return files.Select(static file => (NameOf(file), XDocument.Load(file)))
            .OrderBy(static project => project.Item1, StringComparer.Ordinal);
    }

    private static IEnumerable<string> FilesOf(XDocument project) => project.Descendants()
        .Where(static item => item.Name.LocalName is "Compile" or "EmbeddedResource" or "Content")
        .SelectMany(static item => item.Attribute("Include")!.Value.Split(';'));

    private static IEnumerable<string> NamesIn(XDocument project, string item) => project.Descendants(item)
        .Select(static each => NameOf(each.Attribute("Include")!.Value)).Order(StringComparer.Ordinal);

    // Of HotStandby.Core, of a path to HotStandby.Core.csproj: Core.
    private static string NameOf(string project) => Path.GetFileName(project)
        .Replace(".csproj", "", StringComparison.Ordinal).Replace("HotStandby.", "", StringComparison.Ordinal);
}
