// A network namespace of its own for each node, all on one bridge: what a node sends is packets, and a cut direction loses them. Needs root
// and `ip`. Whoever is killed with its namespaces leaves them under a name with its process id; the next one removes them.
//
//   namespace of node i          this machine
//   eth0 10.x.y.(10+i)  ──────   bridge 10.x.y.1, with 10.x.y.(100+i): the proxy in front of node i
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace HotStandby.Lab.Chaos;

/// <summary>The namespaces of a cluster's nodes, counted from 0; they are there as long as this lives.</summary>
public sealed class NodeNamespaces : IAsyncDisposable
{
    private const string Prefix = "hotstandby-";
    private const string LinkPrefix = "hsl"; // 15 characters are all that a link's name may have.
    private const string Tool = "ip";
    private const int FirstNode = 10;
    private const int FirstProxy = 100;
    private const int Shared = 200;
    private const int Subnets = 1 << 14;

    private readonly int _count;
    private readonly IPAddress _subnet;
    private readonly Lock _lock = new();
    private readonly int[,] _cuts;

    private NodeNamespaces(int count, IPAddress subnet) => (_count, _subnet, _cuts) = (count, subnet, new int[count, count]);

    private static string Own => Environment.ProcessId.ToString(CultureInfo.InvariantCulture);

    private static string Bridge => $"{LinkPrefix}{Own}b";

    /// <summary>Null when namespaces can be made here; otherwise why not. Tries it.</summary>
    public static async Task<string?> WhyNotAsync()
    {
        if (!Environment.IsPrivilegedProcess)
            return "a network namespace needs root";
        try
        {
            await using var trial = await MakeAsync(1);
            return null;
        }
        catch (IOException error)
        {
            return error.Message.ReplaceLineEndings(" ");
        }
    }

    /// <summary>Makes the namespaces of so many nodes; a process has one set of them at a time.</summary>
    /// <exception cref="IOException">Not here; the message says what failed.</exception>
    public static async Task<NodeNamespaces> MakeAsync(int count)
    {
        await RemoveLeftOverAsync();
        var made = new NodeNamespaces(count, FreeSubnet());
        try
        {
            await made.MakeBridgeAsync();
            for (var node = 0; node < count; node++)
                await made.MakeNodeAsync(node);
            return made;
        }
        catch (IOException)
        {
            await RemoveAsync(Own);
            throw;
        }
    }

    /// <summary>Where a node listens.</summary>
    public IPAddress AddressOf(int node) => At(FirstNode + node);

    /// <summary>Where the other nodes find it: its proxy's.</summary>
    public IPAddress ProxyAddressOf(int node) => At(FirstProxy + node);

    /// <summary>An address in the same network that nobody has: nodes may pass it on from one to the next.</summary>
    public IPAddress SharedAddress => At(Shared);

    /// <summary>The node that has an address; null: none.</summary>
    public int? NodeAt(IPAddress address)
    {
        var plain = address.MapToIPv4();
        return Enumerable.Range(0, _count).Where(node => AddressOf(node).Equals(plain)).Select(node => (int?)node).FirstOrDefault();
    }

    /// <summary>A program and its first arguments that start another one in a node's namespace.</summary>
    public static IReadOnlyList<string> LauncherOf(int node) => [Tool, "netns", "exec", NameOf(node)];

    /// <summary>Whatever one node sends to another's proxy is lost until the result is disposed; cuts may overlap.</summary>
    public IDisposable Cut(int from, int to)
    {
        Change(from, to, +1);
        return new Undo(() => Change(from, to, -1));
    }

    /// <summary>Removes them. Nothing runs in them any more.</summary>
    public async ValueTask DisposeAsync() => await RemoveAsync(Own);

    /// <summary>Links and namespaces of this program that are there, of whichever process.</summary>
    internal static async Task<IReadOnlyList<string>> AllAsync()
    {
        var spaces = await SystemTool.RunAsync(Tool, "netns", "list");
        return
        [
            .. NetworkInterface.GetAllNetworkInterfaces()
                .Select(link => link.Name).Where(name => name.StartsWith(LinkPrefix, StringComparison.Ordinal)),
            .. spaces.Split('\n').Select(line => line.Split(' ')[0]).Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)),
        ];
    }

    private static async Task RemoveLeftOverAsync()
    {
        foreach (var owner in (await AllAsync()).Select(OwnerOf).Distinct())
        {
            if (int.TryParse(owner, CultureInfo.InvariantCulture, out var process)
                && process != Environment.ProcessId && !Directory.Exists($"/proc/{process}"))
                await RemoveAsync(owner);
        }
    }

    // The digits of a name up to what comes behind them.
    private static string OwnerOf(string name) => string.Concat(name.SkipWhile(letter => !char.IsDigit(letter)).TakeWhile(char.IsDigit));

    // Links first: those that go with their namespace go some time later, and their names are still taken.
    private static async Task RemoveAsync(string owner)
    {
        foreach (var name in (await AllAsync()).Where(name => OwnerOf(name) == owner))
        {
            if (name.StartsWith(Prefix, StringComparison.Ordinal))
                await SystemTool.RunAsync(Tool, "netns", "delete", name);
            else
                await SystemTool.RunAsync(Tool, "link", "delete", name);
        }
    }

    // One of 10.64.0.0/24 to 10.127.255.0/24 that no interface of this machine is in.
    private static IPAddress FreeSubnet()
    {
        var taken = NetworkInterface.GetAllNetworkInterfaces().SelectMany(link => link.GetIPProperties().UnicastAddresses)
            .Where(address => address.Address.AddressFamily == AddressFamily.InterNetwork)
            .Select(address => SubnetOf(address.Address)).ToHashSet();
        for (var i = 0; i < Subnets; i++)
        {
            var number = (Environment.ProcessId + i) % Subnets;
            IPAddress subnet = new([10, (byte)(64 + (number >> 8)), (byte)number, 0]);
            if (!taken.Contains(SubnetOf(subnet)))
                return subnet;
        }
        throw new IOException("all of 10.64.0.0/10 is in use");
    }

    private static string SubnetOf(IPAddress address) => string.Join('.', address.GetAddressBytes().Take(3));

    private IPAddress At(int host)
    {
        var bytes = _subnet.GetAddressBytes();
        bytes[3] = (byte)host;
        return new IPAddress(bytes);
    }

    private static string NameOf(int node) => string.Create(CultureInfo.InvariantCulture, $"{Prefix}{Own}-{node}");

    private async Task MakeBridgeAsync()
    {
        await SystemTool.RunAsync(Tool, "link", "add", Bridge, "type", "bridge");
        foreach (var address in Enumerable.Range(0, _count).Select(ProxyAddressOf).Prepend(At(1)))
            await SystemTool.RunAsync(Tool, "address", "add", $"{address}/24", "dev", Bridge);
        await SystemTool.RunAsync(Tool, "link", "set", Bridge, "up");
    }

    private async Task MakeNodeAsync(int node)
    {
        var (space, wire) = (NameOf(node), string.Create(CultureInfo.InvariantCulture, $"{LinkPrefix}{Own}n{node}"));
        await SystemTool.RunAsync(Tool, "netns", "add", space);
        await SystemTool.RunAsync(Tool, "link", "add", wire, "type", "veth", "peer", "name", "eth0", "netns", space);
        await SystemTool.RunAsync(Tool, "link", "set", wire, "master", Bridge, "up");
        await SystemTool.RunAsync(Tool, "-n", space, "address", "add", $"{AddressOf(node)}/24", "dev", "eth0");
        foreach (var device in (string[])["lo", "eth0"])
            await SystemTool.RunAsync(Tool, "-n", space, "link", "set", device, "up");
    }

    // The first cut of a direction makes the route, the last one to be mended takes it away.
    private void Change(int from, int to, int by)
    {
        lock (_lock)
        {
            var before = _cuts[from, to];
            _cuts[from, to] += by;
            if (before > 0 == _cuts[from, to] > 0)
                return;
            using var process = Process.Start(
                Tool, ["-n", NameOf(from), "route", by > 0 ? "add" : "delete", "blackhole", $"{ProxyAddressOf(to)}/32"]);
            process.WaitForExit();
            if (process.ExitCode != 0)
                throw new IOException($"the way from node {from} to node {to} could not be {(by > 0 ? "cut" : "mended")}: {Tool} ended "
                    + $"with {process.ExitCode}");
        }
    }
}
