// The verbs of a first quarter of an hour, against three real nodes: put, get, exist, keys, rm, segments, clients, top, config diff, and
// jobs that are followed to their end.
using System.Text.Json;
using HotStandby.CommandLine;
using HotStandby.Host.Commands;
using HotStandby.Lab.Cluster;
using HotStandby.Tests.Process.Failover;
using Xunit.Abstractions;

namespace HotStandby.Tests.Process.Operator;

public sealed class NewcomerVerbTests(NewcomerVerbTests.Tried tried, ITestOutputHelper output)
    : ClusterTest(output), IClassFixture<NewcomerVerbTests.Tried>
{
    public sealed class Tried() : SharedCluster(3, Unhurried);

    [Fact]
    public Task An_object_is_put_on_a_segment_of_the_moment_and_goes_with_it() => RunAsync(async (cluster, _, stop) =>
    {
        var homeless = await SayAsync(cluster, stop, "put", "homeless");
        Assert.Equal(ExitCode.FailedRun, homeless.Code);
        Assert.Contains("NO_AVAILABLE_HANDLE (-200): no mounted segment has 1MiB free", homeless.Error, StringComparison.Ordinal);
        Assert.Contains("--with-segment", homeless.Error, StringComparison.Ordinal);

        await using (await HeldObject.PutAsync(this, cluster, "hello", stop))
        {
            Assert.Equal("yes", (await SayAsync(cluster, stop, "exist", "hello")).Output.Trim());
            var found = Json(await SayAsync(cluster, stop, "get", "hello", "--json"));
            Assert.True(found.GetProperty("lease_milliseconds").GetInt64() > 0);
            Assert.Equal((1 << 20, "complete"), (
                found.GetProperty("replicas")[0].GetProperty("size_bytes").GetInt64(),
                found.GetProperty("replicas")[0].GetProperty("status").GetString()));
            Assert.Equal(ExitCode.FailedRun, (await SayAsync(cluster, stop, "put", "hello")).Code); // it is there already
            Assert.Equal(ExitCode.Ok, (await SayAsync(cluster, stop, "put", "help", "--size", "2MiB")).Code);
            Assert.Equal(["hello", "help"], Lines(await SayAsync(cluster, stop, "keys")));
            Assert.Equal(["help"], Lines(await SayAsync(cluster, stop, "keys", "--match", "p$")));

            var segment = Json(await SayAsync(cluster, stop, "segments", "--json")).GetProperty("segments").EnumerateArray().Single();
            var client = Json(await SayAsync(cluster, stop, "clients", "--json")).GetProperty("clients").EnumerateArray().Single();
            Assert.Equal(segment.GetProperty("client_id").GetString(), client.GetProperty("client_id").GetString());
            Assert.Equal(3 << 20, client.GetProperty("used_bytes").GetInt64());
            Assert.Contains("3 MiB (0.3%)", (await SayAsync(cluster, stop, "segments")).Output, StringComparison.Ordinal);
            Assert.Contains("3 MiB (0.3%)", (await SayAsync(cluster, stop, "clients")).Output, StringComparison.Ordinal);

            Assert.Contains("say --force", (await SayAsync(cluster, stop, "rm", "hello")).Error, StringComparison.Ordinal); // get leased it
            Assert.Equal(ExitCode.Ok, (await SayAsync(cluster, stop, "rm", "hello", "--force")).Code);
            Assert.Equal("no", (await SayAsync(cluster, stop, "exist", "hello")).Output.Trim());
            Assert.Contains("OBJECT_NOT_FOUND (-704)", (await SayAsync(cluster, stop, "get", "hello")).Error, StringComparison.Ordinal);
        }

        Assert.Equal(ExitCode.FailedRun, (await SayAsync(cluster, stop, "exist", "help")).Code);
        Assert.Empty(Json(await SayAsync(cluster, stop, "segments", "--json")).GetProperty("segments").EnumerateArray());
    });

    [Fact]
    public Task An_address_may_be_that_of_discovery_ports() => RunAsync(async (cluster, _, stop) =>
    {
        var said = await Said.RunAsync(stop, "exist", "nothing", "--address", cluster.DiscoveryAddress);
        Assert.Equal((ExitCode.FailedRun, "no"), (said.Code, said.Output.Trim()));
    });

    [Fact]
    public async Task Without_a_node_that_serves_a_verb_waits_and_says_why()
    {
        var said = await Said.RunAsync(CancellationToken.None, "get", "a", "--address", $"127.0.0.1:{LocalCluster.FreePorts(1)[0]}");
        Assert.Equal(ExitCode.Temporary, said.Code);
        Assert.Contains("waiting, 5 s at most: no node serves", said.Error, StringComparison.Ordinal);
        Assert.Contains("nothing listens there", said.Error, StringComparison.Ordinal);
    }

    [Fact]
    public Task A_full_sync_is_followed_until_the_node_votes_again() => RunAsync(async (cluster, primary, stop) =>
    {
        var standby = cluster.Nodes.First(node => node != primary);
        var synced = await AskAsync(cluster, stop, "full-sync", standby.Id, "--yes", "--wait");
        Assert.Equal(ExitCode.Ok, synced.Code);
        Assert.EndsWith("the state is complete, and the node votes", synced.Error.TrimEnd(), StringComparison.Ordinal);
        Assert.True((await ViewOfAsync(cluster, standby, stop)).Voting);
    });

    [Fact]
    public Task A_drain_is_followed_until_the_segment_is_empty_and_goes_on_without_the_verb() => RunAsync(async (cluster, _, stop) =>
    {
        await using (await HeldObject.PutAsync(this, cluster, "stays", stop))
        {
            var segment = await SegmentAsync();
            var name = segment.GetProperty("segment_name").GetString()!;
            using var ending = CancellationTokenSource.CreateLinkedTokenSource(stop);
            var waiting = AskAsync(cluster, ending.Token, "drain", name, "--yes", "--wait");
            await WaitUntilAsync("the segment to be drained", Patience,
                async () => (await SegmentAsync()).GetProperty("status").GetString() == "DRAINING", stop);
            Assert.False(waiting.IsCompleted); // the object has nowhere to go
            await ending.CancelAsync();
            var interrupted = await waiting;
            Assert.Equal(ExitCode.Interrupted, interrupted.Code);
            Assert.Equal("DRAINING", (await SegmentAsync()).GetProperty("status").GetString());
        }

        await using (await HeldObject.PutAsync(this, cluster, "goes", stop))
        {
            Assert.Equal(ExitCode.Ok, (await SayAsync(cluster, stop, "rm", "goes", "--force")).Code);
            var name = (await SegmentAsync()).GetProperty("segment_name").GetString()!;
            var drained = await AskAsync(cluster, stop, "drain", name, "--yes", "--wait");
            Assert.Equal(ExitCode.Ok, drained.Code);
            Assert.Contains("the segment is empty", drained.Error, StringComparison.Ordinal);
        }

        async Task<JsonElement> SegmentAsync() =>
            Json(await SayAsync(cluster, stop, "segments", "--json")).GetProperty("segments").EnumerateArray().Single();
    });

    [Fact]
    public Task Top_shows_every_node_as_often_as_it_is_told() => RunAsync(async (cluster, primary, stop) =>
    {
        var said = await AskAsync(cluster, stop, "top", "--count", "2", "--interval", "100ms");
        Assert.Equal(ExitCode.Ok, said.Code);
        var lines = Lines(said).Where(line => line.StartsWith(primary.Id, StringComparison.Ordinal)).ToArray();
        Assert.Equal(2, lines.Length);
        Assert.All(lines, static line => Assert.Contains(" primary  yes ", line, StringComparison.Ordinal));
        Assert.Contains("Cluster ok: 3 of 3 voters", said.Output, StringComparison.Ordinal);
        Assert.Equal(ExitCode.NoService, (await Said.RunAsync(
            stop, "top", "--count", "1", "--http", $"127.0.0.1:{LocalCluster.FreePorts(1)[0]}")).Code);
    });

    [Fact]
    public Task Config_diff_shows_what_is_a_nodes_own_and_finds_nothing_wrong() => RunAsync(async (cluster, _, stop) =>
    {
        var said = await AskAsync(cluster, stop, "config", "diff");
        Assert.Equal(ExitCode.Ok, said.Code);
        Assert.Matches(@"(?m)^hotstandby\.node-id +no +node1 +node2 +node3$", said.Output);
        Assert.DoesNotContain("hotstandby.voters", said.Output, StringComparison.Ordinal);
        Assert.Equal(ExitCode.FailedRun, (await Said.RunAsync(stop, "config", "diff", "--http", cluster.Nodes[0].HttpAddress)).Code);
    });

    [Fact]
    public Task Bench_measures_what_it_is_told_and_leaves_nothing_behind() => RunAsync(async (cluster, _, stop) =>
    {
        Assert.Equal(ExitCode.Usage, (await SayAsync(cluster, stop, "bench", "put")).Code); // it cannot ask
        var said = await SayAsync(
            cluster, stop, "bench", "put", "get", "batch-put", "batch-get", "--in-flight", "4", "--batch", "16", "--warm-up", "0",
            "--seconds", "0.2", "--yes", "--json");
        Assert.Equal(ExitCode.Ok, said.Code);
        var measured = Lines(said).Select(static line => JsonDocument.Parse(line).RootElement).ToArray();
        Assert.Equal(
            [("put", 1), ("get", 1), ("batch-put", 16), ("batch-get", 16)],
            measured.Select(static each => (each.GetProperty("name").GetString(), each.GetProperty("batch").GetInt32())));
        Assert.All(measured, static each =>
        {
            Assert.True(each.GetProperty("operations").GetInt64() > 0);
            Assert.True(each.GetProperty("p50_microseconds").GetInt64() <= each.GetProperty("p999_microseconds").GetInt64());
            Assert.Empty(each.GetProperty("errors").EnumerateObject());
        });
        await WaitUntilNoSegmentAsync(cluster, stop);
        Assert.Empty(Lines(await SayAsync(cluster, stop, "keys")));
    });

    [Fact]
    public Task An_interrupted_bench_says_what_it_has_measured() => RunAsync(async (cluster, _, stop) =>
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stop);
        using var output = new StringWriter();
        using var error = new Awaited("put: measuring");
        var running = CommandTree.RunAsync(
            ["bench", "put", "get", "--warm-up", "0", "--seconds", "3600", "--yes", "--address", string.Join(',', cluster.ClientAddresses)],
            new Terminal(output, error, false), null, ending.Token);
        Assert.Same(error.Seen, await Task.WhenAny(error.Seen, running));
        await ending.CancelAsync();
        Assert.Equal(ExitCode.Interrupted, await running);
        Assert.Matches(@"(?m)^put +16 +1 +\d+ ", output.ToString());
        Assert.DoesNotContain("get", output.ToString(), StringComparison.Ordinal);
        await WaitUntilNoSegmentAsync(cluster, stop);
    });

    private Task RunAsync(Func<LocalCluster, LocalNode, CancellationToken, Task> test) => WithClusterAsync(tried, test);

    // A segment is unmounted when the shards have dropped its objects, a moment after the call.
    private Task WaitUntilNoSegmentAsync(LocalCluster cluster, CancellationToken stop) => WaitUntilAsync("no segment", Patience,
        async () => Json(await SayAsync(cluster, stop, "segments", "--json")).GetProperty("segments").GetArrayLength() == 0, stop);

    private static JsonElement Json(Said said) => JsonDocument.Parse(said.Output).RootElement;

    private static string[] Lines(Said said) => said.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    // A verb over HTTP, and one over the client ports.
    private Task<Said> AskAsync(LocalCluster cluster, CancellationToken stop, params string[] line) =>
        ToldAsync([.. line, "--http", string.Join(',', cluster.Nodes.Select(static node => node.HttpAddress))], stop);

    private Task<Said> SayAsync(LocalCluster cluster, CancellationToken stop, params string[] line) => line[0] is "segments" or "clients"
        ? AskAsync(cluster, stop, line) : ToldAsync([.. line, "--address", string.Join(',', cluster.ClientAddresses)], stop);

    private async Task<Said> ToldAsync(string[] line, CancellationToken stop)
    {
        var said = await Said.RunAsync(stop, line);
        Output.WriteLine($"$ hotstandby {string.Join(' ', line)}: {said.Code}\n{said.Output}{said.Error}");
        return said;
    }

    // Waits for a line of a verb that runs.
    private sealed class Awaited(string awaited) : StringWriter
    {
        private readonly TaskCompletionSource _seen = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Seen => _seen.Task;

        public override void WriteLine(string? value)
        {
            if (value == awaited)
                _seen.TrySetResult();
        }
    }

    // put --with-segment, which runs until it is told to end.
    private sealed class HeldObject : IAsyncDisposable
    {
        private readonly CancellationTokenSource _ending;
        private readonly Task<Said> _running;

        private HeldObject(CancellationTokenSource ending, Task<Said> running) => (_ending, _running) = (ending, running);

        public static async Task<HeldObject> PutAsync(NewcomerVerbTests test, LocalCluster cluster, string key, CancellationToken stop)
        {
            var ending = CancellationTokenSource.CreateLinkedTokenSource(stop);
            var held = new HeldObject(ending, test.SayAsync(cluster, ending.Token, "put", key, "--with-segment"));
            await WaitUntilAsync($"{key} to exist", Patience,
                async () => (await test.SayAsync(cluster, stop, "exist", key)).Code == ExitCode.Ok || held._running.IsCompleted, stop);
            Assert.False(held._running.IsCompleted, "put --with-segment has ended by itself");
            return held;
        }

        public async ValueTask DisposeAsync()
        {
            await _ending.CancelAsync();
            var said = await _running;
            _ending.Dispose();
            Assert.Equal(ExitCode.Ok, said.Code);
            Assert.Contains("stays until Ctrl-C", said.Error, StringComparison.Ordinal);
        }
    }
}
