// Three nodes, looked at with etcd's own command line client (Debian package etcd-client): what any client of etcd sees of them, through
// kills and switchovers. What really served is read from the nodes' logs.
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using HotStandby.CommandLine;
using HotStandby.Host.Commands;
using HotStandby.Lab.Cluster;
using HotStandby.Tests.Process.Failover;
using Xunit.Abstractions;

namespace HotStandby.Tests.Process.Discovery;

public sealed partial class EtcdctlTests(ITestOutputHelper output) : ClusterTest(output)
{
    private const string Etcdctl = "etcdctl";
    private const string Key = "mooncake-store/mooncake_cluster/master_view";

    // More make a long run of it.
    private const string FailoversVariable = "HOTSTANDBY_FAILOVERS";
    private const int Failovers = 5;

    [FactWith(Etcdctl)]
    public Task Every_node_answers_etcds_own_client_and_names_the_node_that_serves() => WithClusterAsync(3, async (cluster, stop) =>
    {
        cluster.StartAll();
        var primary = await cluster.WaitForPrimaryAsync(Patience, stop);
        var epoch = (await ViewOfAsync(cluster, primary, stop)).Epoch;
        foreach (var node in cluster.Nodes)
        {
            var pair = default(JsonElement);
            await WaitUntilAsync($"{node.Id} names the Primary", Patience, async () =>
            {
                var said = JsonDocument.Parse(await SayAsync(node.DiscoveryAddress, ["get", Key, "-w", "json"], stop)).RootElement;
                return said.TryGetProperty("kvs", out var pairs) && (pair = pairs[0]).ValueKind == JsonValueKind.Object;
            }, stop);
            Assert.Equal((Key, primary.ClientAddress), (Text(pair, "key"), Text(pair, "value")));
            Assert.Equal((epoch, 1), (pair.GetProperty("create_revision").GetUInt64(), pair.GetProperty("version").GetInt32()));
        }

        var all = string.Join(',', cluster.Nodes.Select(static node => node.DiscoveryAddress));
        Assert.Equal($"{Key}\n{primary.ClientAddress}\n", await SayAsync(all, ["get", "--prefix", "mooncake-store/"], stop));
        Assert.Equal("", await SayAsync(all, ["get", "--prefix", "mooncake-storf"], stop));
        Assert.Equal(primary.ClientAddress + "\n", await SayAsync(all, ["get", "--print-value-only", "--from-key", "a"], stop));

        var status = JsonDocument.Parse(await SayAsync(all, ["endpoint", "status", "-w", "json"], stop))
            .RootElement.EnumerateArray().ToDictionary(
            static each => each.GetProperty("Endpoint").GetString()!, static each => each.GetProperty("Status"));
        var leader = status[primary.DiscoveryAddress].GetProperty("header").GetProperty("member_id").GetUInt64();
        Assert.All(cluster.Nodes, node => Assert.Equal((leader, epoch), (
            status[node.DiscoveryAddress].GetProperty("leader").GetUInt64(),
            status[node.DiscoveryAddress].GetProperty("raftTerm").GetUInt64())));

        var members = JsonDocument.Parse(await SayAsync(all, ["member", "list", "-w", "json"], stop)).RootElement.GetProperty("members");
        Assert.Equal(
            cluster.Nodes.Select(static node => (node.Id, $"http://{node.DiscoveryAddress}")),
            members.EnumerateArray().Select(
                static each => (each.GetProperty("name").GetString()!, each.GetProperty("clientURLs")[0].GetString()!)));
        Assert.Contains("is healthy", await SayAsync(primary.DiscoveryAddress, ["endpoint", "health"], stop), StringComparison.Ordinal);
        foreach (var refused in (string[][])[["put", "a", "b"], ["del", Key], ["lease", "grant", "10"], ["compact", "1"],
            ["auth", "enable"]])
            Assert.Contains("not an etcd", await SayAsync(all, refused, stop), StringComparison.Ordinal);
        Assert.Equal(primary.ClientAddress + "\n", await SayAsync(all, ["get", "--print-value-only", Key], stop));
    });

    [FactWith(Etcdctl)]
    public Task A_watch_held_through_failovers_misses_no_view_and_shows_none_that_never_served()
    {
        var failovers = int.TryParse(Environment.GetEnvironmentVariable(FailoversVariable), CultureInfo.InvariantCulture, out var said)
            ? said : Failovers;
        return WithClusterAsync(3, async (cluster, _) =>
        {
            // a long run takes longer than a test
            using var stop = new CancellationTokenSource(TestPatience + (failovers * TimeSpan.FromMinutes(1)));
            await WatchThroughAsync(cluster, failovers, stop.Token);
        });
    }

    private async Task WatchThroughAsync(LocalCluster cluster, int failovers, CancellationToken stop)
    {
        cluster.StartAll();
        var primary = await cluster.WaitForPrimaryAsync(Patience, stop);
        await using var watch = new EtcdctlWatch(string.Join(',', cluster.Nodes.Select(static node => node.DiscoveryAddress)), Key);
        await WaitUntilAsync("the watch tells of the first reign", Patience, () => Task.FromResult(watch.Puts.Count > 0), stop);
        for (var round = 0; round < failovers; round++)
        {
            var isKill = round % 2 == 0;
            if (isKill)
                primary.Send(NodeSignal.Kill);
            else
                await SwitchOverAsync(cluster, primary, stop);
            var successor = await WaitForSuccessorAsync(cluster, primary, stop);
            var epoch = (await ViewOfAsync(cluster, successor, stop)).Epoch;
            await WaitUntilAsync($"the watch tells of {successor.Id} in epoch {epoch}, or a later one", Patience,
                () => Task.FromResult(watch.Puts.Any(put => put.Epoch >= epoch)), stop);
            if (isKill)
            {
                await primary.WaitForExitAsync(stop);
                primary.EnsureRunning();
            }

            await WaitUntilAsync("all nodes are back and one serves", Patience, async () =>
            {
                var views = await Task.WhenAll(cluster.Nodes.Select(node => cluster.StatusAsync(node, stop)));
                var serving = Array.FindIndex(views, static view => view is { Serving: true });
                if (serving < 0 || !views.All(
                    view => view is { Voting: true } && view.AppliedSequence >= views[serving]!.CommittedSequence))
                    return false;
                primary = cluster.Nodes[serving];
                return true;
            }, stop);
        }

        var served = cluster.Nodes.SelectMany(static node => Served().Matches(File.ReadAllText(node.LogFile))
            .Select(match => (Epoch: ulong.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture), node.ClientAddress))).ToHashSet();
        var told = watch.Puts;
        Output.WriteLine($"{failovers} failovers, {served.Count} reigns served, {told.Count} views told, {watch.Deletes} ends told");
        Assert.True(served.Count > failovers, "the nodes did not change who serves");
        Assert.All(told, view => Assert.Contains(view, served));
        Assert.Empty(served.Except(told).Select(static missed => missed.ToString()));
        Assert.Equal(told.Select(static view => view.Epoch).Order(), told.Select(static view => view.Epoch));
        Assert.True(watch.Deletes > 0);
    }

    private static Task SwitchOverAsync(LocalCluster cluster, LocalNode from, CancellationToken stop)
    {
        var successor = cluster.Nodes.First(node => node != from);
        return WaitUntilAsync("the switchover is taken, or has happened", Patience, async () =>
        {
            using var said = new StringWriter();
            string[] command = ["switchover", "--to", successor.Id, "--yes",
                .. cluster.Nodes.SelectMany(static node => new[] { "--http", node.HttpAddress })];
            return await CommandTree.RunAsync(command, new Terminal(said, said, false), null, stop) == ExitCode.Ok
                || await cluster.StatusAsync(from, stop) is { Serving: false };
        }, stop);
    }

    // What it prints, whatever comes of it.
    private static async Task<string> SayAsync(string endpoints, string[] arguments, CancellationToken stop)
    {
        using var process = Start(["--endpoints", endpoints, .. arguments]);
        var said = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(stop), process.StandardError.ReadToEndAsync(stop));
        await process.WaitForExitAsync(stop);
        return process.ExitCode == 0 && said[0].Length > 0 ? said[0] : said[0] + said[1]; // health is told as if it were an error
    }

    private static string Text(JsonElement pair, string name) =>
        Encoding.UTF8.GetString(Convert.FromBase64String(pair.GetProperty(name).GetString()!));

    private static System.Diagnostics.Process Start(string[] arguments)
    {
        // Time enough to connect on a machine that is busy with other things.
        var start = new ProcessStartInfo(Etcdctl, ["--dial-timeout", "60s", "--command-timeout", "60s", .. arguments])
        {
            RedirectStandardOutput = true, RedirectStandardError = true, Environment = { ["ETCDCTL_API"] = "3" },
        };
        return System.Diagnostics.Process.Start(start) ?? throw new InvalidOperationException("etcdctl could not be started");
    }

    [GeneratedRegex(@"serves in epoch (\d+)")]
    private static partial Regex Served();

    /// <summary>A process that watches the key, and what it has told so far.</summary>
    private sealed class EtcdctlWatch : IAsyncDisposable
    {
        private readonly Lock _lock = new();
        private readonly List<(ulong Epoch, string Address)> _puts = [];
        private readonly System.Diagnostics.Process _process;
        private readonly Task _reading;
        private int _deletes;

        public EtcdctlWatch(string endpoints, string key)
        {
            _process = Start(["--endpoints", endpoints, "watch", "--prefix", key, "--rev", "1", "-w", "json"]);
            _reading = Task.WhenAll(ReadAsync(), _process.StandardError.ReadToEndAsync());
        }

        public IReadOnlyList<(ulong Epoch, string Address)> Puts
        {
            get
            {
                lock (_lock)
                    return [.. _puts.Distinct()]; // a node that is watched after another may tell what is known
            }
        }

        public int Deletes => Volatile.Read(ref _deletes);

        public async ValueTask DisposeAsync()
        {
            if (!_process.HasExited)
                _process.Kill();
            await _reading;
            _process.Dispose();
        }

        private async Task ReadAsync()
        {
            while (await _process.StandardOutput.ReadLineAsync() is { } line)
            {
                if (!JsonDocument.Parse(line).RootElement.TryGetProperty("Events", out var events)
                    || events.ValueKind != JsonValueKind.Array)
                    continue;
                foreach (var pair in events.EnumerateArray().Select(static each => each.GetProperty("kv")))
                {
                    if (!pair.TryGetProperty("create_revision", out var epoch))
                        Interlocked.Increment(ref _deletes);
                    else
                        lock (_lock)
                            _puts.Add((epoch.GetUInt64(), Text(pair, "value")));
                }
            }
        }
    }
}
