// Reads the golden files that are embedded in this assembly.
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using HotStandby.Mooncake.StructPack;

namespace HotStandby.Tests.Doubles;

/// <summary>One frame and what it means.</summary>
public sealed record GoldenFrame(
    string Name, StructPackFlavour Flavour, bool IsRequest, string Function, byte[] Bytes, string Meaning, Generation Generation)
{
    /// <summary>False for frames of functions that are not offered: nothing here reads their arguments.</summary>
    public bool HasCodec => CallCatalog.Newest.Keys.Any(rpc => rpc.ToString() == Function);

    public override string ToString() => $"{Generation} {Name} {Flavour} {(IsRequest ? "request" : "response")}";
}

/// <summary>One function as it must be named on the wire.</summary>
public sealed record GoldenFunction(
    string Name, uint Id, uint? ArgumentsHash, string ArgumentsLiteral, uint ResultHash, string ResultLiteral);

public static class GoldenFile
{
    /// <summary>Recorded from Mooncake's own peers of the newest generation.</summary>
    public static IReadOnlyList<GoldenFrame> Frames { get; } = [.. Lines("frames.txt").Select(line => ParseFrame(line, Generation.Newest))];

    /// <summary>A request and the due response for every function, laid out from the types.</summary>
    public static IReadOnlyList<GoldenFrame> DoorNewest { get; } =
        [.. Lines("door-newest.txt").Select(line => ParseFrame(line, Generation.Newest))];

    /// <inheritdoc cref="DoorNewest"/>
    public static IReadOnlyList<GoldenFrame> DoorPrevious { get; } =
        [.. Lines("door-previous.txt").Select(line => ParseFrame(line, Generation.Previous))];

    public static IReadOnlyList<GoldenFunction> Functions { get; } = [.. Lines("functions.txt").Select(ParseFunction)];

    public static IReadOnlyList<GoldenFunction> PreviousFunctions { get; } = [.. Lines("functions-previous.txt").Select(ParseFunction)];

    private static IEnumerable<string> Lines(string name)
    {
        using var stream = typeof(GoldenFile).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"{name} is not embedded");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return [.. reader.ReadToEnd().Split('\n').Where(line => line.Length > 0 && line[0] != '#')];
    }

    private static GoldenFrame ParseFrame(string line, Generation generation)
    {
        var parts = line.Split(" | ", 5);
        var kind = parts[1].Split(' ');
        return new(
            parts[0], Enum.Parse<StructPackFlavour>(kind[0], ignoreCase: true), kind[1] == "request", parts[2],
            Convert.FromHexString(Expand(parts[3], unit: 2)), Expand(parts[4], unit: 1), generation);
    }

    private static GoldenFunction ParseFunction(string line)
    {
        var parts = line.Split(' ');
        return new(parts[0], Number(parts[1]), parts[2] == "-" ? null : Number(parts[2]), parts[3], Number(parts[4]), parts[5]);
    }

    private static uint Number(string hexadecimal) => uint.Parse(hexadecimal, NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    // "61*3;" stands for "616161", and with units of one character "a*3;" for "aaa".
    private static string Expand(string text, int unit) => Regex.Replace(
        text, $@"(.{{{unit}}})\*(\d+);",
        match => string.Concat(Enumerable.Repeat(match.Groups[1].Value, int.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture))),
        RegexOptions.Singleline);
}
