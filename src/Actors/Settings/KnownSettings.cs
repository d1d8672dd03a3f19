// What may be set: the leaves of reference.conf. Used to refuse unknown keys with a suggestion, to name environment
// variables, and to print what is in force.
using Akka.Configuration;
using Akka.Configuration.Hocon;

namespace HotStandby.Actors.Settings;

/// <summary>The settings that exist below <c>hotstandby</c>.</summary>
internal static class KnownSettings
{
    internal const string Root = "hotstandby";

    /// <summary>Prefix of environment variables that set something.</summary>
    public const string EnvironmentPrefix = "HOTSTANDBY__";

    /// <summary>Stands for the value of a secret wherever settings are shown.</summary>
    public const string Mask = "***";

    private static readonly string[] SecretWords = ["token", "password", "secret", "passphrase"];

    /// <summary>True for a setting whose value is shown to nobody.</summary>
    public static bool IsSecret(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return SecretWords.Any(word => path.EndsWith(word, StringComparison.Ordinal));
    }

    /// <summary>Full path of every setting, in the order of reference.conf.</summary>
    public static IReadOnlyList<string> Paths { get; } = [.. Leaves(Root, EmbeddedConfiguration.Reference.GetValue(Root))];

    /// <summary>The environment variable of a setting: <c>hotstandby.client.port</c> is <c>HOTSTANDBY__CLIENT__PORT</c>.</summary>
    public static string EnvironmentVariable(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return path.Replace(".", "__", StringComparison.Ordinal).Replace('-', '_').ToUpperInvariant();
    }

    /// <summary>
    /// A problem for every key of <paramref name="given"/> that does not exist, or is a block where a value belongs and the reverse.
    /// </summary>
    internal static IEnumerable<SettingsProblem> Unknown(Config given)
    {
        var value = given.GetValue(Root);
        return value is null ? [] : Unknown(Root, value);
    }

    /// <summary>The rule for a path that does not exist: with the nearest path that does.</summary>
    internal static string UnknownRule(string path) =>
        Nearest(path, Paths, Root) is { } nearest
            ? $"no such setting; did you mean {nearest}?"
            : "no such setting; all of them are in reference.conf";

    /// <summary>The same for settings that are not below <c>hotstandby</c>.</summary>
    /// <param name="path">What does not exist.</param>
    /// <param name="paths">What does.</param>
    /// <param name="root">The name above all of it.</param>
    /// <param name="fault">What is wrong with it.</param>
    internal static string UnknownRule(string path, IReadOnlyList<string> paths, string root, string fault) =>
        Nearest(path, paths, root) is { } nearest ? $"{fault}; did you mean {nearest}?" : fault;

    private static IEnumerable<SettingsProblem> Unknown(string path, HoconValue value)
    {
        var isBlock = Paths.Any(known => known.StartsWith(path + '.', StringComparison.Ordinal));
        if (Paths.Contains(path))
            return value.IsObject() ? [new SettingsProblem(path, null, "must be a value, not a block")] : [];
        if (!isBlock)
            return [new SettingsProblem(path, value.IsObject() ? null : value.ToString(), UnknownRule(path))];
        if (!value.IsObject())
            return [new SettingsProblem(path, value.ToString(), "must be a block, not a value")];
        return value.GetObject().Items.SelectMany(item => Unknown($"{path}.{item.Key}", item.Value));
    }

    /// <summary>Full path of every value in a block.</summary>
    internal static IEnumerable<string> Leaves(string path, HoconValue value) =>
        value.IsObject() ? value.GetObject().Items.SelectMany(item => Leaves($"{path}.{item.Key}", item.Value)) : [path];

    // Nearest by whole path, or a setting of that very name in another block. Null when nothing is near enough to be a misspelling.
    private static string? Nearest(string path, IReadOnlyList<string> paths, string root)
    {
        var name = path[(path.LastIndexOf('.') + 1)..];
        var namesakes = paths.Where(known => known.EndsWith('.' + name, StringComparison.Ordinal));
        if (namesakes.MinBy(known => Distance(path, known)) is { } elsewhere)
            return elsewhere;
        var best = paths.Concat(paths.Select(known => known[..known.LastIndexOf('.')]).Distinct().Where(block => block != root))
            .Select(known => (known, Distance: Distance(path, known))).MinBy(pair => pair.Distance);
        return best.Distance <= Math.Max(2, name.Length / 3) ? best.known : null;
    }

    /// <summary>Levenshtein's distance: insertions, deletions and replacements from one text to the other.</summary>
    internal static int Distance(string from, string to)
    {
        var row = Enumerable.Range(0, to.Length + 1).ToArray();
        for (var i = 1; i <= from.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= to.Length; j++)
            {
                var replaced = diagonal + (from[i - 1] == to[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, 1 + Math.Min(row[j], row[j - 1]));
            }
        }
        return row[^1];
    }
}
