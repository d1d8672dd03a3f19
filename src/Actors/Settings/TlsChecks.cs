// What is wrong with the files of the doors' TLS: found while the settings are checked, so that a node does not start with a certificate
// that its peers refuse. Called by CrossChecks.
using System.Globalization;
using HotStandby.Actors.Security;

namespace HotStandby.Actors.Settings;

/// <summary>Rules about the blocks <c>tls</c>.</summary>
internal static class TlsChecks
{
    private const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    // Two weeks: time to make a new one in working hours.
    private static readonly TimeSpan Notice = TimeSpan.FromDays(14);

    /// <summary>Adds a problem for every file that is not what it should be.</summary>
    public static void Apply(HotStandbySettings settings, SettingsReader reader, List<SettingsProblem> warnings)
    {
        Check("hotstandby.client.tls", settings.Client.Tls, null, reader, warnings);
        Check("hotstandby.discovery.tls", settings.Discovery.Tls, null, reader, warnings);
        Check("hotstandby.http.tls", settings.Http.Tls, null, reader, warnings);
        Check("hotstandby.remoting.tls", settings.Remoting.Tls, settings.ClusterId, reader, warnings);
    }

    // The cluster's id is given for the port between nodes alone: there the own certificate must pass the rules of the peers.
    private static void Check(string block, TlsSettings tls, string? clusterId, SettingsReader reader, List<SettingsProblem> warnings)
    {
        if (!tls.IsEnabled)
        {
            reader.Require(tls.KeyFile.Length == 0, $"{block}.certificate", $"must be set where {block}.key is");
            return;
        }

        reader.Require(tls.KeyFile.Length > 0, $"{block}.key", $"must be set where {block}.certificate is");
        reader.Require(
            tls.AuthorityFile.Length > 0 || (clusterId is null && tls.ClientCertificates == ClientCertificates.None), $"{block}.ca",
            clusterId is null ? $"must be set where {block}.client-certificates = required"
                : $"must be set where {block}.certificate is: nodes know each other by it");
        if (tls.KeyFile.Length == 0)
            return;
        TlsIdentity identity;
        try
        {
            identity = TlsIdentity.Load(tls);
        }
        catch (TlsFileException error)
        {
            reader.Require(false, $"{block}.{error.Setting}", error.Rule);
            return;
        }

        var time = TimeProvider.System;
        var now = time.GetUtcNow().UtcDateTime;
        var expires = identity.Certificate.NotAfter.ToUniversalTime();
        var day = expires.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture);
        reader.Require(now <= expires, $"{block}.certificate", $"expired on {day}");
        if (clusterId is not null
            && tls.AuthorityFile.Length > 0 && PeerCheck.BetweenNodes(identity, clusterId, time).WhyNot(identity.Certificate) is { } reason)
            reader.Require(false, $"{block}.certificate", $"would be refused by the other nodes: {reason}");
        if (now <= expires && expires - now < Notice)
            warnings.Add(new SettingsProblem($"{block}.certificate", tls.CertificateFile, $"expires on {day}"));
        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(tls.KeyFile) & Others) != 0)
            warnings.Add(
                new SettingsProblem($"{block}.key", tls.KeyFile, "can be read or written by other users of this machine: chmod 600"));
    }
}
