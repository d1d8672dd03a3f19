// Debian's haproxy in front of a local cluster, with the file that is shipped: only addresses are put in.
using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using HotStandby.Lab.Cluster;

namespace HotStandby.Lab.Failover;

/// <summary>A running haproxy.</summary>
internal sealed partial class HaProxy : IAsyncDisposable
{
    private const string Program = "haproxy";

    private readonly Process _process;
    private readonly Task<string> _errors;
    private readonly string _controlFile;

    private HaProxy(Process process, IPEndPoint address, string controlFile)
    {
        (_process, Address, _controlFile) = (process, address, controlFile);
        _errors = process.StandardError.ReadToEndAsync();
    }

    /// <summary>What clients are told.</summary>
    public IPEndPoint Address { get; }

    /// <summary>Starts it in front of a cluster of three nodes.</summary>
    /// <exception cref="IOException">haproxy is not there, or does not take the file; the message says why.</exception>
    public static async Task<HaProxy> StartAsync(LocalCluster cluster, CancellationToken stop)
    {
        var address = new IPEndPoint(IPAddress.Loopback, LocalCluster.FreePorts(1)[0]);
        var (file, control, socket) = (PathOf("haproxy.cfg"), PathOf("haproxy-control.cfg"), PathOf("haproxy.sock"));
        await File.WriteAllTextAsync(file, ConfigurationFor(cluster.Nodes, address), stop);
        await File.WriteAllTextAsync(control, $"global\n    stats socket {socket} level user\n", stop);
        var start = new ProcessStartInfo(Program, ["-db", "-f", file, "-f", control]) { RedirectStandardError = true };
        try
        {
            var front = new HaProxy(Process.Start(start) ?? throw new IOException($"{Program} could not be started"), address, socket);
            await front.WaitUntilOpenAsync(stop);
            return front;
        }
        catch (Win32Exception missing)
        {
            throw new IOException($"{Program}: {missing.Message}", missing);
        }

        string PathOf(string name) => Path.Combine(cluster.DirectoryPath, name);
    }

    /// <summary>The shipped file with these addresses.</summary>
    /// <exception cref="InvalidOperationException">It has other lines than are looked for.</exception>
    public static string ConfigurationFor(IReadOnlyList<LocalNode> nodes, IPEndPoint address)
    {
        using var shipped = new StreamReader(typeof(HaProxy).Assembly.GetManifestResourceStream("haproxy.cfg")!);
        var text = shipped.ReadToEnd();
        var servers = Servers().Matches(text);
        if (servers.Count != nodes.Count || Binds().Count(text) != 1)
            throw new InvalidOperationException($"the shipped haproxy.cfg has {servers.Count} servers for {nodes.Count} nodes");
        var next = 0;
        text = Servers().Replace(text, _ =>
        {
            var node = nodes[next++];
            return $"server {node.Id} {node.ClientAddress} check port {IPEndPoint.Parse(node.HttpAddress).Port}";
        });
        return Binds().Replace(text, $"bind {address}");
    }

    /// <summary>Every node: is it up for haproxy, and how many sessions does it have?</summary>
    public async Task<IReadOnlyDictionary<string, (bool IsUp, int Sessions)>> NodesAsync(CancellationToken stop)
    {
        var rows = (await AskAsync("show stat", stop)).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(static row => row.TrimStart('#', ' ').Split(',')).ToArray();
        var (name, status, sessions) = (Array.IndexOf(rows[0], "svname"), Array.IndexOf(rows[0], "status"), Array.IndexOf(rows[0], "scur"));
        return rows.Skip(1).Where(row => row.Length > status && row[name] is not ("FRONTEND" or "BACKEND")).ToDictionary(
            row => row[name],
            row => (row[status].StartsWith("UP", StringComparison.Ordinal), int.Parse(row[sessions], CultureInfo.InvariantCulture)));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill();
        await _process.WaitForExitAsync();
        await _errors;
        _process.Dispose();
    }

    private async Task WaitUntilOpenAsync(CancellationToken stop)
    {
        try
        {
            while (!File.Exists(_controlFile))
            {
                if (_process.HasExited)
                    throw new IOException($"{Program} ended with {_process.ExitCode}: {await _errors}");
                await Task.Delay(TimeSpan.FromMilliseconds(10), stop);
            }
        }
        catch
        {
            await DisposeAsync();
            throw;
        }
    }

    private async Task<string> AskAsync(string command, CancellationToken stop)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(_controlFile), stop);
        await using var stream = new NetworkStream(socket);
        await stream.WriteAsync(Encoding.ASCII.GetBytes(command + "\n"), stop);
        using var reader = new StreamReader(stream, Encoding.ASCII);
        return await reader.ReadToEndAsync(stop);
    }

    [GeneratedRegex(@"(?<=\n    )server \S+ \S+")]
    private static partial Regex Servers();

    [GeneratedRegex(@"(?<=\n    )bind \S+")]
    private static partial Regex Binds();
}
