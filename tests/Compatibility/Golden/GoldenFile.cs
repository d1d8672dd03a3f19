// Reads the golden files that are embedded in this assembly.
using System.Globalization;
using System.Text;
using HotStandby.Mooncake.StructPack;

namespace HotStandby.Tests.Compatibility.Golden;

/// <summary>One recorded frame and what it means.</summary>
public sealed record GoldenFrame(string Name, StructPackFlavour Flavour, bool IsRequest, string Function, byte[] Bytes, string Meaning)
{
    public override string ToString() => $"{Name} {Flavour} {(IsRequest ? "request" : "response")}";
}

/// <summary>One function as it must be named on the wire.</summary>
public sealed record GoldenFunction(string Name, uint Id, uint? ArgumentsHash, string ArgumentsLiteral, uint ResultHash, string ResultLiteral);

public static class GoldenFile
{
    public static IReadOnlyList<GoldenFrame> Frames { get; } = [.. Lines("frames.txt").Select(ParseFrame)];

    public static IReadOnlyList<GoldenFunction> Functions { get; } = [.. Lines("functions.txt").Select(ParseFunction)];

    private static IEnumerable<string> Lines(string name)
    {
        using var stream = typeof(GoldenFile).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"{name} is not embedded");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return [.. reader.ReadToEnd().Split('\n').Where(line => line.Length > 0 && line[0] != '#')];
    }

    private static GoldenFrame ParseFrame(string line)
    {
        var parts = line.Split(" | ", 5);
        var kind = parts[1].Split(' ');
        return new(
            parts[0], Enum.Parse<StructPackFlavour>(kind[0], ignoreCase: true), kind[1] == "request", parts[2],
            Convert.FromHexString(Expand(parts[3], unit: 2)), Expand(parts[4], unit: 1));
    }

    private static GoldenFunction ParseFunction(string line)
    {
        var parts = line.Split(' ');
        return new(parts[0], Number(parts[1]), parts[2] == "-" ? null : Number(parts[2]), parts[3], Number(parts[4]), parts[5]);
    }

    private static uint Number(string hexadecimal) => uint.Parse(hexadecimal, NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    // "61*3;" stands for "616161", and with units of one character "a*3;" for "aaa".
    private static string Expand(string text, int unit)
    {
        var expanded = new StringBuilder();
        var position = 0;
        for (int star; (star = text.IndexOf('*', position)) >= 0;)
        {
            var end = text.IndexOf(';', star);
            expanded.Append(text, position, star - unit - position);
            var times = int.Parse(text.AsSpan(star + 1, end - star - 1), NumberStyles.None, CultureInfo.InvariantCulture);
            expanded.Insert(expanded.Length, text.Substring(star - unit, unit), times);
            position = end + 1;
        }
        return expanded.Append(text, position, text.Length - position).ToString();
    }
}
