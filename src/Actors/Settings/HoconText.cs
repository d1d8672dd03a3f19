// HOCON text to Config, with the checks that Akka's parser leaves out: it accepts a missing brace or value in silence and never
// returns from an unclosed list. Used for node files, their includes, and overrides.
using Akka.Configuration;
using Akka.Configuration.Hocon;

namespace HotStandby.Actors.Settings;

/// <summary>Parses HOCON text.</summary>
internal static class HoconText
{
    // Far more than any settings need, far fewer than Akka's parser, which calls itself for each, has stack for.
    private const int MostLevels = 64;

    /// <summary>Parses text that may include other files, relative to <paramref name="directory"/>.</summary>
    /// <param name="text">The text.</param>
    /// <param name="source">What to call it in errors: a file name.</param>
    /// <param name="directory">Where its includes are; null forbids them.</param>
    /// <exception cref="FormatException">What is wrong, with the source and where possible the line.</exception>
    /// <exception cref="IOException">An included file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">An included file may not be read.</exception>
    public static Config Parse(string text, string source, string? directory) => new(ParseRoot(text, source, directory, []));

    private static HoconRoot ParseRoot(string text, string source, string? directory, string[] including)
    {
        if (Unbalanced(text) is { } fault)
            throw new FormatException($"{source}: {fault}");
        HoconRoot root;
        try
        {
            root = Parser.Parse(text, name => Include(name, source, directory, [.. including, source]));
        }
        catch (FormatException error)
        {
            throw new FormatException(error.Message.StartsWith(source, StringComparison.Ordinal) ? error.Message : $"{source}: {FirstLines(error.Message)}", error);
        }
        if (SelfReference(root.Value, "", new Dictionary<object, bool>(ReferenceEqualityComparer.Instance)) is { } circle)
            throw new FormatException($"{source}: '{circle}' refers to itself, directly or through others; write its value out");
        if (KeyWithoutValue(root.Value, "") is { } key)
            throw new FormatException($"{source}: '{key}' has no value; a setting is written as path = value");
        return root;
    }

    // The parser puts the value that a reference names in its place, its own included; whoever asks such a value for anything gets no answer, but
    // a stack without end. Remembered of each element: whether the search is still inside of it.
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
        var found = parts.Select(part => part.Element is null ? null : SelfReference(part.Element, part.Path, inside)).FirstOrDefault(circle => circle is not null);
        inside[element] = false;
        return found;
    }

    private static string? KeyWithoutValue(HoconValue value, string path)
    {
        if (!value.IsObject())
            return value.Values.Count == 0 && path.Length > 0 ? path : null;
        return value.GetObject().Items.Select(item => KeyWithoutValue(item.Value, path.Length == 0 ? item.Key : $"{path}.{item.Key}")).FirstOrDefault(key => key is not null);
    }

    private static HoconRoot Include(string name, string source, string? directory, string[] including)
    {
        if (directory is null)
            throw new FormatException($"{source}: an include is not possible here");
        var path = Path.GetFullPath(name, directory);
        if (including.Contains(path))
            throw new FormatException($"{source}: includes itself through {name}");
        return ParseRoot(File.ReadAllText(path), path, Path.GetDirectoryName(path), including);
    }

    private static string FirstLines(string message) => string.Join(' ', message.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Take(2));

    // Braces, brackets and quotes that do not match, with their line; null when all do.
    private static string? Unbalanced(string text)
    {
        var open = new Stack<(char Bracket, int Line)>();
        var line = 1;
        for (var at = 0; at < text.Length; at++)
        {
            switch (text[at])
            {
                case '\n':
                    line++;
                    break;
                case '#':
                case '/' when at + 1 < text.Length && text[at + 1] == '/':
                    at = EndOfLine(text, at) - 1;
                    break;
                case '"':
                    var end = EndOfString(text, at, ref line);
                    if (end < 0)
                        return $"line {line}: a quotation mark is never closed";
                    at = end;
                    break;
                case '{' or '[':
                    if (open.Count == MostLevels)
                        return $"line {line}: more than {MostLevels} levels of braces and brackets";
                    open.Push((text[at], line));
                    break;
                case '}' or ']':
                    if (open.Count == 0)
                        return $"line {line}: '{text[at]}' closes nothing";
                    var (bracket, opened) = open.Pop();
                    if ((bracket == '{') != (text[at] == '}'))
                        return $"line {line}: '{text[at]}' does not close the '{bracket}' of line {opened}";
                    break;
            }
        }
        return open.TryPop(out var unclosed) ? $"line {unclosed.Line}: '{unclosed.Bracket}' is never closed" : null;
    }

    private static int EndOfLine(string text, int from)
    {
        var end = text.IndexOf('\n', from);
        return end < 0 ? text.Length : end;
    }

    // Index of the last quotation mark; -1 where there is none. A plain string ends on its line, a triple one may span lines.
    private static int EndOfString(string text, int start, ref int line)
    {
        const string triple = "\"\"\"";
        if (string.CompareOrdinal(text, start, triple, 0, 3) == 0)
        {
            var close = text.IndexOf(triple, start + 3, StringComparison.Ordinal);
            if (close < 0)
                return -1;
            line += text.AsSpan(start, close - start).Count('\n');
            return close + 2;
        }
        for (var at = start + 1; at < text.Length && text[at] != '\n'; at++)
        {
            if (text[at] == '\\')
                at++;
            else if (text[at] == '"')
                return at;
        }
        return -1;
    }
}
