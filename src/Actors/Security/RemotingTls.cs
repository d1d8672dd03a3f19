// TLS with certificates on both sides between the nodes: what the actor system's transport is told. Whoever is refused never gets to say
// anything to an actor. Made by HotStandbyNode when the settings have a certificate for the remoting port.
using Akka.Actor.Setup;
using Akka.Event;
using Akka.Remote.Transport.DotNetty;
using HotStandby.Actors.Settings;
using HotStandby.Actors.Telemetry;
using HotStandby.Messages.Network;

namespace HotStandby.Actors.Security;

/// <summary>The transport's TLS.</summary>
public static class RemotingTls
{
    /// <summary>The door's name in metrics and logs.</summary>
    public const string Door = "remoting";

    /// <summary>The part of the actor system's setup that carries certificate and rules; nothing while TLS is off.</summary>
    /// <exception cref="TlsFileException">The files are not what they were when the settings were checked.</exception>
    public static IEnumerable<Setup> For(HotStandbySettings settings, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(settings);
        if (!settings.Remoting.Tls.IsEnabled)
            return [];
        var identity = TlsIdentity.Load(settings.Remoting.Tls);
        var check = CheckOf(identity, settings.ClusterId, time);
        var said = new RefusalLog(time);
        return
        [
            new DotNettySslSetup(
                identity.Certificate, suppressValidation: false, requireMutualAuthentication: true, (certificate, chain, peer, _, log) =>
            {
                if (check.WhyNot(certificate, chain) is not { } reason)
                    return true;
                Refused(log, said, peer, reason);
                return false;
            }),
        ];
    }

    /// <summary>The rules between nodes: the same for who calls and who is called, since every node does both.</summary>
    public static PeerCheck CheckOf(TlsIdentity identity, string clusterId, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(identity);
        return new PeerCheck(identity.Authorities, clusterId, time, PeerCheck.ServerUse, PeerCheck.ClientUse);
    }

    private static void Refused(ILoggingAdapter log, RefusalLog said, string peer, string reason)
    {
        NodeMetrics.RefusedPeer(Door);
        if (said.IsDue(HostOf(peer), reason))
            log.Warning("A peer at the {Door} port is refused, {Peer}: {Reason}", Door, peer, reason);
    }

    // "[::ffff:10.0.0.7]:50312" of who called, "akka.ssl.tcp://hotstandby@node2:5101" of who was called.
    private static string HostOf(string peer) => peer.StartsWith("akka", StringComparison.Ordinal) ? peer : HostAndPort.HostOf(peer);
}
