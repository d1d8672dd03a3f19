// Splits HOCON text into the pieces that matter before Akka's parser gets it: comments, quoted texts, references, and everything else
// letter by letter. Used for the checks that the parser leaves out, and for references to the environment, which it does not know.
namespace HotStandby.Actors.Settings;

/// <summary>What a piece of HOCON text is.</summary>
internal enum HoconPiece
{
    /// <summary>A single character outside of the others.</summary>
    Letter,
    /// <summary>From # or // to the end of the line.</summary>
    Comment,
    /// <summary>A quoted text, quotation marks included.</summary>
    Text,
    /// <summary><c>${path}</c> or <c>${?path}</c>.</summary>
    Reference,
    /// <summary>A quotation mark that is never closed.</summary>
    UnclosedText,
    /// <summary><c>${</c> without its brace.</summary>
    UnclosedReference,
}

/// <summary>Walks over HOCON text.</summary>
internal struct HoconLexer(string text)
{
    private const string Triple = "\"\"\"";

    private int _lines;

    /// <summary>What the present piece is.</summary>
    public HoconPiece Piece { get; private set; }

    /// <summary>Where it starts.</summary>
    public int Start { get; private set; }

    /// <summary>Where the next one starts.</summary>
    public int End { get; private set; }

    /// <summary>The line on which it starts, from 1.</summary>
    public int Line { get; private set; }

    /// <summary>Goes to the next piece.</summary>
    /// <returns>False at the end of the text.</returns>
    public bool MoveNext()
    {
        _lines += text.AsSpan(Start, End - Start).Count('\n');
        (Start, Line) = (End, _lines + 1);
        if (Start == text.Length)
            return false;
        (Piece, End) = text[Start] switch
        {
            '#' => (HoconPiece.Comment, EndOfLine()),
            '/' when Starts("//") => (HoconPiece.Comment, EndOfLine()),
            '"' => EndOfText(),
            '$' when Starts("${") => EndOfReference(),
            _ => (HoconPiece.Letter, Start + 1),
        };
        return true;
    }

    private readonly bool Starts(string what) => string.CompareOrdinal(text, Start, what, 0, what.Length) == 0;

    private readonly int EndOfLine()
    {
        var end = text.IndexOf('\n', Start);
        return end < 0 ? text.Length : end;
    }

    // A plain text ends on its line, a triple one may span lines.
    private readonly (HoconPiece Piece, int End) EndOfText()
    {
        if (Starts(Triple))
        {
            var close = text.IndexOf(Triple, Start + Triple.Length, StringComparison.Ordinal);
            return close < 0 ? (HoconPiece.UnclosedText, text.Length) : (HoconPiece.Text, close + Triple.Length);
        }

        for (var at = Start + 1; at < text.Length && text[at] != '\n'; at++)
        {
            if (text[at] == '\\')
                at++;
            else if (text[at] == '"')
                return (HoconPiece.Text, at + 1);
        }

        return (HoconPiece.UnclosedText, text.Length);
    }

    private readonly (HoconPiece Piece, int End) EndOfReference()
    {
        var end = text.AsSpan(Start).IndexOfAny('}', '\n');
        return end < 0 || text[Start + end] == '\n' ? (HoconPiece.UnclosedReference, text.Length) : (HoconPiece.Reference, Start + end + 1);
    }
}
