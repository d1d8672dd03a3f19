// The pattern of a scan: a regular expression that is searched for in the bytes of a key, as upstream's std::regex does. Used by
// TimedPattern only, on its own thread. Never runs longer than it was told.
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.RegularExpressions;
using HotStandby.Messages.Identity;

namespace HotStandby.Actors.Scans;

/// <summary>An ECMAScript pattern over bytes.</summary>
internal sealed class KeyPattern
{
    private readonly Regex _regex;
    private readonly char[] _text = new char[ObjectKey.MaximumBytes];

    private KeyPattern(Regex regex) => _regex = regex;

    /// <summary>Reads a pattern.</summary>
    /// <param name="pattern">
    /// The text. Each byte of its UTF-8 form stands for one byte of a key, so that text beyond ASCII matches keys in UTF-8.
    /// </param>
    /// <param name="matchTimeout">Longest search in one key.</param>
    /// <param name="read">The pattern; null when it cannot be read.</param>
    public static bool TryRead(string pattern, TimeSpan matchTimeout, [NotNullWhen(true)] out KeyPattern? read)
    {
        try
        {
            var bytes = Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(pattern));
            read = new KeyPattern(new Regex(bytes, RegexOptions.ECMAScript | RegexOptions.CultureInvariant, matchTimeout));
            return true;
        }
        catch (ArgumentException)
        {
            // How Regex says that it cannot read a pattern: the caller's mistake, answered as such.
            read = null;
            return false;
        }
    }

    /// <summary>True when the pattern occurs anywhere in the user's part of the key.</summary>
    /// <exception cref="RegexMatchTimeoutException">The search took too long.</exception>
    public bool Occurs(in ObjectKey key)
    {
        var length = Encoding.Latin1.GetChars(key.UserKey, _text);
        return _regex.IsMatch(_text.AsSpan(0, length));
    }
}
