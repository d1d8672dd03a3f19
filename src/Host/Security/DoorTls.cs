// TLS before a door: what Kestrel does with a connection before the door's own protocol begins. Says in one line why a connection was
// refused, whether its certificate was or it does not speak TLS at all. Used by the clients' ports, the discovery port,
// the operators' and the metadata server's.
using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using HotStandby.Actors.Security;
using HotStandby.Actors.Settings;
using HotStandby.Actors.Telemetry;
using HotStandby.Host.Logging;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Logging;

namespace HotStandby.Host.Security;

/// <summary>The TLS of one door.</summary>
internal sealed class DoorTls
{
    // A caller that says nothing holds a place; it gets this long for its whole handshake.
    private static readonly TimeSpan HandshakePatience = TimeSpan.FromSeconds(10);

    // Every TLS record of a handshake begins with this byte.
    private const byte HandshakeRecord = 22;

    private readonly string _door;
    private readonly SslStreamCertificateContext _shown;
    private readonly PeerCheck? _callers;
    private readonly RefusalLog _said;
    private readonly List<SslApplicationProtocol>? _protocols;
    private readonly TimeProvider _time;
    private readonly ILogger _log;

    private DoorTls(
        string door, TlsIdentity identity, bool callersNeedOne, List<SslApplicationProtocol>? protocols, ILogger log, TimeProvider time)
    {
        (_door, _protocols, _log, _time, _said) = (door, protocols, log, time, new RefusalLog(time));
        _shown = SslStreamCertificateContext.Create(identity.Certificate, identity.Chain, offline: true);
        _callers = callersNeedOne ? new PeerCheck(identity.Authorities, null, time, PeerCheck.ClientUse) : null;
    }

    /// <summary>What to put before a door's listening; null while its TLS is off.</summary>
    /// <param name="door">The door's name, in logs and metrics.</param>
    /// <param name="settings">Its block <c>tls</c>.</param>
    /// <param name="log">Where refusals are told.</param>
    /// <param name="time">The clock for certificates and patience.</param>
    /// <param name="protocols">What callers may speak behind it, where the port speaks something that they have to agree on.</param>
    /// <exception cref="TlsFileException">The files are not what they were when the settings were checked.</exception>
    public static Action<ListenOptions>? GuardOf(
        string door, TlsSettings settings, ILogger log, TimeProvider time, params SslApplicationProtocol[] protocols)
    {
        ArgumentNullException.ThrowIfNull(settings);
        return settings.IsEnabled
            ? new DoorTls(
                door, TlsIdentity.Load(settings), settings.ClientCertificates == ClientCertificates.Required,
                protocols is [] ? null : [.. protocols], log, time).Guard
            : null;
    }

    private void Guard(ListenOptions listen)
    {
        listen.Use(next => connection => ShakeHandsAsync(connection, next));
        listen.UseHttps(new TlsHandshakeCallbackOptions
        {
            HandshakeTimeout = HandshakePatience,
            OnConnection = handshake => ValueTask.FromResult(OptionsFor(handshake.Connection)),
        });
        listen.Use(next => connection =>
        {
            if (connection.Items[this] is Handshake handshake)
                handshake.IsDone = true;
            return next(connection);
        });
    }

    private SslServerAuthenticationOptions OptionsFor(ConnectionContext connection) => new()
    {
        ServerCertificateContext = _shown,
        ApplicationProtocols = _protocols,
        ClientCertificateRequired = _callers is not null,
        RemoteCertificateValidationCallback = _callers is null
            ? null
            : (_, certificate, chain, _) =>
                (((Handshake)connection.Items[this]!).Refusal = _callers.WhyNot(certificate as X509Certificate2, chain)) is null,
    };

    // Runs around the handshake: when the connection ends without one, it has been refused.
    private async Task ShakeHandsAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        var handshake = new Handshake();
        connection.Items[this] = handshake;
        var first = await FirstByteAsync(connection);
        if (first == HandshakeRecord)
            await next(connection);
        if (handshake.IsDone)
            return;
        Refused(connection, handshake.Refusal ?? first switch
        {
            null => "it said nothing",
            HandshakeRecord => "it broke off the handshake (does it trust this node's certificate?)",
            _ => "it does not speak TLS",
        });
    }

    // Looked at, not taken: the handshake reads it again. Null: nothing came in time.
    private async Task<byte?> FirstByteAsync(ConnectionContext connection)
    {
        using var patience = new CancellationTokenSource(HandshakePatience, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, connection.ConnectionClosed);
        try
        {
            var read = await connection.Transport.Input.ReadAsync(either.Token);
            byte? first = read.Buffer.IsEmpty ? null : read.Buffer.FirstSpan[0];
            connection.Transport.Input.AdvanceTo(read.Buffer.Start);
            return first;
        }
        catch (Exception error) when (error is OperationCanceledException or IOException)
        {
            return null; // it went away, or holds its tongue: it is refused by the caller of this
        }
    }

    private void Refused(ConnectionContext connection, string reason)
    {
        NodeMetrics.RefusedPeer(_door);
        var peer = connection.RemoteEndPoint;
        if (_said.IsDue((peer as IPEndPoint)?.Address.ToString() ?? "unknown", reason))
            HostEvents.PeerRefused(_log, _door, peer?.ToString() ?? "unknown", reason);
    }

    private sealed class Handshake
    {
        public string? Refusal { get; set; }

        public bool IsDone { get; set; }
    }
}
