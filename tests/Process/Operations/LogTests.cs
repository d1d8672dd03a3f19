// The log as operators and their programs read it: every event has its id, a line is an object, and a failover prints each line once.
using System.Text.Json;
using System.Text.RegularExpressions;
using HotStandby.Host.Logging;
using HotStandby.Lab.Cluster;
using HotStandby.Tests.Process.Failover;
using Xunit.Abstractions;

namespace HotStandby.Tests.Process.Operations;

public sealed partial class LogTests(ITestOutputHelper output) : ClusterTest(output)
{
    private const int NodeOpen = 1001, NodeFounds = 2101, JournalRecovered = 2201, RoleTaken = 2202, Serves = 2203, SegmentsLead = 2204;

    [Fact]
    public void Every_text_that_an_actor_logs_has_an_id_and_every_id_is_in_the_runbook()
    {
        var sources = Directory.GetFiles(Path.Combine(TestConfiguration.RepositoryRoot, "src", "Actors"), "*.cs",
            SearchOption.AllDirectories).Select(static file => TextOverLines().Replace(File.ReadAllText(file), "")).ToArray();
        var texts = sources.SelectMany(source => LogCallWithText().Matches(source)).Select(match => match.Groups[1].Value).ToHashSet();
        Assert.Equal(sources.Sum(source => LogCall().Count(source)), sources.Sum(source => LogCallWithText().Count(source)));
        Assert.Empty(texts.Except(EventTable.Ids.Keys));
        Assert.Empty(EventTable.Ids.Keys.Except(texts));
        Assert.Equal(EventTable.Ids.Count, EventTable.Ids.Values.Select(id => id.Id).Distinct().Count());

        var runbook = File.ReadAllText(Path.Combine(TestConfiguration.RepositoryRoot, "docs", "operations.md"));
        Assert.All(EventTable.Ids.Values, id => Assert.Contains($"| {id.Id} | {id.Name} |", runbook, StringComparison.Ordinal));
    }

    // A killed node is replaced after these times; a node that the machine keeps waiting for longer costs the test time, and no verdict.
    private const string Calm = """
        hotstandby.lease.duration = 5s
        hotstandby.membership.stable-after = 5s
        akka.cluster.failure-detector.acceptable-heartbeat-pause = 5s

        """;

    [Fact]
    public Task A_killed_Primary_makes_each_line_appear_once() => WithClusterAsync(3, async (cluster, stop) =>
    {
        cluster.StartAll();
        var primary = await cluster.WaitForPrimaryAsync(Patience, stop);
        primary.Send(NodeSignal.Kill);
        await WaitForExitCodeAsync(primary, Patience, stop);
        var successor = await WaitForSuccessorAsync(cluster, primary, stop);
        primary.Start();
        await WaitUntilAsync($"{primary.Id} is back", Patience,
            async () => await cluster.StatusAsync(primary, stop) is { Role: "standby", Voting: true }, stop);
        await WaitUntilAsync("its ports are open", Patience, async () => Count(await EventsOfAsync(primary, stop), NodeOpen) >= 2, stop);

        var all = new List<Logged>();
        foreach (var node in cluster.Nodes)
            all.AddRange(await EventsOfAsync(node, stop));
        Assert.All(all, logged => Assert.Contains(cluster.Nodes, node => node.Id == logged.Node));
        Assert.Equal(1, Count(all, NodeFounds));
        foreach (var node in cluster.Nodes)
        {
            var own = all.Where(logged => logged.Node == node.Id).ToArray();
            // The supervisor's own count: a busy machine may have cost a node a life.
            var lives = node.ExitCodes.Count + 1;
            Assert.True(lives >= (node == primary ? 2 : 1));
            var served = own.Where(logged => logged.Event == Serves).Select(logged => logged.Second).ToArray();
            Assert.True(served.Length >= (node == primary || node == successor ? 1 : 0));
            Assert.Equal(served.Distinct(), served);
            Assert.Equal((node.Id, lives), (node.Id, Count(own, NodeOpen)));
            Assert.Equal((node.Id, lives), (node.Id, Count(own, JournalRecovered)));
            foreach (var (kind, words) in new[]
                { (SegmentsLead, "leads epoch "), (RoleTaken, " is Primary in epoch "), (RoleTaken, " is Candidate in epoch ") })
            {
                var epochsOfKind = own.Where(logged => logged.Event == kind && logged.Message.Contains(words, StringComparison.Ordinal))
                    .Select(logged => logged.Message.Split(words)[1].Split(':')[0]).ToArray();
                Assert.Equal(epochsOfKind.Distinct(), epochsOfKind);
                Assert.Equal((node.Id, ""), (node.Id, string.Join(' ', served.Except(epochsOfKind))));
            }
        }

        var epochs = all.Where(logged => logged.Event == Serves).Select(logged => (logged.Node, logged.Second)).ToArray();
        Assert.True(epochs.Length >= 2);
        Assert.Equal(epochs.Length, epochs.Select(epoch => epoch.Second).Distinct().Count());
        Assert.Equal(all.Count, all.Select(logged => (logged.Node, logged.Time, logged.Message)).Distinct().Count());
    }, Calm + "hotstandby.log.format = json");

    private static int Count(IEnumerable<Logged> events, int id) => events.Count(logged => logged.Event == id);

    // Every line must be an object: nothing else may write to the output of a node whose log is JSON.
    private static async Task<IReadOnlyList<Logged>> EventsOfAsync(LocalNode node, CancellationToken stop) =>
        [.. (await File.ReadAllLinesAsync(node.LogFile, stop)).Select(line =>
        {
            using var parsed = JsonDocument.Parse(line);
            var root = parsed.RootElement;
            return new Logged(
                root.GetProperty("node").GetString()!, root.GetProperty("event").GetInt32(), root.GetProperty("time").GetString()!,
                root.GetProperty("message").GetString()!,
                root.TryGetProperty("values", out var values) && values.TryGetProperty("1", out var second) ? second.ToString() : "");
        })];

    private sealed record Logged(string Node, int Event, string Time, string Message, string Second);

    [GeneratedRegex(@"""\s*\r?\n\s*\+ """)]
    private static partial Regex TextOverLines();

    [GeneratedRegex(@"[lL]og\.(?:Info|Warning|Error)\(")]
    private static partial Regex LogCall();

    [GeneratedRegex(@"[lL]og\.(?:Info|Warning|Error)\(\s*(?:\w+,\s*)?""((?:[^""\\]|\\.)*)""")]
    private static partial Regex LogCallWithText();
}
