// What a scan's cell cannot do itself: search with a regular expression, and look at the clock.
using System.Text.RegularExpressions;
using HotStandby.Actors.Gateway;
using HotStandby.Core.Node;
using HotStandby.Messages.Identity;

namespace HotStandby.Actors.Scans;

/// <summary>The pattern of one scan.</summary>
/// <param name="matchTimeout">Longest search in one key.</param>
/// <param name="time">The monotonic clock.</param>
internal sealed class TimedPattern(TimeSpan matchTimeout, TimeProvider time) : IKeyMatcher
{
    private KeyPattern? _pattern;

    /// <inheritdoc/>
    public bool TryRead(string pattern) => KeyPattern.TryRead(pattern, matchTimeout, out _pattern);

    /// <inheritdoc/>
    public KeyMatch Search(in ObjectKey key, out long endedTicks)
    {
        var match = Search(key);
        endedTicks = time.NowTicks();
        return match;
    }

    private KeyMatch Search(in ObjectKey key)
    {
        try
        {
            return _pattern!.Occurs(key) ? KeyMatch.Yes : KeyMatch.No;
        }
        catch (RegexMatchTimeoutException)
        {
            return KeyMatch.TooSlow;
        }
    }
}
