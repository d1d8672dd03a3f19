// Whether a certificate opens a door: signed by the door's authorities, in its time, for its use, and between nodes of the same cluster.
// Asked during a handshake, on any thread. It does not look at host names: a node may move, and what it may do follows from whose it is.
using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace HotStandby.Actors.Security;

/// <summary>The rules of one door.</summary>
/// <param name="authorities">Who may have signed: roots, and intermediates that callers do not show.</param>
/// <param name="clusterId">The cluster of which the certificate must be (its subject's OU); null: of any.</param>
/// <param name="time">The clock that certificates are held against.</param>
/// <param name="uses">What the certificate must be for, if it says what it is for.</param>
public sealed class PeerCheck(X509Certificate2Collection authorities, string? clusterId, TimeProvider time, params string[] uses)
{
    /// <summary>OID of the extended key usage "TLS server".</summary>
    public const string ServerUse = "1.3.6.1.5.5.7.3.1";

    /// <summary>OID of the extended key usage "TLS client".</summary>
    public const string ClientUse = "1.3.6.1.5.5.7.3.2";

    private const string OrganizationalUnit = "2.5.4.11";

    /// <summary>The rules between nodes: the same for a node that calls and one that is called, since every node does both.</summary>
    public static PeerCheck BetweenNodes(TlsIdentity identity, string clusterId, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(identity);
        return new PeerCheck(identity.Authorities, clusterId, time, ServerUse, ClientUse);
    }

    /// <summary>Null when the certificate opens the door; otherwise why not, as the end of a sentence.</summary>
    /// <param name="certificate">What the caller has shown; null: nothing.</param>
    /// <param name="shown">The chain of the handshake, for intermediates that the caller has shown along with it.</param>
    public string? WhyNot(X509Certificate2? certificate, X509Chain? shown = null)
    {
        if (certificate is null)
            return "it shows no certificate";
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(authorities);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true; // a certificate must not send this node to addresses of its choice
        chain.ChainPolicy.VerificationTime = time.GetUtcNow().UtcDateTime;
        foreach (var use in uses)
            chain.ChainPolicy.ApplicationPolicy.Add(new Oid(use));
        foreach (var element in shown?.ChainElements.Skip(1) ?? [])
            chain.ChainPolicy.ExtraStore.Add(element.Certificate);
        if (!chain.Build(certificate))
            return WhyNot(certificate, chain.ChainStatus);
        return clusterId is null || ClustersOf(certificate) is var clusters && clusters.Contains(clusterId)
            ? null
            : $"its certificate is of "
                + $"{(clusters.Count == 0 ? "no cluster (its subject has no OU)" : $"cluster '{string.Join("', '", clusters)}'")}, this is "
                + $"'{clusterId}'";
    }

    private string WhyNot(X509Certificate2 certificate, X509ChainStatus[] faults)
    {
        var now = time.GetUtcNow().UtcDateTime;
        if (now > certificate.NotAfter.ToUniversalTime())
            return $"its certificate expired on {Day(certificate.NotAfter)}";
        if (now < certificate.NotBefore.ToUniversalTime())
            return $"its certificate is not valid before {Day(certificate.NotBefore)}";
        if (faults.Any(fault => (fault.Status & (X509ChainStatusFlags.UntrustedRoot | X509ChainStatusFlags.PartialChain)) != 0))
            return "its certificate was not signed by an authority in ca";
        if (faults.Any(fault => (fault.Status & X509ChainStatusFlags.NotValidForUsage) != 0))
            return "its certificate is for another use (extended key usage)";
        return $"its certificate does not hold: {string.Join(", ", faults.Select(fault => fault.Status))}";
    }

    private static List<string> ClustersOf(X509Certificate2 certificate) =>
        [.. certificate.SubjectName.EnumerateRelativeDistinguishedNames()
            .Where(name => !name.HasMultipleElements && name.GetSingleElementType().Value == OrganizationalUnit)
            .Select(name => name.GetSingleElementValue() ?? "")];

    private static string Day(DateTime time) => time.ToUniversalTime().ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture);
}
