// Outputs that cannot be written: a full disk, a closed descriptor, a pipe whose reader has gone or does not read. A node never ends of
// them, nor fails to start; a verb ends with 74, without a stack trace, when what it was asked for could not be written.
using System.Diagnostics;
using System.Globalization;
using HotStandby.Lab.Cluster;
using HotStandby.Tests.Process.Failover;
using HotStandby.Tests.Process.Telemetry;
using Xunit.Abstractions;

namespace HotStandby.Tests.Process.Operations;

public sealed class LostOutputTests(LostOutputTests.Asked asked, ITestOutputHelper output)
    : ClusterTest(output), IClassFixture<LostOutputTests.Asked>
{
    /// <summary>The node that verbs ask.</summary>
    public sealed class Asked() : SharedCluster(1);

    [Theory]
    [InlineData("a full disk", "exec \"$@\" >/dev/full 2>/dev/full")]
    [InlineData("closed descriptors", "exec \"$@\" >&- 2>&-")]
    [InlineData("a pipe without a reader", "exec \"$@\" > >(:) 2>&1")]
    [InlineData("a reader that does not read",
        "exec > >(while kill -0 $$ 2>&-; do sleep 1; done) 2>&1; timeout 2 head -c 65536 /dev/zero; exec \"$@\"")]
    public Task A_node_starts_serves_and_stops_in_order_whatever_its_output_is(
        string what, string script) => WithClusterAsync(1, async (cluster, stop) =>
    {
        var node = cluster.Nodes[0];
        node.Launcher = ["bash", "-c", script, "bash"];
        node.Start();
        await cluster.WaitForPrimaryAsync(Patience, stop);
        await using (var load = await Load.StartAsync(cluster, stop))
        {
            await load.WaitForMoreAsync(200, stop);
            await load.EndAsync();
            await load.NothingMustBeLostAsync(stop);
        }

        var lost = (await Scrape.OfAsync(node, stop))["hotstandby_lost_log_lines_total"];
        Output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what}: {lost} lines lost"));
        Assert.True(lost > 0, what);
        node.Send(NodeSignal.Terminate);
        Assert.Equal(0, await WaitForExitCodeAsync(node, Patience, stop));
        // No line went into a file that had got the number of a closed descriptor.
        Assert.Equal((0, ""), await RunAsync($"oplog verify {node.DataDirectory} >/dev/null", stop));
    });

    [Fact]
    public Task A_node_that_stops_with_its_input_takes_a_closed_input_for_an_end() => WithClusterAsync(1, async (cluster, stop) =>
    {
        // What the runtime has opened under its number is not the input.
        var node = cluster.Nodes[0];
        node.Launcher = ["bash", "-c", "exec \"$@\" <&-", "bash"];
        node.Start();
        Assert.Equal(0, await WaitForExitCodeAsync(node, Patience, stop));
    });

    [Theory]
    [InlineData("--help")]
    // no warning of the machine's limits
    [InlineData("check-config --config CONFIG -D hotstandby.client.max-connections=100 -D hotstandby.http.port=0")]
    [InlineData("trace --requests 100")]
    [InlineData("completions bash")]
    [InlineData("status --http HTTP")]
    [InlineData("oplog tail --http HTTP")]
    [InlineData("status --json --http HTTP")]
    public Task A_verb_whose_output_cannot_be_written_ends_with_74_and_one_line(
        string verb) => WithClusterAsync(asked, async (cluster, node, stop) =>
    {
        var line = verb.Replace(
            "CONFIG", $"{node.ConfigFile} -D hotstandby.data-dir={cluster.DirectoryPath}/unused", StringComparison.Ordinal)
            .Replace("HTTP", node.HttpAddress, StringComparison.Ordinal);
        await MustEndAsync(stop,
            (line, ">/dev/null", 0, ""), // it is the output alone
            (line, ">/dev/full", 74, "hotstandby: the output could not be written: No space left on device\n"),
            (line, ">&-", 74, "hotstandby: the output could not be written: it is closed\n"),
            (line, ">/dev/full 2>/dev/full", 74, ""),
            (line, ">&- 2>&-", 74, ""));
        // A reader that has gone has seen enough: that needs no words.
        Assert.Equal((74, ""), await RunAsync($"{line} >&3", stop, before: "exec 3> >(:); wait $!; "));
    });

    [Theory]
    [InlineData("nonsense")]
    [InlineData("status --http nonsense")]
    [InlineData("check-config --config /nowhere/at/all.conf")]
    [InlineData("replay --trace /nowhere")]
    public async Task A_verb_whose_errors_cannot_be_written_has_the_code_that_it_has_with_them(string verb)
    {
        using var stop = new CancellationTokenSource(TestPatience);
        var (code, _) = await RunAsync($"{verb} >/dev/null", stop.Token);
        Assert.InRange(code, 1, 99);
        await MustEndAsync(stop.Token, (verb, ">/dev/null 2>/dev/full", code, ""), (verb, ">/dev/null 2>&-", code, ""),
            (verb, ">/dev/full 2>/dev/full", code, ""));
    }

    [Fact]
    public async Task A_trace_from_a_closed_standard_input_is_refused()
    {
        using var stop = new CancellationTokenSource(TestPatience);
        await MustEndAsync(
            stop.Token, ("replay --trace - --address 127.0.0.1:1", "<&-", 74, "hotstandby: standard input cannot be read: it is closed\n"));
    }

    // All at once: most of a verb's time is its start.
    private static async Task MustEndAsync(CancellationToken stop, params (string Line, string Outputs, int Code, string Error)[] runs) =>
        Assert.Equal(
        runs, await Task.WhenAll(runs.Select(async run =>
        {
            var (code, error) = await RunAsync($"{run.Line} {run.Outputs}", stop);
            return (run.Line, run.Outputs, code, error);
        })));

    // Runs the executable by a shell that redirects its streams. The code, and what standard error has.
    private static async Task<(int Code, string Error)> RunAsync(string line, CancellationToken stop, string before = "")
    {
        var script = $"{before}dotnet exec {LocalNode.Program} {line}";
        var start = new ProcessStartInfo("bash")
        {
            RedirectStandardError = true, RedirectStandardInput = true, RedirectStandardOutput = true,
        };
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add(script);
        using var process = System.Diagnostics.Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync(stop);
        await process.WaitForExitAsync(stop);
        return (process.ExitCode, await error);
    }
}
