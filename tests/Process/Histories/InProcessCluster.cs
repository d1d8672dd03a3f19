// Three nodes in this process, with all that a node process has but the process: remoting, journals, and a door for Mooncake clients.
using System.Collections.Concurrent;
using System.Net;
using HotStandby.Actors.Node;
using HotStandby.Actors.Settings;
using HotStandby.Host.Cluster;
using HotStandby.Mooncake.Frames;
using HotStandby.Mooncake.Server;

namespace HotStandby.Tests.Process.Histories;

internal sealed class InProcessCluster : IAsyncDisposable
{
    private const int MaximumFrameBytes = 1 << 20;

    private sealed record Life(HotStandbyNode Node, MooncakeServer Door);

    private readonly string _directory = ClusterDirectory.Create();
    private readonly int[] _clientPorts = LocalCluster.FreePorts(3);
    private readonly int[] _remotingPorts;
    private readonly Life?[] _lives = new Life?[3];
    private readonly ConcurrentQueue<Exception> _failures = [];
    private readonly string _extraHocon;

    private InProcessCluster(string extraHocon)
    {
        _extraHocon = extraHocon;
        _remotingPorts = [.. LocalCluster.FreePorts(6).Except(_clientPorts).Take(3)];
    }

    /// <summary>Client addresses of all nodes.</summary>
    public IReadOnlyList<string> ClientAddresses => [.. _clientPorts.Select(port => $"127.0.0.1:{port}")];

    /// <summary>Number of the node that serves; null when none does.</summary>
    public int? Primary => Array.FindIndex(_lives, life => life is { Node.Gateway.MayServe: true }) is var index and >= 0 ? index : null;

    /// <summary>Starts all three.</summary>
    public static async Task<InProcessCluster> StartAsync(string extraHocon)
    {
        var cluster = new InProcessCluster(extraHocon);
        for (var i = 0; i < cluster._lives.Length; i++)
            await cluster.StartAsync(i);
        return cluster;
    }

    /// <summary>Starts a node that was stopped.</summary>
    public async Task StartAsync(int index)
    {
        var seeds = string.Join(", ", _remotingPorts.Select(port => $"\"akka.tcp://{NodeConfiguration.SystemName}@127.0.0.1:{port}\""));
        var parsed = NodeConfiguration.Parse(
            $$"""
            akka { loglevel = WARNING, stdout-loglevel = OFF }
            hotstandby {
              node-id = "n{{index}}", voters = ["n0", "n1", "n2"], data-dir = "{{_directory}}/n{{index}}", shards = 4
              remoting.port = {{_remotingPorts[index]}}
            }
            akka.cluster.seed-nodes = [{{seeds}}]
            {{_extraHocon}}
            """,
            "test");
        Assert.Empty(parsed.Errors);
        var node = await HotStandbyNode.StartAsync(parsed.Configuration!, TimeProvider.System, _failures.Enqueue);
        var door = new ServerOptions(
            new IPEndPoint(IPAddress.Loopback, _clientPorts[index]), new FrameLimits(MaximumFrameBytes), 1024, 1000, TimeSpan.FromSeconds(10));
        _lives[index] = new Life(node, await MooncakeServer.StartAsync(node.Gateway, door, TimeProvider.System));
    }

    /// <summary>Stops a node as SIGTERM does: it hands over, then its door closes.</summary>
    public async Task StopAsync(int index)
    {
        var life = _lives[index]!;
        await life.Node.StopAsync();
        await life.Door.DisposeAsync();
        _lives[index] = null;
    }

    /// <summary>No node may have called its process off.</summary>
    public void NoneMustHaveFailed() => Assert.Empty(_failures);

    public async ValueTask DisposeAsync()
    {
        for (var i = 0; i < _lives.Length; i++)
        {
            if (_lives[i] is not null)
                await StopAsync(i);
        }

        Directory.Delete(_directory, recursive: true);
    }
}
