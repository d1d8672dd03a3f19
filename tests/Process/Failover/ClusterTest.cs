// What every test with node processes does: wait for conditions with a deadline, compare nodes, and show what the nodes
// printed when the test fails.
using System.Diagnostics;
using HotStandby.CommandLine.Status;
using HotStandby.Lab.Cluster;
using Xunit.Abstractions;

namespace HotStandby.Tests.Process.Failover;

[Collection(ProcessCollection.Name)]
public abstract class ClusterTest(ITestOutputHelper output)
{
    private const int LogLinesShown = 80;
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(20);

    /// <summary>
    /// Settings of every cluster here: times of clients and puts that no machine is slow enough to use up. What they do when they are over
    /// is for other tests.
    /// </summary>
    internal const string Lasting = """
        hotstandby.objects { client-ttl = 1h, put-start-discard-timeout = 1h, put-start-release-timeout = 24h }

        """;

    /// <summary>
    /// Settings for a test that compares who leads or who was started again with what was before: a node that the machine gives no
    /// processor for a while is not given up, so only the test itself changes the cluster.
    /// </summary>
    protected const string Unhurried = """
        hotstandby.lease { duration = 60s, hand-over-timeout = 20s }
        hotstandby.membership.stable-after = 60s
        akka.cluster.failure-detector.acceptable-heartbeat-pause = 60s

        """;

    /// <summary>The lease of <see cref="Unhurried"/>.</summary>
    protected static readonly TimeSpan UnhurriedLease = TimeSpan.FromSeconds(60);

    /// <summary>Ends a test that hangs.</summary>
    protected static readonly TimeSpan TestPatience = Deadline.Test;

    /// <summary>Ends the wait for a condition that never comes.</summary>
    protected static readonly TimeSpan Patience = Deadline.Step;

    protected ITestOutputHelper Output { get; } = output;

    /// <summary>Runs a test on a cluster of so many nodes; prints their logs when it fails.</summary>
    protected async Task WithClusterAsync(int nodes, Func<LocalCluster, CancellationToken, Task> test, string extraHocon = "")
    {
        await using var cluster = LocalCluster.Create(nodes, Lasting + extraHocon);
        await WithClusterAsync(cluster, test);
    }

    /// <summary>
    /// Runs a test on the cluster of its class and its Primary. The cluster is whole when it begins: nodes that an earlier test has left
    /// dead or frozen go on.
    /// </summary>
    protected Task WithClusterAsync(SharedCluster shared, Func<LocalCluster, LocalNode, CancellationToken, Task> test) => WithClusterAsync(
        shared.Cluster, async (cluster, stop) =>
    {
        foreach (var node in cluster.Nodes)
        {
            node.EnsureRunning();
            node.Send(NodeSignal.Continue);
        }

        await WaitUntilAsync("a whole cluster", Patience, async () =>
            (await Task.WhenAll(cluster.Nodes.Select(node => cluster.StatusAsync(node, stop))))
                .Any(view => view is { Serving: true } && view.Standbys.Count == cluster.Nodes.Count - 1
                    && view.Standbys.All(static standby => standby is { Voting: true, AppliedSequence: > 0 })), stop);
        await test(cluster, await cluster.WaitForPrimaryAsync(Patience, stop), stop);
    });

    /// <summary>Runs a test on a cluster that others use, too; prints the nodes' logs when it fails.</summary>
    protected async Task WithClusterAsync(LocalCluster cluster, Func<LocalCluster, CancellationToken, Task> test)
    {
        using var stop = new CancellationTokenSource(TestPatience);
        try
        {
            await test(cluster, stop.Token);
        }
        catch
        {
            foreach (var node in cluster.Nodes)
            {
                Output.WriteLine($"--- {node.Id}: {(node.IsRunning ? "running" : $"exit code {node.ExitCode}")}, {node.Restarts} restarts");
                if (File.Exists(node.LogFile))
                    foreach (var line in File.ReadLines(node.LogFile).TakeLast(LogLinesShown))
                        Output.WriteLine(line);
            }

            throw;
        }
    }

    /// <summary>Waits for a condition; fails, with what was waited for, when its time is over.</summary>
    protected static async Task WaitUntilAsync(string what, TimeSpan patience, Func<Task<bool>> reached, CancellationToken stop)
    {
        var began = Stopwatch.GetTimestamp();
        while (!await reached())
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < patience, $"{what}: not within {patience.TotalSeconds:0} s");
            await Task.Delay(PollInterval, stop);
        }
    }

    /// <summary>The node's view of itself, once it answers: a node that the machine keeps waiting may miss a question.</summary>
    protected static async Task<NodeView> ViewOfAsync(LocalCluster cluster, LocalNode node, CancellationToken stop)
    {
        NodeView? view = null;
        await WaitUntilAsync($"{node.Id} answers", Patience, async () => (view = await cluster.StatusAsync(node, stop)) is not null, stop);
        return view!;
    }

    /// <summary>Waits until a node other than this one serves.</summary>
    protected static async Task<LocalNode> WaitForSuccessorAsync(LocalCluster cluster, LocalNode of, CancellationToken stop)
    {
        LocalNode? successor = null;
        await WaitUntilAsync($"a Primary after {of.Id}", Patience, async () =>
        {
            foreach (var node in cluster.Nodes.Where(node => node != of))
                if (await cluster.StatusAsync(node, stop) is { Serving: true })
                    successor = node;
            return successor is not null;
        }, stop);
        return successor!;
    }

    /// <summary>Waits until all nodes of the cluster stand at the same seq, and checks that they hold the same.</summary>
    protected async Task<IReadOnlyList<NodeView>> AllMustAgreeAsync(LocalCluster cluster, CancellationToken stop)
    {
        IReadOnlyList<NodeView> views = [];
        await WaitUntilAsync("all nodes agree and one serves", Patience, async () =>
        {
            views = await cluster.WaitForAgreementAsync(Patience, stop);
            Assert.InRange(views.Count(view => view.Serving), 0, 1);
            return views.Any(view => view.Serving);
        }, stop);
        Assert.All(views, view => Assert.Equal(ContentOf(views[0]), ContentOf(view)));
        Assert.True(views[0].Partitions.Sum(partition => partition.Things) > 0, "the nodes agree on nothing at all");
        Output.WriteLine(
            $"all agree at seq {views[0].CommittedSequence}, epoch {views[0].Epoch}; {cluster.Nodes.Sum(node => node.Restarts)} restarts");
        return views;
    }

    // Not the applied seqs: a partition that was restored from a checkpoint counts from that.
    private static IEnumerable<(string, string)> ContentOf(NodeView view) =>
        view.Partitions.Select(partition => (partition.Partition, partition.Digest));

    /// <summary>The running process's end; fails when it does not come.</summary>
    protected static async Task<int> WaitForExitCodeAsync(LocalNode node, TimeSpan patience, CancellationToken stop)
    {
        await node.WaitForExitAsync(stop).WaitAsync(patience, stop);
        return node.ExitCode!.Value;
    }
}
