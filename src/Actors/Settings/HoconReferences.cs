// References that HOCON has and Akka's parser lacks: ${NAME} is a setting of the same text or, where there is none, an environment
// variable; ${?NAME} may be neither, and then a setting that has nothing else for its value does not exist. Only references to settings
// that exist are left to the parser.
using System.Globalization;
using Akka.Configuration.Hocon;

namespace HotStandby.Actors.Settings;

/// <summary>Puts environment variables in the place of their references.</summary>
internal static class HoconReferences
{
    // Stands for a reference while it is asked what the text sets; no text of a user holds it.
    private const string Unknown = "\u0001";

    // A value that consists of references alone is its field's whole value.
    private sealed record Reference(int Start, int End, int Line, string Path, bool IsOptional, Range Field, bool IsWholeValue);

    /// <summary>
    /// The key at the root below which the values of environment variables stand while the text is parsed. A value in the place of its
    /// reference would run together with quotation marks beside it.
    /// </summary>
    public const string Block = "hotstandby-environment-values";

    /// <summary>The text with references only to its own settings and to <see cref="Block"/>, which is on its first line.</summary>
    /// <param name="text">Text without unclosed quotation marks and braces.</param>
    /// <param name="source">What to call it in errors.</param>
    /// <param name="environment">The value of an environment variable; null when it is not set.</param>
    /// <param name="parse">Parses text, includes and all.</param>
    /// <exception cref="FormatException">A reference to nothing.</exception>
    public static string Resolve(string text, string source, Func<string, string?> environment, Func<string, HoconValue> parse)
    {
        var values = new List<string>();
        string ValueOf(string value)
        {
            values.Add(value);
            return string.Create(CultureInfo.InvariantCulture, $"${{{Block}.v{values.Count - 1}}}");
        }

        while (true)
        {
            var references = Find(text);
            if (references.Count == 0)
                return text;
            var fields = values.Select(
                static (value, at) => string.Create(CultureInfo.InvariantCulture, $"v{at} = {AkkaOverlay.Quote(value)}"));
            var block = $"{Block} {{ {string.Join(", ", fields)} }} ";
            var settings = parse(block + Replace(text, references, static _ => $"\"{Unknown}\""));
            var foreign = references.Where(reference => !IsSet(settings, reference.Path)).ToList();
            if (foreign.Count == 0)
                return block + Replace(text, references, static reference => $"${{{reference.Path}}}");
            if (foreign.Find(reference => !reference.IsOptional && environment(reference.Path) is null) is { } missing)
            {
                throw new FormatException(
                    $"{source}: line {missing.Line}: '${{{missing.Path}}}' is neither a setting of this text nor an environment variable; "
                    + $"write ${{?{missing.Path}}} where it may be missing");
            }

            // What goes may be what others refer to: they are looked at again.
            text = foreign.Find(reference => environment(reference.Path) is null) is { } absent
                ? absent.IsWholeValue ? Without(text, absent) : Replace(text, [absent], _ => ValueOf(""))
                : Replace(text, foreign, reference => ValueOf(environment(reference.Path)!));
        }
    }

    private static List<Reference> Find(string text)
    {
        var found = new List<Reference>();
        var lexer = new HoconLexer(text);
        var open = new Stack<char>();
        var (field, value, isAfterSign) = (0, -1, false);
        while (lexer.MoveNext())
        {
            if (lexer.Piece == HoconPiece.Comment)
                continue;
            var letter = lexer.Piece == HoconPiece.Letter ? text[lexer.Start] : '"';
            if (lexer.Piece == HoconPiece.Reference)
                found.Add(ReferenceAt(text, lexer, field, value));
            if (letter is '{' or '[')
                open.Push(letter);
            else if (letter is '}' or ']')
                open.TryPop(out _);
            // Everything in a list is a value.
            if (letter is '{' or '}' or '[' or ']' or ',' || (letter == '\n' && !isAfterSign))
                (field, value) = (lexer.End, open.TryPeek(out var innermost) && innermost == '[' ? lexer.End : -1);
            else if (letter is '=' or ':' && value < 0)
                value = lexer.End;
            if (!char.IsWhiteSpace(letter))
                isAfterSign = letter is '=' or ':'; // a value may stand on the next line
        }

        return found;
    }

    private static Reference ReferenceAt(string text, HoconLexer lexer, int field, int value)
    {
        var path = text[(lexer.Start + 2)..(lexer.End - 1)].Trim();
        var isOptional = path.StartsWith('?');
        var end = lexer.End;
        while (end < text.Length && text[end] is not ('\n' or ',' or '}' or ']' or '#')
            && string.CompareOrdinal(text, end, "//", 0, 2) != 0)
            end++;
        var isWhole = value >= 0 && string.IsNullOrWhiteSpace(text[value..lexer.Start]) && string.IsNullOrWhiteSpace(text[lexer.End..end]);
        return new Reference(lexer.Start, lexer.End, lexer.Line, isOptional ? path[1..].Trim() : path, isOptional, field..end, isWhole);
    }

    // Lines stay where they are, for errors that name them.
    private static string Without(string text, Reference absent)
    {
        var (start, end) = (absent.Field.Start.Value, absent.Field.End.Value);
        // A comma that nothing follows would be one more element of a list.
        if (end < text.Length && text[end] == ',')
            end++;
        else if (text.AsSpan(0, start).TrimEnd() is [.., ','] before)
            start = before.Length - 1;
        var blank = new string([.. text[start..end].Select(static letter => letter == '\n' ? '\n' : ' ')]);
        return string.Concat(text.AsSpan(0, start), blank, text.AsSpan(end));
    }

    private static string Replace(string text, IEnumerable<Reference> references, Func<Reference, string> by)
    {
        var replaced = new System.Text.StringBuilder();
        var at = 0;
        foreach (var reference in references)
        {
            replaced.Append(text, at, reference.Start - at).Append(by(reference));
            at = reference.End;
        }

        return replaced.Append(text, at, text.Length - at).ToString();
    }

    // True as well below a value that is a reference itself: what that holds is not known yet.
    private static bool IsSet(HoconValue settings, string path)
    {
        var value = settings;
        foreach (var name in path.Split('.').Select(static name => name.Trim('"', ' ')))
        {
            if (value.IsString() && value.GetString() == Unknown)
                return true;
            if (!value.IsObject() || !value.GetObject().Items.TryGetValue(name, out value))
                return false;
        }

        return true;
    }
}
