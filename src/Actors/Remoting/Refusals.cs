// Strangers at the remoting port: each gets one line a minute, with the reason, and counts.
using System.Net;
using System.Security.Authentication;
using Akka.Event;
using HotStandby.Actors.Security;
using HotStandby.Actors.Telemetry;

namespace HotStandby.Actors.Remoting;

/// <summary>Says why connections between nodes are refused.</summary>
public sealed class Refusals(ILoggingAdapter log)
{
    /// <summary>The port's name in metrics and logs.</summary>
    public const string Door = "remoting";

    private readonly RefusalLog _said = new(TimeProvider.System);

    /// <summary>True for what ends a handshake or a connection because of what the other side is or sends.</summary>
    public static bool IsOne(Exception error) => error is AuthenticationException or PeerRefusedException or FrameException;

    /// <summary>Counts a refusal, and logs it when a line is due.</summary>
    /// <param name="peer">Who: an address without a port, or a node's.</param>
    /// <param name="place">The peer as the line has it.</param>
    /// <param name="error">What <see cref="IsOne"/> says yes to.</param>
    public void Note(string peer, string place, Exception error)
    {
        NodeMetrics.RefusedPeer(Door);
        var reason = ReasonOf(error);
        if (IsDue(peer, reason))
            log.Warning("A peer at the {Door} port is refused, {Peer}: {Reason}", Door, place, reason);
    }

    /// <summary>True when a line is due: the same one is due once a minute.</summary>
    public bool IsDue(string peer, string reason) => _said.IsDue(peer, reason);

    /// <summary>A peer that called, without its port: every attempt comes from another.</summary>
    public static string HostOf(IPEndPoint peer) => peer.Address.ToString();

    private static string ReasonOf(Exception error) => error switch
    {
        PeerRefusedException => error.Message,
        FrameException =>
            "what it sends is no message of a node, or a larger one than akka.remote.dot-netty.tcp.maximum-frame-size allows",
        _ when IsNoTls(error) => "it does not speak TLS",
        _ => $"the handshake failed: {(error.InnerException ?? error).Message}",
    };

    // SslStream has no other sign: the first bytes are not those of a TLS record.
    private static bool IsNoTls(Exception error) =>
        error.Message.Contains("frame", StringComparison.OrdinalIgnoreCase) || error.InnerException?.Message.Contains(
            "wrong version number", StringComparison.OrdinalIgnoreCase) == true;
}

/// <summary>What came is not a frame of a node.</summary>
internal sealed class FrameException(string message) : IOException(message);
