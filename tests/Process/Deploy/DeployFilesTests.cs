// The units, manifests and Compose files that are shipped: their settings are taken, and what must not be in them is not.
using HotStandby.CommandLine;
using HotStandby.Host.Commands;
using HotStandby.Lab.Chaos;

namespace HotStandby.Tests.Process.Deploy;

public sealed class DeployFilesTests
{
    private const string MostExposure = "30"; // of 100: systemd-analyze shows 3.0

    private static readonly string Unit = InRepository("deploy", "systemd", "hotstandby.service");
    private static readonly string Template = InRepository("deploy", "systemd", "hotstandby@.service");

    [Fact]
    public void A_wrong_configuration_ends_the_unit_instead_of_being_tried_for_ever()
    {
        var lines = Directives(Unit);
        Assert.DoesNotContain(lines, static line => line.StartsWith("ExecStartPre", StringComparison.Ordinal));
        var final = lines.Single(static line => line.StartsWith("RestartPreventExitStatus=", StringComparison.Ordinal)).Split('=')[1];
        Assert.Equal(
            [ExitCode.Usage, ExitCode.BadData, ExitCode.InputMissing, ExitCode.Configuration], final.Split(' ').Select(int.Parse));
    }

    [Fact]
    public void The_template_is_the_unit_with_a_place_for_each_instance()
    {
        string[] OfInstances(string name) =>
        [
            .. Directives(Unit).Select(line => line.StartsWith("Description=", StringComparison.Ordinal) ? $"{line} ({name})" : line)
                .Select(line => line.Replace("/node.conf", $"/{name}.conf", StringComparison.Ordinal))
                .Select(line => line == "StateDirectory=hotstandby" ? $"{line}/{name}" : line),
        ];
        Assert.Equal(OfInstances("%i"), Directives(Template));
    }

    [FactWith("systemd-analyze")]
    public async Task The_units_expose_little()
    {
        foreach (var unit in (string[])[Unit, Template])
            await SystemTool.RunAsync("systemd-analyze", "security", "--offline=yes", "--no-pager", $"--threshold={MostExposure}", unit);
        await Assert.ThrowsAsync<IOException>(() => // it does judge
            SystemTool.RunAsync("systemd-analyze", "security", "--offline=yes", "--no-pager", "--threshold=1", Unit));
    }

    [Fact]
    public async Task The_settings_in_Compose_and_Kubernetes_are_taken()
    {
        await MustBeTakenAsync(File.ReadAllText(InRepository("deploy", "compose", "node.conf")), "node1", "node1");
        var kubernetes = File.ReadAllLines(InRepository("deploy", "kubernetes", "hotstandby.yaml"))
            .SkipWhile(static line => line != "  node.conf: |").Skip(1).TakeWhile(static line => line != "---");
        await MustBeTakenAsync(
            string.Concat(kubernetes.Select(static line => (line.Length == 0 ? line : line[4..]) + '\n')), "hotstandby-0",
            "hotstandby-0.hotstandby");
    }

    [Fact]
    public void Images_are_named_with_a_version()
    {
        string[] files =
        [
            InRepository("deploy", "kubernetes", "hotstandby.yaml"), InRepository("deploy", "kubernetes", "clients.yaml"),
            InRepository("deploy", "compose", "compose.yaml"),
        ];
        var images = files.SelectMany(Directives).Where(static line => line.StartsWith("image: ", StringComparison.Ordinal)).ToArray();
        Assert.Equal(5, images.Length);
        Assert.All(images, static image => Assert.Matches(@":v?\d+\.\d+(\.\d+)?$", image));
    }

    private static async Task MustBeTakenAsync(string settings, string node, string host)
    {
        var (file, token) = (Path.GetTempFileName(), Path.GetTempFileName());
        try
        {
            await File.WriteAllTextAsync(token, new string('a', 64));
            await File.WriteAllTextAsync(file, settings.Replace("/etc/hotstandby-admin/token", token, StringComparison.Ordinal));
            using var output = new StringWriter();
            using var error = new StringWriter();
            string[] line =
                ["check-config", "--config", file, "-D", $"hotstandby.node-id={node}", "-D", $"hotstandby.remoting.host={host}"];
            var code = await CommandTree.RunAsync(line, new Terminal(output, error, false), null);
            Assert.True(code == ExitCode.Ok, $"{code}\n{output}{error}");
        }
        finally
        {
            File.Delete(file);
            File.Delete(token);
        }
    }

    private static string InRepository(params string[] parts) => Path.Combine([TestConfiguration.RepositoryRoot, .. parts]);

    private static string[] Directives(string file) =>
        [.. File.ReadAllLines(file).Select(static line => line.Split('#')[0].Trim()).Where(static line => line.Length > 0)];
}
