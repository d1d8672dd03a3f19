// One version everywhere: Directory.Build.props has it, and what is built and shipped repeats it. The packages are checked by .ci/packages.
using System.Text.RegularExpressions;
using System.Xml.Linq;
using HotStandby.Host.Telemetry;
using HotStandby.Lab.Chaos;
using HotStandby.Lab.Cluster;

namespace HotStandby.Tests.Process.Deploy;

public sealed partial class VersionTests
{
    private static readonly string Version = XDocument.Load(InRepository("Directory.Build.props")).Descendants("Version").Single().Value;

    [Fact]
    public async Task The_program_says_it() =>
        Assert.Equal(Version, (await SystemTool.RunAsync("dotnet", "exec", LocalNode.Program, "--version")).Trim().Split('+')[0]);

    [Fact]
    public void The_metric_of_the_build_has_it() =>
        Assert.Contains(new KeyValuePair<string, object?>("version", Version), new BuildInfo("node1", "").Labels);

    [Fact]
    public void The_newest_chapter_of_the_changelog_is_about_it() =>
        Assert.Equal(Version, NewestChapter().Match(File.ReadAllText(InRepository("CHANGELOG.md"))).Groups[1].Value);

    [Fact]
    public void Shipped_files_name_images_of_it()
    {
        var images = Directory.GetFiles(InRepository("deploy"), "*.yaml", SearchOption.AllDirectories)
            .SelectMany(static file => Image().Matches(File.ReadAllText(file))).Select(static image => image.Groups[1].Value).ToList();
        Assert.NotEmpty(images);
        Assert.All(images, static tag => Assert.Equal(Version, tag));
    }

    private static string InRepository(string name) => Path.Combine(TestConfiguration.RepositoryRoot, name);

    [GeneratedRegex(@"^## (\S+)", RegexOptions.Multiline)]
    private static partial Regex NewestChapter();

    [GeneratedRegex(@"(?:image: |-t )\S*\bhotstandby:(\S+)")]
    private static partial Regex Image();
}
