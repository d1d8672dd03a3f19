// The certificate, key and authorities of one door, read from PEM files. Read when the settings are checked, and again when a door
// opens. It never reads them anew while the door is open: a new certificate takes a restart.
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using HotStandby.Actors.Settings;

namespace HotStandby.Actors.Security;

/// <summary>What a door shows of itself, and whom it believes.</summary>
/// <param name="Certificate">The door's own certificate, with its key.</param>
/// <param name="Chain">What else its file holds: intermediate authorities, shown along with it.</param>
/// <param name="Authorities">Who may sign the certificates of callers; empty where none is asked for.</param>
public sealed record TlsIdentity(X509Certificate2 Certificate, X509Certificate2Collection Chain, X509Certificate2Collection Authorities)
{
    /// <summary>Reads the files of a door whose TLS is on.</summary>
    /// <exception cref="TlsFileException">A file is missing, unreadable, or does not hold what it should.</exception>
    public static TlsIdentity Load(TlsSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        var shown = CertificatesIn("certificate", settings.CertificateFile);
        var authorities = settings.AuthorityFile.Length == 0 ? [] : CertificatesIn("ca", settings.AuthorityFile);
        try
        {
            return new TlsIdentity(
                X509Certificate2.CreateFromPem(Read("certificate", settings.CertificateFile), Read("key", settings.KeyFile)),
                [.. shown.Skip(1)], authorities);
        }
        catch (Exception error) when (error is CryptographicException or ArgumentException)
        {
            // The file of the certificate was fine a moment ago, so it is the key, or the two do not belong together.
            throw new TlsFileException("key", $"is not the PEM file of the certificate's private key, without a password: {error.Message}");
        }
    }

    private static X509Certificate2Collection CertificatesIn(string setting, string path)
    {
        var found = new X509Certificate2Collection();
        try
        {
            found.ImportFromPem(Read(setting, path));
        }
        catch (CryptographicException error)
        {
            throw new TlsFileException(setting, $"is not a PEM file of certificates: {error.Message}");
        }

        return found.Count > 0 ? found : throw new TlsFileException(setting, "holds no certificate in PEM form");
    }

    private static string Read(string setting, string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new TlsFileException(setting, $"cannot be read: {error.Message}");
        }
    }
}

/// <summary>A file of a door's TLS is not what it should be.</summary>
/// <param name="setting">The key in the block <c>tls</c> that names it.</param>
/// <param name="rule">What is wrong with it, as the end of a sentence that begins with the file.</param>
public sealed class TlsFileException(string setting, string rule) : Exception($"{setting}: {rule}")
{
    /// <summary>The key in the block <c>tls</c>.</summary>
    public string Setting { get; } = setting;

    /// <summary>What is wrong.</summary>
    public string Rule { get; } = rule;
}
