// Namespaces of this machine's kernel: a cut direction is cut and no other, it ends with the last cut, and nothing is left behind.
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using HotStandby.Lab.Chaos;
using HotStandby.Tests.Process.Failover;

namespace HotStandby.Tests.Process.Chaos;

[Collection(ProcessCollection.Name)]
public sealed class NodeNamespacesTests
{
    private const int Nodes = 3;
    private static readonly TimeSpan Patience = Deadline.Step;

    // A way that is cut is tried for so long; it can only be too short to find a fault.
    private static readonly TimeSpan Moment = TimeSpan.FromSeconds(2);

    [FactInNamespaces]
    public async Task A_cut_direction_is_cut_and_no_other()
    {
        await using var namespaces = await NodeNamespaces.MakeAsync(Nodes);
        using var proxies = new Listeners(namespaces);
        using (namespaces.Cut(0, 1))
        {
            Assert.False(await ReachesAsync(proxies, 0, 1, Moment));
            foreach (var (from, to) in Pairs().Where(static pair => pair != (0, 1)))
                Assert.True(await ReachesAsync(proxies, from, to, Patience));
        }

        Assert.True(await ReachesAsync(proxies, 0, 1, Patience));
    }

    [FactInNamespaces]
    public async Task Of_overlapping_cuts_the_last_one_counts()
    {
        await using var namespaces = await NodeNamespaces.MakeAsync(Nodes);
        using var proxies = new Listeners(namespaces);
        var first = namespaces.Cut(2, 0);
        using (namespaces.Cut(2, 0))
        {
            first.Dispose();
            first.Dispose();
            Assert.False(await ReachesAsync(proxies, 2, 0, Moment));
        }

        Assert.True(await ReachesAsync(proxies, 2, 0, Patience));
    }

    [FactInNamespaces]
    public async Task A_connection_tells_from_which_node_it_comes()
    {
        await using var namespaces = await NodeNamespaces.MakeAsync(Nodes);
        using var proxies = new Listeners(namespaces);
        Assert.True(await ReachesAsync(proxies, 2, 1, Patience));
        Assert.Equal(2, namespaces.NodeAt(proxies.LastFrom));
        Assert.Null(namespaces.NodeAt(IPAddress.Loopback));
        Assert.Equal(1, namespaces.NodeAt(namespaces.AddressOf(1).MapToIPv6()));
    }

    [FactInNamespaces]
    public async Task Nothing_is_left_of_them_nor_of_a_process_that_was_killed()
    {
        // As a killed run leaves it; no process has this number.
        var dead = string.Create(CultureInfo.InvariantCulture, $"hotstandby-{int.MaxValue}-0");
        await RunAsync("ip", "netns", "add", dead);
        var namespaces = await NodeNamespaces.MakeAsync(Nodes);
        var there = await NodeNamespaces.AllAsync();
        Assert.DoesNotContain(dead, there);
        Assert.Equal((2 * Nodes) + 1, there.Count(
            name => name.Contains(Environment.ProcessId.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)));
        await namespaces.DisposeAsync();
        Assert.DoesNotContain(await NodeNamespaces.AllAsync(), name =>
            name.Contains(Environment.ProcessId.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal));
    }

    private static IEnumerable<(int From, int To)> Pairs() =>
        Enumerable.Range(0, Nodes).SelectMany(from => Enumerable.Range(0, Nodes).Where(to => to != from).Select(to => (from, to)));

    // A connection from inside one namespace to the place of another's proxy.
    private static async Task<bool> ReachesAsync(Listeners proxies, int from, int to, TimeSpan patience)
    {
        var address = proxies.EndPointOf(to);
        var launcher = NodeNamespaces.LauncherOf(from);
        var call = $"exec 3<>/dev/tcp/{address.Address}/{address.Port} && read -u 3";
        return await RunAsync(launcher[0], [.. launcher.Skip(1), "timeout", $"{patience.TotalSeconds:0}", "bash", "-c", call]) == 0;
    }

    private static async Task<int> RunAsync(string program, params string[] arguments)
    {
        using var process = System.Diagnostics.Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        await process.WaitForExitAsync().WaitAsync(Patience);
        return process.ExitCode;
    }

    /// <summary>Listens where each node's proxy would, and greets whoever comes.</summary>
    private sealed class Listeners : IDisposable
    {
        private readonly List<TcpListener> _listeners = [];

        public Listeners(NodeNamespaces namespaces)
        {
            for (var node = 0; node < Nodes; node++)
            {
                var listener = new TcpListener(namespaces.ProxyAddressOf(node), 0);
                listener.Start();
                _listeners.Add(listener);
                _ = GreetAsync(listener);
            }
        }

        public IPAddress LastFrom { get; private set; } = IPAddress.None;

        public IPEndPoint EndPointOf(int node) => (IPEndPoint)_listeners[node].LocalEndpoint;

        public void Dispose() => _listeners.ForEach(listener => listener.Stop());

        private async Task GreetAsync(TcpListener listener)
        {
            try
            {
                while (true)
                {
                    using var connection = await listener.AcceptTcpClientAsync();
                    LastFrom = ((IPEndPoint)connection.Client.RemoteEndPoint!).Address;
                    await connection.GetStream().WriteAsync("hello\n"u8.ToArray());
                }
            }
            catch (Exception error) when (error is SocketException or ObjectDisposedException)
            {
                // Stopped.
            }
        }
    }
}

/// <summary>A fact that needs network namespaces.</summary>
public sealed class FactInNamespacesAttribute : FactAttribute
{
    private static readonly Lazy<string?> WhyNot = new(() => NodeNamespaces.WhyNotAsync().GetAwaiter().GetResult());

    /// <summary>Skipped, with the reason, where none can be made.</summary>
    /// <param name="program">Needed on the path, too; null: none.</param>
    public FactInNamespacesAttribute(string? program = null) =>
        Skip = WhyNot.Value ?? (program is null ? null : new FactWithAttribute(program).Skip);
}
