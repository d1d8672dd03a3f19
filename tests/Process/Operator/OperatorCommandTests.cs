// Every operator command, as verb and over HTTP, against three real nodes; what is refused, what is noted.
using System.Net;
using System.Text.Json;
using HotStandby.CommandLine;
using HotStandby.Host.Commands;
using HotStandby.Host.Commands.Operator;
using HotStandby.Lab.Cluster;
using HotStandby.Tests.Process.Failover;
using Xunit.Abstractions;

namespace HotStandby.Tests.Process.Operator;

public sealed class OperatorCommandTests(OperatorCommandTests.Operated operated, ITestOutputHelper output)
    : ClusterTest(output), IClassFixture<OperatorCommandTests.Operated>
{
    private const string Token = "0123456789abcdef";

    public sealed class Operated()
        : SharedCluster(3, $"{Unhurried}hotstandby.http.admin-token = \"{Token}\"\nhotstandby.testing.faults = on");

    [Fact]
    public Task Status_members_and_lag_show_who_leads_and_how_far_the_others_are() => RunAsync(async (cluster, primary, stop) =>
    {
        var status = await SayAsync(cluster, stop, "status");
        Assert.Matches($@"(?m)^{primary.Id} +primary +yes ", status.Output);
        Assert.Contains($"# Standbys of {primary.Id}", status.Output, StringComparison.Ordinal);
        var members = Documents(await SayAsync(cluster, stop, "members", "--json")).Single();
        Assert.Equal(["node1", "node2", "node3"],
            members.GetProperty("members").EnumerateArray().Select(static each => each.GetProperty("node").GetString()).Order());
        Assert.Equal(primary.Id, members.GetProperty("members").EnumerateArray().Single(static each =>
            each.GetProperty("role").GetString() == "primary").GetProperty("node").GetString());
        Assert.Equal(2, Documents(await SayAsync(cluster, stop, "lag", "--json")).Single().GetProperty("peers").GetArrayLength());
        Assert.Equal(3, Documents(await SayAsync(cluster, stop, "status", "--json")).Count);
    });

    [Fact]
    public Task Switchover_gives_the_lead_to_the_node_that_is_named_and_is_noted() => RunAsync(async (cluster, primary, stop) =>
    {
        var successor = cluster.Nodes.First(node => node != primary);
        Assert.Equal(ExitCode.Usage, (await SayAsync(cluster, stop, "switchover", "--to", successor.Id)).Code); // nobody confirms
        Assert.Equal(ExitCode.FailedRun, (await SayAsync(cluster, stop, "switchover", "--to", "elsewhere", "--yes")).Code);
        var before = (await ViewOfAsync(cluster, primary, stop)).Epoch;
        var (audit, restarts) = (Path.Combine(primary.DataDirectory, "audit.log"), primary.Restarts);
        var done = Documents(await SayAsync(cluster, stop, "switchover", "--to", successor.Id, "--yes", "--json")).Single();
        Assert.Equal((primary.Id, successor.Id), (done.GetProperty("from").GetString(), done.GetProperty("to").GetString()));
        Assert.Equal((await ViewOfAsync(cluster, successor, stop)).Epoch, done.GetProperty("epoch").GetUInt64());
        Assert.True(done.GetProperty("epoch").GetUInt64() > before);
        Assert.Equal(successor, await cluster.WaitForPrimaryAsync(Patience, stop));
        var noted = (await File.ReadAllLinesAsync(audit, stop))[^2..].Select(static line => JsonDocument.Parse(line).RootElement).ToArray();
        Assert.Equal([409, 200], noted.Select(static line => line.GetProperty("status").GetInt32()));
        Assert.Equal(["switchover", "switchover"], noted.Select(static line => line.GetProperty("command").GetString()));
        Assert.Contains("elsewhere is not another voter", noted[0].GetProperty("outcome").GetString(), StringComparison.Ordinal);
        Assert.Equal(restarts, primary.Restarts); // it stays, as a Standby
    });

    [Fact]
    public Task Verify_compares_every_Standby_and_finds_and_mends_what_was_damaged() => RunAsync(async (cluster, primary, stop) =>
    {
        await using var load = await Load.StartAsync(cluster, stop);
        await load.WaitForMoreAsync(500, stop);
        var standby = cluster.Nodes.First(node => node != primary);
        await SayAsync(cluster, stop, "verify", "inject", standby.Id, "--shard", "1", "--fault", "damage-shard", "--yes");
        var verified = Documents(await SayAsync(cluster, stop, "verify", "--shard", "1", "--json"))
            .Single(each => each.GetProperty("node").GetString() == standby.Id);
        var shard = verified.GetProperty("partitions").EnumerateArray().Single();
        Assert.Equal("equal", shard.GetProperty("result").GetString());
        Assert.True(shard.GetProperty("repaired").GetInt32() > 0, shard.ToString());
        Assert.Contains("65 partitions", (await SayAsync(cluster, stop, "verify", "--all")).Output, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Usage, (await SayAsync(cluster, stop, "verify", "--shard", "64000")).Code);
    });

    [Fact]
    public Task Checkpoint_full_sync_oplog_config_and_drain_do_what_they_say() => RunAsync(async (cluster, primary, stop) =>
    {
        var standby = cluster.Nodes.First(node => node != primary);
        Assert.Equal(ExitCode.Ok, (await SayAsync(cluster, stop, "checkpoint")).Code);
        Assert.Equal(ExitCode.Ok, (await SayAsync(cluster, stop, "full-sync", standby.Id, "--yes")).Code);
        await WaitUntilAsync("the synced Standby to vote", Patience,
            async () => await cluster.StatusAsync(standby, stop) is { Voting: true, IsSettled: true }, stop);
        Assert.Equal(ExitCode.FailedRun, (await SayAsync(cluster, stop, "full-sync", "nobody", "--yes")).Code);
        var tail = Documents(await SayAsync(cluster, stop, "oplog", "tail", "--last", "1", "--json")).Single();
        Assert.Equal(1, tail.GetProperty("entries").GetArrayLength());
        Assert.Equal(ExitCode.Usage, (await SayAsync(cluster, stop, "oplog", "tail", "--last", "1001")).Code);
        var config = await SayAsync(cluster, stop, "config");
        Assert.Matches(@"hotstandby\.http\.admin-token +\*\*\* +file", config.Output);
        Assert.DoesNotContain(Token, config.Output, StringComparison.Ordinal);
        Assert.Contains("SEGMENT_NOT_FOUND", (await SayAsync(cluster, stop, "drain", "nowhere", "--yes")).Error, StringComparison.Ordinal);
    });

    [Fact]
    public Task The_journal_of_a_stopped_node_is_inspected_and_verified_and_damage_is_found() => WithClusterAsync(
        1, async (cluster, stop) =>
    {
        cluster.StartAll();
        var primary = await cluster.WaitForPrimaryAsync(Patience, stop);
        Assert.Contains(
            "a node runs on it", (await SayAsync(cluster, stop, "oplog", "verify", primary.DataDirectory)).Error, StringComparison.Ordinal);
        primary.Send(NodeSignal.Terminate);
        await primary.WaitForExitAsync(stop);
        Assert.Contains(
            "sound", (await SayAsync(cluster, stop, "oplog", "verify", primary.DataDirectory)).Output, StringComparison.Ordinal);
        Assert.Contains(
            "EPOCH_START", (await SayAsync(cluster, stop, "oplog", "inspect", primary.DataDirectory)).Output, StringComparison.Ordinal);
        var segment = Directory.EnumerateFiles(primary.DataDirectory, "*.segment", SearchOption.AllDirectories).First();
        await using (var file = File.OpenWrite(segment))
        {
            file.Position = 200;
            file.WriteByte(0xFF);
        }

        Assert.Equal(ExitCode.BadData, (await SayAsync(cluster, stop, "oplog", "verify", primary.DataDirectory)).Code);
        Assert.Equal(ExitCode.InputMissing,
            (await SayAsync(cluster, stop, "oplog", "inspect", Path.Combine(cluster.DirectoryPath, "none.segment"))).Code);
    });

    [Fact]
    public Task Admin_asks_for_the_token_from_elsewhere_and_takes_no_wrong_one() => RunAsync(async (cluster, primary, stop) =>
    {
        using var http = new HttpClient { BaseAddress = new Uri($"http://{primary.HttpAddress}") };
        Assert.Equal(HttpStatusCode.OK, await AskAsync(null, null));
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(null, "10.1.2.3")); // a proxy on this machine speaks for others
        Assert.Equal(HttpStatusCode.OK, await AskAsync(Token, "10.1.2.3"));
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync("wrong-wrong-wrong-wrong", null));
        using var tokenless = await http.PostAsync(new Uri("/admin/switchover?confirm=yes", UriKind.Relative), null, stop);
        Assert.Equal(HttpStatusCode.Unauthorized, tokenless.StatusCode); // here, too: it changes something
        Assert.Equal(ExitCode.FailedRun, (await SayAsync(["switchover", "--yes", "--http", primary.HttpAddress], stop)).Code);
        http.DefaultRequestHeaders.Authorization = new("Bearer", Token);
        using var unconfirmed = await http.PostAsync(new Uri("/admin/switchover", UriKind.Relative), null, stop);
        Assert.Equal(HttpStatusCode.BadRequest, unconfirmed.StatusCode);
        Assert.Equal(primary, await cluster.WaitForPrimaryAsync(Patience, stop));

        async Task<HttpStatusCode> AskAsync(string? token, string? forwardedFor)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/admin/members");
            if (token is not null)
                request.Headers.Add("Authorization", $"Bearer {token}");
            if (forwardedFor is not null)
                request.Headers.Add("X-Forwarded-For", forwardedFor);
            using var answer = await http.SendAsync(request, stop);
            return answer.StatusCode;
        }
    });

    [Fact]
    public async Task Without_nodes_every_command_says_so_and_fails()
    {
        var free = LocalCluster.FreePorts(1)[0];
        foreach (var command in CommandTable.All)
        {
            string[] line =
            [
                .. command.Name.Split(' '), .. command.Arguments.Where(static each => each.IsPositional).Select(static _ => "x"),
                .. command.IsDangerous ? ["--yes"] : Array.Empty<string>(),
                "--http", $"127.0.0.1:{free}",
            ];
            var said = await SayAsync(line, CancellationToken.None);
            Assert.Equal(ExitCode.FailedRun, said.Code);
            Assert.Contains("does not answer", said.Error, StringComparison.Ordinal);
        }
    }

    private Task RunAsync(Func<LocalCluster, LocalNode, CancellationToken, Task> test) => WithClusterAsync(operated, test);

    private static List<JsonElement> Documents(Said said) =>
        [.. said.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static line => JsonDocument.Parse(line).RootElement)];

    private static async Task<Said> SayAsync(LocalCluster cluster, CancellationToken stop, params string[] line)
    {
        if (line is ["oplog", not "tail", ..])
            return await SayAsync(line, stop);
        var token = Path.Combine(cluster.DirectoryPath, "token");
        await File.WriteAllTextAsync(token, Token + "\n", stop);
        return await SayAsync(
            [.. line, "--token-file", token, .. cluster.Nodes.SelectMany(static node => new[] { "--http", node.HttpAddress })], stop);
    }

    private static async Task<Said> SayAsync(string[] line, CancellationToken stop)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var code = await CommandTree.RunAsync(line, new Terminal(output, error, false), null, stop);
        return new Said(code, output.ToString(), error.ToString());
    }

    private sealed record Said(int Code, string Output, string Error);
}
