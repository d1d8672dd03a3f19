// An authority that lives as long as a test, and the PEM files of what it signs.
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using HotStandby.Actors.Security;

namespace HotStandby.Tests.Doubles;

internal sealed class TestAuthority : IDisposable
{
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly string _directory;
    private readonly string _name;

    public TestAuthority(string directory, string name)
    {
        (_directory, _name) = (directory, name);
        var request = new CertificateRequest($"CN={name}", _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        Certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddYears(-1), DateTimeOffset.UtcNow.AddYears(1));
        File.WriteAllText(CaFile, Certificate.ExportCertificatePem());
    }

    public X509Certificate2 Certificate { get; }

    /// <summary>Its own certificate: what goes into <c>ca</c>.</summary>
    public string CaFile => Path.Combine(_directory, $"{_name}.pem");

    /// <summary>A certificate with its key; unless said otherwise, of a node, and in its time.</summary>
    /// <param name="subject">Its subject, such as <c>CN=node1, OU=local</c>.</param>
    /// <param name="days">Until it expires; negative: since it expired.</param>
    /// <param name="uses">What it is for; none: it does not say.</param>
    public X509Certificate2 Issue(string subject, double days = 30, params string[] uses)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(System.Net.IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        var oids = new OidCollection();
        foreach (var use in uses)
            oids.Add(new Oid(use));
        if (uses.Length > 0)
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(oids, false));
        var now = DateTimeOffset.UtcNow;
        using var signed = request.Create(
            Certificate, now.AddDays(Math.Min(-1, days - 1)), now.AddDays(days), RandomNumberGenerator.GetBytes(8));
        return signed.CopyWithPrivateKey(key);
    }

    /// <summary>The block <c>tls</c> for a certificate, whose files it writes.</summary>
    public string BlockOf(X509Certificate2 certificate, string more = "")
    {
        var file = Path.Combine(_directory, certificate.Thumbprint);
        File.WriteAllText(file + ".pem", certificate.ExportCertificatePem());
        using (var key = certificate.GetECDsaPrivateKey()!)
            File.WriteAllText(file + ".key", key.ExportPkcs8PrivateKeyPem());
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(file + ".key", UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return $"tls {{ certificate = \"{file}.pem\", key = \"{file}.key\", ca = \"{CaFile}\"{more} }}";
    }

    public void Dispose()
    {
        Certificate.Dispose();
        _key.Dispose();
    }
}
