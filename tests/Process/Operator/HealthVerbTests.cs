// What an operator is told while voters are missing: texts and exit codes of status, health and members, against real nodes.
using System.Text.RegularExpressions;
using HotStandby.CommandLine;
using HotStandby.Host.Commands;
using HotStandby.Lab.Cluster;
using HotStandby.Tests.Process.Failover;
using Xunit.Abstractions;

namespace HotStandby.Tests.Process.Operator;

public sealed partial class HealthVerbTests(ITestOutputHelper output) : ClusterTest(output)
{
    [Fact]
    public Task A_first_start_names_the_voter_it_waits_for_and_a_lost_voter_is_shown_everywhere() => WithClusterAsync(
        3, async (cluster, stop) =>
    {
        foreach (var node in cluster.Nodes.Take(2))
            node.Start();
        await MustSayAsync(
            cluster, ExitCode.NoService, "no node serves: waiting for node3: a first start needs every voter", "health", stop);
        cluster.Nodes[2].Start();
        await MustSayAsync(cluster, ExitCode.Ok, "3 of 3 voters; service survives the loss of 1", "health", stop);
        await MustSayAsync(cluster, ExitCode.Ok, "3 of 3 voters; service survives the loss of 1", "status", stop);

        var primary = await cluster.WaitForPrimaryAsync(Patience, stop);
        await MustLogAsync(primary, $"2215 FailoverLog: The cluster serves for the first time: node {primary.Id}, epoch ", stop);
        var standbys = cluster.Nodes.Where(node => node != primary).ToArray();
        standbys[0].Send(NodeSignal.Kill);
        var lost = $"2 of 3 voters; the next loss stops service: {standbys[0].Id} is not in the cluster";
        await MustSayAsync(cluster, ExitCode.Degraded, lost, "health", stop);
        await MustSayAsync(cluster, ExitCode.Degraded, lost, "status", stop);
        await MustSayAsync(cluster, ExitCode.Ok, $"{standbys[0].Id} Absent no yes", "members", stop);
        await MustLogAsync(primary, $"1013 Host: {lost}", stop);

        standbys[1].Send(NodeSignal.Kill);
        await MustSayAsync(cluster, ExitCode.NoService, "no node serves: 1 of 3 voters can vote, 2 are needed: ", "status", stop);
    });

    [Fact]
    public Task When_two_data_directories_are_lost_the_survivor_says_that_those_nodes_have_never_voted() => WithClusterAsync(
        3, async (cluster, stop) =>
    {
        cluster.StartAll();
        await cluster.WaitForPrimaryAsync(Patience, stop);
        await MustSayAsync(cluster, ExitCode.Ok, "3 of 3 voters", "health", stop);
        foreach (var node in cluster.Nodes)
        {
            node.Send(NodeSignal.Kill);
            await node.WaitForExitAsync(stop);
        }

        foreach (var node in cluster.Nodes.Skip(1))
            Directory.Delete(node.DataDirectory, recursive: true);
        cluster.StartAll();
        await MustSayAsync(
            cluster, ExitCode.NoService, "1 of 3 voters can vote, 2 are needed: node2 and node3 have never voted", "health", stop);
    });

    private static Task MustLogAsync(LocalNode node, string text, CancellationToken stop) => WaitUntilAsync(
        $"{node.Id} to log '{text}'", Patience,
        async () => (await File.ReadAllTextAsync(node.LogFile, stop)).Contains(text, StringComparison.Ordinal), stop);

    // What is said changes within seconds: the nodes find out one after the other.
    private async Task MustSayAsync(LocalCluster cluster, int code, string text, string verb, CancellationToken stop)
    {
        var said = "";
        try
        {
            await WaitUntilAsync($"{verb} to say '{text}' with {code}", Patience, async () =>
            {
                using var answer = new StringWriter();
                using var error = new StringWriter();
                string[] line = [verb, .. cluster.Nodes.SelectMany(static node => new[] { "--http", node.HttpAddress })];
                var got = await CommandTree.RunAsync(line, new Terminal(answer, error, false), null, stop);
                said = $"exit code {got}\n{answer}{error}";
                return got == code && Spaces().Replace(answer.ToString(), " ").Contains(text, StringComparison.Ordinal);
            }, stop);
        }
        finally
        {
            Output.WriteLine($"$ hotstandby {verb}: {said}");
        }
    }

    [GeneratedRegex(" +")]
    private static partial Regex Spaces();
}
