// Debian's keepalived beside every node of a cluster in namespaces, with the file that is shipped: only addresses are put in.
using System.ComponentModel;
using System.Diagnostics;
using System.Net;
using System.Text.RegularExpressions;
using HotStandby.Lab.Chaos;
using HotStandby.Lab.Cluster;

namespace HotStandby.Lab.Failover;

/// <summary>Running keepalived processes, which give one address to the namespace of the node that serves.</summary>
internal sealed partial class Keepalived : IAsyncDisposable
{
    private const string Program = "keepalived";

    private readonly List<(Process Process, Task Output)> _processes = [];

    private readonly string _script;
    private readonly int _nodes;

    private Keepalived(IPEndPoint address, string script, int nodes) => (Address, _script, _nodes) = (address, script, nodes);

    /// <summary>What clients are told.</summary>
    public IPEndPoint Address { get; }

    /// <summary>Starts one in each namespace.</summary>
    /// <param name="cluster">Its nodes run in the namespaces and have one client port.</param>
    /// <param name="namespaces">Where they run.</param>
    /// <exception cref="IOException">keepalived is not there; the message says why.</exception>
    public static async Task<Keepalived> StartAsync(LocalCluster cluster, NodeNamespaces namespaces)
    {
        var script = Path.Combine(cluster.DirectoryPath, "serves.sh");
        await File.WriteAllTextAsync(script, Shipped("serves.sh"));
        var port = IPEndPoint.Parse(cluster.ClientAddresses[0]).Port;
        var running = new Keepalived(new IPEndPoint(namespaces.SharedAddress, port), script, cluster.Nodes.Count);
        try
        {
            for (var node = 0; node < cluster.Nodes.Count; node++)
                await running.StartOneAsync(cluster, namespaces, node);
            return running;
        }
        catch
        {
            await running.DisposeAsync();
            throw;
        }
    }

    /// <summary>The shipped file with these addresses.</summary>
    /// <param name="shared">The address that is passed on.</param>
    /// <param name="own">Of the node.</param>
    /// <param name="others">Of the other nodes.</param>
    /// <param name="file">Says whether the node serves.</param>
    /// <exception cref="InvalidOperationException">It has other lines than are looked for.</exception>
    public static string ConfigurationFor(IPAddress shared, IPAddress own, IReadOnlyList<IPAddress> others, string file)
    {
        var text = Shipped("keepalived.conf");
        Put(Source(), $"unicast_src_ip {own}");
        Put(Peers(), $"unicast_peer {{\n        {string.Join("\n        ", others)}\n    }}");
        Put(Addresses(), $"virtual_ipaddress {{\n        {shared}/24\n    }}");
        Put(TrackedFile(), file);
        return text;

        void Put(Regex place, string value) => text = place.Count(text) == 1
            ? place.Replace(text, value) : throw new InvalidOperationException($"the shipped keepalived.conf has not one '{place}'");
    }

    /// <summary>The nodes, counted from 0, whose namespaces have the address now.</summary>
    public async Task<IReadOnlyList<int>> HoldersAsync()
    {
        List<int> holders = [];
        for (var node = 0; node < _nodes; node++)
        {
            var launcher = NodeNamespaces.LauncherOf(node);
            var found = await SystemTool.RunAsync(
                launcher[0], [.. launcher.Skip(1), "ip", "-oneline", "address", "show", "to", $"{Address.Address}"]);
            if (found.Length > 0)
                holders.Add(node);
        }

        return holders;
    }

    /// <summary>Ends all of them.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var (process, output) in _processes)
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
            await output;
            process.Dispose();
        }
    }

    private async Task StartOneAsync(LocalCluster cluster, NodeNamespaces namespaces, int node)
    {
        var (configuration, value) = (PathOf("conf"), PathOf("value"));
        IPAddress[] others = [.. Enumerable.Range(0, cluster.Nodes.Count).Where(other => other != node).Select(namespaces.AddressOf)];
        await File.WriteAllTextAsync(
            configuration, ConfigurationFor(namespaces.SharedAddress, namespaces.AddressOf(node), others, value));
        Run("serves", "bash", _script, value, cluster.Nodes[node].HttpAddress);
        Run(Program, Program, "--dont-fork", "--log-console", "--vrrp", "--use-file", configuration,
            "--pid", PathOf("pid"), "--vrrp_pid", PathOf("vrrp.pid"));

        string PathOf(string ending) => Path.Combine(cluster.DirectoryPath, $"{cluster.Nodes[node].Id}.{Program}.{ending}");

        void Run(string name, params string[] command)
        {
            var launcher = NodeNamespaces.LauncherOf(node);
            var start = new ProcessStartInfo(launcher[0], [.. launcher.Skip(1), .. command])
            {
                RedirectStandardOutput = true, RedirectStandardError = true,
            };
            try
            {
                var process = Process.Start(start) ?? throw new IOException($"{name} could not be started");
                _processes.Add((process, Task.WhenAll(
                    CopyAsync(process.StandardOutput, PathOf($"{name}.log")), CopyAsync(process.StandardError, PathOf($"{name}.errors")))));
            }
            catch (Win32Exception missing)
            {
                throw new IOException($"{name}: {missing.Message}", missing);
            }
        }
    }

    private static string Shipped(string name)
    {
        using var shipped = new StreamReader(typeof(Keepalived).Assembly.GetManifestResourceStream(name)!);
        return shipped.ReadToEnd();
    }

    private static async Task CopyAsync(StreamReader from, string file)
    {
        await using var to = File.CreateText(file);
        while (await from.ReadLineAsync() is { } line)
            await to.WriteLineAsync(line);
    }

    [GeneratedRegex(@"unicast_src_ip \S+")]
    private static partial Regex Source();

    [GeneratedRegex(@"unicast_peer \{[^}]*\}")]
    private static partial Regex Peers();

    [GeneratedRegex(@"virtual_ipaddress \{[^}]*\}")]
    private static partial Regex Addresses();

    [GeneratedRegex(@"(?<=file "")/run/[^""]+")]
    private static partial Regex TrackedFile();
}
