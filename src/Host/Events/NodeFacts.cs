// What does not change while a node runs, as far as the page needs it: which program, where it is reached, what may be chosen in a command.
using HotStandby.Actors.Settings;
using HotStandby.Core.Verification;
using HotStandby.Host.Http;
using HotStandby.Host.Telemetry;
using HotStandby.Messages.Network;

namespace HotStandby.Host.Events;

/// <summary>Facts of one node.</summary>
/// <param name="Clients">host:port of its client port.</param>
/// <param name="Discovery">host:port of its discovery port; empty: it has none.</param>
/// <param name="Shards">How many shards the cluster has.</param>
/// <param name="EvictionWatermark">Share of the memory, 0 to 1, from which on eviction makes room.</param>
/// <param name="IsolatesTenants">A key is looked for in the tenant that is named.</param>
/// <param name="Faults">Names of the faults that may be injected; empty where none may.</param>
internal sealed record NodeFacts(
    string Clients, string Discovery, int Shards, double EvictionWatermark, bool IsolatesTenants, IReadOnlyList<string> Faults)
{
    /// <summary>Nothing is known.</summary>
    public static NodeFacts Unknown { get; } = new("", "", 0, 1, false, []);

    /// <summary>The program's version.</summary>
    public string Version { get; init; } = BuildInfo.Version;

    /// <summary>Those of a node with these settings.</summary>
    public static NodeFacts Of(HotStandbySettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        return new NodeFacts(
            settings.Client.AdvertisedAddress(settings.Remoting.Host).ToString(),
            settings.Discovery.IsEnabled ? new HostAndPort(settings.Discovery.Host, settings.Discovery.EtcdPort).ToString() : "",
            settings.Shards, settings.Eviction.HighWatermark, settings.Objects.Tenancy.IsolatesTenants,
            settings.Testing.AreFaultsAllowed ? [.. Enum.GetValues<VerifyFault>().Select(StateEndpoints.NameOf)] : []);
    }
}
