// Journals that are cut short behind checkpoints, in real processes under load: disks stay bounded, starts read little, and a node that
// lacks what is gone gets a full sync.
using HotStandby.Lab.Cluster;
using Xunit.Abstractions;

namespace HotStandby.Tests.Process.Failover;

public sealed class CheckpointTests(CheckpointTests.SmallJournals small, ITestOutputHelper output)
    : ClusterTest(output), IClassFixture<CheckpointTests.SmallJournals>
{
    public sealed class SmallJournals() : SharedCluster(3, Small);

    private const int Enough = 1000;

    // So small that rounds follow each other and nothing is kept for anybody who is away.
    private const string Small = """
        hotstandby.checkpoints.every-bytes = 128KiB
        hotstandby.journal { segment-bytes = 64KiB, retain-bytes = 0 }
        """;

    // Two rounds, a segment that is not full yet, and most of it for what came during the rounds: they take as long as the disk does.
    private const long MostJournalBytes = 6 * 256 * 1024;

    [Fact]
    public Task Journals_stay_short_under_load_and_killing_all_nodes_loses_nothing() => WithClusterAsync(3, async (cluster, stop) =>
    {
        // A cluster of its own: after a full sync, which other tests here cause, the source keeps its log for a minute longer.
        cluster.StartAll();
        await cluster.WaitForPrimaryAsync(Patience, stop);
        await using var load = await Load.StartAsync(cluster, stop);
        foreach (var node in cluster.Nodes)
            await WaitForTruncationAsync(cluster, node, after: 0, stop);
        var bases = await Task.WhenAll(cluster.Nodes.Select(async node => (await ViewOfAsync(cluster, node, stop)).State!.BaseSequence));
        foreach (var (node, before) in cluster.Nodes.Zip(bases))
            await WaitForTruncationAsync(cluster, node, before, stop);
        // A machine that is busy with other things delays a round, so a journal may be longer for a while. It gets short again while
        // clients go on.
        var written = load.Acknowledged;
        foreach (var node in cluster.Nodes)
        {
            await WaitUntilAsync($"{node.Id} has less than {MostJournalBytes} bytes of journal", Patience,
                () => Task.FromResult(JournalBytes(node) < MostJournalBytes), stop);
            await WaitUntilAsync($"{node.Id} has two checkpoints of each partition, and those being written", Patience,
                () => Task.FromResult(CheckpointFiles(node) <= 3 * 65), stop);
        }

        await load.WaitForMoreAsync(Enough, stop);
        Assert.True(load.Acknowledged > written);

        foreach (var node in cluster.Nodes)
            node.Send(NodeSignal.Kill);
        foreach (var node in cluster.Nodes)
            await WaitForExitCodeAsync(node, Patience, stop);
        cluster.StartAll();
        await cluster.WaitForPrimaryAsync(Patience, stop);
        await load.WaitForMoreAsync(Enough, stop);
        await load.EndAsync();
        await load.NothingMustBeLostAsync(stop);
        await AllMustAgreeAsync(cluster, stop);
    }, Small);

    [Fact]
    public Task A_Standby_that_lost_its_disk_is_synced_from_checkpoints_and_votes_again() => WithClusterAsync(
        small, async (cluster, primary, stop) =>
    {
        var (standby, load) = await StartTruncatedAsync(cluster, primary, stop);
        await using var running = load;
        var syncs = Lines(standby, "begins a full sync");
        standby.Send(NodeSignal.Kill);
        await WaitForExitCodeAsync(standby, Patience, stop);
        Directory.Delete(standby.DataDirectory, recursive: true);
        standby.Start();
        await WaitUntilAsync(
            $"{standby.Id} votes", Patience,
            async () => await cluster.StatusAsync(standby, stop) is { Voting: true, State: { IsWhole: true, BaseSequence: > 0 } }, stop);
        await load.WaitForMoreAsync(Enough, stop);
        await EndAndCompareAsync(cluster, load, stop);
        Assert.True(Lines(standby, "begins a full sync") > syncs);
    });

    [Fact]
    public Task A_Standby_that_was_away_for_longer_than_the_journal_reaches_is_synced() => WithClusterAsync(
        small, async (cluster, primary, stop) =>
    {
        var (standby, load) = await StartTruncatedAsync(cluster, primary, stop);
        await using var running = load;
        var syncs = Lines(standby, "begins a full sync");
        var seen = (await ViewOfAsync(cluster, standby, stop)).AppendedSequence;
        standby.Send(NodeSignal.Kill);
        await WaitForExitCodeAsync(standby, Patience, stop);
        await WaitForTruncationAsync(cluster, primary, after: seen, stop);
        standby.Start();
        await WaitUntilAsync(
            $"{standby.Id} follows", Patience,
            async () => await cluster.StatusAsync(standby, stop) is { State.IsWhole: true } view && view.AppliedSequence > seen, stop);
        await EndAndCompareAsync(cluster, load, stop);
        Assert.True(Lines(standby, "begins a full sync") > syncs);
    });

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public Task A_full_sync_survives_the_death_of_either_end(bool killSource) => WithClusterAsync(small, async (cluster, primary, stop) =>
    {
        var (standby, load) = await StartTruncatedAsync(cluster, primary, stop);
        await using var running = load;
        standby.Send(NodeSignal.Kill);
        await WaitForExitCodeAsync(standby, Patience, stop);
        Directory.Delete(standby.DataDirectory, recursive: true);
        standby.Start();
        // Some images are durable already, others are not.
        await WaitUntilAsync("the sync is under way", Patience, () => Task.FromResult(CheckpointFiles(standby) > 0), stop);
        var victim = killSource ? primary : standby;
        victim.Send(NodeSignal.Kill);
        await WaitForExitCodeAsync(victim, Patience, stop);
        victim.Start();
        await WaitUntilAsync(
            $"{standby.Id} votes", Patience,
            async () => await cluster.StatusAsync(standby, stop) is { Voting: true, State.IsWhole: true }, stop);
        await load.WaitForMoreAsync(Enough, stop);
        await EndAndCompareAsync(cluster, load, stop);
    });

    [Fact]
    public Task Damaged_checkpoints_cost_older_ones_then_a_full_sync_and_never_data() => WithClusterAsync(
        small, async (cluster, primary, stop) =>
    {
        var (standby, load) = await StartTruncatedAsync(cluster, primary, stop);
        await using var running = load;
        var lacks = Lines(standby, "lacks checkpoints");
        standby.Send(NodeSignal.Kill);
        await WaitForExitCodeAsync(standby, Patience, stop);
        foreach (var newest in Checkpoints(standby).GroupBy(file => Path.GetFileName(file).Split('@')[0]).Select(files => files.Max()!))
            Damage(newest);
        standby.Start();
        await WaitUntilAsync(
            $"{standby.Id} follows from its older checkpoints", Patience,
            async () => await cluster.StatusAsync(standby, stop) is { Voting: true, State.IsWhole: true, AppliedSequence: > 0 }, stop);

        standby.Send(NodeSignal.Kill);
        await WaitForExitCodeAsync(standby, Patience, stop);
        foreach (var file in Checkpoints(standby))
            Damage(file);
        standby.Start();
        await WaitUntilAsync(
            $"{standby.Id} follows after a full sync", Patience,
            async () => await cluster.StatusAsync(standby, stop) is { Voting: true, State.IsWhole: true, AppliedSequence: > 0 }, stop);
        await load.WaitForMoreAsync(Enough, stop);
        await EndAndCompareAsync(cluster, load, stop);
        Assert.True(Lines(standby, "lacks checkpoints") > lacks);
    });

    [Fact]
    public Task An_operator_has_a_Standby_synced_and_checkpointed_and_the_Primary_refuses() => WithClusterAsync(
        small, async (cluster, primary, stop) =>
    {
        var (standby, load) = await StartTruncatedAsync(cluster, primary, stop);
        await using var running = load;
        using var http = new HttpClient();
        var ended = Lines(standby, " goes on behind ");
        Assert.Equal(409, await PostAsync(http, primary, "full-sync", stop));
        await WaitUntilAsync("the sync begins", Patience, async () => await PostAsync(http, standby, "full-sync", stop) == 200, stop);
        await WaitUntilAsync("it ends", Patience, () => Task.FromResult(Lines(standby, " goes on behind ") > ended), stop);
        await WaitUntilAsync("a round begins", Patience, async () => await PostAsync(http, standby, "checkpoint", stop) == 200, stop);
        await load.WaitForMoreAsync(Enough, stop);
        await EndAndCompareAsync(cluster, load, stop);
    });

    private static async Task<int> PostAsync(HttpClient http, LocalNode node, string command, CancellationToken stop)
    {
        using var answer = await http.PostAsync(new Uri($"http://{node.HttpAddress}/admin/{command}?confirm=yes"), null, stop);
        return (int)answer.StatusCode;
    }

    // Three nodes under load, the Primary's journal no longer beginning with the first entry.
    private static async Task<(LocalNode Standby, Load Load)> StartTruncatedAsync(
        LocalCluster cluster, LocalNode primary, CancellationToken stop)
    {
        var load = await Load.StartAsync(cluster, stop);
        foreach (var node in cluster.Nodes)
            await WaitForTruncationAsync(cluster, node, after: 0, stop);
        return (cluster.Nodes.First(node => node != primary), load);
    }

    private static Task WaitForTruncationAsync(LocalCluster cluster, LocalNode node, ulong after, CancellationToken stop) => WaitUntilAsync(
        $"{node.Id} truncates its journal beyond {after}", Patience,
        async () => await cluster.StatusAsync(node, stop) is { State.BaseSequence: var begin } && begin > after, stop);

    private async Task EndAndCompareAsync(LocalCluster cluster, Load load, CancellationToken stop)
    {
        await load.EndAsync();
        await load.NothingMustBeLostAsync(stop);
        await AllMustAgreeAsync(cluster, stop);
    }

    private static int Lines(LocalNode node, string words) =>
        File.ReadLines(node.LogFile).Count(line => line.Contains(words, StringComparison.Ordinal));

    private static string[] Checkpoints(LocalNode node) =>
        Directory.Exists(Path.Combine(node.DataDirectory, "checkpoints"))
            ? Directory.GetFiles(Path.Combine(node.DataDirectory, "checkpoints"), "*@*") : [];

    private static int CheckpointFiles(LocalNode node) => Checkpoints(node).Length;

    private static long JournalBytes(LocalNode node) =>
        new DirectoryInfo(Path.Combine(node.DataDirectory, "logs"))
            .EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Exists ? file.Length : 0);

    private static void Damage(string file) => File.WriteAllBytes(file, File.ReadAllBytes(file)[..^1]);
}
