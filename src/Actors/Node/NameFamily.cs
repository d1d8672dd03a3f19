// Akka.Remote resolves all names to addresses of one kind, IPv4 by default, and fails on a name that has none of that kind. So the names of
// the nodes are looked up once before it starts: when one of them has only IPv6 addresses, IPv6 is used for all.
using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using Akka.Configuration;
using HotStandby.Actors.Settings;
using HotStandby.Messages.Network;

namespace HotStandby.Actors.Node;

/// <summary>The kind of addresses that names of nodes are resolved to.</summary>
internal static class NameFamily
{
    private const string Path = "akka.remote.dot-netty.tcp.dns-use-ipv6";
    private const string SeedNodesPath = "akka.cluster.seed-nodes";

    /// <summary>What to tell Akka about names; nothing when the user's configuration says it, or there is nothing to tell.</summary>
    /// <param name="configuration">Checked configuration.</param>
    /// <param name="resolve">All addresses of a name.</param>
    /// <exception cref="IOException">The name to listen on has no address, or no kind of addresses fits all names.</exception>
    public static async Task<Config> ConfigOfAsync(NodeConfiguration configuration, Func<string, Task<IPAddress[]>> resolve)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        ArgumentNullException.ThrowIfNull(resolve);
        var listening = configuration.Settings.Remoting.ListenHost;
        string[] names =
        [
            .. configuration.Full.GetStringList(SeedNodesPath, []).Select(static seed => Address.Parse(seed).Host)
                .Append(configuration.Settings.Remoting.Host).Append(listening).Where(static host => !HostName.IsAddress(host)).Distinct(),
        ];
        var found = await Task.WhenAll(names.Select(name => AddressesOfAsync(name, name == listening, resolve)));
        if (configuration.Full.HasPath(Path))
            return Config.Empty;
        // A name that is not known yet, such as that of a node which has never run, says nothing.
        string[] onlyOld = [.. names.Where((_, at) => HasOnly(found[at], AddressFamily.InterNetwork))];
        string[] onlyNew = [.. names.Where((_, at) => HasOnly(found[at], AddressFamily.InterNetworkV6))];
        if (onlyOld.Length > 0 && onlyNew.Length > 0)
        {
            throw new IOException(
                $"the names of the nodes have no kind of address in common: {string.Join(", ", onlyOld)} IPv4 alone, "
                + $"{string.Join(", ", onlyNew)} IPv6 alone");
        }

        return onlyNew.Length > 0 ? ConfigurationFactory.ParseString($"{Path} = on") : Config.Empty;
    }

    private static bool HasOnly(IPAddress[] addresses, AddressFamily family) =>
        addresses.Length > 0 && addresses.All(address => address.AddressFamily == family);

    private static async Task<IPAddress[]> AddressesOfAsync(string name, bool isNeeded, Func<string, Task<IPAddress[]>> resolve)
    {
        try
        {
            return await resolve(name);
        }
        catch (SocketException error) when (isNeeded)
        {
            throw new IOException(
                $"hotstandby.remoting cannot listen on '{name}': {error.Message}; set bind-host where the name is not this machine's",
                error);
        }
        catch (SocketException)
        {
            return [];
        }
    }
}
