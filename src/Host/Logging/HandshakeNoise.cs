// What Akka says of a connection to the remoting port that never greets is an event with a stack trace. Here it becomes one refusal, told
// once a minute. What the transport itself refuses it tells itself (Refusals).
using System.Text.RegularExpressions;
using Akka.Event;
using HotStandby.Actors.Remoting;
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
    /// <summary>It is worth a line of another kind.</summary>
    Line,
}

/// <summary>Tells strangers at the remoting port from other events.</summary>
internal sealed partial class HandshakeNoise(TimeProvider time)
{
    private const string Transport = "Akka.Remote.Transport";
    private const string Silent = "No response from remote for inbound association";
    private const string Reason = "it does not say who it is";

    private readonly RefusalLog _said = new(time);

    /// <summary>Looks at an event.</summary>
    /// <param name="logged">The event.</param>
    /// <param name="refused">Who was refused and why, when the verdict is a line.</param>
    public Verdict Judge(LogEvent logged, out (string Peer, string Reason) refused)
    {
        refused = default;
        if (logged.LogClass?.Namespace?.StartsWith(Transport, StringComparison.Ordinal) != true
            || logged.Message?.ToString() is not { } text || !text.StartsWith(Silent, StringComparison.Ordinal))
            return Verdict.Event;
        NodeMetrics.RefusedPeer(Refusals.Door);
        var peer = PeerPattern().Matches(text) is { Count: > 0 } peers ? peers[^1] : null;
        refused = (peer is null ? "unknown" : $"{peer.Groups[1].Value}:{peer.Groups[2].Value}", Reason);
        return _said.IsDue(peer?.Groups[1].Value ?? "unknown", Reason) ? Verdict.Line : Verdict.Noise;
    }

    // "10.0.0.7:50312" or "[::1]:50312", of which the last one is the peer's.
    [GeneratedRegex(@"@\[?([0-9A-Fa-f.:]+)\]?:(\d+)")]
    private static partial Regex PeerPattern();
}
