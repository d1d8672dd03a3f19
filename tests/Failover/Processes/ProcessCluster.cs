// The driver whose nodes are processes: killed with -9, left with SIGTERM, supervised as LocalNode does it. Cutting single ways between
// processes on one machine needs a network of their own or a proxy, so it refuses that.
using HotStandby.CommandLine;
using HotStandby.Lab.Cluster;
using HotStandby.Tests.Failover.Scenarios;

namespace HotStandby.Tests.Failover.Processes;

/// <summary>Three node processes.</summary>
internal sealed class ProcessCluster : IFailoverCluster
{
    private const int Killed = 128 + (int)NodeSignal.Kill;

    private readonly LocalCluster _cluster;
    private readonly Dictionary<FailoverNode, LocalNode> _nodes;
    private readonly List<string> _broken = [];

    public ProcessCluster(string hocon)
    {
        _cluster = LocalCluster.Create(3, hocon);
        _nodes = _cluster.Nodes.ToDictionary(node => new FailoverNode(node.Id, node.ClientAddress, node.HttpAddress));
    }

    public IReadOnlyList<FailoverNode> Nodes => [.. _nodes.Keys];

    public IReadOnlyList<string> Broken =>
        [.. _broken, .. _nodes.Values.Where(node => !node.IsRunning).Select(node => $"{node.Id} does not run: {node.ExitCode}")];

    public Task StartAsync(FailoverNode node, CancellationToken stop)
    {
        _nodes[node].Start();
        return Task.CompletedTask;
    }

    public Task KillAsync(FailoverNode node, CancellationToken stop) => EndAsync(_nodes[node], NodeSignal.Kill, Killed, stop);

    public Task LeaveAsync(FailoverNode node, CancellationToken stop) => EndAsync(_nodes[node], NodeSignal.Terminate, ExitCode.Ok, stop);

    public Task LoseDiskAsync(FailoverNode node, CancellationToken stop)
    {
        Directory.Delete(_nodes[node].DataDirectory, recursive: true);
        return Task.CompletedTask;
    }

    public Task CutAsync(FailoverNode from, FailoverNode to, CancellationToken stop) =>
        throw new NotSupportedException("processes are not cut off here");

    public Task HealAsync(CancellationToken stop) => Task.CompletedTask;

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    private async Task EndAsync(LocalNode node, NodeSignal signal, int expected, CancellationToken stop)
    {
        node.Send(signal);
        await node.WaitForExitAsync(stop);
        if (node.ExitCode != expected)
            _broken.Add($"{node.Id} ended with {node.ExitCode} after {signal}");
    }
}
