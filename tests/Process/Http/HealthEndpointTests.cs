// Probes and the questions of scripts that look for the leader.
using Akka.Actor;
using HotStandby.Actors.Node;
using HotStandby.Actors.Replication;
using HotStandby.Core.Replication;
using HotStandby.Messages.Identity;
using static HotStandby.Tests.Process.Http.AdminServerFixture;

namespace HotStandby.Tests.Process.Http;

public sealed class HealthEndpointTests
{
    [Fact]
    public async Task The_leader_says_its_role_address_and_view()
    {
        await using var server = await StartAsync(_ => Task.FromResult(Report(ReplicaRole.Primary, true, "n1")));
        var health = await server.GetAsync("/health");
        Assert.Equal(200, health.Status);
        Assert.Equal(
            """{"status":"ok","role":"leader","ha_state":"serving","service_ready":true"""
                + ""","leader_address":"10.0.0.1:50051","view_version":7}""",
            health.Text);
        Assert.Equal("leader", (await server.GetAsync("/role")).Text);
        Assert.Equal("serving", (await server.GetAsync("/ha_status")).Text);
        Assert.Equal(
            """{"present":true,"leader_address":"10.0.0.1:50051","view_version":7,"leader_node":"n1"}""",
            (await server.GetAsync("/leader")).Text);
        Assert.Equal((200, "primary"), Pair(await server.GetAsync("/health/primary")));
        Assert.Equal(200, (await server.GetAsync("/ready")).Status);
    }

    [Fact]
    public async Task A_standby_is_healthy_and_names_the_leader_s_node()
    {
        await using var server = await StartAsync();
        server.Gateway.MayServe = false;
        var health = await server.GetAsync("/health");
        Assert.Equal(200, health.Status);
        Assert.Equal(
            """{"status":"ok","role":"standby","ha_state":"standby","service_ready":false,"view_version":7}""", health.Text);
        Assert.Equal("standby", (await server.GetAsync("/role")).Text);
        Assert.Equal(
            """{"present":false,"leader_address":"","view_version":7,"leader_node":"n2"}""", (await server.GetAsync("/leader")).Text);
        Assert.Equal((503, "not primary"), Pair(await server.GetAsync("/health/primary")));
    }

    [Fact]
    public async Task A_node_that_reads_its_journal_is_alive_and_not_ready()
    {
        await using var server = await StartAsync(_ => throw new AskTimeoutException("busy"));
        server.Gateway.MayServe = false;
        var health = await server.GetAsync("/health");
        Assert.Equal(
            (200, """{"status":"ok","role":"standby","ha_state":"recovering","service_ready":false}"""), Pair(health));
        Assert.Equal(503, (await server.GetAsync("/ready")).Status);
        Assert.Equal((503, -1010), Code(await server.GetAsync("/status")));
        Assert.Equal((503, -1010), Code(await server.GetAsync("/replication")));
    }

    [Fact]
    public async Task A_probe_does_not_wait_for_a_node_that_never_reports()
    {
        await using var server = await StartAsync(stop =>
        {
            var never = new TaskCompletionSource<NodeReport>();
            stop.Register(() => never.TrySetCanceled(stop));
            return never.Task;
        });
        server.Gateway.MayServe = false;
        Assert.Equal((200, "recovering"), Pair(await server.GetAsync("/ha_status")));
    }

    public static TheoryData<string, bool> States => new()
    {
        { "standby", true }, { "starting", false }, { "catching_up", false }, { "candidate", false }, { "leader_warmup", false },
    };

    [Theory]
    [MemberData(nameof(States))]
    public async Task Only_a_standby_in_sync_is_ready_beside_the_leader(string state, bool isReady)
    {
        var report = state switch
        {
            "standby" => Report(),
            "starting" => Report(leader: null),
            "catching_up" => Report(voting: false),
            "candidate" => Report(ReplicaRole.Candidate),
            _ => Report(ReplicaRole.Primary, leader: "n1"),
        };
        await using var server = await StartAsync(_ => Task.FromResult(report));
        server.Gateway.MayServe = false;
        Assert.Equal(state, (await server.GetAsync("/ha_status")).Text);
        var ready = await server.GetAsync("/ready");
        Assert.Equal(isReady ? 200 : 503, ready.Status);
        Assert.Equal(isReady, ready.Json.GetProperty("ready").GetBoolean());
        Assert.Equal(!isReady, ready.Json.TryGetProperty("reason", out _));
    }

    [Fact]
    public async Task A_standby_that_differs_from_the_leader_is_not_ready_until_it_is_repaired()
    {
        var report = Report();
        var differs = report with { Verification = report.Verification! with { IsClean = false, Unclean = [Partition.OfShard(1)] } };
        var now = differs;
        await using var server = await StartAsync(_ => Task.FromResult(now));
        server.Gateway.MayServe = false;
        var ready = await server.GetAsync("/ready");
        Assert.Equal(
            (503, true), (ready.Status, ready.Json.GetProperty("reason").GetString()!.Contains("verification", StringComparison.Ordinal)));
        var verification = (await server.GetAsync("/status")).Json.GetProperty("verification");
        Assert.Equal("shard-1", verification.GetProperty("unclean_partitions")[0].GetString());
        now = report;
        Assert.Equal(200, (await server.GetAsync("/ready")).Status);
    }

    [Fact]
    public async Task A_standby_that_lags_too_much_is_not_ready()
    {
        await using var server = await StartAsync(_ => Task.FromResult(Report(applied: 100, committed: 10_101)));
        server.Gateway.MayServe = false;
        var ready = await server.GetAsync("/ready");
        Assert.Equal((503, 10_001), (ready.Status, ready.Json.GetProperty("lag_entries").GetInt32()));
    }

    [Fact]
    public async Task Replication_tells_role_epoch_sequences_lag_and_peers()
    {
        var peer = new StandbyStatus(new NodeId("n2"), default, 95, 90, 5, true, 12);
        await using var server = await StartAsync(
            _ => Task.FromResult(Report(ReplicaRole.Primary, true, "n1", applied: 99, standbys: peer)));
        var json = (await server.GetAsync("/replication")).Json;
        Assert.Equal(("n1", "primary", "serving"),
            (json.GetProperty("node").GetString(), json.GetProperty("role").GetString(), json.GetProperty("ha_state").GetString()));
        Assert.Equal((7, 100, 99, 1), (Number("epoch"), Number("committed_sequence"), Number("applied_sequence"), Number("lag_entries")));
        Assert.Equal(20, json.GetProperty("apply_lag_microseconds").GetProperty("p99").GetInt32());
        var other = Assert.Single(json.GetProperty("peers").EnumerateArray());
        Assert.Equal(("n2", 95, 90, 5), (other.GetProperty("node").GetString(), other.GetProperty("stored_sequence").GetInt32(),
            other.GetProperty("applied_sequence").GetInt32(), other.GetProperty("lag_entries").GetInt32()));

        int Number(string name) => json.GetProperty(name).GetInt32();
    }

    [Fact]
    public async Task Status_keeps_its_shape()
    {
        await using var server = await StartAsync();
        var json = (await server.GetAsync("/status")).Json;
        Assert.Equal(
            ["node", "role", "serving", "epoch", "leader", "voting", "appended_sequence", "durable_sequence", "committed_sequence",
                "applied_sequence",
                "lease_remaining_milliseconds", "held_replies", "standbys", "apply_lag_microseconds", "partitions", "phase", "state",
                "collector", "verification", "cluster", "clocks"],
            json.EnumerateObject().Select(property => property.Name));
        Assert.Equal(
            ["enabled", "clean", "compared", "keys_compared", "failed", "mismatched", "repaired", "full_syncs_needed", "cycles",
                "last_cycle_age_milliseconds", "unclean_partitions"],
            json.GetProperty("verification").EnumerateObject().Select(property => property.Name));
    }

    [Fact]
    public async Task The_cluster_s_health_names_every_configured_voter()
    {
        var peer = new StandbyStatus(new NodeId("n2"), default, 95, 90, 5, true, 12);
        await using var server = await StartAsync(
            _ => Task.FromResult(Report(ReplicaRole.Primary, true, "n1", standbys: peer)),
            change: static options => options with { NodeName = "n1", Voters = [new("n1"), new("n2"), new("n3")] });
        var json = (await server.GetAsync("/health/cluster")).Json;
        Assert.Equal(("n1", true), (json.GetProperty("node").GetString(), json.GetProperty("serving").GetBoolean()));
        var cluster = json.GetProperty("cluster");
        Assert.Equal(
            ["verdict", "voters", "counted", "needed", "summary", "configured"],
            cluster.EnumerateObject().Select(static property => property.Name));
        Assert.Equal("2 of 3 voters; the next loss stops service: n3 is not in the cluster", cluster.GetProperty("summary").GetString());
        var members = (await server.GetAsync("/admin/members")).Json.GetProperty("members").EnumerateArray();
        Assert.All(members, static member => Assert.Equal("Absent", member.GetProperty("status").GetString()));
    }

    private static (int Status, string Text) Pair(Answer answer) => (answer.Status, answer.Text);

    private static (int Status, int Code) Code(Answer answer) => (answer.Status, answer.ErrorCode);

    [Fact]
    public async Task A_Standby_whose_state_is_not_whole_is_not_ready()
    {
        await using var server = await StartAsync(_ => Task.FromResult(Report(whole: false)));
        server.Gateway.MayServe = false;
        var answer = await server.GetAsync("/ready");
        Assert.Equal(503, answer.Status);
        Assert.Contains("not whole", answer.Json.GetProperty("reason").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_node_that_never_reports_is_alive_and_tells_its_metrics()
    {
        await using var server = await StartAsync(stop => new TaskCompletionSource<NodeReport>().Task.WaitAsync(stop));
        server.Gateway.MayServe = false;
        Assert.Equal((200, "alive"), Pair(await server.GetAsync("/health/live")));
        Assert.Contains("\nhotstandby_reporting{} 0", (await server.GetAsync("/metrics")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_summary_tells_people_role_seqs_and_lag()
    {
        var peer = new StandbyStatus(new NodeId("n2"), LinkState.Stream, 90, 80, 10, true, 5);
        await using var server = await StartAsync(_ => Task.FromResult(Report(ReplicaRole.Primary, true, "n1", standbys: peer)));
        server.Gateway.Script = call => call.Settle(1);
        var text = (await server.GetAsync("/metrics/summary")).Text;
        Assert.StartsWith("Mem Storage: 0 B / 0 B | Keys: 0 | Segments: 0 | Clients: 0\n", text, StringComparison.Ordinal);
        Assert.Contains(
            "Replication: serving | Epoch: 7 | Leader: n1 | Voting: yes | Seq appended/durable/committed/applied: 100/100/100/100", text,
            StringComparison.Ordinal);
        Assert.Contains("Standby n2: Stream | Lag: 10 entries", text, StringComparison.Ordinal);
    }
}
