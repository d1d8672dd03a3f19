// Every metric moves when that happens which it is about, and what is shipped for Prometheus and Grafana asks for metrics that exist.
using System.Text.Json;
using System.Text.RegularExpressions;
using HotStandby.Lab.Cluster;
using HotStandby.Messages;
using HotStandby.Messages.Identity;
using HotStandby.Messages.Model;
using HotStandby.Mooncake.Frames;
using HotStandby.Tests.Process.Failover;
using Xunit.Abstractions;

namespace HotStandby.Tests.Process.Telemetry;

public sealed partial class MetricsTests(ITestOutputHelper output) : ClusterTest(output)
{
    private const ulong BlockBytes = 64 * 1024;
    private const ulong SegmentBytes = 16 << 20;
    private const int BatchKeys = 16;

    // Leases so short that eviction finds something, checkpoints so frequent that the journal is truncated.
    private const string Quick = """
        hotstandby.objects.lease-ttl = 100ms
        hotstandby.checkpoints.every-bytes = 256KiB
        hotstandby.journal { segment-bytes = 128KiB, retain-bytes = 0 }
        hotstandby.testing.faults = on
        """;

    // What this test does not bring about: damage on the wire, a memory in which nothing may go,
    // and a node that is silent (HealthEndpointTests has one).
    private static readonly string[] Unmoved =
    [
        "hotstandby_corrupt_batches_total", "hotstandby_evictions_in_vain_total", "hotstandby_full_sync_running", "hotstandby_state_whole",
        "hotstandby_reporting", "hotstandby_abandoned_connections_total", "hotstandby_lost_log_lines_total",
        "hotstandby_paused_accepts_total", "hotstandby_configured_voters", "hotstandby_build_info", "hotstandby_descriptor_limit",
        "hotstandby_clock_offset_seconds",
        "hotstandby_refused_connections_total", "hotstandby_refused_peers_total",
        // These need a scrape at the right moment, or longer than a test; NodeGaugesTests has them.
        "hotstandby_full_sync_progress_ratio", "hotstandby_full_sync_bytes", "hotstandby_standby_in_flight_ratio",
        "hotstandby_verification_age_seconds", "hotstandby_verification_unclean_partitions",
    ];

    [Fact]
    public Task Every_metric_moves() => WithClusterAsync(3, async (cluster, stop) =>
    {
        var seen = new Observations();
        await StartOneAfterTheOtherAsync(cluster, seen, stop);
        var primary = await cluster.WaitForPrimaryAsync(Patience, stop);
        await seen.LookAsync(cluster, stop);
        await using var client = new MooncakeMasterClient(cluster.ClientAddresses, new Uuid(7, 1));
        await MountAsync(client, "a", 1, stop);
        await WriteUntilAsync(client, "evictions are counted", async () =>
        {
            await seen.LookAsync(cluster, stop);
            return seen.Last(primary)["master_evicted_key_count"] > 0 && seen.Last(primary)["hotstandby_log_base_sequence"] > 0
                && seen.HasMoved("hotstandby_held_replies");
        }, stop);
        await MountAsync(client, "b", 2, stop);
        await using var second = new MooncakeMasterClient(cluster.ClientAddresses, new Uuid(7, 2));
        await MountAsync(second, "a", 3, stop);
        await BeRefusedAsync(primary, stop);
        Assert.Equal(ErrorCode.NoAvailableHandle, (await client.BatchPutStartAsync(["huge"], 1UL << 40, stop)).Items[0]);
        Assert.Equal(ErrorCode.ObjectNotFound, (await client.BatchGetReplicaListAsync(["absent"], stop)).Items[0]);
        await client.BatchExistAsync(["absent"], stop);
        await seen.LookAsync(cluster, stop);
        var moved = seen.Last(primary);
        Assert.True(moved["hotstandby_refused_frames_total", "reason=\"malformed\""] > 0);
        Assert.True(moved["master_put_start_alloc_failures_total", "cause=\"TooLarge\""] > 0);
        Assert.Equal(1, moved["hotstandby_role", "role=\"primary\""]);
        Assert.Equal(moved["hotstandby_sequence", "stage=\"committed\""], moved["hotstandby_sequence", "stage=\"applied\""]);
        Assert.Equal(2, moved["hotstandby_standby_voting"]);
        Assert.True(moved["master_batch_get_replica_list_failures_total"] > 0);

        var standby = cluster.Nodes.First(node => node != primary);
        await BeWrongAndMendedAsync(standby, stop);
        await WaitUntilAsync("what verification has found is counted", Patience, async () =>
        {
            await seen.LookAsync(standby, stop);
            return seen.Last(standby)["hotstandby_verification_repaired_total"] > 0;
        }, stop);
        standby.Send(NodeSignal.Kill);
        await WaitForExitCodeAsync(standby, Patience, stop);
        await WriteUntilAsync(client, "the lag of a dead Standby is seen", async () =>
        {
            await seen.LookAsync(primary, stop);
            return seen.Last(primary)["hotstandby_standby_lag_entries", standby.Id] > 0;
        }, stop);
        Directory.Delete(standby.DataDirectory, recursive: true);
        standby.Start();
        await WaitUntilAsync("the Standby has lost its vote and has it again", Patience, async () =>
        {
            await seen.LookAsync(primary, stop);
            return seen.HasMoved("hotstandby_standby_voting") && seen.Last(primary)["hotstandby_standby_voting"] > 1
                && await cluster.StatusAsync(standby, stop) is { Voting: true, IsSettled: true };
        }, stop);
        primary.Send(NodeSignal.Terminate);
        var successor = await WaitForSuccessorAsync(cluster, primary, stop);
        await WriteUntilAsync(client, "the successor counts", async () =>
        {
            await seen.LookAsync(successor, stop);
            return seen.Last(successor)["hotstandby_append_to_ack_seconds_count"] > 0;
        }, stop);
        Assert.Equal(1, seen.Last(successor)["hotstandby_promotions_total", "cause=\"handed_over\""]);
        Assert.All(["silence", "election", "opening", "outage"], phase =>
            Assert.True(seen.Last(successor)["hotstandby_failover_seconds_count", phase] > 0, phase));

        // Mooncake's counters exist from the start for every call; only some calls are made here.
        var still = Listed(seen.NeverMoved()
            .Where(static name => name.StartsWith("hotstandby_", StringComparison.Ordinal) || UpstreamNames.Contains(name))
            .Except(Unmoved));
        Assert.True(still.Length == 0, still);
        Assert.Equal("", Listed(UpstreamNames.Except(seen.Names)));
        var asked = AskedFor(seen.Names);
        Output.WriteLine($"{seen.Names.Count} metrics, {asked.Count} of them in alerts and dashboard");
        Assert.True(asked.Count > 20, "alerts and dashboard ask for next to nothing");
        Assert.Equal("", Listed(asked.Except(seen.Names).Except(Unmoved)));
    }, Quick);

    [Fact]
    public void Every_alert_has_a_chapter_in_the_runbook()
    {
        var headings = File.ReadLines(InRepository("docs", "operations.md")).Where(line => line.StartsWith('#'))
            .Select(line => AnchorNoise().Replace(line.TrimStart('#').Trim().ToLowerInvariant(), "").Replace(' ', '-')).ToHashSet();
        var rules = File.ReadAllText(InRepository("deploy", "prometheus", "alerts.yml"));
        var anchors = Regex.Matches(rules, @"runbook_url: https://hotstandby\.example/docs/operations\.md#(\S+)")
            .Select(match => match.Groups[1].Value).ToArray();
        Assert.NotEmpty(anchors);
        Assert.Equal(Regex.Count(rules, "- alert:"), anchors.Length);
        Assert.Subset(headings, anchors.ToHashSet());
    }

    [Fact]
    public void Every_alert_is_silent_once_and_fires_once_in_its_tests()
    {
        var alerts = Regex.Matches(File.ReadAllText(InRepository("deploy", "prometheus", "alerts.yml")), @"- alert: (\w+)")
            .Select(static match => match.Groups[1].Value).ToArray();
        var tests = File.ReadAllText(InRepository("deploy", "prometheus", "alerts.test.yml"));
        Assert.NotEmpty(alerts);
        Assert.All(alerts, alert => Assert.Matches($@"\{{eval_time: \w+, alertname: {alert}\}}", tests));
        Assert.All(alerts, alert => Assert.Matches($@"alertname: {alert}\n +exp_alerts:", tests));
    }

    // Of Mooncake's, those that an ordinary day of writers and readers makes move.
    private static readonly string[] UpstreamNames =
    [
        "master_allocated_bytes", "master_total_capacity_bytes", "segment_allocated_bytes", "segment_total_capacity_bytes",
        "master_key_count", "master_active_clients", "mem_cache_nums_", "master_value_size_bytes", "master_batch_put_start_requests_total",
        "master_batch_put_start_items_total", "master_batch_put_start_failures_total", "master_batch_put_start_failed_items_total",
        "master_batch_put_end_requests_total", "master_batch_get_replica_list_requests_total", "master_mount_segment_requests_total",
        "master_put_start_alloc_failures_total", "master_attempted_evictions_total", "master_successful_evictions_total",
        "master_evicted_key_count", "master_evicted_size_bytes", "mem_cache_hit_nums_", "mem_cache_hit_bytes_total", "valid_get_nums_",
        "total_get_nums_",
    ];

    private static string Listed(IEnumerable<string> names) => string.Join(", ", names.Order(StringComparer.Ordinal));

    // The first is seen while it has no leader and no vote.
    private static async Task StartOneAfterTheOtherAsync(LocalCluster cluster, Observations seen, CancellationToken stop)
    {
        foreach (var node in cluster.Nodes)
        {
            node.Start();
            await WaitUntilAsync($"{node.Id} answers", Patience, async () => await cluster.StatusAsync(node, stop) is not null, stop);
            await seen.LookAsync(node, stop);
        }
    }

    private static string InRepository(params string[] parts) => Path.Combine([TestConfiguration.RepositoryRoot, .. parts]);

    private static async Task MountAsync(MooncakeMasterClient client, string name, ulong number, CancellationToken stop)
    {
        var segment = new Segment(new Uuid(9, number), name, number << 40, SegmentBytes, $"10.0.0.{number}:1", "tcp", "");
        await WaitUntilAsync($"{name} is mounted", Patience, async () =>
            await client.MountSegmentAsync(segment, stop) == ErrorCode.Ok, stop);
    }

    private static async Task WriteUntilAsync(MooncakeMasterClient client, string what, Func<Task<bool>> reached, CancellationToken stop)
    {
        var written = 0;
        await WaitUntilAsync(what, Patience, async () =>
        {
            string[] keys = [.. Enumerable.Range(0, BatchKeys).Select(i => $"{what}-{written + i}")];
            written += BatchKeys;
            await client.PingAsync(stop);
            var writing = client.BatchPutStartAsync(keys, BlockBytes, stop); // looked at while it is under way
            var isReached = await reached();
            await writing;
            await client.BatchPutEndAsync(keys, stop);
            await client.BatchGetReplicaListAsync(keys, stop);
            return isReached;
        }, stop);
    }

    private static async Task BeRefusedAsync(LocalNode node, CancellationToken stop)
    {
        using var connection = await RawConnection.OpenAsync(node.ClientAddress, stop);
        await connection.SendAsync(new byte[RequestHeader.Bytes], stop);
        await connection.MustBeClosedAsync(stop);
    }

    private static async Task BeWrongAndMendedAsync(LocalNode standby, CancellationToken stop)
    {
        using var http = new HttpClient { BaseAddress = new Uri($"http://{standby.HttpAddress}") };
        foreach (var command in (string[])["/admin/verify/inject?shard=1&fault=damage-shard&confirm=yes", "/admin/verify?shard=1"])
        {
            using var answer = await http.PostAsync(new Uri(command, UriKind.Relative), null, stop);
            Assert.True(answer.IsSuccessStatusCode, $"{command}: {await answer.Content.ReadAsStringAsync(stop)}");
        }
    }

    // The names in the expressions of rules and panels, without the suffixes of a histogram's series.
    private static IReadOnlyCollection<string> AskedFor(IReadOnlyCollection<string> known)
    {
        var expressions = Regex.Matches(File.ReadAllText(InRepository("deploy", "prometheus", "alerts.yml")), @"expr: ([^\n]+)")
            .Select(match => match.Groups[1].Value).ToList();
        using var dashboard = JsonDocument.Parse(File.ReadAllText(InRepository("deploy", "grafana", "hotstandby.json")));
        foreach (var panel in dashboard.RootElement.GetProperty("panels").EnumerateArray())
            if (panel.TryGetProperty("targets", out var targets))
                expressions.AddRange(targets.EnumerateArray().Select(target => target.GetProperty("expr").GetString()!));
        return [.. expressions.SelectMany(expression => MetricName().Matches(expression))
            .Select(match => known.Contains(match.Value) ? match.Value : HistogramSuffix().Replace(match.Value, "")).Distinct()];
    }

    [GeneratedRegex(@"\b(?:hotstandby|master|segment|mem_cache|valid_get|total_get|dotnet)_\w+")]
    private static partial Regex MetricName();

    [GeneratedRegex("_(?:bucket|sum|count)$")]
    private static partial Regex HistogramSuffix();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex AnchorNoise();

    private sealed class Observations
    {
        private readonly Dictionary<string, Scrape> _last = [];
        private readonly Dictionary<string, HashSet<double>> _values = [];
        private readonly Dictionary<string, string> _families = [];

        /// <summary>Every metric that some node has told; of this program's and of Mooncake's names.</summary>
        public IReadOnlyCollection<string> Names => [.. _families.Keys];

        public Scrape Last(LocalNode node) => _last[node.Id];

        public async Task LookAsync(LocalCluster cluster, CancellationToken stop)
        {
            foreach (var node in cluster.Nodes)
                await LookAsync(node, stop);
        }

        public async Task LookAsync(LocalNode node, CancellationToken stop)
        {
            var scrape = _last[node.Id] = await Scrape.OfAsync(node, stop);
            foreach (var (name, type) in scrape.Families)
                _families[name] = type;
            foreach (var (series, value) in scrape.Samples)
            {
                // A histogram moves when it counts; a counter that was not there before counts from 0.
                var key = $"{node.Id} {series}";
                if (!_values.TryGetValue(key, out var values))
                    _values[key] = values = _families.GetValueOrDefault(FamilyOf(series)) is "counter" or "histogram" ? [0] : [];
                values.Add(value);
            }
        }

        public bool HasMoved(string name) => _values.Any(pair => pair.Value.Count > 1 && FamilyOf(pair.Key.Split(' ', 2)[1]) == name);

        /// <summary>What stood still; those of the runtime are not this program's.</summary>
        public IEnumerable<string> NeverMoved() =>
            _families.Keys.Where(name => !name.StartsWith("dotnet_", StringComparison.Ordinal) && !HasMoved(name));

        private string FamilyOf(string series)
        {
            var name = Scrape.NameOf(series);
            return _families.ContainsKey(name) ? name : HistogramSuffix().Replace(name, "");
        }
    }
}
