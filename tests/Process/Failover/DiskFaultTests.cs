// Real nodes whose disk fails: the operating system refuses a write, or says that what it took is not on the disk. A voter that cannot
// store must not acknowledge: it ends with 74, the others go on, and after the repair it comes back with all that was acknowledged.
using System.Globalization;
using HotStandby.Lab.Cluster;
using Xunit.Abstractions;

namespace HotStandby.Tests.Process.Failover;

public sealed class DiskFaultTests(DiskFaultTests.Repaired repaired, ITestOutputHelper output)
    : ClusterTest(output), IClassFixture<DiskFaultTests.Repaired>
{
    public sealed class Repaired() : SharedCluster(3);

    private const int Enough = 500;

    [FactWith("strace")]
    public Task A_Primary_whose_flush_fails_ends_with_74_and_another_takes_over() => FailsAsync("fsync", "EIO", isPrimary: true);

    [FactWith("strace")]
    public Task A_Standby_whose_flush_fails_ends_with_74_and_returns() => FailsAsync("fsync", "EIO", isPrimary: false);

    [FactWith("strace")]
    public Task A_Primary_whose_disk_is_full_ends_with_74_and_another_takes_over() =>
        FailsAsync("pwrite64,pwritev", "ENOSPC", isPrimary: true);

    [FactWith("strace")]
    public Task A_Standby_whose_disk_is_full_ends_with_74_and_returns_when_there_is_room() =>
        FailsAsync("pwrite64,pwritev", "ENOSPC", isPrimary: false);

    [Fact]
    public Task A_node_whose_journal_cannot_grow_ends_with_74_and_returns_when_it_can() => WithClusterAsync(3, async (cluster, stop) =>
    {
        // No file beyond 256 KiB; the signal that comes with the refused write is ignored. (The runtime would keep its code in a large
        // file.)
        var failing = cluster.Nodes[0];
        failing.Launcher = ["bash", "-c", "trap '' XFSZ; ulimit -f 256; DOTNET_EnableWriteXorExecute=0 exec \"$@\"", "bash"];
        cluster.StartAll();
        await cluster.WaitForPrimaryAsync(Patience, stop);
        await using var load = await Load.StartAsync(cluster, stop);
        await EndsAndReturnsAsync(cluster, failing, before: 0, load, stop);
    });

    // From some moment on these system calls of the node fail.
    private Task FailsAsync(string calls, string error, bool isPrimary) => WithClusterAsync(repaired, async (cluster, primary, stop) =>
    {
        await using var load = await Load.StartAsync(cluster, stop);
        await load.WaitForMoreAsync(Enough, stop);
        var failing = cluster.Nodes.First(node => (node == primary) == isPrimary);
        var process = failing.ProcessId!.Value.ToString(CultureInfo.InvariantCulture);
        var before = LastWords(failing);
        using var injector = System.Diagnostics.Process.Start(
            "strace", ["-f", "-qq", "-o", "/dev/null", "-e", $"trace={calls}", "-e", $"inject={calls}:error={error}", "-p", process]);
        await EndsAndReturnsAsync(cluster, failing, before, load, stop);
        await injector.WaitForExitAsync(stop);
    });

    private static async Task EndsAndReturnsAsync(LocalCluster cluster, LocalNode failing, int before, Load load, CancellationToken stop)
    {
        Assert.Equal(74, await WaitForExitCodeAsync(failing, Patience, stop));
        await WaitUntilAsync("its last words", Patience, () => Task.FromResult(LastWords(failing) > before), stop);
        await load.WaitForMoreAsync(Enough, stop);
        failing.Launcher = [];
        failing.Start();
        await WaitUntilAsync($"{failing.Id} is back", Patience,
            async () => await cluster.StatusAsync(failing, stop) is { Role: "standby", Voting: true }, stop);
        await load.WaitForMoreAsync(Enough, stop);
        await load.EndAsync();
        await load.NothingMustBeLostAsync(stop);
        await cluster.WaitForAgreementAsync(Patience, stop);
    }

    // Lines in which it has said that its disk is to blame.
    private static int LastWords(LocalNode node) => File.ReadLines(node.LogFile).Count(line =>
        line.StartsWith("hotstandby: ", StringComparison.Ordinal) && line.Contains(node.DataDirectory, StringComparison.Ordinal));
}
