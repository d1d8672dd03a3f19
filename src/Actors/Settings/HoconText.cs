// HOCON text to Config, with the checks that Akka's parser leaves out: it silently accepts a missing brace or value, and never returns from
// a list that is not closed or holds something that is not a value. HoconReferences resolves references to the environment. Used for node
// files, their includes, and overrides.
using Akka.Configuration;
using Akka.Configuration.Hocon;

namespace HotStandby.Actors.Settings;

/// <summary>Parses HOCON text.</summary>
internal sealed class HoconText(Func<string, string?> environment)
{
    // Far more than any settings need, far fewer than Akka's parser, which calls itself for each, has stack for.
    private const int MostLevels = 64;

    // What no unquoted value may hold: behind it the parser waits forever for a list to go on.
    private const string NotInLists = ":=$`^?!@*&\\";

    /// <summary>Parses text that may include other files, relative to <paramref name="directory"/>.</summary>
    /// <param name="text">The text.</param>
    /// <param name="source">What to call it in errors: a file name.</param>
    /// <param name="directory">Where its includes are; null forbids them.</param>
    /// <param name="environment">The value of an environment variable; null when it is not set.</param>
    /// <exception cref="FormatException">What is wrong, with the source and where possible the line.</exception>
    /// <exception cref="IOException">An included file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">An included file may not be read.</exception>
    public static Config Parse(string text, string source, string? directory, Func<string, string?> environment) =>
        new(new HoconText(environment).ParseRoot(text, source, directory, []));

    private HoconRoot ParseRoot(string text, string source, string? directory, string[] including)
    {
        if (Unbalanced(text) is { } fault)
            throw new FormatException($"{source}: {fault}");
        HoconRoot Parsed(string part) => Parser.Parse(part, name => Include(name, source, directory, [.. including, source]));
        HoconRoot root;
        try
        {
            root = Parsed(HoconReferences.Resolve(text, source, environment, part => Parsed(part).Value));
            if (root.Value.IsObject())
                root.Value.GetObject().Items.Remove(HoconReferences.Block);
        }
        catch (FormatException error)
        {
            throw new FormatException(error.Message.StartsWith(source, StringComparison.Ordinal)
                ? error.Message : $"{source}: {FirstLines(error.Message)}", error);
        }
        if (SelfReference(root.Value, "", new Dictionary<object, bool>(ReferenceEqualityComparer.Instance)) is { } circle)
            throw new FormatException($"{source}: '{circle}' refers to itself, directly or through others; write its value out");
        if (KeyWithoutValue(root.Value, "") is { } key)
            throw new FormatException($"{source}: '{key}' has no value; a setting is written as path = value");
        return root;
    }

    // The parser replaces a reference by the value that it names, even when that value contains the reference. To read such a value
    // overflows the stack. For each element we keep whether the search is still inside of it.
    private static string? SelfReference(object element, string path, Dictionary<object, bool> inside)
    {
        if (!inside.TryAdd(element, true))
            return inside[element] ? path : null;
        IEnumerable<(object? Element, string Path)> parts = element switch
        {
            HoconObject block => block.Items.Select(item => ((object?)item.Value, path.Length == 0 ? item.Key : $"{path}.{item.Key}")),
            HoconArray array => array.Select(item => ((object?)item, path)),
            HoconSubstitution reference => [(reference.ResolvedValue, path)],
            HoconValue value => value.Values.Select(part => ((object?)part, path)),
            _ => [],
        };
        var found = parts.Select(part => part.Element is null ? null : SelfReference(part.Element, part.Path, inside))
            .FirstOrDefault(circle => circle is not null);
        inside[element] = false;
        return found;
    }

    private static string? KeyWithoutValue(HoconValue value, string path)
    {
        if (!value.IsObject())
            return value.Values.Count == 0 && path.Length > 0 ? path : null;
        return value.GetObject().Items.Select(item => KeyWithoutValue(item.Value, path.Length == 0 ? item.Key : $"{path}.{item.Key}"))
            .FirstOrDefault(key => key is not null);
    }

    private HoconRoot Include(string name, string source, string? directory, string[] including)
    {
        if (directory is null)
            throw new FormatException($"{source}: an include is not possible here");
        if (FilePaths.IsHomeRelative(name))
            throw new FormatException($"{source}: include \"{name}\" {FilePaths.HomeRule}");
        var path = Path.GetFullPath(name, directory);
        if (including.Contains(path))
            throw new FormatException($"{source}: includes itself through {name}");
        // Its references are resolved: the parser would look for them below the place of the include once more.
        return new HoconRoot(ParseRoot(File.ReadAllText(path), path, Path.GetDirectoryName(path), including).Value);
    }

    private static string FirstLines(string message) =>
        string.Join(' ', message.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Take(2));

    // Braces, brackets and quotes that do not match, with their line; null when all do.
    private static string? Unbalanced(string text)
    {
        var open = new Stack<(char Bracket, int Line)>();
        var lexer = new HoconLexer(text);
        while (lexer.MoveNext())
        {
            if (lexer.Piece is HoconPiece.UnclosedText or HoconPiece.UnclosedReference)
                return $"line {lexer.Line}: {(lexer.Piece == HoconPiece.UnclosedText ? "a quotation mark" : "'${'")} is never closed";
            if (lexer.Piece != HoconPiece.Letter)
                continue;
            var letter = text[lexer.Start];
            if (open.TryPeek(out var inside) && inside.Bracket == '[' && NotInLists.Contains(letter, StringComparison.Ordinal))
                return $"line {lexer.Line}: '{letter}' in a list must stand in quotation marks";
            if (letter is '{' or '[')
            {
                if (open.Count == MostLevels)
                    return $"line {lexer.Line}: more than {MostLevels} levels of braces and brackets";
                open.Push((letter, lexer.Line));
            }
            else if (letter is '}' or ']')
            {
                if (open.Count == 0)
                    return $"line {lexer.Line}: '{letter}' closes nothing";
                var (bracket, opened) = open.Pop();
                if ((bracket == '{') != (letter == '}'))
                    return $"line {lexer.Line}: '{letter}' does not close the '{bracket}' of line {opened}";
            }
        }

        return open.TryPop(out var unclosed) ? $"line {unclosed.Line}: '{unclosed.Bracket}' is never closed" : null;
    }
}
