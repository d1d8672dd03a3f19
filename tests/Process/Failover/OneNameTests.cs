// A second living process of one name, and a node of another cluster with the same names: each is turned away, and neither the cluster nor
// a single acknowledged write suffers from it.
using System.Net;
using HotStandby.Lab.Cluster;
using Xunit.Abstractions;

namespace HotStandby.Tests.Process.Failover;

public sealed class OneNameTests(OneNameTests.Undisturbed undisturbed, ITestOutputHelper output)
    : ClusterTest(output), IClassFixture<OneNameTests.Undisturbed>
{
    /// <summary>No second process and no foreign node costs this cluster a reign or a member.</summary>
    public sealed class Undisturbed() : SharedCluster(3, Unhurried);

    private const int Refused = 78, Superseded = 75;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task A_second_living_process_of_a_name_is_sent_away_and_the_first_goes_on(
        bool ofThePrimary) => WithClusterAsync(undisturbed, async (cluster, primary, stop) =>
    {
        var lives = cluster.Nodes.Sum(node => node.ExitCodes.Count);
        var holder = ofThePrimary ? primary : cluster.Nodes.First(node => node != primary);
        await using var load = await Load.StartAsync(cluster, stop);
        await load.WaitForMoreAsync(100, stop);
        var before = await EpochAsync(cluster, primary, stop);

        await using var twin = TwinOf(cluster, holder, ofThePrimary ? "primary-twin" : "standby-twin", Unhurried);
        await MustBeSentAwayAsync(twin, holder, stop);

        await load.WaitForMoreAsync(100, stop);
        Assert.Equal(before, await EpochAsync(cluster, primary, stop));
        await AllMustVoteAsync(cluster, stop);
        await load.EndAsync();
        await load.NothingMustBeLostAsync(stop);
        await AllMustAgreeAsync(cluster, stop);
        Assert.Equal(lives, cluster.Nodes.Sum(node => node.ExitCodes.Count));
    });

    [Fact]
    public Task A_copied_data_directory_is_a_second_process_too() => WithClusterAsync(undisturbed, async (cluster, _, stop) =>
    {
        await using var load = await Load.StartAsync(cluster, stop);
        await load.WaitForMoreAsync(100, stop);
        var holder = cluster.Nodes[1];
        holder.Send(NodeSignal.Terminate);
        Assert.Equal(0, await WaitForExitCodeAsync(holder, Patience, stop));
        await using var twin = TwinOf(cluster, holder, "copy", Unhurried);
        Copy(holder.DataDirectory, twin.DataDirectory);
        holder.Start();
        await AllMustVoteAsync(cluster, stop);

        await MustBeSentAwayAsync(twin, holder, stop);
        await load.WaitForMoreAsync(100, stop);
        await AllMustVoteAsync(cluster, stop);
        await load.EndAsync();
        await load.NothingMustBeLostAsync(stop);
        await AllMustAgreeAsync(cluster, stop);
    });

    // Stop node3, start a second node2, write, lose node1 and the second node2, start node3: what was acknowledged must have been stored by
    // two of the three memories that vote.
    [Fact]
    public Task What_was_acknowledged_beside_a_second_process_is_there_when_that_one_and_the_Primary_are_lost() => WithThreeAsync(
        async (cluster, stop) =>
    {
        cluster.StartAll();
        await cluster.WaitForPrimaryAsync(Patience, stop);
        await AllMustVoteAsync(cluster, stop);
        var (first, second, third) = (cluster.Nodes[0], cluster.Nodes[1], cluster.Nodes[2]);
        third.Send(NodeSignal.Terminate);
        Assert.Equal(0, await WaitForExitCodeAsync(third, Patience, stop));
        await cluster.WaitForPrimaryAsync(Patience, stop);

        await using var twin = TwinOf(cluster, second, "twin");
        twin.Start();
        await using var load = await Load.StartAsync(cluster, stop);
        await load.WaitForMoreAsync(200, stop);
        first.Send(NodeSignal.Kill);
        await WaitForExitCodeAsync(first, Patience, stop);
        if (twin.IsRunning)
            twin.Send(NodeSignal.Kill);
        await WaitForExitCodeAsync(twin, Patience, stop);
        third.Start();

        await cluster.WaitForPrimaryAsync(Patience, stop);
        await load.WaitForMoreAsync(200, stop);
        await load.EndAsync();
        await load.NothingMustBeLostAsync(stop);
        first.Start();
        await AllMustVoteAsync(cluster, stop);
        await AllMustAgreeAsync(cluster, stop);
        await load.NothingMustBeLostAsync(stop);
    });

    [Fact]
    public Task A_node_of_another_cluster_of_the_same_names_is_sent_away_whether_or_not_its_name_is_taken() => WithClusterAsync(
        undisturbed, async (cluster, primary, stop) =>
    {
        await using var other = LocalCluster.Create(3, Lasting);
        other.StartAll();
        await other.WaitForPrimaryAsync(Patience, stop);
        await using (var load = await Load.StartAsync(other, stop))
        {
            await load.WaitForMoreAsync(100, stop);
            await load.EndAsync();
        }

        await other.WaitForAgreementAsync(Patience, stop);
        foreach (var node in other.Nodes)
        {
            node.Send(NodeSignal.Terminate);
            Assert.Equal(0, await WaitForExitCodeAsync(node, Patience, stop));
        }

        await using var mine = await Load.StartAsync(cluster, stop);
        await mine.WaitForMoreAsync(100, stop);
        var before = await EpochAsync(cluster, primary, stop);
        var victim = cluster.Nodes.First(node => node != primary);
        var foreign = other.Nodes.Single(node => node.Id == victim.Id);
        foreign.WriteConfig(cluster.Nodes, Unhurried); // the shape of a cluster is not what it is refused for
        await MustBeForeignAsync(foreign, stop);
        Assert.Equal(before, await EpochAsync(cluster, primary, stop));

        victim.Send(NodeSignal.Terminate);
        Assert.Equal(0, await WaitForExitCodeAsync(victim, Patience, stop));
        await MustBeForeignAsync(foreign, stop);
        Assert.Equal(before, await EpochAsync(cluster, primary, stop));
        victim.Start();

        await mine.WaitForMoreAsync(100, stop);
        await AllMustVoteAsync(cluster, stop);
        Assert.Equal(before, await EpochAsync(cluster, primary, stop));
        await mine.EndAsync();
        await mine.NothingMustBeLostAsync(stop);
        await AllMustAgreeAsync(cluster, stop);
    });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task A_frozen_process_is_replaced_by_an_empty_one_and_goes_when_it_wakes(
        bool isThePrimary) => WithThreeAsync(async (cluster, stop) =>
    {
        cluster.StartAll();
        var primary = await cluster.WaitForPrimaryAsync(Patience, stop);
        await AllMustVoteAsync(cluster, stop);
        var frozen = isThePrimary ? primary : cluster.Nodes.First(node => node != primary);
        await using var twin = TwinOf(cluster, frozen, "twin");
        string[] addresses = [.. cluster.ClientAddresses, twin.ClientAddress];
        await using var load = await Load.StartAsync(addresses, stop);
        await load.WaitForMoreAsync(100, stop);

        frozen.Send(NodeSignal.Stop);
        twin.Start();
        LocalNode[] living = [.. cluster.Nodes.Where(node => node != frozen), twin];
        await AllMustVoteAsync(cluster, living, stop);
        Assert.Empty(twin.ExitCodes);
        await load.WaitForMoreAsync(200, stop);

        // Its supervisor starts it again after the first end.
        frozen.Send(NodeSignal.Continue);
        await WaitUntilAsync($"{frozen.Id} has gone for good", Patience, () => Task.FromResult(frozen.ExitCodes.Contains(Refused)), stop);
        Assert.Equal([Superseded, Refused], frozen.ExitCodes);
        await frozen.WaitForExitAsync(stop);
        Assert.Contains(twin.SeedAddress, LastLine(frozen), StringComparison.Ordinal);

        await load.WaitForMoreAsync(200, stop);
        await AllMustVoteAsync(cluster, living, stop);
        await load.EndAsync();
        await load.NothingMustBeLostAsync(stop);
        Assert.Empty(twin.ExitCodes);
    });

    [Fact]
    public Task A_node_that_died_comes_back_at_another_address_when_its_earlier_life_is_out_of_the_cluster() => WithThreeAsync(
        async (cluster, stop) =>
    {
        cluster.StartAll();
        var primary = await cluster.WaitForPrimaryAsync(Patience, stop);
        await AllMustVoteAsync(cluster, stop);
        var dead = cluster.Nodes.First(node => node != primary);
        dead.Send(NodeSignal.Kill);
        await WaitForExitCodeAsync(dead, Patience, stop);
        await using var moved = TwinOf(cluster, dead, "moved", $"hotstandby.data-dir = \"{dead.DataDirectory}\"");
        moved.Start();
        await AllMustVoteAsync(cluster, [.. cluster.Nodes.Where(node => node != dead), moved], stop);
        Assert.Empty(moved.ExitCodes);
    });

    [Fact]
    public Task Of_three_processes_of_one_name_that_start_together_with_their_cluster_one_stays() => WithThreeAsync(async (cluster, stop) =>
    {
        await using var twin = TwinOf(cluster, cluster.Nodes[1], "twin");
        await using var triplet = TwinOf(cluster, cluster.Nodes[1], "triplet");
        foreach (var node in cluster.Nodes.Append(twin).Append(triplet).Reverse())
            node.Start();
        Assert.Equal(Refused, await WaitForExitCodeAsync(twin, Patience, stop));
        Assert.Equal(Refused, await WaitForExitCodeAsync(triplet, Patience, stop));
        await AllMustVoteAsync(cluster, stop);
        await using var load = await Load.StartAsync(cluster, stop);
        await load.WaitForMoreAsync(100, stop);
        await load.EndAsync();
        await load.NothingMustBeLostAsync(stop);
        await AllMustAgreeAsync(cluster, stop);
        Assert.All(cluster.Nodes, node => Assert.Empty(node.ExitCodes));
    });

    private Task WithThreeAsync(Func<LocalCluster, CancellationToken, Task> test) => WithClusterAsync(3, test);

    private async Task MustBeSentAwayAsync(LocalNode twin, LocalNode holder, CancellationToken stop)
    {
        twin.Start();
        Assert.Equal(Refused, await WaitForExitCodeAsync(twin, Patience, stop));
        var said = LastLine(twin);
        Output.WriteLine(said);
        Assert.Contains(holder.SeedAddress, said, StringComparison.Ordinal);
        Assert.Contains("stop that one first", said, StringComparison.Ordinal);
        Assert.DoesNotContain(File.ReadLines(twin.LogFile), line => line.StartsWith("   at ", StringComparison.Ordinal));
    }

    private static async Task MustBeForeignAsync(LocalNode foreign, CancellationToken stop)
    {
        foreign.Start();
        Assert.Equal(Refused, await WaitForExitCodeAsync(foreign, Patience, stop));
        var said = LastLine(foreign);
        Assert.Contains("was born as", said, StringComparison.Ordinal);
        Assert.Contains("seed-nodes", said, StringComparison.Ordinal);
        Assert.Contains(foreign.DataDirectory, said, StringComparison.Ordinal);
    }

    private static LocalNode TwinOf(LocalCluster cluster, LocalNode node, string directory, string extraHocon = "")
    {
        var ports = LocalCluster.FreePorts(3);
        var place = new NodePlace(IPAddress.Loopback, ports[0], ports[1], ports[2], new IPEndPoint(IPAddress.Loopback, ports[2]));
        var twin = new LocalNode(node.Id, Directory.CreateDirectory(Path.Combine(cluster.DirectoryPath, directory)).FullName, place);
        twin.WriteConfig(cluster.Nodes, extraHocon);
        return twin;
    }

    private static async Task<ulong> EpochAsync(LocalCluster cluster, LocalNode primary, CancellationToken stop)
    {
        var view = await ViewOfAsync(cluster, primary, stop);
        Assert.True(view.Serving, $"{primary.Id} must serve");
        return view.Epoch;
    }

    private static Task AllMustVoteAsync(LocalCluster cluster, CancellationToken stop) => AllMustVoteAsync(cluster, cluster.Nodes, stop);

    private static Task AllMustVoteAsync(
        LocalCluster cluster, IReadOnlyList<LocalNode> nodes, CancellationToken stop) => WaitUntilAsync("all vote", Patience, async () =>
    {
        var views = await Task.WhenAll(nodes.Select(node => cluster.StatusAsync(node, stop)));
        return views.All(view => view is { Voting: true })
            && views.SingleOrDefault(view => view!.Serving) is { } leads
            && leads.Standbys.Count(standby => standby.Voting) == nodes.Count - 1;
    }, stop);

    // Of its errors: what it had logged before may be written behind them.
    private static string LastLine(LocalNode node) =>
        File.ReadLines(node.LogFile).Last(static line => line.StartsWith("hotstandby: ", StringComparison.Ordinal));

    private static void Copy(string from, string to)
    {
        foreach (var directory in Directory.GetDirectories(from, "*", SearchOption.AllDirectories).Prepend(from))
            Directory.CreateDirectory(Path.Combine(to, Path.GetRelativePath(from, directory)));
        foreach (var file in Directory.GetFiles(from, "*", SearchOption.AllDirectories))
            File.Copy(file, Path.Combine(to, Path.GetRelativePath(from, file)));
    }
}
