// Which ports are open beyond this machine without the lock that they could have. It may be meant, behind a firewall: so these are
// warnings, one for each port, and the node starts. Called by CrossChecks.
using System.Globalization;
using System.Net;

namespace HotStandby.Actors.Settings;

/// <summary>Warnings about open ports.</summary>
internal static class ExposureChecks
{
    /// <summary>Adds a warning for every port that is open beyond loopback without TLS or token.</summary>
    public static void Apply(HotStandbySettings settings, List<SettingsProblem> warnings)
    {
        var (client, http, remoting) = (settings.Client, settings.Http, settings.Remoting);
        const string trust = "or keep the port inside a trusted network";
        const string anyClient = "anyone who reaches it can read, write and remove every object: set hotstandby.client.tls, " + trust;
        Warn("hotstandby.client.port", client.Port, client.Host, client.Tls.IsEnabled, anyClient);
        Warn("hotstandby.client.previous-generation-port", client.PreviousGenerationPort, client.Host, client.Tls.IsEnabled, anyClient);
        var discovery = settings.Discovery;
        Warn("hotstandby.discovery.etcd-port", discovery.EtcdPort, discovery.Host, discovery.Tls.IsEnabled,
            "anyone who reaches it learns which node serves and the addresses of all: set hotstandby.discovery.tls, " + trust);
        var hasToken = http.AdminToken.Length > 0 || http.AdminTokenFile.Length > 0;
        Warn("hotstandby.http.port", http.Port, http.Host, http.Tls.IsEnabled, hasToken
            ? "the admin token crosses the network in the clear: set hotstandby.http.tls"
            : "anyone who reaches it can read keys and addresses; what changes something is answered on loopback only: "
                + "set hotstandby.http.tls, and hotstandby.http.admin-token or admin-token-file");
        if (http.Tls is { IsEnabled: true, ClientCertificates: ClientCertificates.None } && !hasToken)
            Warn("hotstandby.http.port", http.Port, http.Host, isLocked: false,
                "anyone who reaches it can read keys and addresses: set hotstandby.http.tls.client-certificates = required, "
                    + "or hotstandby.http.admin-token for /admin", "without token");
        if (http.IsMetadataServerEnabled)
            Warn("hotstandby.http.metadata-port", http.MetadataPort, http.Host, http.Tls.IsEnabled,
                "anyone who reaches it can publish and delete the addresses of clients: set hotstandby.http.tls, " + trust);
        Warn("hotstandby.remoting.port", remoting.ListenPort, remoting.ListenHost, remoting.Tls.IsEnabled,
            "anyone who reaches it can take part in the cluster, and stop nodes: set hotstandby.remoting.tls, " + trust);

        void Warn(string path, int port, string host, bool isLocked, string consequence, string lacks = "without TLS")
        {
            if (port != 0 && !isLocked && !IsLoopback(host))
                warnings.Add(new SettingsProblem(
                    path, port.ToString(CultureInfo.InvariantCulture), $"is open beyond loopback (on {host}) {lacks}; {consequence}"));
        }
    }

    private static bool IsLoopback(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address));
}
