// Nodes in this process: configuration as the host reads it, free ports, and what a failed node said.
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Akka.Actor;
using Akka.Cluster;
using HotStandby.Actors.Node;
using HotStandby.Actors.Settings;

namespace HotStandby.Tests.Doubles;

/// <summary>Starts nodes, and stops what is left of them.</summary>
internal sealed class Nodes : IAsyncDisposable
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(20);

    // A busy machine costs no client its objects.
    private const string Lasting = "hotstandby.objects.client-ttl = 1h";

    // Tests compare who leads with what was before: a busy machine costs no node its lease or its place.
    private const string Calm = """
        hotstandby.lease.duration = 20s
        hotstandby.membership.stable-after = 20s
        akka.cluster.failure-detector.acceptable-heartbeat-pause = 20s
        """;

    private readonly List<HotStandbyNode> _started = [];
    private readonly ConcurrentQueue<Exception> _fatal = [];

    /// <summary>Starts the only node of a cluster, on any port.</summary>
    public async Task<HotStandbyNode> StartAloneAsync(string directory, string extraHocon = "")
    {
        var node = await StartAsync($$"""
            hotstandby { node-id = "alone", voters = ["alone"], data-dir = "{{directory}}", shards = 4, remoting.port = 0 }
            {{Lasting}}
            {{extraHocon}}
            """);
        var cluster = Cluster.Get(node.System);
        cluster.Join(cluster.SelfAddress); // on an unknown port there are no seed nodes
        return node;
    }

    /// <summary>Starts one of the nodes of a cluster.</summary>
    /// <param name="directory">In which each node has a directory of its own.</param>
    /// <param name="index">Which.</param>
    /// <param name="ports">Remoting ports of all.</param>
    /// <param name="extraHocon">More settings.</param>
    /// <param name="scheme">Of the nodes' addresses.</param>
    public Task<HotStandbyNode> StartAsync(
        string directory, int index, IReadOnlyList<int> ports, string extraHocon = "", string scheme = "akka.tcp")
    {
        var voters = string.Join(", ", ports.Select((_, at) => $"\"n{at}\""));
        var seeds = string.Join(", ", ports.Select(port => $"\"{scheme}://{NodeConfiguration.SystemName}@127.0.0.1:{port}\""));
        return StartAsync($$"""
            hotstandby { node-id = "n{{index}}", voters = [{{voters}}], data-dir = "{{directory}}/n{{index}}", shards = 4 }
            hotstandby.remoting.port = {{ports[index]}}
            akka.cluster.seed-nodes = [{{seeds}}]
            {{Lasting}}
            {{Calm}}
            {{extraHocon}}
            """);
    }

    /// <summary>No node may have called its process off.</summary>
    public void NoneMustHaveFailed() => Assert.Empty(_fatal);

    /// <summary>Waits until one of the nodes serves.</summary>
    public static async Task<HotStandbyNode> WaitForPrimaryAsync(params IReadOnlyList<HotStandbyNode> nodes)
    {
        HotStandbyNode? primary = null;
        await WaitUntilAsync("a Primary", () =>
            Task.FromResult((primary = nodes.FirstOrDefault(node => node.Gateway.MayServe)) is not null));
        return primary!;
    }

    /// <summary>
    /// What the node says of itself, once it does: it has 5 s for that, which a busy machine or a restore may not leave it.
    /// </summary>
    public static async Task<NodeReport> ReportOfAsync(HotStandbyNode node)
    {
        NodeReport? report = null;
        await WaitUntilAsync("the node reports", async () =>
        {
            try
            {
                report = await node.ReportAsync(CancellationToken.None);
                return true;
            }
            catch (AskTimeoutException)
            {
                return false;
            }
        });
        return report!;
    }

    /// <summary>Waits for a condition.</summary>
    public static async Task WaitUntilAsync(string what, Func<Task<bool>> reached)
    {
        var began = Stopwatch.GetTimestamp();
        while (!await reached())
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < Deadline.Step, $"{what}: not within {Deadline.Step.TotalSeconds:0} s");
            await Task.Delay(PollInterval);
        }
    }

    /// <summary>
    /// Ports that are free now, all different. Below the range of outgoing connections, from which one might be taken before the node
    /// starts.
    /// </summary>
    public static int[] FreePorts(int count)
    {
        var ports = new HashSet<int>();
        while (ports.Count < count)
        {
            var port = RandomNumberGenerator.GetInt32(12_000, 32_000);
            using var listener = new TcpListener(IPAddress.Loopback, port);
            try
            {
                listener.Start();
                ports.Add(port);
            }
            catch (SocketException taken) when (taken.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                // Another one.
            }
        }

        return [.. ports];
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _started)
            await node.StopAsync();
    }

    private async Task<HotStandbyNode> StartAsync(string hocon)
    {
        var result = NodeConfiguration.Parse($"akka {{ loglevel = WARNING, stdout-loglevel = OFF }}\n{hocon}", "test");
        Assert.Empty(result.Errors);
        var node = await HotStandbyNode.StartAsync(result.Configuration!, TimeProvider.System, _fatal.Enqueue);
        _started.Add(node);
        return node;
    }
}
