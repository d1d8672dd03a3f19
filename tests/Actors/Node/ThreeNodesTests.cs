// Three nodes in one process: real remoting, cluster, singleton and journals; nothing is simulated but the machines.
using Akka.Actor;
using HotStandby.Actors.Node;
using HotStandby.Actors.Verification;
using HotStandby.Core.Node;
using HotStandby.Core.Verification;
using HotStandby.Messages;
using HotStandby.Messages.Identity;

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
        var compared = await VerifyAsync(nodes.First(node => node != primary));
        Assert.Null(compared.Refusal);
        Assert.All(compared.Partitions, partition =>
            Assert.Equal((PartitionStanding.Clean, 0), (partition.Standing, partition.Mismatched)));
        Assert.Equal(keys.Length, compared.Partitions.Where(partition => partition.Partition.IsShard).Sum(partition => partition.Keys));
        Assert.Contains("leads", (await VerifyAsync(primary)).Refusal, StringComparison.Ordinal);

        await primary.StopAsync();
        Assert.False(primary.Gateway.MayServe);
        nodes.Remove(primary);
        var successor = await Nodes.WaitForPrimaryAsync(nodes);
        Assert.All(await _client.ExistAsync(successor, keys), Assert.True);
        Assert.Equal(ErrorCode.Ok, await _client.ReMountAsync(successor));
        await _client.PutAsync(successor, "after the hand-over");
        // a client may have been reading it since the first reign
        Assert.Equal(ErrorCode.ObjectHasLease, await _client.RemoveAsync(successor, keys[5]));
        await AllMustAgreeAsync(nodes);
        _nodes.NoneMustHaveFailed();
    }

    [Fact]
    public async Task Nodes_that_speak_TLS_replicate_and_let_another_one_lead()
    {
        using var authority = new TestAuthority(_directory.Path, "authority");
        using var certificate = authority.Issue("CN=node, OU=mooncake_cluster");
        var ports = Nodes.FreePorts(3);
        var nodes = new List<HotStandbyNode>();
        for (var i = 0; i < ports.Length; i++)
            nodes.Add(await _nodes.StartAsync(
                _directory.Path, i, ports, $"hotstandby.remoting {{ {authority.BlockOf(certificate)} }}", "akka.ssl.tcp"));
        var primary = await Nodes.WaitForPrimaryAsync(nodes);
        Assert.Equal(ErrorCode.Ok, await _client.MountAsync(primary));
        await _client.PutAsync(primary, "a", "b");
        await AllMustAgreeAsync(nodes);

        var standby = nodes.First(node => node != primary);
        Assert.NotNull(await standby.SwitchOverAsync(NodeId.None, CancellationToken.None));
        Assert.Contains(
            "not another voter", await primary.SwitchOverAsync(new NodeId("stranger"), CancellationToken.None), StringComparison.Ordinal);
        // Away from the node that the oracle has crowned, then away from one that was only invited.
        await LetAnotherLeadAsync(nodes);
        await LetAnotherLeadAsync(nodes);
        Assert.Equal((bool[])[true, true], await _client.ExistAsync(await Nodes.WaitForPrimaryAsync(nodes), "a", "b"));
        await AllMustAgreeAsync(nodes);
        _nodes.NoneMustHaveFailed();
    }

    public async ValueTask DisposeAsync()
    {
        await _nodes.DisposeAsync();
        _directory.Dispose();
    }

    private static async Task LetAnotherLeadAsync(List<HotStandbyNode> nodes)
    {
        var primary = await Nodes.WaitForPrimaryAsync(nodes);
        await Nodes.WaitUntilAsync("the switchover is taken", async () => // a node that has just begun may have heard of no Standby yet
            await primary.SwitchOverAsync(NodeId.None, CancellationToken.None) is null);
        await Nodes.WaitUntilAsync("another one leads", () => Task.FromResult(nodes.Any(node => node != primary && node.Gateway.MayServe)));
    }

    private static Task<VerifyNowAnswer> VerifyAsync(HotStandbyNode node) => node.System.ActorSelection("/user/node/verifier")
        .Ask<VerifyNowAnswer>(new VerifyNow([], Deadline.Step / 2), Deadline.Step);

    private static async Task AllMustAgreeAsync(IReadOnlyList<HotStandbyNode> nodes)
    {
        NodeReport[] reports = [];
        await Nodes.WaitUntilAsync("every node at the same seq", async () =>
        {
            reports = await Task.WhenAll(nodes.Select(Nodes.ReportOfAsync));
            return reports.All(report => report.Replica.AppliedSequence == reports.Max(other => other.Replica.AppendedSequence));
        });
        Assert.Single(reports, report => report.Replica.Serving);
        Assert.All(reports, report => Assert.Equal(ContentOf(reports[0]), ContentOf(report)));
        Assert.True(reports[0].Partitions.Sum(partition => partition.Digest.Count) > 0);
    }

    // Not the applied seqs: a partition that was restored from a checkpoint counts from that.
    private static IEnumerable<string> ContentOf(NodeReport report) =>
        report.Partitions.Select(partition => $"{partition.Partition} {partition.Digest}");
}
