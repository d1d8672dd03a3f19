// TLS of one door, as the settings have it. What the files hold is looked at by TlsIdentity.
namespace HotStandby.Actors.Settings;

/// <summary>Whether a door asks its callers for a certificate.</summary>
public enum ClientCertificates
{
    /// <summary>Nobody is asked: the line is encrypted, and the caller knows whom it speaks to.</summary>
    None,
    /// <summary>Who has none that the door's authority signed is refused.</summary>
    Required,
}

/// <summary>The block <c>tls</c> of a door.</summary>
/// <param name="CertificateFile">PEM file of the door's certificate; empty: the door speaks without TLS.</param>
/// <param name="KeyFile">PEM file of its private key, without a password.</param>
/// <param name="AuthorityFile">PEM file of the authorities that sign the certificates of callers; empty where none is asked for.</param>
/// <param name="ClientCertificates">Whether callers need one. Between nodes they always do.</param>
public sealed record TlsSettings(string CertificateFile, string KeyFile, string AuthorityFile, ClientCertificates ClientCertificates)
{
    /// <summary>Whether the door speaks TLS.</summary>
    public bool IsEnabled => CertificateFile.Length > 0;
}
