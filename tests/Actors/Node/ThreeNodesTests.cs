// Three nodes in one process: real remoting, cluster, singleton and journals; nothing is simulated but the machines.
using HotStandby.Actors.Node;
using HotStandby.Messages;
using HotStandby.Messages.Identity;
using HotStandby.Tests.Actors.Journal;

namespace HotStandby.Tests.Actors.Node;

public sealed class ThreeNodesTests : IAsyncDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly Nodes _nodes = new();
    private readonly NodeClient _client = new(new Uuid(1, 2));

    [Fact]
    public async Task Writes_replicate_and_a_Primary_that_stops_hands_over()
    {
        var ports = Nodes.FreePorts(3);
        var nodes = new List<HotStandbyNode>();
        for (var i = 0; i < ports.Length; i++)
            nodes.Add(await _nodes.StartAsync(_directory.Path, i, ports));
        var primary = await Nodes.WaitForPrimaryAsync(nodes);
        Assert.Equal(ErrorCode.Ok, await _client.MountAsync(primary));
        var keys = Enumerable.Range(0, 100).Select(number => $"key-{number}").ToArray();
        foreach (var some in keys.Chunk(9))
            await _client.PutAsync(primary, some);
        await AllMustAgreeAsync(nodes);

        await primary.StopAsync();
        Assert.False(primary.Gateway.MayServe);
        nodes.Remove(primary);
        var successor = await Nodes.WaitForPrimaryAsync(nodes);
        Assert.All(await _client.ExistAsync(successor, keys), Assert.True);
        Assert.Equal(ErrorCode.Ok, await _client.ReMountAsync(successor));
        await _client.PutAsync(successor, "after the hand-over");
        Assert.Equal(ErrorCode.ObjectHasLease, await _client.RemoveAsync(successor, keys[5])); // somebody may be reading it since the first reign
        await AllMustAgreeAsync(nodes);
        _nodes.NoneMustHaveFailed();
    }

    public async ValueTask DisposeAsync()
    {
        await _nodes.DisposeAsync();
        _directory.Dispose();
    }

    private static async Task AllMustAgreeAsync(IReadOnlyList<HotStandbyNode> nodes)
    {
        NodeReport[] reports = [];
        await Nodes.WaitUntilAsync("every node at the same seq", async () =>
        {
            reports = await Task.WhenAll(nodes.Select(node => node.ReportAsync(CancellationToken.None)));
            return reports.All(report => report.Replica.AppliedSequence == reports.Max(other => other.Replica.AppendedSequence));
        });
        Assert.Single(reports, report => report.Replica.Serving);
        Assert.All(reports, report => Assert.Equal(reports[0].Partitions, report.Partitions));
        Assert.True(reports[0].Partitions.Sum(partition => partition.Digest.Count) > 0);
    }
}
