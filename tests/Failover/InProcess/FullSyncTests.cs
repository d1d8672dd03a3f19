// Three nodes in one process, of which one is stopped, robbed and started again, and is given the state by a full sync.
using Akka.Cluster;
using HotStandby.Actors.Journal;
using HotStandby.Actors.Node;
using HotStandby.Core.Node;
using HotStandby.Core.Verification;
using HotStandby.Messages;
using HotStandby.Messages.Identity;

namespace HotStandby.Tests.Failover.InProcess;

[Collection(OneClusterAtATime.Name)]
public sealed class FullSyncTests : IAsyncDisposable
{
    private static readonly Partition Damaged = Partition.OfShard(2);

    private readonly TemporaryDirectory _directory = new();
    private readonly Nodes _nodes = new();
    private readonly NodeClient _client = new(new Uuid(1, 2));
    private readonly List<HotStandbyNode> _all = [];
    private readonly int[] _ports = Nodes.FreePorts(3);
    private HotStandbyNode _primary = null!;

    [Fact]
    public async Task A_node_that_has_lost_everything_is_given_the_state_from_checkpoints()
    {
        const string smallLogs = """
            hotstandby.checkpoints { every-bytes = 64KiB, every = 1s }
            hotstandby.journal { segment-bytes = 64KiB, retain-bytes = 0 }
            """;
        await StartAsync(smallLogs);
        var empty = _all.FindIndex(node => node != _primary);
        await _all[empty].StopAsync();
        Directory.Delete(DirectoryOf(empty), recursive: true);

        var written = 0;
        await Nodes.WaitUntilAsync("the log is truncated", async () =>
        {
            await _client.PutAsync(_primary, [.. Enumerable.Range(0, 20).Select(_ => $"key-{written++}")]);
            await _primary.RunAsync(NodeCommand.Checkpoint, CancellationToken.None);
            return (await Nodes.ReportOfAsync(_primary)).Replica.State.BaseSequence > 10;
        });
        _all[empty] = await _nodes.StartAsync(_directory.Path, empty, _ports, smallLogs);
        await AllMustAgreeAsync();
        Assert.True((await Nodes.ReportOfAsync(_all[empty])).Replica.State.IsWhole);

        // And once more, because an operator says so; a Primary cannot be synced.
        Assert.Null(await _all[empty].RunAsync(NodeCommand.FullSync, CancellationToken.None));
        Assert.NotNull(await _primary.RunAsync(NodeCommand.FullSync, CancellationToken.None));
        await _client.PutAsync(_primary, "after");
        await AllMustAgreeAsync();
        _nodes.NoneMustHaveFailed();
    }

    [Fact]
    public async Task A_full_sync_that_a_restart_has_cut_short_begins_again()
    {
        const string hocon = """
            hotstandby.testing.faults = on
            hotstandby.verification.interval = 1h # nothing else mends it
            hotstandby.objects.client-ttl = 1h
            """;
        await StartAsync(hocon);
        foreach (var some in Enumerable.Range(0, 100).Select(number => $"key-{number}").Chunk(50))
            await _client.PutAsync(_primary, some);
        await AllMustAgreeAsync();
        var index = _all.FindIndex(node => node != _primary);
        var standby = _all[index];
        Assert.True(await standby.InjectFaultAsync(Damaged, VerifyFault.DamageShard, CancellationToken.None) > 10);
        for (var rounds = 0; rounds < 2; rounds++) // the second begins when the first has ended
            await Nodes.WaitUntilAsync("a checkpoint of what is wrong", async () =>
                await standby.RunAsync(NodeCommand.Checkpoint, CancellationToken.None) is null);
        Assert.Equal(_ports[index], Cluster.Get(standby.System).SelfAddress.Port);
        await standby.StopAsync();
        var path = DirectoryOf(index);
        using (var directory = DataDirectory.Open(
            FileDisk.Instance, path, DataDirectory.Look(FileDisk.Instance, path).ClusterId, $"n{index}"))
            directory.NoteFullSync(isNeeded: true); // as the command does before the sync begins

        standby = _all[index] = await _nodes.StartAsync(_directory.Path, index, _ports, hocon);
        await Nodes.WaitUntilAsync("the right state", async () =>
            (await DigestsOf(standby)).SequenceEqual(await DigestsOf(_primary)));
        await AllMustAgreeAsync();
        Assert.True((await Nodes.ReportOfAsync(standby)).Replica.State.IsWhole);
        Assert.False(File.Exists(Path.Combine(path, DataDirectory.ResyncFile)));
        _nodes.NoneMustHaveFailed();
    }

    public async ValueTask DisposeAsync()
    {
        await _nodes.DisposeAsync();
        _directory.Dispose();
    }

    private static async Task<IEnumerable<string>> DigestsOf(HotStandbyNode node) => ContentOf(await Nodes.ReportOfAsync(node));

    // Not the applied seqs: a partition that was restored from a checkpoint counts from that.
    private static IEnumerable<string> ContentOf(NodeReport report) =>
        report.Partitions.Select(partition => $"{partition.Partition} {partition.Digest}");

    private string DirectoryOf(int index) => Path.Combine(_directory.Path, $"n{index}");

    private async Task StartAsync(string hocon)
    {
        for (var i = 0; i < _ports.Length; i++)
            _all.Add(await _nodes.StartAsync(_directory.Path, i, _ports, hocon));
        _primary = await Nodes.WaitForPrimaryAsync(_all);
        Assert.Equal(ErrorCode.Ok, await _client.MountAsync(_primary));
    }

    private async Task AllMustAgreeAsync()
    {
        NodeReport[] reports = [];
        await Nodes.WaitUntilAsync("every node at the same seq", async () =>
        {
            reports = await Task.WhenAll(_all.Select(Nodes.ReportOfAsync));
            return reports.All(report => report.Replica.AppliedSequence == reports.Max(other => other.Replica.AppendedSequence));
        });
        Assert.Single(reports, report => report.Replica.Serving);
        Assert.All(reports, report => Assert.Equal(ContentOf(reports[0]), ContentOf(report)));
        Assert.True(reports[0].Partitions.Sum(partition => partition.Digest.Count) > 0);
    }
}
