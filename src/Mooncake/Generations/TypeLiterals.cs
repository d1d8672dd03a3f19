// Turns type definitions into type literals: the bytes whose MD5 names a type on the wire. Runs at start-up only, over text
// that is part of this program; text that it cannot read is a bug and throws.
namespace HotStandby.Mooncake.Generations;

/// <summary>The named types of a generation, as literals.</summary>
internal sealed class TypeLiterals
{
    private const byte StringMark = 0x80, MapMark = 0x82, SetMark = 0x83, ListMark = 0x84, OptionalMark = 0x85;
    private const byte VariantMark = 0x86, ExpectedMark = 0x87, VoidMark = 0xfa, StructMark = 0xfd, EndMark = 0xff;
    private const byte Character = 0x0c, ErrorCodeType = 0x01;

    // A number in a literal is written to base 127; all that are needed are below 127 and take this one byte.
    private const byte NumberBase = 129;

    private static readonly Dictionary<string, byte> Primitives = new()
    {
        ["i32"] = 0x01, ["u32"] = 0x02, ["i64"] = 0x03, ["u64"] = 0x04, ["i8"] = 0x05, ["u8"] = 0x06, ["i16"] = 0x07, ["u16"] = 0x08,
        ["bool"] = 0x0b, ["f32"] = 0x11, ["f64"] = 0x12,
    };

    private readonly Dictionary<string, byte[]> _named = [];

    /// <summary>Defines an enum by its underlying type.</summary>
    public void DefineEnum(string name, string underlying) => _named.Add(name, Of(underlying));

    /// <summary>Defines a struct.</summary>
    /// <param name="name">Its name; types that refer to it come later.</param>
    /// <param name="memberTypes">In wire order.</param>
    /// <param name="copiedAlignment">0, or the alignment in bytes of a struct that peers copy as it lies in memory.</param>
    public void DefineStruct(string name, IEnumerable<string> memberTypes, byte copiedAlignment) =>
        _named.Add(name, Structure(memberTypes, copiedAlignment));

    /// <summary>The literal of a parameter list: null for none, the type itself for one, a struct for more.</summary>
    public byte[]? OfParameters(IReadOnlyList<string> types) => types.Count switch
    {
        0 => null,
        1 => Of(types[0]),
        _ => Structure(types, 0),
    };

    /// <summary>
    /// The literal of a type expression such as <c>expected&lt;list&lt;UUID&gt;&gt;</c>; the error of an expected is always an i32.
    /// </summary>
    /// <exception cref="FormatException">Unknown type, or brackets that do not match.</exception>
    public byte[] Of(string expression)
    {
        var text = expression.Trim();
        var open = text.IndexOf('<', StringComparison.Ordinal);
        if (open < 0)
            return OfName(text);
        if (!text.EndsWith('>'))
            throw new FormatException($"type '{text}' is not closed");
        var arguments = Definitions.SplitAtTopLevel(text[(open + 1)..^1]).ConvertAll(Of);
        return text[..open] switch
        {
            "list" => [ListMark, .. Single(arguments, text)],
            "set" => [SetMark, .. Single(arguments, text)],
            "optional" => [OptionalMark, .. Single(arguments, text)],
            "expected" => [ExpectedMark, .. Single(arguments, text), ErrorCodeType],
            "map" when arguments.Count == 2 => [MapMark, .. arguments[0], .. arguments[1]],
            "variant" => [VariantMark, .. arguments.SelectMany(literal => literal), EndMark],
            _ => throw new FormatException($"unknown type '{text}'"),
        };
    }

    private byte[] OfName(string name)
    {
        if (Primitives.TryGetValue(name, out var primitive))
            return [primitive];
        if (_named.TryGetValue(name, out var literal))
            return literal;
        return name switch
        {
            "string" => [StringMark, Character],
            "void" => [VoidMark],
            _ => throw new FormatException($"unknown type '{name}'"),
        };
    }

    private byte[] Structure(IEnumerable<string> memberTypes, byte copiedAlignment)
    {
        byte[] alignment = copiedAlignment == 0 ? [] : [(byte)(NumberBase + copiedAlignment), (byte)(NumberBase + copiedAlignment)];
        return [StructMark, .. memberTypes.SelectMany(Of), .. alignment, EndMark];
    }

    private static byte[] Single(List<byte[]> arguments, string text) =>
        arguments.Count == 1 ? arguments[0] : throw new FormatException($"type '{text}' takes one argument");
}
