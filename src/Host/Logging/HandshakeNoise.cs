// What Akka's transport says of a stranger is an event with a stack trace for whatever it sends, and three for a failed TLS handshake. Here
// it becomes one refusal, told once a minute. What RemotingTls has refused it has told itself.
using System.Text.RegularExpressions;
using Akka.Event;
using HotStandby.Actors.Security;
using HotStandby.Actors.Telemetry;

namespace HotStandby.Host.Logging;

/// <summary>What to do with an event of the actor system.</summary>
internal enum Verdict
{
    /// <summary>It is something else: log it.</summary>
    Event,
    /// <summary>Nothing: it is part of what is told otherwise.</summary>
    Noise,
    /// <summary>A refusal that is worth a line.</summary>
    Refusal,
}

/// <summary>Tells strangers at the remoting port from other events.</summary>
internal sealed partial class HandshakeNoise(TimeProvider time)
{
    private const string Transport = "Akka.Remote.Transport";

    private readonly RefusalLog _said = new(time);

    /// <summary>Looks at an event.</summary>
    /// <param name="logged">The event.</param>
    /// <param name="refused">Who was refused and why, when the verdict is a refusal.</param>
    public Verdict Judge(LogEvent logged, out (string Peer, string Reason) refused)
    {
        refused = default;
        if (logged.LogClass?.Namespace?.StartsWith(Transport, StringComparison.Ordinal) != true)
            return Verdict.Event;
        var text = logged.Message?.ToString() ?? "";
        if (text.StartsWith("TLS handshake failed", StringComparison.Ordinal)
            || text.Contains("due to TLS handshake failure", StringComparison.Ordinal))
            return Verdict.Noise;
        if (ReasonOf(logged, text) is not { } reason)
            return Verdict.Event;
        if (reason.Length == 0)
            return Verdict.Noise;
        NodeMetrics.RefusedPeer(RemotingTls.Door);
        var peer = PeerPattern().Matches(text) is { Count: > 0 } peers ? peers[^1] : null;
        refused = (peer is null ? "unknown" : $"{peer.Groups[1].Value}:{peer.Groups[2].Value}", reason);
        return _said.IsDue(peer?.Groups[1].Value ?? "unknown", reason) ? Verdict.Refusal : Verdict.Noise;
    }

    // Null: not about a stranger. Empty: RemotingTls has told of it.
    private static string? ReasonOf(LogEvent logged, string text)
    {
        if (text.StartsWith("Mutual TLS required but client did not provide a certificate", StringComparison.Ordinal))
            return "it shows no certificate";
        // Of one that called. One that was called is a node, and is told of as such.
        if (text.StartsWith("No response from remote for inbound association", StringComparison.Ordinal))
            return "it does not say who it is";
        if (logged.Cause?.GetBaseException() is not { } cause)
            return null;
        return cause switch
        {
            _ when cause.GetType().Name == "NotSslRecordException" => "it does not speak TLS",
            // The length in front of a message makes no sense. Of a port scanner, whatever its first bytes happen to mean.
            _ when cause.GetType().Name is "TooLongFrameException" or "CorruptedFrameException" =>
                "what it sends is no message of a node, or a larger one than akka.remote.dot-netty.tcp.maximum-frame-size allows",
            System.Security.Authentication.AuthenticationException when cause.Message.Contains(
                "RemoteCertificateValidationCallback", StringComparison.Ordinal) => "",
            System.Security.Authentication.AuthenticationException => $"the handshake failed: {cause.Message}",
            _ => null,
        };
    }

    // "[::ffff:10.0.0.7]:50312", of which the last in a channel's name is the peer's.
    [GeneratedRegex(@"\[(?:::ffff:)?([0-9A-Fa-f.:]+)\]:(\d+)")]
    private static partial Regex PeerPattern();
}
