// Where a client finds its master, as people write it: host:port, a list of them, or etcd:// and the discovery ports of the nodes. One way
// to read it, for the C# client, command lines and environment variables.
using HotStandby.Messages.Network;

namespace HotStandby.Mooncake.Client;

/// <summary>The addresses of one cluster.</summary>
/// <param name="Nodes">host:port of each node; an IPv6 address in brackets.</param>
/// <param name="AreDiscovery">True: these are discovery ports, which say where the Primary is. False: they are client ports.</param>
public sealed record MasterAddresses(IReadOnlyList<string> Nodes, bool AreDiscovery)
{
    /// <summary>What <see cref="TryParse"/> accepts, as the end of a sentence.</summary>
    public const string Rule =
        "must be host:port, a list of them such as a:50051,b:50051, or discovery ports such as etcd://a:2379;b:2379;c:2379; "
        + "ports are 1 to 65535, an IPv6 address is in brackets";

    private const string Scheme = "etcd://";
    private const StringSplitOptions Parts = StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries;

    /// <summary>Reads texts that name the nodes of one cluster together, each of which may be a list.</summary>
    /// <param name="texts">At least one. Those of client ports and those of discovery ports do not mix.</param>
    /// <param name="addresses">The nodes, none twice.</param>
    /// <param name="problem">What is wrong, as a sentence; empty when nothing is.</param>
    public static bool TryParse(IEnumerable<string> texts, out MasterAddresses addresses, out string problem)
    {
        ArgumentNullException.ThrowIfNull(texts);
        List<string> nodes = [];
        var (masters, discovery) = (false, false);
        problem = "";
        foreach (var text in texts)
        {
            var rest = text.Trim();
            var isDiscovery = rest.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase);
            (masters, discovery) = (masters || !isDiscovery, discovery || isDiscovery);
            var found = nodes.Count;
            foreach (var part in (isDiscovery ? rest[Scheme.Length..] : rest).Split([';', ','], Parts))
            {
                if (!HostAndPort.TryParse(part, out var node))
                    problem = $"'{part}' {(part == rest ? Rule : HostAndPort.Rule)}";
                else
                    nodes.Add(node.ToString());
            }

            if (found == nodes.Count && problem.Length == 0)
                problem = $"'{text}' {Rule}";
        }

        if (problem.Length == 0 && masters && discovery)
            problem = $"client ports and discovery ports ({Scheme}) are given; give the ones or the others";
        else if (problem.Length == 0 && nodes.Count == 0)
            problem = $"no address is given; one {Rule}";
        addresses = new MasterAddresses([.. nodes.Distinct()], discovery);
        return problem.Length == 0;
    }

    /// <summary>As <see cref="TryParse"/>.</summary>
    /// <exception cref="ArgumentException">A text names no node, or both kinds of ports are given.</exception>
    public static MasterAddresses Parse(IEnumerable<string> texts) =>
        TryParse(texts, out var addresses, out var problem) ? addresses : throw new ArgumentException(problem, nameof(texts));
}
