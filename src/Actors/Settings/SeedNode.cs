using Akka.Actor;
using HotStandby.Messages.Network;

namespace HotStandby.Actors.Settings;

/// <summary>Addresses of seed nodes. Akka compares them as texts, so that one node must be written in one way everywhere.</summary>
internal static class SeedNode
{
    /// <summary>True for the address of a node with a scheme, of this system, with host and port.</summary>
    public static bool IsValid(string seed, string scheme) =>
        Address.TryParse(seed, out var address) && address.Protocol == scheme && address.System == NodeConfiguration.SystemName
        && address.Host is { Length: > 0 } host && address.Port is > 0 and <= HostAndPort.MaximumPort
        && HostName.IsValid(host) && !HostName.IsWildcard(host) && !HostName.IsScoped(host);

    /// <summary>The address as its node announces it: an IPv6 address in its shortest form.</summary>
    public static string Canonical(string seed) =>
        Address.TryParse(seed, out var address) && address.Host is { } host
            ? new Address(address.Protocol, address.System, HostName.Bracketed(HostName.Canonical(host)), address.Port).ToString()
            : seed;
}
