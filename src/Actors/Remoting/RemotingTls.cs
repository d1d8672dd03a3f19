// TLS with certificates on both sides between the nodes. A refused peer never reaches an actor. Made by HotStandbyNode
// when the settings have a certificate for the remoting port; SocketTransport finds it in the actor system's setup.
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Akka.Actor.Setup;
using HotStandby.Actors.Security;
using HotStandby.Actors.Settings;

namespace HotStandby.Actors.Remoting;

/// <summary>Certificate and rules of the remoting port.</summary>
public sealed class RemotingTls : Setup
{
    private readonly TlsIdentity _identity;
    private readonly SslStreamCertificateContext _shown;
    private readonly PeerCheck _check;

    private RemotingTls(TlsIdentity identity, string clusterId, TimeProvider time)
    {
        _identity = identity;
        _shown = SslStreamCertificateContext.Create(identity.Certificate, identity.Chain, offline: true);
        _check = PeerCheck.BetweenNodes(identity, clusterId, time);
    }

    /// <summary>The part of the actor system's setup that carries certificate and rules; nothing while TLS is off.</summary>
    /// <exception cref="TlsFileException">The files are not what they were when the settings were checked.</exception>
    public static IEnumerable<Setup> For(HotStandbySettings settings, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(settings);
        return settings.Remoting.Tls.IsEnabled
            ? [new RemotingTls(TlsIdentity.Load(settings.Remoting.Tls), settings.ClusterId, time)]
            : [];
    }

    /// <summary>The end that was called. Blocks until the handshake is done.</summary>
    /// <exception cref="PeerRefusedException">The other side has no certificate that is good enough.</exception>
    /// <exception cref="System.Security.Authentication.AuthenticationException">The handshake failed for another reason.</exception>
    /// <exception cref="IOException">The connection ended.</exception>
    internal SslStream Answer(Stream stream)
    {
        string? refusal = null;
        return Shake(stream, () => refusal, tls => tls.AuthenticateAsServer(new SslServerAuthenticationOptions
        {
            ServerCertificateContext = _shown,
            AllowTlsResume = false, // a resumed session does not bring the peer's chain along, which the check needs
            ClientCertificateRequired = true,
            RemoteCertificateValidationCallback = (_, certificate, chain, _) => (refusal = WhyNot(certificate, chain)) is null,
        }));
    }

    /// <summary>The end that calls. Blocks until the handshake is done.</summary>
    /// <exception cref="PeerRefusedException">As for <see cref="Answer"/>, and so on.</exception>
    internal SslStream Call(Stream stream)
    {
        string? refusal = null;
        return Shake(stream, () => refusal, tls => tls.AuthenticateAsClient(new SslClientAuthenticationOptions
        {
            TargetHost = _identity.Certificate.GetNameInfo(X509NameType.DnsName, forIssuer: false), // nodes are not known by their names
            ClientCertificateContext = _shown,
            AllowTlsResume = false,
            RemoteCertificateValidationCallback = (_, certificate, chain, _) => (refusal = WhyNot(certificate, chain)) is null,
        }));
    }

    // The certificate is a stranger's: whatever it does to the check is a reason to refuse it.
    private string? WhyNot(X509Certificate? certificate, X509Chain? shown)
    {
        try
        {
            return _check.WhyNot(certificate as X509Certificate2, shown);
        }
        catch (Exception error)
        {
            return $"its certificate cannot be read: {error.Message}";
        }
    }

    private static SslStream Shake(Stream stream, Func<string?> refusal, Action<SslStream> shake)
    {
        var tls = new SslStream(stream, leaveInnerStreamOpen: true);
        try
        {
            shake(tls);
            return tls;
        }
        catch (Exception error)
        {
            tls.Dispose();
            if (refusal() is { } reason)
                throw new PeerRefusedException(reason, error);
            throw;
        }
    }
}

/// <summary>The other side's certificate is not good enough.</summary>
/// <param name="reason">Why, as the end of a sentence.</param>
/// <param name="cause">How the handshake ended.</param>
internal sealed class PeerRefusedException(string reason, Exception cause) : IOException(reason, cause);
