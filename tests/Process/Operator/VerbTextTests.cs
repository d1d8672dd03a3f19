// What verbs read and print, without a node: completions, jobs, differences of settings, where the nodes are.
using System.Text.Json;
using System.Text.RegularExpressions;
using HotStandby.CommandLine;
using HotStandby.Host.Commands.Operator;
using HotStandby.Lab.Cluster;

namespace HotStandby.Tests.Process.Operator;

public sealed partial class VerbTextTests
{
    private const string Progress =
        """ "succeeded_units": 3, "active_units": 2, "blocked_units": 1, "failed_units": 0, "migrated_bytes": 3145728 """;

    [Theory]
    [InlineData("RUNNING", "", null, "3 moved, 2 moving, 1 blocked, 0 failed, 3 MiB")]
    [InlineData("SUCCEEDED", "", ExitCode.Ok, "the segment is empty: 3 moved")]
    [InlineData("FAILED", "no target", ExitCode.FailedRun, "given up (no target); the segment takes objects again")]
    [InlineData("CANCELED", "", ExitCode.FailedRun, "canceled; the segment takes objects again")]
    public void A_drain_job_has_an_exit_code_for_each_end(string status, string message, int? code, string text)
    {
        var read = JobWatch.Drain.Read(Parse($$"""{ "status_name": "{{status}}", "message": "{{message}}", {{Progress}} }"""));
        Assert.Equal(code, read.Code);
        Assert.Contains(text, read.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Settings_of_the_cluster_that_differ_are_told_from_those_of_a_node()
    {
        static JsonElement Of(string node, string shards, string port) => Parse($$"""
            { "node": "{{node}}", "settings": [ { "path": "hotstandby.shards", "value": "{{shards}}" },
              { "path": "hotstandby.http.port", "value": "{{port}}" }, { "path": "hotstandby.commit", "value": "quorum" } ] }
            """);
        var diff = ConfigDiffCommand.Compare([Of("a", "64", "1"), Of("b", "32", "2")]);
        Assert.Equal(
            [("hotstandby.shards", true), ("hotstandby.http.port", false)],
            diff.Settings.Select(static each => (each.Path, each.MustBeEqual)));
        Assert.Equal([("a", "64"), ("b", "32")], diff.Settings[0].Values.Select(static each => (each.Node, each.Value)));
    }

    [Fact]
    public async Task The_settings_that_must_be_equal_are_those_that_the_reference_marks()
    {
        var lines = await File.ReadAllLinesAsync(Path.Combine(TestConfiguration.RepositoryRoot, "hocon", "reference.conf"));
        // The mark stands in the comment above a setting or a block.
        var marked = lines.Index().Where(static line => ClusterMark().IsMatch(line.Item))
            .Select(line => lines.Skip(line.Index).Select(static below => SettingName().Match(below)).First(static name => name.Success))
            .Select(static name => name.Groups[1].Value);
        Assert.Equal(
            marked.Except(["multi-tenants", "tls"]), // of the block objects; files whose names may differ
            ConfigDiffCommand.OfTheCluster.Select(static path => path.Split('.')[^1]));
    }

    [Theory]
    [InlineData("bash", "complete -o default -F _hotstandby hotstandby")]
    [InlineData("zsh", "compdef _hotstandby hotstandby")]
    [InlineData("fish", "complete --command hotstandby")]
    [InlineData("powershell", "Register-ArgumentCompleter -Native -CommandName hotstandby")]
    public async Task Every_shell_has_a_script_that_asks_the_program(string shell, string text)
    {
        var said = await Said.RunAsync(CancellationToken.None, "completions", shell);
        Assert.Equal(ExitCode.Ok, said.Code);
        Assert.Contains(text, said.Output, StringComparison.Ordinal);
        Assert.Contains("[suggest:", said.Output, StringComparison.Ordinal);
        Assert.DoesNotContain('\r', said.Output);
    }

    [Theory]
    [InlineData("bash", "hotstandby full", "full-sync")]
    [InlineData("bash", "hotstandby full-sync --w", "--wait")]
    [InlineData("bash", "hotstandby config d", "diff")]
    [InlineData("bash", "hotstandby completions pow", "powershell")]
    public async Task A_shell_completes_what_is_typed(string shell, string typed, string completed)
    {
        var script = (await Said.RunAsync(CancellationToken.None, "completions", shell)).Output;
        var words = string.Join(' ', typed.Split(' ').Select(static word => $"'{word}'"));
        using var running = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo(shell)
        {
            ArgumentList =
            {
                "-c", $$"""
                    hotstandby() { dotnet exec '{{LocalNode.Program}}' "$@"; }
                    {{script}}
                    COMP_LINE='{{typed}}' COMP_POINT={{typed.Length}}
                    COMP_WORDS=({{words}}) COMP_CWORD={{typed.Split(' ').Length - 1}}
                    _hotstandby hotstandby
                    printf '%s\n' "${COMPREPLY[@]}"
                    """,
            },
            RedirectStandardOutput = true,
        })!;
        var answered = await running.StandardOutput.ReadToEndAsync();
        await running.WaitForExitAsync();
        Assert.Equal([completed], answered.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task Http_addresses_may_stand_in_the_environment_and_in_a_list()
    {
        var (one, other) = (LocalCluster.FreePorts(2)[0], LocalCluster.FreePorts(2)[1]);
        try
        {
            Environment.SetEnvironmentVariable(NodeAccessOptions.AddressVariable, $"127.0.0.1:{one}, 127.0.0.1:{other}");
            var said = await Said.RunAsync(CancellationToken.None, "status");
            Assert.Contains($"127.0.0.1:{one} does not answer", said.Error, StringComparison.Ordinal);
            Assert.Contains($"127.0.0.1:{other} does not answer", said.Error, StringComparison.Ordinal);
            Environment.SetEnvironmentVariable(NodeAccessOptions.AddressVariable, "nowhere");
            said = await Said.RunAsync(CancellationToken.None, "top");
            Assert.Equal(ExitCode.Usage, said.Code);
            Assert.Contains($"{NodeAccessOptions.AddressVariable} must be host:port", said.Error, StringComparison.Ordinal);
        }
        finally
        {
            Environment.SetEnvironmentVariable(NodeAccessOptions.AddressVariable, null);
        }
    }

    private static JsonElement Parse(string json) => JsonDocument.Parse(json).RootElement;

    // A comment that marks a setting, and not the one that explains the mark.
    [GeneratedRegex(@"^\s+#.*\[cluster[,\]]")]
    private static partial Regex ClusterMark();

    [GeneratedRegex(@"^\s+([a-z][a-z-]*)\b")]
    private static partial Regex SettingName();
}
