// The driver whose nodes are actor systems in this process: remoting, cluster, singleton, journals and doors are real, the machines are
// not. A kill cuts a node off and then stops its actors, so it does not show what a torn write does; the process driver shows that.
using System.Collections.Concurrent;
using System.Globalization;
using Akka.Actor;
using HotStandby.Actors.Settings;
using HotStandby.Lab.Cluster;
using HotStandby.Tests.Failover.Scenarios;

namespace HotStandby.Tests.Failover.InProcess;

/// <summary>Three nodes in this process.</summary>
internal sealed class InProcessCluster : IFailoverCluster
{
    private const int Count = 3;

    // trttl is how Akka names its throttle adapter; addresses say that it is applied.
    private const string Protocol = "akka.trttl.tcp";

    private readonly string _directory = ClusterDirectory.Create();
    private readonly ConcurrentQueue<string> _broken = [];
    private readonly Dictionary<FailoverNode, InProcessNode> _nodes = [];

    public InProcessCluster(string hocon)
    {
        var ports = LocalCluster.FreePorts(Count * 3);
        Address[] addresses = [.. ports[..Count].Select(port => new Address(Protocol, NodeConfiguration.SystemName, "127.0.0.1", port))];
        for (var i = 0; i < Count; i++)
        {
            var (client, http) = (ports[Count + i], ports[(2 * Count) + i]);
            var node = new FailoverNode($"node{i + 1}", $"127.0.0.1:{client}", $"127.0.0.1:{http}");
            _nodes[node] = new InProcessNode(Configure(node.Id, addresses, i, client, http, hocon), addresses[i], _broken.Enqueue);
        }
    }

    public IReadOnlyList<FailoverNode> Nodes => [.. _nodes.Keys];

    public IReadOnlyList<string> Broken => [.. _broken];

    public Task StartAsync(FailoverNode node, CancellationToken stop) => _nodes[node].StartAsync();

    public Task KillAsync(FailoverNode node, CancellationToken stop) =>
        _nodes[node].KillAsync(_nodes.Values.Except([_nodes[node]]).Select(peer => peer.Address));

    public Task LeaveAsync(FailoverNode node, CancellationToken stop) => _nodes[node].LeaveAsync();

    public Task LoseDiskAsync(FailoverNode node, CancellationToken stop)
    {
        Directory.Delete(Path.Combine(_directory, node.Id), recursive: true);
        return Task.CompletedTask;
    }

    public Task CutAsync(FailoverNode from, FailoverNode to, CancellationToken stop) => _nodes[from].CutAsync(_nodes[to].Address);

    public Task HealAsync(CancellationToken stop) => Task.WhenAll(_nodes.Values.Select(node => node.HealAsync()));

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_nodes.Values.Select(node => node.EndAsync()));
        Directory.Delete(_directory, recursive: true);
    }

    private NodeConfiguration Configure(string id, Address[] addresses, int index, int client, int http, string hocon)
    {
        var result = NodeConfiguration.Parse(string.Create(CultureInfo.InvariantCulture, $$"""
            hotstandby {
              node-id = "{{id}}"
              voters = [{{string.Join(", ", Enumerable.Range(1, Count).Select(number => $"\"node{number}\""))}}]
              data-dir = "{{Path.Combine(_directory, id)}}"
              client.port = {{client}}
              http.port = {{http}}
              remoting.port = {{addresses[index].Port}}
            }
            akka {
              loglevel = WARNING
              stdout-loglevel = OFF
              cluster.seed-nodes = [{{string.Join(", ", addresses.Select(address => $"\"{address}\""))}}]
              remote.dot-netty.tcp {
                applied-adapters = ["trttl"]
                connection-timeout = 2s # the adapter loses what a real network would send again, a handshake too
              }
              coordinated-shutdown.run-by-actor-system-terminate = off
            }
            {{hocon}}
            """), id);
        Assert.Empty(result.Errors);
        return result.Configuration!;
    }
}
