// One scenario on one cluster: clients that write all the time, a watch over who serves, and what every scenario demands at its end.
using System.Diagnostics;
using System.Globalization;
using HotStandby.CommandLine.Status;

namespace HotStandby.Tests.Failover.Scenarios;

/// <summary>Runs a scenario.</summary>
internal sealed class FailoverRun : IAsyncDisposable
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Patience = Deadline.Step;
    private static readonly TimeSpan TestPatience = Deadline.Test;

    private readonly StatusClient _status = new();
    private readonly CancellationTokenSource _stop = new(TestPatience);
    private readonly Action<string> _say;
    private readonly long _began = Stopwatch.GetTimestamp();
    private Load? _load;
    private ServingWatch? _watch;

    private FailoverRun(IFailoverCluster cluster, Action<string> say) => (Cluster, _say) = (cluster, say);

    /// <summary>Acknowledged writes before a fault, and after it: always in the middle of some calls.</summary>
    public const int Enough = 400;

    /// <summary>Fewer than by default: the watch asks every one of them every few milliseconds.</summary>
    public const int Shards = 8;

    /// <summary>What the scenario acts on.</summary>
    public IFailoverCluster Cluster { get; }

    /// <summary>Ends a scenario that hangs.</summary>
    public CancellationToken Stop => _stop.Token;

    /// <summary>Plays a scenario on a cluster of its own; says what it did when it fails.</summary>
    public static async Task PlayAsync(FailoverScenario scenario, FailoverClusterFactory create, Action<string> say)
    {
        // No machine is so slow that clients or their puts count as dead.
        const string lasting = "hotstandby.objects { client-ttl = 1h, put-start-discard-timeout = 1h, put-start-release-timeout = 24h }";
        await using var cluster = await create($"hotstandby.shards = {Shards}\n{lasting}\n{scenario.Hocon}");
        await using var run = new FailoverRun(cluster, say);
        await scenario.Play(run);
    }

    /// <summary>Starts all nodes and the clients; returns the Primary when it has acknowledged enough.</summary>
    public async Task<FailoverNode> BeginAsync()
    {
        await StartAsync(Cluster.Nodes);
        var primary = await WaitForPrimaryAsync();
        _watch = new ServingWatch(Cluster.Nodes.Select(node => node.HttpAddress), Stop);
        _load = await Load.StartAsync([.. Cluster.Nodes.Select(node => node.ClientAddress)], Stop);
        await WriteMoreAsync();
        return primary;
    }

    /// <summary>
    /// What holds at the end of every scenario: all nodes are back, hold the same and everything that was acknowledged, and never did two
    /// serve.
    /// </summary>
    /// <param name="reigns">At least so many must have been seen to serve.</param>
    /// <returns>The longest time for which clients saw no service.</returns>
    public async Task<TimeSpan> EndAsync(int reigns)
    {
        await WriteMoreAsync();
        var report = await _load!.EndAsync();
        Say($"gap {report.LongestGap.TotalMilliseconds:0} ms, {_load.Acknowledged} writes acknowledged, {report.Retries} retries");
        await _load.NothingMustBeLostAsync(Stop);
        await AllMustAgreeAsync();
        await _watch!.OneAtATimeMustHaveServedAsync(reigns);
        Assert.Empty(Cluster.Broken);
        return report.LongestGap;
    }

    /// <summary>Waits until clients have been acknowledged enough more writes.</summary>
    public Task WriteMoreAsync(int writes = Enough) => _load!.WaitForMoreAsync(writes, Stop);

    /// <summary>Starts nodes.</summary>
    public async Task StartAsync(params IEnumerable<FailoverNode> nodes)
    {
        foreach (var node in nodes)
        {
            Say($"{node.Id} starts");
            await Cluster.StartAsync(node, Stop);
        }
    }

    /// <summary>Kills nodes, all at once.</summary>
    public Task KillAsync(params IReadOnlyList<FailoverNode> nodes)
    {
        Say($"{string.Join(", ", nodes.Select(node => node.Id))}: killed");
        return Task.WhenAll(nodes.Select(node => Cluster.KillAsync(node, Stop)));
    }

    /// <summary>Cuts what one sends to others.</summary>
    public async Task CutAsync(FailoverNode from, params IEnumerable<FailoverNode> to)
    {
        foreach (var node in to)
        {
            Say($"{from.Id} does not reach {node.Id}");
            await Cluster.CutAsync(from, node, Stop);
        }
    }

    /// <summary>Cuts both directions between one and others.</summary>
    public async Task CutOffAsync(FailoverNode one, params IEnumerable<FailoverNode> others)
    {
        foreach (var other in others)
        {
            await CutAsync(one, other);
            await CutAsync(other, one);
        }
    }

    /// <summary>Ends all cuts.</summary>
    public async Task HealAsync()
    {
        Say("all nodes reach each other");
        await Cluster.HealAsync(Stop);
    }

    /// <summary>All nodes but these.</summary>
    public FailoverNode[] Others(params FailoverNode[] nodes) => [.. Cluster.Nodes.Except(nodes)];

    /// <summary>The node's view of itself; null when it does not answer.</summary>
    public Task<NodeView?> LookAsync(FailoverNode node) => _status.TryGetAsync(node.HttpAddress, Stop);

    /// <summary>Waits until a node serves that is none of these.</summary>
    public async Task<FailoverNode> WaitForPrimaryAsync(params FailoverNode[] except)
    {
        FailoverNode? primary = null;
        await WaitUntilAsync("a Primary", async () =>
        {
            foreach (var node in Others(except))
                primary = await LookAsync(node) is { Serving: true } ? node : primary;
            return primary is not null;
        });
        Say($"{primary!.Id} serves");
        return primary;
    }

    /// <summary>Waits until a node follows another.</summary>
    public Task WaitForFollowerAsync(FailoverNode node, FailoverNode primary) => WaitUntilAsync(
        $"{node.Id} follows {primary.Id}",
        async () => await LookAsync(node) is { Role: "standby", Voting: true, AppliedSequence: > 0 } view && view.Leader == primary.Id);

    /// <summary>Waits for a condition; fails, with what was waited for and what the nodes say, when its time is over.</summary>
    public async Task WaitUntilAsync(string what, Func<Task<bool>> reached)
    {
        var began = Stopwatch.GetTimestamp();
        while (!await reached())
        {
            if (Stopwatch.GetElapsedTime(began) > Patience)
                Assert.Fail($"{what}: not within {Patience.TotalSeconds:0} s; {await AllViewsAsync()}");
            await Task.Delay(PollInterval, Stop);
        }

        Say($"{what}: reached");
    }

    /// <summary>Notes what happens, with the time since the beginning.</summary>
    public void Say(string what) =>
        _say(string.Create(CultureInfo.InvariantCulture, $"{Stopwatch.GetElapsedTime(_began).TotalSeconds,6:0.0} s  {what}"));

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_load is not null)
            await _load.DisposeAsync();
        if (_watch is not null)
            await _watch.DisposeAsync();
        _status.Dispose();
        _stop.Dispose();
    }

    private async Task AllMustAgreeAsync()
    {
        NodeView?[] views = [];
        await WaitUntilAsync("every node is settled at the same seq", async () =>
        {
            views = await Task.WhenAll(Cluster.Nodes.Select(LookAsync));
            Assert.InRange(views.Count(view => view is { Serving: true }), 0, 1);
            return views.All(view => view is { IsSettled: true, Voting: true })
                && views.Any(view => view!.Serving) && views.DistinctBy(view => view!.CommittedSequence).Count() == 1;
        });
        Assert.All(views, view => Assert.Equal(DigestsOf(views[0]), DigestsOf(view)));
        Assert.True(views[0]!.Partitions.Sum(partition => partition.Things) > 0, "the nodes agree on nothing at all");
    }

    // Not the applied seqs: a partition that was restored from a checkpoint counts from that.
    private static IEnumerable<(string, string)> DigestsOf(NodeView? view) =>
        view!.Partitions.Select(partition => (partition.Partition, partition.Digest));

    private async Task<string> AllViewsAsync() =>
        string.Join("; ", await Task.WhenAll(Cluster.Nodes.Select(async node => await LookAsync(node) is { } view
        ? $"{node.Id}: {view.Role} of {view.Leader}, epoch {view.Epoch}, serving {view.Serving}, voting {view.Voting}, appended "
            + $"{view.AppendedSequence}, committed {view.CommittedSequence}, applied {view.AppliedSequence}"
        : $"{node.Id}: silent")));
}
