// The log as operators and their programs read it: every event has its id, a line is an object, and a failover prints each line once.
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using HotStandby.CommandLine;
using HotStandby.Host.Commands;
using HotStandby.Host.Logging;
using HotStandby.Lab.Cluster;
using HotStandby.Tests.Process.Failover;
using Xunit.Abstractions;

namespace HotStandby.Tests.Process.Operations;

public sealed partial class LogTests(ITestOutputHelper output) : ClusterTest(output)
{
    private const int NodeOpen = 1001, NodeFounds = 2101, JournalRecovered = 2201, RoleTaken = 2202, Serves = 2203, SegmentsLead = 2204,
        NodeEnded = 1015, LinkLost = 1016, NodeDowned = 2105;

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
        Assert.All(texts, static text => Assert.DoesNotMatch(@"\{\d", text)); // a value without a name

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
            var served = own.Where(logged => logged.Event == Serves).Select(logged => logged.Epoch).ToArray();
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

        var epochs = all.Where(logged => logged.Event == Serves).Select(logged => (logged.Node, logged.Epoch)).ToArray();
        Assert.True(epochs.Length >= 2);
        Assert.Equal(epochs.Length, epochs.Select(epoch => epoch.Epoch).Distinct().Count());
        Assert.Equal(all.Count, all.Select(logged => (logged.Node, logged.Time, logged.Message)).Distinct().Count());
        Assert.DoesNotContain(all, logged => logged.Event == 0 && logged.Level == "info");
        Assert.Contains(all, logged => logged.Event == LinkLost && logged.Address == primary.SeedAddress);
        foreach (var survivor in cluster.Nodes.Where(node => node.ExitCodes.Count == 0))
        {
            var removed = all.Where(logged => logged.Node == survivor.Id && logged.Event == NodeDowned).Select(logged => logged.Message);
            Assert.True(removed.Count(line => line.StartsWith(primary.Id, StringComparison.Ordinal)) <= 1);
            foreach (var lines in all.Where(logged => logged.Node == survivor.Id && logged.Event == LinkLost).GroupBy(line => line.Address))
                Assert.All(lines.Zip(lines.Skip(1)), pair => Assert.True(pair.Second.At - pair.First.At >= TimeSpan.FromMinutes(1)));
        }
    }, Calm + "hotstandby.log.format = json");

    [Fact]
    public Task A_node_that_is_asked_to_end_says_so_with_its_last_line_and_every_line_is_an_object() => WithClusterAsync(1,
        async (cluster, stop) =>
    {
        cluster.StartAll();
        var node = await cluster.WaitForPrimaryAsync(Patience, stop);
        await WaitUntilAsync("its ports are open", Patience, async () => Count(await EventsOfAsync(node, stop), NodeOpen) == 1, stop);
        node.Send(NodeSignal.Terminate);
        Assert.Equal(0, await WaitForExitCodeAsync(node, Patience, stop));
        var last = (await EventsOfAsync(node, stop))[^1];
        Assert.Equal(NodeEnded, last.Event);
        Assert.Matches(@"^Node node1 has ended as it was asked to: (SIGTERM|a signal), after \d+ ms, exit code 0$", last.Message);
    }, "hotstandby.log.format = json");

    [Theory]
    [InlineData("hotstandby.shards = 0\nhotstandby.client.port = none", 78, "SettingRefused", 2)]
    [InlineData("hotstandby {", 78, "SettingsUnreadable", 1)]
    public async Task A_refused_configuration_is_an_object_for_each_mistake(string mistake, int code, string name, int mistakes)
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, $"hotstandby {{ node-id = n1, voters = [n1], data-dir = \"/nowhere\" }}\n{mistake}");
        using var output = new StringWriter();
        using var error = new StringWriter();
        var terminal = new Terminal(output, error, false);
        Assert.Equal(code, await CommandTree.RunAsync(["run", "--config", file, "-D", "hotstandby.log.format=json"], terminal, null));
        File.Delete(file);
        var objects = error.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(static line => JsonDocument.Parse(line).RootElement).ToArray();
        Assert.Equal(mistakes, objects.Length);
        Assert.All(objects, said => Assert.Equal((name, "error", code), (said.GetProperty("name").GetString(),
            said.GetProperty("level").GetString(), said.GetProperty("values").GetProperty("ExitCode").GetInt32())));
        Assert.Equal("", output.ToString());
    }

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
                root.TryGetProperty("values", out var values) && values.TryGetProperty("Epoch", out var epoch) ? epoch.ToString() : "",
                values.ValueKind == JsonValueKind.Object && values.TryGetProperty("Address", out var address) ? address.ToString() : "")
            { Level = root.GetProperty("level").GetString()! };
        })];

    private sealed record Logged(string Node, int Event, string Time, string Message, string Epoch, string Address)
    {
        public required string Level { get; init; }

        public DateTimeOffset At => DateTimeOffset.Parse(Time, CultureInfo.InvariantCulture);
    }

    [GeneratedRegex(@"""\s*\r?\n\s*\+ """)]
    private static partial Regex TextOverLines();

    [GeneratedRegex(@"[lL]og\.(?:Info|Warning|Error)\(")]
    private static partial Regex LogCall();

    [GeneratedRegex(@"[lL]og\.(?:Info|Warning|Error)\(\s*(?:\w+,\s*)?""((?:[^""\\]|\\.)*)""")]
    private static partial Regex LogCallWithText();
}
