// Reads the definition text of a generation, statement by statement. Start-up only; bad text is a bug and throws.
using HotStandby.Mooncake.StructPack;

namespace HotStandby.Mooncake.Generations;

/// <summary>The little language in which a generation is written down; <see cref="NewestGeneration"/> is its example.</summary>
internal static class Definitions
{
    // The only struct that is copied as it lies in memory is a pair of u64.
    private const byte CopiedAlignment = 8;

    /// <summary>Reads all functions of a generation.</summary>
    /// <param name="generation">Which.</param>
    /// <param name="text">Its definitions, or those of the generation it is described by.</param>
    /// <param name="changes">Definitions that take the place of those with the same name, and what it is <c>without</c>.</param>
    /// <exception cref="FormatException">The text is not well-formed.</exception>
    public static List<RpcFunction> Read(Generation generation, string text, string changes = "")
    {
        var types = new TypeLiterals();
        var functions = new List<RpcFunction>();
        foreach (var statement in Change(Statements(text), Statements(changes)))
        {
            var (keyword, rest) = Cut(statement, ' ');
            switch (keyword)
            {
                case "enum":
                    var (enumName, underlying) = Cut(rest, ':');
                    types.DefineEnum(enumName.Trim(), underlying.Trim());
                    break;
                case "struct" or "copied":
                    var (structName, members) = Cut(rest, '{');
                    types.DefineStruct(
                        structName.Trim(), TypesOf(members.TrimEnd('}', ' ')), keyword == "copied" ? CopiedAlignment : (byte)0);
                    break;
                case "rpc":
                    functions.Add(Function(generation, rest, types));
                    break;
                default:
                    throw new FormatException($"unknown definition '{statement}'");
            }
        }
        return functions;
    }

    /// <summary>Splits at commas that are not inside angle brackets.</summary>
    public static List<string> SplitAtTopLevel(string list)
    {
        var parts = new List<string>();
        var (depth, start) = (0, 0);
        for (var index = 0; index < list.Length; index++)
        {
            depth += list[index] switch { '<' => 1, '>' => -1, _ => 0 };
            if (list[index] != ',' || depth != 0)
                continue;
            parts.Add(list[start..index].Trim());
            start = index + 1;
        }
        if (!string.IsNullOrWhiteSpace(list[start..]))
            parts.Add(list[start..].Trim());
        return parts;
    }

    private static RpcFunction Function(Generation generation, string text, TypeLiterals types)
    {
        var (name, signature) = Cut(text, '(');
        var (parameters, result) = Cut(signature, ')');
        var arguments = types.OfParameters(TypesOf(parameters));
        return new(
            Enum.Parse<Rpc>(name),
            MessageType.Digest(System.Text.Encoding.ASCII.GetBytes(RpcFunction.NamePrefix + name)),
            arguments is null ? null : new MessageType(arguments, generation),
            new MessageType(types.Of(result.Replace("->", "", StringComparison.Ordinal)), generation));
    }

    private static List<string> TypesOf(string members) => SplitAtTopLevel(members).ConvertAll(member => Cut(member, ':').Right.Trim());

    private static List<string> Change(List<string> statements, List<string> changes)
    {
        foreach (var change in changes)
        {
            var (keyword, rest) = Cut(change, ' ');
            var changed = keyword == "without" ? $"rpc {rest}" : NameOf(change);
            var place = statements.FindIndex(statement => NameOf(statement) == changed);
            if (place < 0)
                throw new FormatException($"there is no '{changed}' to change");
            if (keyword == "without")
                statements.RemoveAt(place);
            else
                statements[place] = change;
        }
        return statements;
    }

    // Keyword and name: what makes two statements definitions of the same thing.
    private static string NameOf(string statement) => statement[..statement.IndexOfAny(['(', '{', ':'])].TrimEnd();

    // A line that starts with white space continues the statement before it.
    private static List<string> Statements(string text)
    {
        var statements = new List<string>();
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.StartsWith(' '))
                statements[^1] += line.TrimEnd();
            else if (!string.IsNullOrWhiteSpace(line))
                statements.Add(line.TrimEnd());
        }
        return statements;
    }

    private static (string Left, string Right) Cut(string text, char separator)
    {
        var position = text.IndexOf(separator, StringComparison.Ordinal);
        return position < 0
            ? throw new FormatException($"'{separator}' is missing in '{text}'")
            : (text[..position], text[(position + 1)..]);
    }
}
