// A link to another node that is down: Akka says so in up to three ways, one of them with a stack trace, and again with every attempt, once
// a second. Here it becomes one line a minute for each address. That a member is unreachable is an event of its own (2106).
using System.Text.RegularExpressions;
using Akka.Actor;
using Akka.Event;
using HotStandby.Actors.Security;

namespace HotStandby.Host.Logging;

/// <summary>Tells links that are down from other events.</summary>
internal sealed partial class LinkNoise(TimeProvider time)
{
    private const string Ended = "Association with remote system {0} has failed";
    private const string NotOpened = "Tried to associate with unreachable remote address [{0}]";
    private const string Unreachable = "Cluster Node [{0}] - Marking node(s) as UNREACHABLE";
    private const string EndedByItself = "Akka.Remote.EndpointDisassociatedException";

    private readonly RefusalLog _said = new(time);

    /// <summary>Looks at an event.</summary>
    /// <param name="logged">The event.</param>
    /// <param name="lost">Where the link leads and why it is down, when the verdict is a line.</param>
    public Verdict Judge(LogEvent logged, out (string Address, string Reason) lost)
    {
        lost = default;
        if (logged.Cause?.GetType().FullName == EndedByItself)
            return Verdict.Noise;
        if (logged.Message is not LogMessage { Format: var template } message)
            return Verdict.Event;
        if (template.StartsWith(Unreachable, StringComparison.Ordinal))
            return Verdict.Noise;
        if (template.StartsWith(Ended, StringComparison.Ordinal))
            lost.Reason = "the connection has ended";
        else if (template.StartsWith(NotOpened, StringComparison.Ordinal))
            lost.Reason = CausePattern().Match(message.ToString() ?? "") is { Success: true } cause
                ? cause.Groups[1].Value
                : "it is not reached";
        else
            return Verdict.Event;
        lost.Address = message.Parameters().OfType<Address>().First().ToString();
        return _said.IsDue(lost.Address, "") ? Verdict.Line : Verdict.Noise;
    }

    // "Caused by: [Akka.Remote.Transport.InvalidAssociationException: Connection refused 10.0.0.7:5101 tcp://hotstandby@10.0.0.7:5101":
    // what is between the exception's type and the address, which the line has anyway.
    [GeneratedRegex(@"Caused by: \[[\w.]+: (.*?)(?: tcp://\S+)?\s*$", RegexOptions.Multiline)]
    private static partial Regex CausePattern();
}
